"""How what Superset holds differs from what is declared: assets that are missing, that say something else, or that nobody declared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OWN = frozenset({"uuid", "version", "sqlalchemy_uri", "query_context", "database_uuid"})
"""What Superset rewrites for itself."""

Json = Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One asset: `missing` in Superset, `changed` there (at these places), or `undeclared`."""

    kind: str
    title: str
    places: tuple[str, ...] = ()


def compare(declared: Iterable[Mapping[str, Any]], held: Mapping[str, Mapping[str, Any]]) -> list[Difference]:
    """The differences, by title; what Superset adds to an asset of its own accord is none."""
    wanted = {asset["uuid"]: asset for asset in declared if "uuid" in asset}
    found = [Difference("undeclared", _title(asset)) for uuid, asset in held.items() if uuid not in wanted]
    for uuid, asset in wanted.items():
        if uuid not in held:
            found.append(Difference("missing", _title(asset)))
        elif places := tuple(_places(_without_own(asset), held[uuid])):
            found.append(Difference("changed", _title(asset), places))
    return sorted(found, key=lambda difference: (difference.title, difference.kind))


def _title(asset: Mapping[str, Any]) -> str:
    return str(
        next(asset[name] for name in ("dashboard_title", "slice_name", "table_name", "database_name") if name in asset)
    )


def _without_own(asset: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asset.items() if name not in OWN}


def _places(wanted: Json, held: Json, place: str = "") -> list[str]:
    """Where a declared value is not held; lists of named things are compared by name."""
    if isinstance(wanted, dict):
        if isinstance(held, str):
            held = json.loads(held)
        if not isinstance(held, dict):
            return [place]
        return [
            p
            for name, value in wanted.items()
            if name != "chartId"
            for p in _places(value, held.get(name), f"{place}/{name}")
        ]
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict) and isinstance(held, list):
        by = next((key for key in ("column_name", "metric_name") if key in wanted[0]), None)
        if by is not None:
            known = {each[by]: each for each in held}
            return [p for each in wanted for p in _places(each, known.get(each[by]), f"{place}/{each[by]}")] + [
                f"{place}/{name}" for name in known if name not in {each[by] for each in wanted}
            ]
    if isinstance(wanted, str) and isinstance(held, str):
        return [] if wanted.strip() == held.strip() else [place]
    return [] if wanted == held or (wanted in (None, "") and held in (None, "")) else [place]
