"""Judging a staged part of a partition again, and writing down, as versions, the answers that come out differently."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.warehouse.backfill.differing import Judged, differing
from connectors.warehouse.confirmations import confirm_findings
from connectors.warehouse.corrections import read_approved
from connectors.warehouse.decision import Decision, decide
from connectors.warehouse.events import Event
from connectors.warehouse.life import confirmed_events, replay_events
from connectors.warehouse.loading import (
    Numbered,
    content_token,
    write_findings,
    write_rows,
    write_submissions,
)
from connectors.warehouse.overlay import has_place, overlaid
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.replay import Candidate, answers, write_replays
from connectors.warehouse.sequences import next_ids
from connectors.warehouse.waivers import read_waivers
from expectations.contract import forms

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.workbooks.reading import ReadBatch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one answer: the candidate, the ending, and the version that it became, if it became one."""

    candidate: Candidate
    ending: str
    numbered: Numbered | None = None


def judge_again(
    conn: psycopg.Connection[Any], keyring: Keyring, candidates: Sequence[Candidate], batch: ReadBatch, run_id: int
) -> tuple[list[Ended], list[Event]]:
    """Judge these answers, all of one form and period, under what holds now; gives what became of them, and the events to append.

    In the caller's transaction, under the lock of loads.
    """
    corrections = read_approved(conn, [c.delivery_id for c in candidates])
    displaced = {c.delivery_id for c in corrections if not has_place(batch, c)}
    batch = overlaid(batch, corrections)
    readings = {reading.delivery_id: reading for reading in batch.readings}
    same = [c for c in candidates if c.delivery_id not in displaced and answers(readings[c.delivery_id], c)]
    ended = [Ended(c, "identity_differs") for c in candidates if c not in same]
    register = read_unit_register(conn, judging=[c.form_id for c in same])
    decisions = decide([readings[c.delivery_id] for c in same], batch.rows, register, read_waivers(conn))
    # Nothing is confirmed anew by an answer that stays as it is.
    silent = [replace(d, reading=replace(readings[d.delivery_id], confirmed=[])) for d in decisions]
    told = confirm_findings(conn, keyring, silent, run_id).told
    judged = [Judged(c, readings[c.delivery_id], d, told[c.delivery_id]) for c, d in zip(same, decisions, strict=True)]
    if not judged:
        return ended, []
    form = forms()[judged[0].candidate.form_id]
    other = differing(conn, keyring, form, judged)
    moving = _from_the_first_other(judged, other)
    ended += [Ended(j.candidate, "unchanged") for j in judged if j not in moving]
    written, events = _write(conn, keyring, moving, run_id)
    return ended + written, events


def _from_the_first_other(judged: Sequence[Judged], other: set[int]) -> list[Judged]:
    """Of each unit, in the order of versions, everything from the first answer on that is another now.

    So one that was refused after another that is in force stays the newer of the two.
    """
    begun: set[str] = set()
    found = []
    for j in judged:
        if j.candidate.submission_id in other:
            begun.add(j.candidate.unit_id)
        if j.candidate.unit_id in begun:
            found.append(j)
    return found


def _write(
    conn: psycopg.Connection[Any], keyring: Keyring, judged: Sequence[Judged], run_id: int
) -> tuple[list[Ended], list[Event]]:
    """Write versions down, all at once; where Postgres cannot hold one of them, one by one without it."""
    if not judged:
        return [], []
    try:
        with conn.transaction():
            return _write_all(conn, keyring, judged, run_id)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(judged) == 1:
            # Only the class of the error: its text may quote the row.
            log.error("submission %s could not be loaded: %s", judged[0].candidate.submission_id, type(error).__name__)
            return [Ended(judged[0].candidate, "stuck")], []
        parts = [_write(conn, keyring, [j], run_id) for j in judged]
        return [e for ended, _ in parts for e in ended], [e for _, events in parts for e in events]


def _write_all(
    conn: psycopg.Connection[Any], keyring: Keyring, judged: Sequence[Judged], run_id: int
) -> tuple[list[Ended], list[Event]]:
    in_force = _in_force(conn, judged)
    decisions = [j.decision for j in judged]
    numbered = _number(conn, keyring, judged)
    write_submissions(
        conn, numbered, {j.candidate.delivery_id: j.candidate.received_at for j in judged}, run_id, "backfill"
    )
    write_rows(conn, keyring, numbered[0].form, numbered)
    confirmed = confirm_findings(conn, keyring, decisions, run_id)
    ids = {n.decision.delivery_id: n.submission_id for n in numbered}
    write_findings(conn, decisions, confirmed.told, {}, ids, run_id)
    write_replays(conn, [(j.candidate, n) for j, n in zip(judged, numbered, strict=True)], run_id)
    ended, events = [], list[Event]()
    for j, n in zip(judged, numbered, strict=True):
        before = in_force.get(j.candidate.unit_id)
        events += replay_events(conn, n, j.candidate.submission_id, before, run_id, None)
        if n.decision.outcome == "accepted":
            in_force[j.candidate.unit_id] = n.submission_id
        ended.append(Ended(j.candidate, _ending(j.candidate, j.decision), n))
    return ended, [*events, *confirmed_events(conn, decisions, confirmed.new, run_id)]


def _ending(candidate: Candidate, decision: Decision) -> str:
    match candidate.outcome, decision.outcome:
        case "refused", "accepted":
            return "accepted_now"
        case "accepted", "refused":
            return "refused_now"
        case "refused", "refused":
            return "refused_still"
        case _:
            return "new_version"


def _in_force(conn: psycopg.Connection[Any], judged: Sequence[Judged]) -> dict[str, int]:
    """By unit, the submission in force for the form and period of these."""
    first = judged[0].candidate
    found = conn.execute(
        "select unit_id, submission_id from ops.submission_in_force where (form_id, period) = (%s, %s) and unit_id = any(%s)",
        (first.form_id, first.period, [j.candidate.unit_id for j in judged]),
    )
    return dict(found.fetchall())


def _number(conn: psycopg.Connection[Any], keyring: Keyring, judged: Sequence[Judged]) -> list[Numbered]:
    """Ids and versions, each unit's after its newest."""
    first = judged[0].candidate
    newest = dict(
        conn.execute(
            "select unit_id, max(version) from ops.submission where (form_id, period) = (%s, %s) and unit_id = any(%s)"
            " group by unit_id",
            (first.form_id, first.period, [j.candidate.unit_id for j in judged]),
        ).fetchall()
    )
    ids = next_ids(conn, "ops.submission", "submission_id", len(judged))
    numbered = []
    for j, submission_id in zip(judged, ids, strict=True):
        newest[j.candidate.unit_id] += 1
        version, content = newest[j.candidate.unit_id], content_token(keyring, j.reading)
        numbered.append(Numbered(j.decision, j.reading, forms()[first.form_id], submission_id, version, content))
    return numbered
