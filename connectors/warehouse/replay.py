"""Replay: archived originals judged once more, after a rule, a waiver or a register was mended or a correction was approved.

A replay is another version of the same answer, with the cause `replay` and the same delivery. The delivery's own outcome and
account stay as they were; the replay has its own, which balances too. Only a better outcome becomes a version, and only while
what was replayed is still the newest answer, so a second call, a killed one and two at once all end the same. The approved
corrections of a delivery lie over its original each time; the approval of another is a version with the cause `correction`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from connectors.warehouse.confirmations import confirm_findings
from connectors.warehouse.corrections import Approval, read_approved, write_approval
from connectors.warehouse.decision import Decision, decide
from connectors.warehouse.events import append_events
from connectors.warehouse.holding import hold_answers
from connectors.warehouse.life import confirmed_events, replay_events
from connectors.warehouse.loading import (
    INTAKE_LOCK,
    Numbered,
    content_token,
    counts,
    write_findings,
    write_rows,
    write_submissions,
)
from connectors.warehouse.overlay import has_place, overlaid
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.sequences import next_ids
from connectors.warehouse.waivers import read_waivers
from connectors.warehouse.withdrawal import TAKEN_BACK
from expectations.contract import forms

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.keys import Keyring
    from connectors.workbooks.pool import ReaderPool
    from connectors.workbooks.reading import Reading

log = logging.getLogger(__name__)

Ending = Literal["replaced", "unchanged", "answered_meanwhile", "identity_differs", "stuck"]
"""What became of a candidate: a new version, the same outcome as before, an answer that came meanwhile, an original that is now
read as another form, unit or period or without a cell that was corrected, or one that Postgres could not hold."""

_NEWEST = "select distinct on (form_id, unit_id, period) * from ops.submission order by form_id, unit_id, period, version desc"

_CANDIDATES = (
    "select s.submission_id, s.delivery_id, s.form_id, s.unit_id, s.period, s.version, s.outcome,"  # noqa: S608 - our own words
    " s.rows_quarantined, s.content_token, s.received_at, d.sha256, d.size_bytes"
    f" from ({_NEWEST}) as s join archive.delivery d using (delivery_id)"
    f" where not {TAKEN_BACK}"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A newest answer that can be judged once more, and where its original lies."""

    submission_id: int
    delivery_id: int
    form_id: str
    unit_id: str
    period: str
    version: int
    outcome: str
    rows_quarantined: int
    content_token: str
    received_at: datetime
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a candidate; `rows_loaded` and `rows_quarantined` as they are now.

    `is_held`: its period is closed, so that the new version waits and what is in force stays.
    """

    candidate: Candidate
    ending: Ending
    rows_loaded: int = 0
    rows_quarantined: int = 0
    is_held: bool = False


def read_candidates(
    conn: psycopg.Connection[Any],
    *,
    form_id: str | None = None,
    unit_id: str | None = None,
    rule_code: str | None = None,
) -> list[Candidate]:
    """The newest answers that were refused or have rows that wait, registers first; `rule_code` chooses by what was found in them.

    Where the newest answer was refused, it is the one to replay, and not the older one that is in force meanwhile.
    """
    with conn.cursor(row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(
            f"{_CANDIDATES} and (s.outcome = 'refused' or s.rows_quarantined > 0)"
            " and (%(form)s::text is null or s.form_id = %(form)s) and (%(unit)s::text is null or s.unit_id = %(unit)s)"
            " and (%(rule)s::text is null or exists (select from ops.finding f"
            "   where f.submission_id = s.submission_id and f.code = %(rule)s))"
            " order by array_position(%(turns)s::text[], s.form_id), s.submission_id",
            {"form": form_id, "unit": unit_id, "rule": rule_code, "turns": list(forms())},
        ).fetchall()


def read_newest(conn: psycopg.Connection[Any], form_id: str, unit_id: str, period: str) -> Candidate | None:
    """The newest answer of a unit for a form and period, accepted or refused; None where there is none or it was withdrawn."""
    with conn.cursor(row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(
            f"{_CANDIDATES} and (s.form_id, s.unit_id, s.period) = (%s, %s, %s)", (form_id, unit_id, period)
        ).fetchone()


def replay(
    conn: psycopg.Connection[Any],
    archive: Archive,
    keyring: Keyring,
    pool: ReaderPool,
    candidates: Sequence[Candidate],
    run_id: int,
    approval: Approval | None = None,
) -> list[Replayed]:
    """Read and judge these candidates once more, under the rules, the waivers, the registers and the corrections of now.

    Safe to repeat. `approval` is that of a correction of the one candidate, which is recorded together with the version that it makes.
    """
    batch = pool.read([(c.delivery_id, archive.get(c.sha256, pool.longest_file_bytes + 1)) for c in candidates])
    corrections = read_approved(conn, [c.delivery_id for c in candidates])
    if approval:
        corrections.append(approval.correction)
    displaced = {c.delivery_id for c in corrections if not has_place(batch, c)}
    batch = overlaid(batch, corrections)
    readings = {reading.delivery_id: reading for reading in batch.readings}
    waivers = read_waivers(conn)
    replayed: list[Replayed] = []
    for turn in sorted({forms()[c.form_id].turn for c in candidates}):
        asked = [c for c in candidates if forms()[c.form_id].turn == turn]
        same = [c for c in asked if c.delivery_id not in displaced and answers(readings[c.delivery_id], c)]
        replayed += [Replayed(c, "identity_differs", 0, c.rows_quarantined) for c in asked if c not in same]
        # Read after the registers of this call are loaded, so that what comes after them is judged against them.
        register = read_unit_register(conn, judging=[c.form_id for c in same])
        decisions = decide([readings[c.delivery_id] for c in same], batch.rows, register, waivers)
        replayed += [_load(conn, keyring, c, d, run_id, approval) for c, d in zip(same, decisions, strict=True)]
    return replayed


def write_replays(conn: psycopg.Connection[Any], replayed: Sequence[tuple[Candidate, Numbered]], run_id: int) -> None:
    """Write down that these candidates became these submissions, each with the account of its rows."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into ops.replay (submission_id, replayed_submission_id, delivery_id, rows_read, rows_loaded,"
            " rows_quarantined, rows_ignored, ignored, run_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    *(n.submission_id, candidate.submission_id, candidate.delivery_id),
                    *(*counts(n.decision, is_copy=False), Jsonb(_ignored(n)), run_id),
                )
                for candidate, n in replayed
            ],
        )


