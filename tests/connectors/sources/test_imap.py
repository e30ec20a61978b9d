"""A mailbox on a real server (Dovecot): attachments of known senders, each once and whole, and no mail is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.connectors.sources.bench import Bench, workbook
from tests.connectors.sources.mail_server import MailServer, can_run, declared, mail, running
from tests.connectors.sources.relay import Relay

pytestmark = pytest.mark.skipif(bool(can_run()), reason=can_run() or "it can")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running() as made:
        yield made


def names(bench: Bench) -> dict[str, bytes]:
    """What was delivered, by what stands behind UIDVALIDITY."""
    return {name.split("/", 2)[2]: data for name, data in bench.delivered("mail").items()}


def test_attachments_of_known_senders_come_once_and_no_mail_is_touched(bench: Bench, server: MailServer) -> None:
    a, b, c = workbook(0), workbook(1), workbook(2)
    server.deliver(mail("clerk@a.example", ("慰问 三月.xlsx", a), ("b.xlsx", b)))
    server.deliver(mail("anyone@b.example", ("../../etc/c.xlsx", c)))
    server.deliver(mail("stranger@c.example", ("d.xlsx", c)))
    server.deliver(mail("clerk@a.example.evil.example", ("e.xlsx", c)))
    server.deliver(mail("clerk@a.example"))
    encoded = "=?GB18030?B?" + __import__("base64").b64encode("救助.xlsx".encode("gb18030")).decode() + "?="
    server.deliver(
        mail("clerk@a.example", ("救助.xlsx", a + b)).replace(
            b"filename*=utf-8''%E6%95%91%E5%8A%A9.xlsx", f'filename="{encoded}"'.encode()
        )
    )
    bench.declare(declared(server))
    first = bench.look()["mail"]
    assert (first.outcome, first.received, first.refused) == ("good", 4, 2), first
    assert names(bench) == {"1/2/慰问 三月.xlsx": a, "1/3/b.xlsx": b, "2/2/c.xlsx": c, "6/2/救助.xlsx": a + b}
    second = bench.look()["mail"]
    assert (second.received, second.unchanged) == (0, 4)
    assert server.untouched()
    server.deliver(mail("clerk@a.example", ("b.xlsx", c)))
    assert bench.look()["mail"].received == 1
    kept = b"".join(bench.delivered("mail").values())
    assert "欧阳测试".encode() not in kept


def test_a_line_cut_in_a_mail_takes_no_half_and_loses_nothing(bench: Bench, server: MailServer) -> None:
    whole, large = workbook(0), os.urandom(1_000_000)
    server.deliver(mail("clerk@a.example", ("a.xlsx", whole)))
    server.deliver(mail("clerk@a.example", ("b.xlsx", large), ("c.xlsx", whole)))
    with Relay(server.port) as relay:
        bench.declare(declared(server, port=relay.port, retries=1))
        relay.cut_after(700_000)
        cut = bench.look()["mail"]
        assert (cut.outcome, cut.attempts, cut.received) == ("broken", 2, 0)
        assert bench.delivered("mail") == {}
        relay.pass_on()
        assert bench.look()["mail"].received == 3
        assert names(bench) == {"1/2/a.xlsx": whole, "2/2/b.xlsx": large, "2/3/c.xlsx": whole}
        # A server that stands still costs its own time only.
        bench.declare(declared(server, port=relay.port, deadline_seconds=2))
        relay.hang_after(10)
        assert bench.look()["mail"].outcome in {"broken", "overdue"}


def test_only_a_trusted_server_hears_the_password(bench: Bench, server: MailServer) -> None:
    server.deliver(mail("clerk@a.example", ("a.xlsx", workbook(0))))
    untrusting = declared(server, retries=2)
    del untrusting["ca_file"]
    bench.declare(untrusting)
    shut = bench.look()["mail"]
    assert (shut.outcome, shut.attempts) == ("shut", 1)
    assert "证书" in str(shut.error_zh)
    bench.declare(declared(server, port=server.starttls_port, security="starttls"))
    assert bench.look()["mail"].received == 1
    bench.declare(declared(server, user="reports@union.example"))
    (bench.settings.home.parent / "secret.txt").write_text("not-this-one")
    assert bench.look()["mail"].outcome == "shut"
