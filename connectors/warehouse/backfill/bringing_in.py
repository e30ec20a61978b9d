"""Bringing in: everything that a backfill has read becomes part of the ledger in one transaction, or nothing does.

Before it commits, what happened is held against what the plan showed, field by field. Judging happens in here, because the registers
that a backfill brings decide on what comes after them; reading, which is dear, happened before. The whole of it runs under the lock of
loads, so a night waits with its loads for as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from connectors.warehouse.backfill.boundary import moved, moved_error, read_ledger_boundary
from connectors.warehouse.backfill.candidates import Partition, in_turn, read_partitions
from connectors.warehouse.backfill.closed import refuse_closed
from connectors.warehouse.backfill.errors import BackfillDiffers, BackfillStopped
from connectors.warehouse.backfill.folder import write_received
from connectors.warehouse.backfill.judging import Ended, judge_again
from connectors.warehouse.backfill.records import Record, mark_loaded, move_state, read_partition_records
from connectors.warehouse.backfill.result import changed_findings, differences, read_findings_of_now
from connectors.warehouse.closing import reopen
from connectors.warehouse.cross_checks import ask_cross_rules
from connectors.warehouse.decision import decide
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.loading import INTAKE_LOCK, load
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.waivers import read_waivers

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.warehouse.backfill.staging import Staged, Staging

Answer = dict[str, Any]
"""What became of one answer, in the types of JSON: form, unit, period, file, ending, and before and after: version, outcome, rows."""


def bring_in(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    staging: Staging,
    record: Record,
    run_id: int,
    expected: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Load what was read, and ask the rules that compare answers; gives what became of each answer (`answers`, by form, period, unit
    and file) and which findings came and went (`findings`). `expected` is the result that the plan showed.

    Raises: BackfillStopped if somebody paused or cancelled it, BackfillMoved, BackfillDiffers; then nothing has happened.
    """
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        if not move_state(conn, record.backfill_id, "loaded"):
            raise BackfillStopped(record.backfill_id)
        if not_as_before := moved(record.boundary, read_ledger_boundary(conn)):
            raise moved_error(record.plan_id, not_as_before)
        partitions = _staged(conn, record)
        for period in refuse_closed(conn, record, [partition for partition, _ in partitions]):
            reopen(conn, period, reason=record.reason, author=record.author)
        findings_before = read_findings_of_now(conn)
        before = _in_force(conn) if record.asked.folder else {}
        answers: list[Answer] = []
        versions: list[tuple[Partition, int]] = []
        events: list[Event] = []
        for partition, names in partitions:
            parts = (staging.get(name) for name in names)
            ended = (
                _from_folder(conn, keyring, parts, run_id, before)
                if record.asked.folder
                else _again(conn, keyring, record, partition, parts, run_id, events)
            )
            answers += ended
            versions.append((partition, sum(answer["version"] is not None for answer in ended)))
        mark_loaded(conn, record.backfill_id, versions)
        answers.sort(key=lambda a: (a["form"], a["period"], a["unit"], a["file"] or "", a["version"] or 0))
        ask_cross_rules(conn, run_id)
        found = {"answers": answers, "findings": changed_findings(findings_before, read_findings_of_now(conn))}
        if expected is not None and (places := differences({name: expected[name] for name in found}, found)):
            raise BackfillDiffers.at(record.plan_id, places)
        made = sum(count for _, count in versions)
        details = {
            "plan": record.plan_id,
            "backfill_id": record.backfill_id,
            "result": record.expected_digest,
            "versions": made,
        }
        append_events(conn, [*events, Event("backfilled", record.author, record.reason, details=details)])
    return found


def _staged(conn: psycopg.Connection[Any], record: Record) -> list[tuple[Partition, list[str]]]:
    """The partitions in the order in which they are to be brought in, each with the names of what was staged of it."""
    found = {(p.form_id, p.period): p.staged for p in read_partition_records(conn, record.backfill_id)}
    return [(partition, found[partition]) for partition in sorted(found, key=in_turn)]


