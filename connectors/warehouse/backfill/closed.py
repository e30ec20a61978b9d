"""Closed periods: a backfill touches one only as a restatement, which opens it again in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.warehouse.backfill.errors import BackfillClosed
from connectors.warehouse.closing import closed_periods, covers

if TYPE_CHECKING:
    from connectors.warehouse.backfill.candidates import Partition
    from connectors.warehouse.backfill.records import Record


def refuse_closed(conn: psycopg.Connection[Any], record: Record, partitions: Iterable[Partition]) -> list[str]:
    """The closed periods that these partitions lie in; none unless the backfill is a restatement. Raises: BackfillClosed."""
    closed = closed_among(conn, {period for _, period in partitions})
    if closed and not record.asked.restates:
        raise BackfillClosed("、".join(closed))
    return closed


def closed_among(conn: psycopg.Connection[Any], periods: Iterable[str]) -> list[str]:
    """The closings in effect, by the period of each, that one of these periods lies in."""
    closed = closed_periods(conn)
    return sorted({found.period for period in periods if (found := covers(closed, period))})
