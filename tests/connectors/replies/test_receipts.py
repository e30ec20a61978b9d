"""A receipt that was changed is not genuine, and says what was changed; one signed elsewhere is not ours."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import KeyringError
from connectors.keys import Keyring
from connectors.replies.answer import Answer, RowCounts
from connectors.replies.progress import Progress
from connectors.replies.receipts import Receipt, Verdict, make_receipt, verify_receipt
from connectors.replies.signing import PublicKey, SigningKey
from connectors.settings import Settings
from expectations.finding import Finding, Severity
from tests.conftest import settings_in

AT = datetime(2021, 4, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
ANSWER = Answer(
    7, "慰问.xlsx", "accepted", "relief", "A0101", "2021-03", 2, None, AT, RowCounts(5, 3, 1, 1),
    (Finding("value.not_a_number", Severity.ERROR, 7),), progress=Progress(2, 1, 0),
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


def issue(settings: Settings) -> Receipt:
    return make_receipt(ANSWER, "ab" * 32, 4711, AT, {"event_id": 7, "hash": "cd" * 32}, SigningKey.load(settings))


def test_a_receipt_says_it_all_in_one_line_and_is_the_same_however_often_it_is_made(home: Settings) -> None:
    receipt = issue(home)
    assert receipt == issue(home)
    assert "\n" not in receipt["text"]
    for said in (
        "2021-04-02 10:00",
        "慰问.xlsx",
        "abababababab",
        "已接收",
        "读到 5 行，入库 3 行，待更正 1 行，不计 1 行",
        "已改正 2 处",
    ):
        assert said in receipt["text"]


def test_a_genuine_receipt_is_known_by_the_public_key_alone(home: Settings) -> None:
    key = PublicKey.from_pem(SigningKey.load(home).public.to_pem().encode())
    assert verify_receipt(json.loads(json.dumps(issue(home), indent=3)), key) == Verdict()


@pytest.mark.parametrize(
    ("member", "value"), [("rows_loaded", 4), ("sha256", "cd" * 32), ("version", None), ("since_last_time", {"fixed": 3}), ("outcome", "refused")]
)  # fmt: skip
def test_a_changed_receipt_names_what_was_changed(home: Settings, member: str, value: object) -> None:
    receipt = issue(home) | {member: value}
    assert verify_receipt(receipt, SigningKey.load(home).public).differing == (member,)


def test_what_was_added_or_taken_away_is_named_too(home: Settings) -> None:
    receipt = issue(home) | {"remark": "已付款"}
    del receipt["text"]
    assert verify_receipt(receipt, SigningKey.load(home).public).differing == ("remark", "text")


def test_new_seals_do_not_help_whoever_has_no_key(home: Settings, tmp_path: Path) -> None:
    receipt, public = issue(home), SigningKey.load(home).public
    forged = issue(settings_in(tmp_path / "other"))
    assert verify_receipt(forged, public).reason_en == "it was signed with another key"
    forged["key_id"] = public.key_id
    assert verify_receipt(forged, public).reason_en == "the signature does not fit the seals"
    assert not verify_receipt(receipt | {"rows_read": 9, "seals": forged["seals"]}, public).is_genuine


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}', '{"signature": "?", "seals": {}}', '{"signature": "", "seals": 3}', '{"signature": 5, "seals": []}'],
)
def test_what_is_no_receipt_is_not_genuine(home: Settings, text: str) -> None:
    assert not verify_receipt(json.loads(text), SigningKey.load(home).public).is_genuine


def test_the_key_is_made_once_beside_the_others_for_this_account_only(home: Settings) -> None:
    Keyring.load(home)
    assert SigningKey.load(home).public.key_id == SigningKey.load(home).public.key_id
    path = home.keys_dir / "receipt.key"
    assert path.stat().st_mode & 0o777 == 0o600
    Keyring.load(home)


@pytest.mark.parametrize(
    "damage",
    [lambda p: p.unlink(), lambda p: p.write_text("ef" * 32), lambda p: p.write_text("x"), lambda p: p.chmod(0o644)],
    ids=["gone", "another", "no key", "open to others"],
)
def test_a_key_that_cannot_be_used_is_not_replaced_in_silence(home: Settings, damage) -> None:  # type: ignore[no-untyped-def]
    SigningKey.load(home)
    damage(home.keys_dir / "receipt.key")
    with pytest.raises(KeyringError):
        SigningKey.load(home)
