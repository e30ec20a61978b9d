"""The keys that a database was written with, so that a machine with other keys is stopped before it writes a row.

Whoever seals holds a shared advisory lock on the key that its keyring seals with, for as long as its connection lives: a key that is
to be retired is seen to be in use (`key_rotation.py`). Keys are loaded and checked while the register is locked, so that a key made
at that moment is known to both sides or to neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from connectors.errors import KeyringError

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.settings import Settings

KEY_LOCK = 0x4B59
"""First key of the advisory locks on seal keys ("KY", nothing else in this database uses it); the second is the key's number."""


def open_keyring(conn: psycopg.Connection[Any], settings: Settings) -> Keyring:
    """The keys of this home, held against those that this database knows; new ones are noted. Alive as long as `conn` is.

    Raises: KeyringError if one of them is missing here or is another key: the same person would get a second token.
    """
    from connectors.keys import Keyring

    with conn.transaction():
        lock_register(conn)
        keyring = Keyring.load(settings)
        _hold(conn, keyring, may_lack=False)
    return keyring


def hold_keyring(conn: psycopg.Connection[Any], keyring: Keyring) -> None:
    """Go on with a keyring over another connection, the one that it was opened with being lost. Raises: KeyringError, as `open_keyring`."""
    with conn.transaction():
        lock_register(conn)
        # Keys that were made since it was opened are none that it must have.
        _hold(conn, keyring, may_lack=True)


def lock_register(conn: psycopg.Connection[Any]) -> None:
    """Hold the register alone until the caller's transaction ends; always before a lock on a key."""
    conn.execute("lock table pii.key_fingerprint in share row exclusive mode")


def key_number(key_id: str) -> int:
    """The number in a seal key's id."""
    return int(key_id.removeprefix("k"))


def _hold(conn: psycopg.Connection[Any], keyring: Keyring, *, may_lack: bool) -> None:
    _check(conn, keyring, may_lack=may_lack)
    conn.execute("select pg_advisory_lock_shared(%s, %s)", (KEY_LOCK, key_number(keyring.current)))


def _check(conn: psycopg.Connection[Any], keyring: Keyring, *, may_lack: bool) -> None:
    from connectors.keys import SEAL

    retired = {f"{SEAL}{key_id}": fingerprint for key_id, fingerprint in keyring.retired.items()}
    here = retired | keyring.fingerprints
    known = conn.execute("select name, fingerprint, retired_at is not null from pii.key_fingerprint").fetchall()
    for name, fingerprint, is_retired in known:
        if is_retired and name == f"{SEAL}{keyring.current}":
            why_zh, why_en = "它已停用，而此处没有更新的密钥", "it was retired, and no newer key is here"
            raise KeyringError(f"{name}.key", why_zh, why_en)
        if here.get(name, fingerprint if may_lack else None) != fingerprint and not (is_retired and name not in here):
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
    for name, fingerprint in retired.items():
        # A backup of the time before a key was destroyed does not know that it was.
        conn.execute(
            "insert into pii.key_fingerprint as k (name, fingerprint, retired_at) values (%s, %s, now())"
            " on conflict (name) do update set retired_at = coalesce(k.retired_at, excluded.retired_at)",
            (name, fingerprint),
        )
