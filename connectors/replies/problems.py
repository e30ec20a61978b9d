"""Findings as the submitter reads them: the gravest first, equal ones on one line with all their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from expectations.catalogue import words
from expectations.finding import Finding, Severity

CELLS_A_LINE = 60
"""A line of the list names so many cells; more of the same go on the next line, so that no cell of the list overflows."""

MOST_OF_A_RANGE = 500
"""Rows of a range that are named one by one: merged cells may run to the end of a sheet."""

_CELLS = re.compile(r"([A-Z]{1,3})(\d{1,7})(?::\1(\d{1,7}))?")

RESULTS = {Severity.CRITICAL: "必须改", Severity.ERROR: "必须改", Severity.WARNING: "请核对", Severity.INFO: "告知"}
"""What a severity asks of the submitter."""

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the problem list. `cells` are addresses on `sheet`, the one to go to first; `row` stands where a whole row is meant."""

    number: int
    severity: Severity
    code: str
    sheet: str | None
    cells: tuple[str, ...]
    row: int | None
    value: str
    what: str
    expected: str
    fix: str
    fingerprints: tuple[str, ...] = ()
    """Of the warnings on this line that can be confirmed."""

    @property
    def result(self) -> str:
        """What is asked: 必须改, 请核对 or 告知."""
        return RESULTS[self.severity]

    @property
    def place(self) -> str:
        """The cells as people read them."""
        if self.cells:
            return "、".join(self.cells)
        return f"第 {self.row} 行" if self.row else "整份"

    @property
    def target(self) -> str | None:
        """The cell to go to, if there is one."""
        return self.cells[0] if self.cells else f"A{self.row}" if self.row else None


def problems_of(
    findings: Sequence[Finding], default_sheet: str | None = None, fingerprints: Sequence[str | None] = ()
) -> list[Problem]:
    """The problems of one delivery: critical, error, warning, info, and within each as the sheet runs; none is left out.

    Findings that say the same of several cells are one problem. `default_sheet` is where a finding is that names no sheet;
    `fingerprints`, beside the findings, are of those that can be confirmed.
    """
    marked = list(zip(findings, [*fingerprints, *[None] * (len(findings) - len(fingerprints))], strict=True))
    groups: dict[tuple[object, ...], list[tuple[Finding, str | None]]] = {}
    for finding, fingerprint in sorted(marked, key=lambda pair: (_RANK[pair[0].severity], pair[0].row_number or 0)):
        said, cells = words(finding), cells_of(finding)
        # A finding about several cells at once, or about a row, is one complaint and not the same complaint about each.
        alone = None if len(cells) == 1 else (finding.row_number, tuple(cells))
        key = (finding.severity, finding.code, finding.sheet, finding.value, said.what, said.expected, said.fix, alone)
        groups.setdefault((*key, fingerprint is None), []).append((finding, fingerprint))
    problems: list[Problem] = []
    for group in groups.values():
        for start in range(0, len(group), CELLS_A_LINE):
            line = group[start : start + CELLS_A_LINE]
            first, said = line[0][0], words(line[0][0])
            cells = list(dict.fromkeys(cell for finding, _ in line for cell in cells_of(finding)))
            problems.append(
                Problem(
                    number=len(problems) + 1,
                    severity=first.severity,
                    code=first.code,
                    sheet=first.sheet or default_sheet,
                    cells=tuple(cells),
                    row=None if cells else first.row_number,
                    value=first.value or "",
                    what=said.what,
                    expected=said.expected,
                    fix=said.fix,
                    fingerprints=tuple(fingerprint for _, fingerprint in line if fingerprint),
                )
            )
    return problems


def cells_of(finding: Finding) -> list[str]:
    """The cells that a finding is about, its own first; ranges within a column, such as B6:B9, cell by cell."""
    named = [cell for part in finding.params.get("cells", "").split("、") for cell in _spread(part)]
    return list(dict.fromkeys([finding.cell, *named] if finding.cell else named))


def _spread(part: str) -> list[str]:
    found = _CELLS.match(part)
    if found is None:
        return []
    letters, first, last = found[1], int(found[2]), int(found[3] or found[2])
    return [f"{letters}{row}" for row in range(first, min(last, first + MOST_OF_A_RANGE) + 1)]
