"""Closing a period: what readers see of it is frozen, as a signed pack beside the warehouse and as a row in it.

<home>/closings/P-N.zip    the pack of closing N of the period P

It is written aside (`.P-N.zip`), its digest is committed with the closing, and then it gets its name. Killed before the commit, nothing
is closed and the draft is removed by whoever closes next; killed after it, whoever looks next gives the pack its name.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Jsonb

from connectors.errors import FolderUnwritable, PublishRefused
from connectors.home import make_home, settle
from connectors.replies.signing import SigningKey
from connectors.warehouse.closing import ClosedPeriod, closed_periods, covers, ids_within
from connectors.warehouse.closing_checks import State, read_state
from connectors.warehouse.closing_pack import write_pack
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.lease import Lease, is_newest
from connectors.warehouse.loading import INTAKE_LOCK
from connectors.warehouse.recorded import rows_of

if TYPE_CHECKING:
    from connectors.settings import Settings
    from expectations.periods import Period


@dataclass(frozen=True, slots=True)
class Closing:
    """How a call ended: closed now (`pack` is the path), closed before (`is_new` false), or not, for the obstacles in `state`."""

    closed: ClosedPeriod | None
    is_new: bool
    state: State | None = None
    pack: Path | None = None


def close(
    settings: Settings,
    conn: psycopg.Connection[Any],
    lease: Lease,
    period: Period,
    *,
    author: str,
    incomplete_reason: str | None = None,
) -> Closing:
    """Close a period with the current release, or say what stands against it. Safe to repeat.

    `lease` is the publish lease, which keeps builds and publishes out. `incomplete_reason`: close although answers are missing.
    Raises: PublishRefused if the lease is lost, FolderUnwritable, KeyringError.
    """
    key = SigningKey.load(settings)
    _make_folder(settings)
    tidy_packs(settings, conn, are_drafts_dead=True)
    with conn.transaction():
        if not is_newest(conn, lease):
            raise PublishRefused("发布权已被另一次运行取得", "another run took the lease meanwhile")
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        before = covers(closed_periods(conn), period.id)
        if before is not None:
            return Closing(before, is_new=False)
        state = read_state(conn, settings, period, is_incomplete_fine=incomplete_reason is not None)
        if state.obstacles:
            return Closing(None, is_new=False, state=state)
        reason = incomplete_reason if state.missing else None
        closed, draft = _close(settings, conn, key, period, state, author, reason)
    _name(settings, draft)
    return Closing(closed, is_new=True, state=state, pack=pack_path(settings, closed.period, closed.closing_id))


def pack_path(settings: Settings, period: str, closing_id: int) -> Path:
    """Where the pack of a closing lies."""
    return settings.closings_dir / f"{period}-{closing_id}.zip"


def tidy_packs(settings: Settings, conn: psycopg.Connection[Any], *, are_drafts_dead: bool = False) -> None:
    """Give the packs of closings that were committed by a process that died then their names.

    `are_drafts_dead`: nobody can be closing now, so a draft without a closing is removed.
    """
    for draft in sorted(settings.closings_dir.glob(".*.zip")):
        with draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = draft.name.removeprefix(".")
        found = conn.execute(
            "select from ops.closing where format('%%s-%%s.zip', period, closing_id) = %s and pack_sha256 = %s",
            (name, digest),
        ).fetchone()
        if found is not None:
            draft.replace(draft.with_name(name))
        elif are_drafts_dead:
            draft.unlink()


def _close(
    settings: Settings,
    conn: psycopg.Connection[Any],
    key: SigningKey,
    period: Period,
    state: State,
    author: str,
    reason: str | None,
) -> tuple[ClosedPeriod, Path]:
    [(closing_id, now, head, head_hash)] = conn.execute(
        "select nextval('ops.closing_number'), now(), event_id, hash from ops.event_head"
    ).fetchall()
    spanned = (closing_id, period.id, period.kind, period.first_day, period.last_day, state.release_id, author, now)
    closed = ClosedPeriod(*spanned)
    missing = len(state.missing)
    facts = {
        "text": f"{author}于 {now:%Y-%m-%d %H:%M} 以第 {state.release_id} 期的数字将 {period.id} 结账："
        f"应报 {state.expected} 份，未收 {missing} 份" + (f"（{reason}）。" if reason else "。"),
        "closing_id": closing_id,
        "period": period.id,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "release_id": state.release_id,
        "author": author,
        "closed_at": now.isoformat(timespec="microseconds"),
        "expected": state.expected,
        "missing": missing,
        "reason": reason,
        "rows_waiting": state.rows_waiting,
        "open_errors": state.errors,
        "open_warnings": state.warnings,
        "chain_event_id": head,
        "chain_hash": head_hash,
    }
    pack = pack_path(settings, period.id, closing_id)
    draft = pack.with_name(f".{pack.name}")
    try:
        manifest, digest = write_pack(conn, draft, facts, ids_within(period.first_day, period.last_day), key)
        settle(draft)
    except OSError as error:
        raise FolderUnwritable(str(settings.closings_dir), error.strerror or str(error)) from error
    conn.execute(
        "insert into ops.closing (closing_id, period, period_type, first_day, last_day, release_id, author, closed_at, expected,"
        " missing, reason, pack_sha256, manifest) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*spanned, state.expected, missing, reason, digest, Jsonb(manifest)),
    )
    told = {"closing_id": closing_id, "release_id": state.release_id, "missing": missing, "pack_sha256": digest}
    told["rows"] = rows_of(conn, ops_closing=closing_id)
    append_events(conn, [Event("closed", author, reason, period=period.id, details=told)])
    return closed, draft


def _name(settings: Settings, draft: Path) -> None:
    with suppress(FileNotFoundError):
        # Somebody who looked has just named it.
        draft.replace(draft.with_name(draft.name.removeprefix(".")))
    settle(settings.closings_dir)


def _make_folder(settings: Settings) -> None:
    make_home(settings)
    try:
        settings.closings_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FolderUnwritable(str(settings.closings_dir), error.strerror or str(error)) from error
