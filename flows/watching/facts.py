"""What is known of the warehouse at one moment, gathered without starting anything; each part may be missing, with the reason."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.settings import Settings
from flows.schedule import due_between, last_due, next_due, now
from flows.signs_of_life import Life
from flows.watching.records import EndedNight, expected_since, last_recorded_night

if TYPE_CHECKING:
    import psycopg

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Room:
    """The disk that a folder of ours lies on, in bytes."""

    folder: str
    free: int
    total: int

    @property
    def is_short(self) -> bool:
        """Whether a night may not have the room that it needs: less than 1 GB, or less than a fiftieth of the disk up to 20 GB."""
        return self.free < max(10**9, min(self.total // 50, 20 * 10**9))


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the database tells; rows as `connectors.warehouse.ledger` and `connectors.warehouse.pulse` give them."""

    night: Row | None
    good_night: Row | None
    steps: dict[str, float]
    release: Row | None
    findings: dict[str, int]
    waiting: Row
    leases: list[Row]
    sources: list[Row]
    first_night_began: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a watcher judges by. `pulse` is None where the database does not answer (`database_says` tells why) or holds
    no warehouse yet; `services` are those of `warehouse serve` by name, empty where the asker is another process."""

    at: datetime
    database_answers: bool
    database_says: str
    pulse: Pulse | None
    recorded: EndedNight | None
    expected_since: datetime | None
    room: list[Room]
    services: dict[str, Life] = field(default_factory=dict)

    @property
    def last_due(self) -> datetime:
        """When the newest night that should have begun by now was due."""
        return last_due(self.at)

    @property
    def next_due(self) -> datetime:
        """When the next night is due."""
        return next_due(self.at)

    @property
    def missed(self) -> list[str]:
        """The business dates, as ISO text, of the nights that were due and have not come to their end, the oldest first."""
        since = self.expected_since
        good = self.pulse.good_night if self.pulse else None
        done = good["business_date"] if good else (self.recorded.good_through if self.recorded else None)
        if since is None:
            return []
        return [day.isoformat() for day in due_between(since, self.at) if done is None or day > done]


def read_facts(settings: Settings, services: dict[str, Life] | None = None) -> Facts:
    """What is known now. Never raises for what is broken: that is a fact."""
    answers, says, pulse = _ask_database(settings)
    # Without `warehouse serve`, a warehouse whose nights are run by hand or by cron is expected to go on as it began.
    since = expected_since(settings) or (pulse.first_night_began if pulse else None)
    return Facts(
        now(), answers, says, pulse, last_recorded_night(settings), since, read_room(settings), dict(services or {})
    )


def read_room(settings: Settings) -> list[Room]:
    """The disks under the home and the archive, each once."""
    found: dict[int, Room] = {}
    for folder in (settings.home, settings.archive_dir, settings.inbox):
        place = _nearest(folder)
        try:
            device, usage = place.stat().st_dev, shutil.disk_usage(place)
        except OSError:
            continue
        found.setdefault(device, Room(str(folder), usage.free, usage.total))
    return list(found.values())


def age_of(moment: datetime, at: datetime) -> timedelta:
    """How long ago a moment is; nothing where a clock that was set back puts it into the future."""
    return max(at - moment, timedelta())


def _ask_database(settings: Settings) -> tuple[bool, str, Pulse | None]:
    import psycopg

    from connectors.errors import WarehouseError
    from connectors.postgres import status
    from connectors.warehouse.engine import connect
    from connectors.warehouse.ledger import is_prepared

    try:
        database = status(settings)
        if not database.is_running:
            # `connect` would start the embedded server, and hide from whoever watches that it was dead.
            return False, database.target, None
        with connect(settings) as conn:
            conn.execute("set statement_timeout to '20s'")
            return True, database.target, _read_pulse(conn) if is_prepared(conn) else None
    except WarehouseError as error:
        return False, error.sentence("zh"), None
    except psycopg.Error as error:
        return False, type(error).__name__, None


def _read_pulse(conn: psycopg.Connection[Any]) -> Pulse:
    from connectors.warehouse import ledger, pulse

    night = ledger.read_run(conn)
    steps = ledger.read_steps(conn, night["run_id"]) if night else []
    return Pulse(
        night=night,
        good_night=pulse.newest_good_night(conn),
        steps={row["step"]: row["seconds"] for row in steps},
        release=pulse.current_release(conn),
        findings=pulse.count_findings(conn),
        waiting=pulse.count_waiting(conn),
        leases=pulse.read_leases(conn),
        sources=pulse.read_sources(conn),
        first_night_began=pulse.first_night_began(conn),
    )


def _nearest(folder: Path) -> Path:
    """The folder, or what there is of the path to it."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)
