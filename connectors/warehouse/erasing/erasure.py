"""One person erased everywhere, in an order that can be gone on with wherever it was killed.

A new seal key comes first, so that all that is written has another key than what was there; then originals (whose cells are found by
the token, which is still there), rows, answers and staging areas; last, everything else is sealed anew and the former keys are destroyed, so
that what older backups, dead pages of the database and disks keep of the person is shut for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.archive import Archive
from connectors.errors import ErasureRefused, ErasureUnfinished, KeyInUse, LeaseBusyError, RoomBusy
from connectors.warehouse.backfill.staging import drop_all
from connectors.warehouse.copying import clear_away_the_dead
from connectors.warehouse.erasing.originals import Tell, find_originals, rewrite_originals
from connectors.warehouse.erasing.person import Person, invented_id, names_of
from connectors.warehouse.erasing.records import begin_erasure, finish_erasure, read_unfinished, write_key
from connectors.warehouse.erasing.traces import erase_rows
from connectors.warehouse.key_register import open_keyring
from connectors.warehouse.key_rotation import make_key, read_keys, reseal, retire
from connectors.warehouse.lease import hold
from connectors.warehouse.loading import INTAKE_LOCK
from connectors.warehouse.people import find_rows, open_rows
from connectors.warehouse.replies import remove_answers
from connectors.warehouse.runs import RUN_LOCK, close_run, open_run

if TYPE_CHECKING:
    from connectors.settings import Settings
    from connectors.warehouse.unmasking import Asked
    from connectors.workbooks.pool import Readers


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: originals that have a copy without the person, originals destroyed, answers on disk removed, keys destroyed; and the
    files of the sources that the originals came from, which are not ours. `erasure_id` is None where nothing was found."""

    erasure_id: int | None
    rewritten: int = 0
    destroyed: int = 0
    answers: int = 0
    keys: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@contextmanager
def alone(
    settings: Settings, conn: psycopg.Connection[Any], lease: str, business_date: date, kind: str = "erase"
) -> Iterator[None]:
    """Nobody loads, builds, publishes or backfills until the block ends; a run of that kind says so. Raises: ErasureRefused."""
    try:
        with hold(settings, lease, f"person {kind}", patience_seconds=0):
            [(is_free,)] = conn.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,)
            ).fetchall()
            if not is_free:
                raise ErasureRefused("有任务正在入库", "something is loading")
            try:
                _refuse_beside_runs(conn)
                run_id, status = open_run(conn, kind, business_date), "failed"
                try:
                    yield
                    status = "succeeded"
                finally:
                    if not conn.closed:
                        close_run(conn, run_id, status, None, None)
            finally:
                if not conn.closed:
                    conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
    except LeaseBusyError as error:
        raise ErasureRefused(f"{error.holder} 正在运行", f"{error.holder} is at work") from None


def erase(
    settings: Settings,
    conn: psycopg.Connection[Any],
    pool: Readers,
    citizen_id: str,
    asked: Asked,
    tell: Tell,
) -> Erased:
    """Erase the person of this citizen ID, or go on where an erasure of theirs was killed; `alone` is held. `tell` hears of the archive.

    Raises: ErasureUnfinished where former keys are still in use, ArchiveError, KeyringError, FolderUnwritable.
    """
    keyring = open_keyring(conn, settings)
    token = keyring.token(citizen_id)
    begun = read_unfinished(conn, token)
    rows = find_rows(conn, token)
    opened = open_rows(conn, keyring, token, rows)
    names = names_of(v for o in opened for v in (o.personal or {}).values() if v and v != citizen_id)
    invented = begun[0].substitute_id if begun else invented_id(citizen_id)
    person = Person(citizen_id, invented, names)
    found = find_originals(Archive(settings, keyring), person, rows, tell)
    if not (begun or rows or found):
        return Erased(None)
    erasure = (
        begun[0] if begun else begin_erasure(conn, token, keyring.token(invented), invented, asked.author, asked.reason)
    )
    key_id = erasure.key_id
    if key_id is None:
        key_id = make_key(settings, conn, asked.author, asked.reason)
        write_key(conn, erasure.erasure_id, key_id)
    keyring = open_keyring(conn, settings)
    archive = Archive(settings, keyring)
    rewrite_originals(conn, archive, pool, person, erasure.erasure_id, found)
    # What came in between a kill and now is erased like what was there.
    if erasure.rows_erased_at is None or rows or found:
        erase_rows(conn, archive, keyring, pool, erasure, person)
    touched = conn.execute(
        "select delivery_id from archive.redacted_file join archive.delivery using (sha256) where erasure_id = %s",
        (erasure.erasure_id,),
    )
    answers = remove_answers(settings, {delivery_id for (delivery_id,) in touched})
    drop_all(settings)
    clear_away_the_dead(conn)
    keys = _destroy_keys_before(settings, conn, key_id, erasure.erasure_id, asked)
    finish_erasure(conn, erasure.erasure_id)
    files = conn.execute(
        "select r.is_destroyed, count(*), array_agg(distinct d.source_id || ' ' || d.object_name)"
        " from archive.redacted_file r left join archive.delivery d using (sha256) where r.erasure_id = %s group by r.sha256, 1",
        (erasure.erasure_id,),
    ).fetchall()
    destroyed = sum(is_destroyed for is_destroyed, _, _ in files)
    names_there = sorted({name for _, _, listed in files for name in listed if name})
    return Erased(erasure.erasure_id, len(files) - destroyed, destroyed, answers, keys, tuple(names_there))


def _refuse_beside_runs(conn: psycopg.Connection[Any]) -> None:
    alive = conn.execute(
        "select run_id, kind from ops.run where status = 'running' and not pg_try_advisory_xact_lock(%s, run_id::int)",
        (RUN_LOCK,),
    ).fetchall()
    if alive:
        run_id, kind = alive[0]
        raise ErasureRefused(f"运行 {run_id}（{kind}）尚未结束", f"run {run_id} ({kind}) has not ended")
    waiting = conn.execute(
        "select backfill_id from ops.backfill where state in ('reading', 'paused', 'loaded') order by 1"
    ).fetchall()
    if waiting:
        [backfill_id] = waiting[0]
        raise ErasureRefused(
            f"回补 {backfill_id} 还没有做完，请先完成或取消", f"backfill {backfill_id} is not done; end or cancel it"
        )


def _destroy_keys_before(
    settings: Settings,
    conn: psycopg.Connection[Any],
    key_id: str,
    erasure_id: int,
    asked: Asked,
) -> tuple[str, ...]:
    try:
        reseal(settings, conn, lambda _done, _total: None)
        former = [k for k in read_keys(settings, conn) if k.key_id < key_id and (k.retired_at is None or k.is_here)]
        for key in former:
            retire(settings, conn, key.key_id, asked.author, asked.reason)
    except (KeyInUse, RoomBusy) as error:
        raise ErasureUnfinished(erasure_id, error.sentence("zh"), error.sentence("en")) from error
    return tuple(key.key_id for key in former)
