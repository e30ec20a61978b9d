"""Corrections: what staff put over one cell of an answer, proposed by one person and approved by another.

A correction belongs to the delivery that it was made on. The original stays as it was sent, and so do the versions before it; a
new delivery of the unit is an answer of its own, and nothing is carried over to it. Personal fields cannot be corrected this way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from connectors.warehouse.events import Event, append_events
from connectors.warehouse.recorded import rows_of
from expectations.contract import Field, Form

_CORRECTIONS = (
    "select c.*, a.approver, a.reason as approval_reason, a.decided_at as approved_at, s.version as approved_version,"
    " case when a.correction_id is not null then 'approved' when exists (select from ops.submission later"
    "   where (later.form_id, later.unit_id, later.period) = (c.form_id, c.unit_id, c.period)"
    "   and later.delivery_id <> c.delivery_id and later.submission_id > c.submission_id)"
    "   or exists (select from ops.withdrawal w join ops.submission s using (submission_id) where s.delivery_id = c.delivery_id)"
    "   then 'outdated' else 'proposed' end as state"
    " from ops.correction c left join ops.correction_approval a using (correction_id)"
    " left join ops.submission s on s.submission_id = a.submission_id"
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction; what goes with `approver` is None until somebody approves it.

    `state` is `proposed`, `approved`, or `outdated` where the unit has answered anew, or the answer was withdrawn, before anybody
    approved. `value` None empties the cell. `approved_version` is the version that it made.
    """

    correction_id: int
    submission_id: int
    delivery_id: int
    form_id: str
    unit_id: str
    period: str
    row_number: int
    field: str
    value_before: str | None
    value: str | None
    reason: str
    author: str
    decided_at: datetime
    state: str
    approver: str | None = None
    approval_reason: str | None = None
    approved_at: datetime | None = None
    approved_version: int | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """The word of a second person about a correction."""

    correction: Correction
    approver: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class GivenCell:
    """What an answer has in one cell: as read where its row counts, as typed where it waits."""

    value: str | None


def read_columns(conn: psycopg.Connection[Any], submission_id: int) -> dict[str, str]:
    """The letter of each field's column in a submission's sheet."""
    found = conn.execute("select columns from ops.submission where submission_id = %s", (submission_id,)).fetchone()
    return dict(found[0] or {}) if found else {}


def read_given(
    conn: psycopg.Connection[Any], form: Form, submission_id: int, row_number: int, field: Field
) -> GivenCell | None:
    """What a submission has at a row and an open field; None where that row of the sheet is none of its rows."""
    found = conn.execute(
        sql.SQL(
            "select {field}::text from {landing} where (submission_id, row_number) = (%(submission)s, %(row)s)"
            " union all select texts ->> %(field)s from quarantine.submitted_row"
            " where (submission_id, row_number) = (%(submission)s, %(row)s)"
        ).format(field=sql.Identifier(field.name), landing=sql.Identifier("landing", form.form_id)),
        {"submission": submission_id, "row": row_number, "field": field.name},
    ).fetchone()
    return GivenCell(found[0]) if found else None


def propose(
    conn: psycopg.Connection[Any],
    submission_id: int,
    row_number: int,
    field: Field,
    *,
    before: str | None,
    value: str | None,
    reason: str,
    author: str,
) -> int:
    """Record a correction that nobody has approved yet; gives its id. One that is the same word for word is it already."""
    assert not field.is_personal  # noqa: S101 - whoever asks has said so to people; no personal value may stand here
    said = (submission_id, row_number, field.name, value, reason, author)
    with conn.transaction():
        conn.execute("lock table ops.correction in share row exclusive mode")
        found = conn.execute(
            "select correction_id from ops.correction c where not exists (select from ops.correction_approval a"
            " where a.correction_id = c.correction_id) and (submission_id, row_number, field, reason, author) = (%s, %s, %s, %s, %s)"
            " and value is not distinct from %s::text",
            (submission_id, row_number, field.name, reason, author, value),
        ).fetchone()
        if found is None:
            found = conn.execute(
                "insert into ops.correction (submission_id, delivery_id, form_id, unit_id, period, row_number, field, value,"
                " reason, author, value_before, decided_at)"
                " select s.submission_id, s.delivery_id, s.form_id, s.unit_id, s.period, said.row_number, said.field, said.value,"
                " said.reason, said.author, %s, now() from ops.submission s join (values (%s::bigint, %s::integer, %s, %s::text,"
                " %s, %s)) as said (submission_id, row_number, field, value, reason, author) using (submission_id)"
                " returning correction_id, delivery_id, submission_id, form_id, unit_id, period",
                (before, *said),
            ).fetchone()
            assert found is not None  # noqa: S101 - `returning` gives a row or raises
            append_events(conn, [_proposed(conn, found, row_number, field, reason, author)])
    return int(found[0])


def _proposed(
    conn: psycopg.Connection[Any], made: Sequence[Any], row_number: int, field: Field, reason: str, author: str
) -> Event:
    """What stood in the cell and what shall is in the correction, and no part of its event: an event is for ever."""
    correction_id, delivery_id, submission_id, form_id, unit_id, period = made
    details = {
        "correction_id": correction_id,
        "row_number": row_number,
        "field": field.name,
        "rows": rows_of(conn, ops_correction=correction_id),
    }
    return Event("correction_proposed", author, reason, delivery_id, submission_id, form_id, unit_id, period, details)


def read_corrections(
    conn: psycopg.Connection[Any],
    *,
    form_id: str | None = None,
    unit_id: str | None = None,
    state: str | None = None,
    correction_id: int | None = None,
) -> list[Correction]:
    """Corrections, the newest last; `state` is one of those of `Correction`."""
    with conn.cursor(row_factory=class_row(Correction)) as cursor:
        return cursor.execute(
            f"select * from ({_CORRECTIONS}) c where (%(form)s::text is null or form_id = %(form)s)"  # noqa: S608 - our own words
            " and (%(unit)s::text is null or unit_id = %(unit)s) and (%(state)s::text is null or state = %(state)s)"
            " and (%(correction)s::bigint is null or correction_id = %(correction)s) order by correction_id",
            {"form": form_id, "unit": unit_id, "state": state, "correction": correction_id},
        ).fetchall()


def read_approved(conn: psycopg.Connection[Any], delivery_ids: Sequence[int]) -> list[Correction]:
    """The approved corrections of these deliveries, in the order in which they were approved."""
    with conn.cursor(row_factory=class_row(Correction)) as cursor:
        return cursor.execute(
            f"select * from ({_CORRECTIONS}) c where state = 'approved' and delivery_id = any(%s)"  # noqa: S608 - our own words
            " order by approved_version, correction_id",
            (list(delivery_ids),),
        ).fetchall()


def write_approval(conn: psycopg.Connection[Any], approval: Approval, submission_id: int) -> None:
    """Record, in the transaction that loads it, that a correction became this submission. Raises: psycopg.IntegrityError."""
    conn.execute(
        "insert into ops.correction_approval (correction_id, author, approver, reason, submission_id, decided_at)"
        " values (%s, %s, %s, %s, %s, now())",
        (
            *(approval.correction.correction_id, approval.correction.author, approval.approver),
            *(approval.reason, submission_id),
        ),
    )


def is_same_person(name: str, other: str) -> bool:
    """Whether two names are one, however they are spaced, and whatever the width and case of their letters."""
    return _plain(name) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
