"""The events in the life of a delivery and of what became of it: received, decided, confirmed, judged anew, superseded.

Whoever makes a change asks here for its events and appends them last in the transaction (`events.py`). That an answer came into
force is always told by `accepted`, and that one went out of it by `superseded` or `withdrawn`, whatever brought it about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.warehouse.events import Event
from connectors.warehouse.recorded import Rows, digests, rows_of
from expectations.finding import Severity

if TYPE_CHECKING:
    from connectors.warehouse.corrections import Approval
    from connectors.warehouse.decision import Decision
    from connectors.warehouse.loading import Numbered

COPIES = ("duplicate_bytes", "duplicate_content")
"""The outcomes of what arrived before; the chain calls both `copied`."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a load wrote: decisions with their outcomes, the submissions that they became, and which others these replaced.

    `replaced` gives by new submission the one that was in force before it.
    """

    decisions: Sequence[Decision]
    outcomes: Mapping[int, str]
    numbered: Mapping[int, Numbered]
    copies: Mapping[int, int]
    replaced: Mapping[int, int]


def author_of_run(run_id: int) -> str:
    """Who is named where a run decided by itself."""
    return f"run {run_id}"


def received_events(conn: psycopg.Connection[Any], delivery_ids: Sequence[int], run_id: int) -> list[Event]:
    """That these deliveries, written just now, were received."""
    digest_of = digests(conn, "archive.delivery", delivery_ids)
    author = author_of_run(run_id)
    return [
        Event("received", author, delivery_id=i, details={"rows": {"archive.delivery": {str(i): digest_of[i]}}})
        for i in delivery_ids
    ]


def load_events(conn: psycopg.Connection[Any], made: Made, run_id: int) -> list[Event]:
    """What became of each delivery of a load, in order, each followed by what its answer superseded."""
    author = author_of_run(run_id)
    outcome_digest = digests(conn, "ops.delivery_outcome", [d.delivery_id for d in made.decisions])
    submission_digest = digests(conn, "ops.submission", [n.submission_id for n in made.numbered.values()])
    events = []
    for decision in made.decisions:
        delivery_id, outcome = decision.delivery_id, made.outcomes[decision.delivery_id]
        rows: Rows = {"ops.delivery_outcome": {str(delivery_id): outcome_digest[delivery_id]}}
        if (numbered := made.numbered.get(delivery_id)) is None:
            events.append(_without_submission(decision, outcome, made.copies, author, rows))
            continue
        rows["ops.submission"] = {str(numbered.submission_id): submission_digest[numbered.submission_id]}
        events.append(_of_submission(outcome, author, numbered, _why(decision, outcome), rows))
        if (before := made.replaced.get(numbered.submission_id)) is not None:
            events.append(superseded(author, numbered, before))
    return events


def replay_events(
    conn: psycopg.Connection[Any],
    numbered: Numbered,
    replayed_id: int,
    before: int | None,
    run_id: int,
    approval: Approval | None,
) -> list[Event]:
    """That an answer was judged anew, why, and what became of it: refused, or in force in the place of the one `before` it."""
    author = approval.approver if approval else author_of_run(run_id)
    submission_id = numbered.submission_id
    replayed = rows_of(conn, ops_replay=submission_id)
    if approval:
        correction_id = approval.correction.correction_id
        first = _of_submission(
            "correction_approved",
            author,
            numbered,
            {"correction_id": correction_id, "replayed": replayed_id, "cell_of": approval.correction.field},
            replayed | rows_of(conn, ops_correction_approval=correction_id),
            approval.reason,
        )
    else:
        first = _of_submission("replayed", author, numbered, {"replayed": replayed_id}, replayed)
    outcome, rows = numbered.decision.outcome, rows_of(conn, ops_submission=submission_id)
    events = [first, _of_submission(outcome, author, numbered, _why(numbered.decision, outcome), rows)]
    if before is None or outcome != "accepted":
        return events
    return [*events, superseded(author, numbered, before)]


def superseded(author: str, numbered: Numbered, before: int, reason: str | None = None) -> Event:
    """That the submission `before` is in force no more, since this one is."""
    r = numbered.reading
    return Event(
        "superseded",
        author,
        reason,
        submission_id=before,
        form_id=r.form_id,
        unit_id=r.unit_id,
        period=r.period,
        details={"by": numbered.submission_id},
    )


def confirmed_events(
    conn: psycopg.Connection[Any], decisions: Iterable[Decision], new: Mapping[int, Sequence[str]], run_id: int
) -> list[Event]:
    """That submitters confirmed warnings: one event a delivery, `new` giving the fingerprints that it confirmed first."""
    author = author_of_run(run_id)
    digest_of = digests(conn, "ops.confirmation", [fingerprint for found in new.values() for fingerprint in found])
    return [
        Event(
            "confirmed",
            author,
            delivery_id=d.delivery_id,
            form_id=d.reading.form_id,
            unit_id=d.reading.unit_id,
            period=d.reading.period,
            details={"rows": {"ops.confirmation": {name: digest_of[name] for name in new[d.delivery_id]}}},
        )
        for d in decisions
        if new.get(d.delivery_id) and d.reading is not None
    ]


def _of_submission(
    kind: str, author: str, numbered: Numbered, facts: Mapping[str, Any], rows: Rows, reason: str | None = None
) -> Event:
    r = numbered.reading
    return Event(
        kind,
        author,
        reason,
        numbered.decision.delivery_id,
        numbered.submission_id,
        r.form_id,
        r.unit_id,
        r.period,
        {"version": numbered.version, **facts, "rows": rows},
    )


def _without_submission(decision: Decision, outcome: str, copies: Mapping[int, int], author: str, rows: Rows) -> Event:
    """What became of a delivery that is no submission. Of one that nobody could place, nothing that it says is kept here."""
    r, delivery_id = decision.reading, decision.delivery_id
    if outcome in COPIES:
        facts: dict[str, Any] = {
            "same": outcome.removeprefix("duplicate_"),
            "of": copies.get(delivery_id, decision.original),
        }
        if r is not None and delivery_id in copies:
            return Event(
                "copied", author, None, delivery_id, None, r.form_id, r.unit_id, r.period, {**facts, "rows": rows}
            )
        return Event("copied", author, delivery_id=delivery_id, details={**facts, "rows": rows})
    return Event(outcome, author, delivery_id=delivery_id, details={**_why(decision, outcome), "rows": rows})


def _why(decision: Decision, outcome: str) -> dict[str, list[str]]:
    """The codes of what stood against a delivery that was sent back."""
    if outcome not in ("refused", "unrecognised"):
        return {}
    return {"codes": sorted({f.code for f in decision.findings if f.severity is Severity.CRITICAL})}