def _again(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    record: Record,
    partition: Partition,
    parts: Iterable[Staged],
    run_id: int,
    events: list[Event],
) -> list[Answer]:
    candidates = {c.delivery_id: c for c in read_partitions(conn, record.asked).get(partition, ())}
    ended: list[Ended] = []
    for part in parts:
        # Opening a closed period may have brought another into force instead.
        mine = [candidates[r.delivery_id] for r in part.batch.readings if r.delivery_id in candidates]
        done, told = judge_again(conn, keyring, mine, part.batch, run_id)
        ended += done
        events += told
    after = _facts(conn, partition[0], [e.numbered.submission_id for e in ended if e.numbered])
    was = _facts(conn, partition[0], [e.candidate.submission_id for e in ended])
    return [
        _answer(
            *(e.candidate.form_id, e.candidate.unit_id, e.candidate.period, None, e.ending),
            was[e.candidate.submission_id],
            after[e.numbered.submission_id] if e.numbered else None,
        )
        for e in ended
    ]


def _from_folder(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    parts: Iterable[Staged],
    run_id: int,
    before: dict[tuple[str, str, str], tuple[Any, ...]],
) -> list[Answer]:
    answers = []
    for part in parts:
        received = write_received(conn, part.files, run_id)
        register = read_unit_register(conn, judging=[r.form_id for r in part.batch.readings])
        decisions = decide(part.batch.readings, part.batch.rows, register, read_waivers(conn))
        load(conn, keyring, decisions, received, run_id)
        names = {file.delivery_id: file.object_name for file in part.files}
        outcomes = {
            row[0]: row[1:]
            for row in conn.execute(
                "select delivery_id, outcome, submission_id from ops.delivery_outcome where delivery_id = any(%s)",
                (list(names),),
            )
        }
        for reading in part.batch.readings:
            outcome, submission_id = outcomes[reading.delivery_id]
            key = str(reading.form_id), str(reading.unit_id), str(reading.period)
            after = _facts(conn, key[0], [submission_id]).get(submission_id) if submission_id else None
            ending = outcome if outcome != "accepted" else "new_version" if key in before else "first_answer"
            answers.append(_answer(*key, names[reading.delivery_id], ending, before.get(key), after))
            if after is not None and outcome == "accepted":
                before[key] = after
    return answers


Facts = tuple[Any, ...]
"""Of a submission: version, outcome, rows loaded, waiting and ignored, content token, and a digest of its rows as they are kept."""


def _in_force(conn: psycopg.Connection[Any]) -> dict[tuple[str, str, str], Facts]:
    return {
        (form, unit, period): (*facts, "")
        for form, unit, period, *facts in conn.execute(
            "select form_id, unit_id, period, version, outcome, rows_loaded, rows_quarantined, rows_ignored, content_token"
            " from ops.submission_in_force"
        )
    }


def _facts(conn: psycopg.Connection[Any], form_id: str, submission_ids: Sequence[int]) -> dict[int, Facts]:
    rows = conn.execute(
        sql.SQL(
            "select s.submission_id, s.version, s.outcome, s.rows_loaded, s.rows_quarantined, s.rows_ignored, s.content_token,"
            " md5(coalesce((select string_agg((to_jsonb(l) - 'submission_id')::text, ' ' order by l.row_number)"
            "   from {} as l where l.submission_id = s.submission_id), '')"
            " || coalesce((select string_agg(q.row_number || q.texts::text, ' ' order by q.row_number)"
            "   from quarantine.submitted_row as q where q.submission_id = s.submission_id), ''))"
            " from ops.submission as s where s.submission_id = any(%s)"
        ).format(sql.Identifier("landing", form_id)),
        (list(submission_ids),),
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def _answer(
    form_id: str, unit_id: str, period: str, file: str | None, ending: str, before: Facts | None, after: Facts | None
) -> Answer:
    now = after or before
    return {
        "form": form_id,
        "unit": unit_id,
        "period": period,
        "file": file,
        "ending": ending,
        "version_before": before[0] if before else None,
        "version": after[0] if after else None,
        "outcome_before": before[1] if before else None,
        "outcome": after[1] if after else before[1] if before else None,
        **{
            name: [before[place] if before else None, now[place] if now else None]
            for name, place in (("loaded", 2), ("waiting", 3), ("ignored", 4))
        },
        "rows": list(after[5:]) if after else None,
    }