def _ignored(numbered: Numbered) -> dict[str, str]:
    """By row, why it is not counted; of a refused answer, all of its rows."""
    ignored = {str(row): reason for row, reason in numbered.reading.rows_ignored}
    rows = numbered.decision.rows
    if numbered.decision.outcome == "refused" and rows is not None:
        ignored |= {str(row): "submission_refused" for row in rows["row_number"]}
    return ignored


def answers(reading: Reading, candidate: Candidate) -> bool:
    """Whether what was read is still of the candidate's form, unit and period."""
    identity = (reading.form_id, reading.unit_id, reading.period)
    return reading.status == "read" and identity == (candidate.form_id, candidate.unit_id, candidate.period)


def _load(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    candidate: Candidate,
    decision: Decision,
    run_id: int,
    approval: Approval | None,
) -> Replayed:
    try:
        return _load_one(conn, keyring, candidate, decision, run_id, approval)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        # Only the class of the error: its text may quote the row.
        log.error("submission %s could not be replayed: %s", candidate.submission_id, type(error).__name__)
        return Replayed(candidate, "stuck", 0, candidate.rows_quarantined)


def _load_one(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    candidate: Candidate,
    decision: Decision,
    run_id: int,
    approval: Approval | None,
) -> Replayed:
    _, loaded, waiting, _ = counts(decision, is_copy=False)
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        if not _is_newest(conn, candidate):
            return Replayed(candidate, "answered_meanwhile", 0, candidate.rows_quarantined)
        if decision.outcome != "accepted" or _is_as_before(conn, keyring, candidate, decision):
            return Replayed(candidate, "unchanged", 0, candidate.rows_quarantined)
        numbered = _number(conn, keyring, candidate, decision)
        before = _in_force(conn, candidate)
        cause = "correction" if approval else "replay"
        write_submissions(conn, [numbered], {decision.delivery_id: candidate.received_at}, run_id, cause)
        write_rows(conn, keyring, numbered.form, [numbered])
        confirmed = confirm_findings(conn, keyring, [decision], run_id)
        write_findings(conn, [decision], confirmed.told, {}, {decision.delivery_id: numbered.submission_id}, run_id)
        write_replays(conn, [(candidate, numbered)], run_id)
        if approval:
            write_approval(conn, approval, numbered.submission_id)
        held = hold_answers(conn, [numbered], run_id)
        replaced = None if held else before
        events = replay_events(conn, numbered, candidate.submission_id, replaced, run_id, approval)
        append_events(conn, [*events, *held, *confirmed_events(conn, [decision], confirmed.new, run_id)])
    return Replayed(candidate, "replaced", loaded, waiting, is_held=bool(held))


def _in_force(conn: psycopg.Connection[Any], candidate: Candidate) -> int | None:
    """The submission that is in force where the candidate belongs; the candidate itself may be one that was refused."""
    found = conn.execute(
        "select submission_id from ops.submission_in_force where (form_id, unit_id, period) = (%s, %s, %s)",
        (candidate.form_id, candidate.unit_id, candidate.period),
    ).fetchone()
    return int(found[0]) if found else None


def _is_newest(conn: psycopg.Connection[Any], candidate: Candidate) -> bool:
    """Whether nobody has answered, replayed or withdrawn it meanwhile."""
    found = conn.execute(
        "select not exists (select from ops.submission where (form_id, unit_id, period) = (%s, %s, %s) and version > %s)"  # noqa: S608 - our own words
        f" and not {TAKEN_BACK} from ops.submission s where s.submission_id = %s",
        (candidate.form_id, candidate.unit_id, candidate.period, candidate.version, candidate.submission_id),
    ).fetchone()
    return bool(found and found[0])


def _is_as_before(conn: psycopg.Connection[Any], keyring: Keyring, candidate: Candidate, decision: Decision) -> bool:
    """Whether an accepted answer says the same as before and the same rows of it wait."""
    assert decision.reading is not None  # noqa: S101 - only copies have none, and a replay is none
    if candidate.outcome != "accepted" or candidate.content_token != content_token(keyring, decision.reading):
        return False
    waiting = conn.execute(
        "select row_number from quarantine.submitted_row where submission_id = %s", (candidate.submission_id,)
    ).fetchall()
    return {row for (row,) in waiting} == decision.quarantined


def _number(conn: psycopg.Connection[Any], keyring: Keyring, candidate: Candidate, decision: Decision) -> Numbered:
    assert decision.reading is not None  # noqa: S101 - only copies have none, and a replay is none
    [submission_id] = next_ids(conn, "ops.submission", "submission_id", 1)
    content = content_token(keyring, decision.reading)
    form = forms()[candidate.form_id]
    return Numbered(decision, decision.reading, form, submission_id, candidate.version + 1, content)
