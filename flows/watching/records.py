"""Small files in the home, for whoever must say something about the nights when Prefect and Postgres are dead.

    <home>/watch/schedule.json      since when nights are expected of this home: the first start of `warehouse serve`
    <home>/watch/last_night.json    how the last night ended that could say so
    <home>/watch/last_backup.json   when and where the last backup was taken

Hints, and nothing rests on them: the ledger (`ops.run`) knows better wherever it can be asked.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connectors.home import write_private
from connectors.settings import Settings
from flows.schedule import now

GOOD = ("succeeded", "data_problems")
"""How a night ends that came to its end; the second has people to do something."""


@dataclass(frozen=True, slots=True)
class EndedNight:
    """How the last night ended; `release_id` is what readers saw then, None before the first release. `good_through` is the newest
    business date of which a night ever came to its end here, None before the first: a night by hand may be of an older one."""

    run_id: int
    business_date: date
    status: str
    ended_at: datetime
    release_id: int | None
    good_through: date | None


def expected_since(settings: Settings) -> datetime | None:
    """From when on nights are expected, None where `warehouse serve` was never started."""
    try:
        return datetime.fromisoformat(_read(settings, "schedule")["expected_since"])
    except (KeyError, TypeError, ValueError):
        return None


def expect_nights(settings: Settings) -> datetime:
    """Expect nights from now on, or from when they first were; gives that moment. Harmless when repeated."""
    since = expected_since(settings)
    if since is None:
        since = now().replace(microsecond=0)
        _write(settings, "schedule", {"expected_since": since.isoformat()})
    return since


def record_night(settings: Settings, run_id: int, business_date: date, status: str, release_id: int | None) -> None:
    """Write down how a night ended. A disk that is full is told elsewhere: this is no reason to fail a night."""
    before = last_recorded_night(settings)
    good = [day for day in (before.good_through if before else None, business_date if status in GOOD else None) if day]
    facts = {
        "run_id": run_id,
        "business_date": business_date.isoformat(),
        "status": status,
        "ended_at": now().isoformat(timespec="seconds"),
        "release_id": release_id,
        "good_through": max(good).isoformat() if good else None,
    }
    with suppress(OSError):
        _write(settings, "last_night", facts)


def last_recorded_night(settings: Settings) -> EndedNight | None:
    """The night that was written down last, None before the first."""
    facts = _read(settings, "last_night")
    try:
        return EndedNight(
            facts["run_id"],
            date.fromisoformat(facts["business_date"]),
            facts["status"],
            datetime.fromisoformat(facts["ended_at"]),
            facts["release_id"],
            date.fromisoformat(facts["good_through"]) if facts["good_through"] else None,
        )
    except (KeyError, TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class TakenBackup:
    """When a backup was taken, and where it lies."""

    path: str
    taken_at: datetime


def record_backup(settings: Settings, path: Path) -> None:
    """Write down that a backup was taken just now. A full disk is told elsewhere."""
    with suppress(OSError):
        _write(settings, "last_backup", {"path": str(path), "taken_at": now().isoformat(timespec="seconds")})


def last_recorded_backup(settings: Settings) -> TakenBackup | None:
    """The backup that was written down last, None before the first."""
    facts = _read(settings, "last_backup")
    try:
        return TakenBackup(facts["path"], datetime.fromisoformat(facts["taken_at"]))
    except (KeyError, TypeError, ValueError):
        return None


def _read(settings: Settings, name: str) -> dict[str, Any]:
    try:
        found = json.loads(_file(settings, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(settings: Settings, name: str, facts: dict[str, Any]) -> None:
    path = _file(settings, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, json.dumps(facts, ensure_ascii=False))


def _file(settings: Settings, name: str) -> Path:
    return settings.home / "watch" / f"{name}.json"
