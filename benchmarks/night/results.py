"""What was measured, as data and as a table for people."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Cost

PRODUCT, AGAIN, PANDAS, POLARS = "product", "product_again", "pandas", "polars"

WORDS = {
    PRODUCT: "warehouse run, the whole night",
    AGAIN: "warehouse run again, nothing changed",
    PANDAS: "pandas + openpyxl + to_sql",
    POLARS: "calamine → polars → COPY by hand",
}

COSTS = ("client CPU s", "Postgres CPU s", "wall s", "peak MB, all", "largest process MB")
"""The columns of a cost, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Result:
    """The cost of one contender for one size; `rows` is how many rows of reports it holds at the end."""

    contender: str
    workbooks: int
    rows: int
    cost: Cost


def write_results(results: list[Result], folder: Path) -> str:
    """Write `night.json` and `night.md` into the folder, and give the text of the latter."""
    slopes = {name: slope_ms(results, name) for name in WORDS}
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{
            name: version(name)
            for name in ("polars", "pandas", "openpyxl", "great-expectations", "dbt-core", "prefect")
        },
    }
    data = {"machine": machine, "slope_cpu_ms_per_workbook": slopes, "results": [asdict(result) for result in results]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "night.json").write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    text = _table(results, slopes)
    (folder / "night.md").write_text(text, encoding="utf-8")
    return text


def slope_ms(results: list[Result], contender: str) -> float | None:
    """CPU milliseconds, client and server, of one more workbook: from the smallest size measured to the greatest."""
    measured = sorted((r for r in results if r.contender == contender), key=lambda r: r.workbooks)
    if len(measured) < 2:
        return None
    first, last = measured[0], measured[-1]
    return 1_000 * (_cpu(last) - _cpu(first)) / (last.workbooks - first.workbooks)


def _cpu(result: Result) -> float:
    return result.cost.cpu_seconds + result.cost.postgres_cpu_seconds


def _table(results: list[Result], slopes: dict[str, float | None]) -> str:
    lines = _head("workbooks", "what", *COSTS, "CPU against pandas", "against by hand")
    for result in sorted(results, key=lambda r: (r.workbooks, list(WORDS).index(r.contender))):
        cost = result.cost
        others = {r.contender: _cpu(r) for r in results if r.workbooks == result.workbooks}
        lines.append(
            f"| {result.workbooks} | {WORDS[result.contender]} | {cost.cpu_seconds:.1f} | {cost.postgres_cpu_seconds:.1f} "
            f"| {cost.wall_seconds:.1f} | {cost.peak_mb:.0f} | {cost.largest_process_mb:.0f} "
            f"| {_ratio(_cpu(result), others.get(PANDAS))} | {_ratio(_cpu(result), others.get(POLARS))} |"
        )
    known = {name: slope for name, slope in slopes.items() if slope is not None}
    if known:
        lines += ["", *_head("one more workbook", "CPU ms, client and Postgres", "against pandas", "against by hand")]
    for name, slope in known.items():
        ratios = f"{_ratio(slope, known.get(PANDAS))} | {_ratio(slope, known.get(POLARS))}"
        lines.append(f"| {WORDS[name]} | {slope:.1f} | {ratios} |")
    return "\n".join(lines) + "\n"


def _head(*titles: str) -> list[str]:
    return [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]


def _ratio(value: float, other: float | None) -> str:
    return f"{value / other:.2f} ×" if other else ""
