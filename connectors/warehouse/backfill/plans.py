"""Plans: what previews showed, each a file of its own, because a preview leaves nothing in the database.

A plan names units and figures and no person; it is for the account that runs the system, as everything under `WAREHOUSE_HOME`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from connectors.report.writing import write_whole
from connectors.warehouse.backfill.parameters import Parameters
from connectors.warehouse.backfill.result import digest_of
from connectors.warehouse.backfill.staging import backfills_dir

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.settings import Settings
    from connectors.warehouse.backfill.boundary import Boundary

PLAN_ID = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a preview showed, of what, and where everything stood then."""

    plan_id: str
    parameters: Parameters
    made_at: datetime
    business_date: date
    boundary: Boundary
    result: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The digest of the result."""
        return digest_of(self.result)

    def to_json(self) -> dict[str, Any]:
        """The plan in the types of JSON."""
        return {
            "plan_id": self.plan_id,
            "parameters": self.parameters.to_json(),
            "made_at": self.made_at.isoformat(),
            "business_date": self.business_date.isoformat(),
            "boundary": dict(self.boundary),
            "result": dict(self.result),
            "digest": self.digest,
        }


def make_plan(
    parameters: Parameters, made_at: datetime, business_date: date, boundary: Boundary, result: Mapping[str, Any]
) -> Plan:
    """A plan with an id that no other has."""
    said = json.dumps([parameters.to_json(), made_at.isoformat(), dict(boundary)], sort_keys=True)
    plan_id = hashlib.sha256(said.encode()).hexdigest()[:12]
    return Plan(plan_id, parameters, made_at, business_date, boundary, result)


def keep_plan(settings: Settings, plan: Plan) -> Path:
    """Write a plan to where applies look for it; gives its path."""
    folder = backfills_dir(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"plan-{plan.plan_id}.json"
    write_whole(path, json.dumps(plan.to_json(), ensure_ascii=False, indent=1).encode())
    return path


def read_plan(settings: Settings, plan_id: str) -> Plan | None:
    """The plan of that id, if there is one."""
    path = backfills_dir(settings) / f"plan-{plan_id}.json"
    return _plan_at(path) if PLAN_ID.fullmatch(plan_id) and path.is_file() else None


def newest_plan(settings: Settings, parameters: Parameters) -> Plan | None:
    """The newest plan of exactly these parameters."""
    found = [_plan_at(path) for path in backfills_dir(settings).glob("plan-*.json")]
    return max((p for p in found if p.parameters == parameters), key=lambda p: p.made_at, default=None)


def _plan_at(path: Path) -> Plan:
    plain = json.loads(path.read_bytes())
    return Plan(
        plain["plan_id"],
        Parameters.from_json(plain["parameters"]),
        datetime.fromisoformat(plain["made_at"]),
        date.fromisoformat(plain["business_date"]),
        plain["boundary"],
        plain["result"],
    )
