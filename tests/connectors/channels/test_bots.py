"""Bots and webhooks: delivered is what the server's own code calls so, and no key is ever repeated."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.channels.bots import WECOM_BYTES, send_wecom, signed_for_dingtalk
from connectors.channels.channel import Bot, SecretAt
from connectors.channels.delivering import deliver, secret_parts
from connectors.channels.dress import REPEATED, plain_text
from connectors.channels.message import Answer, Content, Message, Section
from tests.canary.servers import echo
from tests.connectors.channels.servers import GOOD, bot, free_port

KINDS = list(GOOD)


def message(lines: int = 2, *, may_repeat: bool = False) -> Message:
    said = tuple(f"A{number:04} 样例厂《慰问救助台账》2021-03：{number} 行待更正" for number in range(lines))
    content = Content("报表仓库 2021-04-20：新出现", (Section("新出现", said),), "查看：warehouse alerts")
    return Message(content, "<abc@union-warehouse.invalid>", 12, datetime(2021, 4, 20, tzinfo=UTC), may_repeat)


def send(kind: str, url: str, folder: Path, secret: str | None = None, seconds: float = 20) -> Answer:
    (folder / "url").write_text(url + "\n")
    (folder / "secret").write_text(secret or "")
    at = SecretAt(file=folder / "secret") if secret else None
    return deliver(Bot("group", kind, SecretAt(file=folder / "url"), at), message(), seconds)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_the_bot_takes_is_delivered_with_its_answer(kind: str, tmp_path: Path) -> None:
    with bot(kind) as server:
        answer = send(kind, server.url, tmp_path)
        assert (answer.outcome, answer.status) == ("delivered", "200")
        assert answer.said.startswith("{")
        [post] = server.taken
        assert "A0001 样例厂" in post.text
        assert "编号 12" in post.text


@pytest.mark.parametrize("kind", KINDS)
def test_http_200_with_an_error_body_is_not_delivered_and_its_answer_has_no_key(kind: str, tmp_path: Path) -> None:
    with bot(kind) as server:
        server.mode = "rejecting"
        answer = send(kind, server.url, tmp_path)
        assert (answer.outcome, answer.status) == ("temporary", "200")
        assert "geheim" not in answer.said
        assert "***" in answer.said


@pytest.mark.parametrize(("mode", "outcome"), [("500", "temporary"), ("401", "temporary"), ("400", "permanent")])
def test_an_http_error_says_whether_another_try_may_do(mode: str, outcome: str, tmp_path: Path) -> None:
    with bot("wecom") as server:
        server.mode = mode
        assert send("wecom", server.url, tmp_path).outcome == outcome


def test_a_message_goes_to_the_address_that_was_configured_and_to_no_other(tmp_path: Path) -> None:
    with bot("wecom") as server:
        server.mode = "redirecting"
        answer = send("wecom", server.url, tmp_path)
        assert (answer.outcome, answer.status) == ("temporary", "307")
        assert [post.path for post in server.posts] == ["/robot/send"]


@pytest.mark.parametrize("mode", ["hanging", "dripping"])
def test_a_server_that_hangs_or_drips_costs_no_more_than_the_patience(mode: str, tmp_path: Path) -> None:
    with bot("wecom") as server:
        server.mode = mode
        started = time.monotonic()
        assert send("wecom", server.url, tmp_path, seconds=1).outcome == "unanswered"
        assert time.monotonic() - started < 5


def test_a_refused_connection_is_known_not_to_have_delivered(tmp_path: Path) -> None:
    answer = send("wecom", f"http://127.0.0.1:{free_port()}/robot/send?key=geheim-4711", tmp_path)
    assert answer.outcome == "temporary"
    assert "geheim" not in answer.said


def test_nothing_leaves_the_machine_unencrypted(tmp_path: Path) -> None:
    answer = send("webhook", "http://example.invalid/hook", tmp_path)
    assert (answer.outcome, "https" in answer.said) == ("temporary", True)


def test_a_secret_that_cannot_be_read_is_told_by_its_place(tmp_path: Path) -> None:
    answer = deliver(Bot("group", "wecom", SecretAt(file=tmp_path / "none")), message(), 20)
    assert answer == Answer("temporary", "", f"密钥读不到：{tmp_path / 'none'}")


def test_dingtalk_is_signed_and_the_signature_encoded_once(tmp_path: Path) -> None:
    secret = "SEC+/=geheim"
    with bot("dingtalk") as server:
        assert send("dingtalk", server.url, tmp_path, secret).outcome == "delivered"
        [post] = server.taken
    [timestamp], [sign] = post.query["timestamp"], post.query["sign"]
    expected = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    assert sign == base64.b64encode(expected).decode()
    assert abs(int(timestamp) / 1000 - time.time()) < 60
    assert post.query["key"] == ["geheim-4711"]
    assert "%25" not in signed_for_dingtalk(server.url, secret, 1_600_000_000_000)


def test_feishu_is_signed_in_its_own_way(tmp_path: Path) -> None:
    secret = "geheim"
    with bot("feishu") as server:
        assert send("feishu", server.url, tmp_path, secret).outcome == "delivered"
        [post] = server.taken
    key = f"{post.document['timestamp']}\n{secret}".encode()
    assert post.document["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def test_a_webhook_has_the_same_key_at_every_attempt_and_its_bearer_token(tmp_path: Path) -> None:
    with bot("webhook") as server:
        send("webhook", server.url, tmp_path, "token")
        send("webhook", server.url, tmp_path, "token")
        assert {post.headers["Idempotency-key".title()] for post in server.taken} == {"<abc@union-warehouse.invalid>"}
        assert server.taken[0].headers["Authorization"] == "Bearer token"


@pytest.mark.parametrize("lines", [1, 20, 40, 400])
def test_wecom_never_has_more_bytes_than_it_takes_and_says_how_many_lines_are_missing(lines: int) -> None:
    with bot("wecom") as server:
        assert send_wecom(server.url, None, message(lines), 5).outcome == "delivered"
        [post] = server.taken
    assert len(post.text.encode()) <= WECOM_BYTES
    shown = [line for line in post.text.splitlines() if line.startswith("· ")]
    # Cut at a line: none is half.
    assert set(shown) <= {f"· {line}" for line in message(lines).content.sections[0].lines}
    missing = lines - len(shown)
    assert (f"还有 {missing} 条" in post.text) == (missing > 0)
    assert post.text.endswith("编号 12")


def test_a_repetition_says_so_and_an_endless_title_is_cut_between_characters() -> None:
    assert REPEATED in plain_text(message(may_repeat=True))
    endless = Message(Content("很" * 5000, ()), "<a@b>", 1, datetime(2021, 4, 20, tzinfo=UTC))
    cut = plain_text(endless, 2048)
    assert 2045 < len(cut.encode()) <= 2048
    assert set(cut) == {"很"}


@pytest.mark.parametrize("key", ["geheim+/kennwort", "geheim%2B%2Fkennwort", "geheim%2b%2fkennwort"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_key_that_urls_write_otherwise_is_not_repeated_either(key: str, status: int, tmp_path: Path) -> None:
    with echo(status) as url:
        answer = send("dingtalk", f"{url}/robot/send?access_token={key}", tmp_path, secret="SEC+/=geheim")
    assert answer.status == str(status)
    assert "access_token=***" in answer.said
    assert "kennwort" not in answer.said
    for written in (
        r"geheim+\/kennwort",
        "geheim /kennwort",
        "geheim+/kennwort",
        "geheim%2B%2Fkennwort",
        "GEHEIM%2b%2fkennwort",
    ):
        assert (
            "kennwort" not in Answer("temporary", "200", f"no {written}").without(secret_parts(f"{url}?key={key}")).said
        )
