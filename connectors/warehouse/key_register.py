"""The keys that a database was written with, so that a machine with other keys is stopped before it writes a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from connectors.errors import KeyringError

if TYPE_CHECKING:
    from connectors.keys import Keyring


def check_keys(conn: psycopg.Connection[Any], keyring: Keyring) -> None:
    """Hold the keyring against the keys that this database knows, and note those that are new.

    Raises: KeyringError if one of them is missing here or is another key: the same person would get a second token.
    """
    with conn.transaction():
        known = dict(conn.execute("select name, fingerprint from pii.key_fingerprint for update").fetchall())
        for name, fingerprint in known.items():
            if keyring.fingerprints.get(name) != fingerprint:
                raise KeyringError(
                    f"{name}.key",
                    "它与写入该数据库所用的密钥不同",
                    "it is not the key that this database was written with",
                )
        for name, fingerprint in keyring.fingerprints.items():
            conn.execute(
                "insert into pii.key_fingerprint (name, fingerprint) values (%s, %s) on conflict do nothing",
                (name, fingerprint),
            )
