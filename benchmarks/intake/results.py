"""What was measured, as a table for people."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measure import Cost

READ, JUDGED, PANDAS, CALAMINE = "read", "judged", "pandas", "calamine"

WORDS = {
    READ: "reading in limited children, typed, with findings",
    JUDGED: "the same and judged, as `warehouse check`",
    PANDAS: "pandas + openpyxl",
    CALAMINE: "bare calamine",
}


@dataclass(frozen=True, slots=True)
class Result:
    """The cost of one contender for so many workbooks of one kind (clean, odd)."""

    contender: str
    kind: str
    workbooks: int
    cost: Cost


def table(results: list[Result]) -> str:
    """The table: workbooks a second of wall time, CPU of one workbook, memory, and CPU as a ratio to both others."""
    lines = [
        "| workbooks | what | a second | CPU ms each | peak MB, all | largest process MB | CPU against pandas | against calamine |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        cost = result.cost
        others = {r.contender: r.cost.cpu_seconds for r in results if r.kind == result.kind}
        lines.append(
            f"| {result.workbooks} {result.kind} | {WORDS[result.contender]} | {result.workbooks / cost.wall_seconds:.0f} "
            f"| {1_000 * cost.cpu_seconds / result.workbooks:.1f} | {cost.peak_mb:.0f} | {cost.largest_process_mb:.0f} "
            f"| {cost.cpu_seconds / others[PANDAS]:.2f} × | {cost.cpu_seconds / others[CALAMINE]:.2f} × |"
        )
    return "\n".join(lines) + "\n"
