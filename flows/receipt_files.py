"""Receipts that people hand us as files, and the key that tells whether they, and the packs of closings, are ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.settings import load_settings
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.replies.receipts import Receipt
    from connectors.replies.signing import PublicKey

LONGEST_FILE = 50_000_000
"""A receipt has three kilobytes, and a file those of a unit in one night; a larger file is none."""


def receipts_in(file: Path) -> list[Receipt] | None:
    """The receipts in a file, unverified; None if it holds anything else or nothing."""
    with file.open("rb") as stream:
        data = stream.read(LONGEST_FILE)
    try:
        read: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    told = read if isinstance(read, list) else [read]
    return told if told and all(isinstance(receipt, dict) for receipt in told) else None


def issuer_key(key_file: Path | None) -> PublicKey:
    """The public key in a file (none given: this machine's). Raises: WrongUsage."""
    from connectors.replies.signing import PublicKey, public_key_of

    if key_file is None:
        key = public_key_of(load_settings())
        if key is None:
            raise WrongUsage(
                "本机还没有签发过回执或结账包，没有公钥；请用 --key 指定签发方的公钥文件。",
                "Nothing was signed here yet, so there is no public key; name the issuer's with --key.",
            )
        return key
    try:
        return PublicKey.from_pem(key_file.read_bytes()[:LONGEST_FILE])
    except ValueError:
        raise WrongUsage(f"{key_file} 不是 Ed25519 公钥。", f"{key_file} is no Ed25519 public key.") from None
