"""Which answers of a range can be judged again, by the originals that are archived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

from connectors.warehouse.holding import WAITS
from connectors.warehouse.replay import Candidate
from connectors.warehouse.withdrawal import TAKEN_BACK
from expectations.contract import forms

if TYPE_CHECKING:
    from connectors.warehouse.backfill.parameters import Parameters

Partition = tuple[str, str]
"""Form and period."""

_ASKED = f"""
    with newest as (
        select distinct on (form_id, unit_id, period) form_id, unit_id, period, delivery_id, submission_id
        from ops.submission order by form_id, unit_id, period, version desc
    ),
    asked as (
        select form_id, unit_id, period, delivery_id from newest as s where not {TAKEN_BACK}
        union
        select form_id, unit_id, period, delivery_id from ops.submission_in_force
        union
        select form_id, unit_id, period, delivery_id from ops.submission as s where {WAITS}
    )
    select distinct on (s.form_id, s.unit_id, s.period, s.delivery_id)
        s.submission_id, s.delivery_id, s.form_id, s.unit_id, s.period, s.version, s.outcome, s.rows_quarantined,
        s.content_token, s.received_at, d.sha256, d.size_bytes
    from asked
    inner join ops.submission as s using (form_id, unit_id, period, delivery_id)
    inner join archive.delivery as d using (delivery_id)
    where not (%(only_missing)s and exists (
        select from ops.submission_in_force as f
        where (f.form_id, f.unit_id, f.period) = (s.form_id, s.unit_id, s.period)
    ))
    order by s.form_id, s.unit_id, s.period, s.delivery_id, s.version desc
"""  # noqa: S608 - our own words
# The last version that each delivery made: of the one in force, of those that come into force when their period is opened again, and of
# a later one that was refused.


def read_partitions(conn: psycopg.Connection[Any], parameters: Parameters) -> dict[Partition, list[Candidate]]:
    """The answers to judge again by form and period: what is in force or waits for it, and what was refused after it.

    Registers come first, since the others are judged against them; within a unit the older answer first, so that the order of its
    versions stays. What was withdrawn is left alone.
    """
    with conn.cursor(row_factory=class_row(Candidate)) as cursor:
        found = cursor.execute(_ASKED, {"only_missing": parameters.only_missing}).fetchall()
    asked = [c for c in found if c.form_id in forms() and parameters.covers(c.form_id, c.unit_id, c.period)]
    partitions: dict[Partition, list[Candidate]] = {}
    for candidate in sorted(asked, key=lambda c: (in_turn((c.form_id, c.period)), c.unit_id, c.version)):
        partitions.setdefault((candidate.form_id, candidate.period), []).append(candidate)
    return partitions


def in_turn(partition: Partition) -> tuple[int, str, str]:
    """Orders partitions: registers before what is judged against them."""
    form_id, period = partition
    return forms()[form_id].turn, form_id, period
