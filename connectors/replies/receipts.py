"""Receipts: what became of a delivery, signed, so that both sides can hold each other to it.

A receipt is one JSON object, with what it says in a sentence first; a file may hold a list of them. `seals` has the SHA-256 of
every other member, and the signature is over the seals alone: where a member was changed, the seal that no longer fits names it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.replies.answer import Answer
from connectors.replies.signing import PublicKey, SigningKey
from expectations.finding import Severity

RECEIPT_VERSION = 1
_NOT_SEALED = ("seals", "signature")

_encode = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
_encode_readable = json.JSONEncoder(ensure_ascii=False).encode

Receipt = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out of verifying: genuine, or what stands against it (`differing` members, or a reason for the whole)."""

    differing: tuple[str, ...] = ()
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def is_genuine(self) -> bool:
        """Whether the receipt is as it was issued."""
        return not (self.differing or self.reason_zh)


def make_receipt(
    answer: Answer, sha256: str, size_bytes: int, decided_at: datetime, chain: Mapping[str, object], key: SigningKey
) -> Receipt:
    """The signed receipt of a delivery; the same facts give the same receipt.

    `chain` is the end of the chain of events as the issuer knew it (event_id, hash): whoever holds the receipt can show that it was so long.
    """
    received_at = answer.received_at or decided_at
    receipt: Receipt = {
        "text": _sentence(answer, sha256, received_at),
        "receipt": RECEIPT_VERSION,
        "delivery_id": answer.delivery_id,
        "file_name": answer.file_name,
        "sha256": sha256,
        "size_bytes": size_bytes,
        "received_at": received_at.isoformat(timespec="seconds"),
        "decided_at": decided_at.isoformat(timespec="seconds"),
        "outcome": answer.outcome,
        "form": answer.form_id,
        "unit": answer.unit_id,
        "period": answer.period,
        "version": answer.version,
        "rows_read": answer.rows.read,
        "rows_loaded": answer.rows.loaded,
        "rows_waiting": answer.rows.waiting,
        "rows_ignored": answer.rows.ignored,
        "must_mend": answer.count(Severity.CRITICAL, Severity.ERROR),
        "please_check": answer.count(Severity.WARNING),
        "waits_for_closed_period": answer.waits_for,
        "since_last_time": None
        if answer.progress is None
        else {"fixed": answer.progress.fixed, "still": answer.progress.still, "new": answer.progress.new},
        "chain": dict(chain),
    }
    return sealed(receipt, key)


def sealed(members: Receipt, key: SigningKey) -> Receipt:
    """These members with the key's id, their seals, and the signature over the seals."""
    signed: Receipt = {**members, "key_id": key.public.key_id}
    signed["seals"] = {name: _seal(value) for name, value in signed.items()}
    signed["signature"] = base64.b64encode(key.sign(_canonical(signed["seals"]))).decode()
    return signed


def receipt_line(receipt: Receipt) -> str:
    """The receipt as JSON on one line."""
    return _encode_readable(receipt)


def verify_receipt(receipt: Mapping[str, Any], key: PublicKey) -> Verdict:
    """Whether a receipt is as the holder of the key issued it, and if not, what differs."""
    try:
        signature = base64.b64decode(receipt["signature"], validate=True)
        seals = dict(receipt["seals"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        return Verdict(reason_zh="不是回执，或缺少签名", reason_en="it is no receipt, or its signature is missing")
    if not key.verifies(signature, _canonical(seals)):
        if receipt.get("key_id") != key.key_id:
            return Verdict(reason_zh="不是用这个密钥签的", reason_en="it was signed with another key")
        return Verdict(reason_zh="签名与封签不符", reason_en="the signature does not fit the seals")
    members = {name: _seal(value) for name, value in receipt.items() if name not in _NOT_SEALED}
    return Verdict(tuple(sorted(name for name in {*members, *seals} if members.get(name) != seals.get(name))))


def _sentence(answer: Answer, sha256: str, received_at: datetime) -> str:
    version = f"（第 {answer.version} 次报送）" if answer.version else ""
    since = f"与上次相比：{answer.progress.words()}。" if answer.progress else ""
    return (
        f"{received_at:%Y-%m-%d %H:%M} 收到“{answer.file_name}”（SHA-256 {sha256[:12]}…）：{answer.form_title}{version}"
        f"{answer.outcome_words}。读到 {answer.rows.read} 行，入库 {answer.rows.loaded} 行，待更正 {answer.rows.waiting} 行，"
        f"不计 {answer.rows.ignored} 行；必须改 {answer.count(Severity.CRITICAL, Severity.ERROR)} 处，"
        f"请核对 {answer.count(Severity.WARNING)} 处。{since}"
    )


def _seal(value: object) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()


def _canonical(value: object) -> bytes:
    # What the encoder says of plain values, which are most, without the time that it takes to set itself up.
    if value is None or type(value) is int:
        return b"null" if value is None else b"%d" % value
    return _encode(value).encode()
