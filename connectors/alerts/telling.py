"""After a night: the alerts brought to what holds, and what people are told of it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg

from connectors.alerts.condition import KINDS, Condition
from connectors.alerts.conditions import find_conditions
from connectors.alerts.digest import write_digests
from connectors.alerts.ledger import Moved, Night, bring_alerts, lock_alerts
from connectors.alerts.lines import Names
from connectors.alerts.owners import Owners
from connectors.alerts.owners_file import OwnersInvalid, load_owners
from connectors.warehouse.engine import database_clock


@dataclass(frozen=True, slots=True)
class Told:
    """What a night did to the alerts, and the messages that it wrote."""

    moved: Moved
    digests: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What only the run knows: `conditions` of its own, and whether it came to its end (`is_whole`) with a release for its readers."""

    night: Night
    project: Path
    conditions: Sequence[Condition] = ()
    is_whole: bool = True


def tell_staff(conn: psycopg.Connection[Any], seen: Seen, owners_file: Path, now: datetime | None = None) -> Told:
    """Bring the alerts to what holds and write the messages about it, in the caller's transaction. Repeated, it does nothing.

    A run that did not come to its end resolves no alert about runs, and asks nothing of the release. `now` is when messages may go out at
    the earliest, apart from quiet hours.
    """
    lock_alerts(conn)
    owners, wrong = _owners(owners_file)
    found, checked = find_conditions(conn, has_release=seen.is_whole)
    found += [*seen.conditions, *wrong]
    checked |= {"owners_invalid"} | (
        {kind for kind, about in KINDS.items() if about.is_of_night} if seen.is_whole else set()
    )
    moved = bring_alerts(conn, seen.night, found, checked)
    if owners is None:
        return Told(moved, 0)
    names = read_names(conn, seen.night.business_date, seen.project)
    return Told(moved, write_digests(conn, seen.night, owners, names, now or database_clock(conn)))


def _owners(path: Path) -> tuple[Owners | None, list[Condition]]:
    try:
        return load_owners(path), []
    except OwnersInvalid as error:
        return None, [Condition("owners_invalid", facts={error.problems: 1})]


def read_names(conn: psycopg.Connection[Any], night: date, project: Path) -> Names:
    """What units are called on a day, and which is above which."""
    units = conn.execute(
        "select distinct on (unit_id) unit_id, coalesce(nullif(short_name, ''), unit_name), parent_id from registers.unit"
        " where valid_from <= %s order by unit_id, valid_from desc",
        (night,),
    ).fetchall()
    return Names({row[0]: row[1] for row in units}, {row[0]: row[2] for row in units if row[2]}, project)
