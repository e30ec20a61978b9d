"""Findings worth reading: those that follow from another one are put behind it, and equal ones become one line with their cells.

Nothing is lost: every finding is in exactly one group, as one of its `findings` or of its `followers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from expectations.catalogue import Language, Words, words
from expectations.finding import Finding, Severity

WHOLE_FILE = frozenset(
    (
        "form.unrecognised",
        "form.unknown_form",
        "form.identity_differs",
        "form.wrong_edition",
        "form.unit_unknown",
        "form.not_submitted_by",
        "form.units_left_out",
        "form.period_invalid",
        "form.sheet_missing",
        "form.sheets_several",
        "form.answers_several",
        "form.headings_again",
        "form.headings_of_another",
        "form.layout_unread",
        "form.ambiguous",
        "form.nearly_recognised",
        "form.unit_missing",
        "form.unit_named",
        "form.unit_proposed",
        "form.unit_unclear",
        "form.period_missing",
        "form.period_unclear",
    )
)
"""What is wrong about the workbook as a whole: while it is, nothing else that is said of it can be relied on. So are all `file.` codes."""

WHOLE_COLUMN = frozenset(("form.heading_missing", "form.heading_twice", "form.heading_unit"))
"""What is wrong about a heading: what is said of the cells below it follows."""

OF_THE_VALUE = frozenset(("became", "error", "suggestion", "suggestions"))
"""Params that say something of the value itself: findings that differ in them and in the value only are equal."""

Item = TypeVar("Item")
Key = TypeVar("Key")

_ADDRESS = re.compile(r"([A-Z]+)([1-9][0-9]*)")
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Part:
    """The cells of a group that hold the same value (None: no value is shown)."""

    value: str | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Equal findings of one file: the same code about the same field, in the same words but for the value.

    `followers` are findings that would not be there without these; they need no words of their own.
    """

    findings: tuple[Finding, ...]
    followers: tuple[Finding, ...] = ()

    @property
    def severity(self) -> Severity:
        """The severity that all of them have."""
        return self.findings[0].severity

    @property
    def code(self) -> str:
        """The code that all of them have."""
        return self.findings[0].code

    @property
    def sheet(self) -> str | None:
        """The sheet that all of them are on."""
        return self.findings[0].sheet

    @property
    def field(self) -> str | None:
        """The field that all of them are about."""
        return self.findings[0].field

    @property
    def count(self) -> int:
        """How many findings it has, its followers not counted."""
        return len(self.findings)

    @property
    def cells_zh(self) -> str:
        """Their cells as ranges, such as H7–H9、H12; rows where no cell is known, and empty where no row is."""
        return cells_zh(self.findings)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The group by value, in the order of the sheet."""
        grouped = _grouped(self.findings, lambda finding: finding.value)
        return tuple(Part(value, tuple(alike)) for value, alike in grouped.items())

    def said(self, lang: Language = "zh") -> Words:
        """The words of all of them; where they differ, the value is left out, for the parts show it."""
        first = self.findings[0]
        is_one = all((f.value, _of_the_value(f)) == (first.value, _of_the_value(first)) for f in self.findings)
        return words(first if is_one else _without_value(first), lang)


def fold(findings: Iterable[Finding]) -> list[Group]:
    """The findings of one file (or of several, file by file), the gravest first, then what is there most often."""
    groups: list[Group] = []
    for mine in _grouped(findings, lambda finding: finding.delivery_id).values():
        causes, followers = _parted(mine)
        groups += [
            Group(tuple(alike), tuple(f for cause in alike for f in followers.get(id(cause), ())))
            for alike in _grouped(causes, _kind).values()
        ]
    return sorted(groups, key=lambda group: (_RANKS[group.severity], -group.count))


def fold_by_name(found: Iterable[tuple[str, Finding]]) -> dict[str, list[Group]]:
    """The groups of several files under the name of each, in the given order of files."""
    pairs = _grouped(found, lambda pair: pair[0])
    return {name: fold(finding for _, finding in mine) for name, mine in pairs.items()}


def total_zh(groups: Sequence[Group]) -> str:
    """How much there is to mend, in one phrase: 共 37 处，5 类."""
    silent = sum(len(group.followers) for group in groups)
    behind = f"；另有 {silent} 处由此引起，改正后重报时再核对" if silent else ""
    return f"共 {sum(group.count for group in groups)} 处，{len(groups)} 类{behind}"


def total_en(groups: Sequence[Group]) -> str:
    """How much there is to mend, in one phrase: 37 findings of 5 kinds."""
    silent = sum(len(group.followers) for group in groups)
    behind = f"; {silent} more follow from them" if silent else ""
    return f"{sum(group.count for group in groups)} findings of {len(groups)} kinds{behind}"


def cells_zh(findings: Sequence[Finding]) -> str:
    """The cells of findings as ranges, column by column: H7–H9、H12; rows (第 7–9 行) where no cell is known."""
    cells, rows = _ranges(findings)
    return "、".join([*cells, f"第 {'、'.join(rows)} 行"] if rows else cells)


def cells_en(findings: Sequence[Finding]) -> str:
    """The same in English: H7–H9, H12, rows 7–9."""
    cells, rows = _ranges(findings)
    return ", ".join([*cells, f"rows {', '.join(rows)}"] if rows else cells)


def _ranges(findings: Sequence[Finding]) -> tuple[list[str], list[str]]:
    cells = {(len(place[1]), place[1], int(place[2])) for f in findings if (place := _ADDRESS.fullmatch(f.cell or ""))}
    rows = {f.row_number for f in findings if f.cell is None and f.row_number is not None}
    columns = _grouped(sorted(cells), lambda cell: cell[1])
    return (
        [
            f"{column}{first}" if first == last else f"{column}{first}–{column}{last}"
            for column, mine in columns.items()
            for first, last in _runs([row for _, _, row in mine])
        ],
        [str(first) if first == last else f"{first}–{last}" for first, last in _runs(sorted(rows))],
    )


def _parted(findings: Sequence[Finding]) -> tuple[list[Finding], Mapping[int, list[Finding]]]:
    """The findings that stand for themselves, and the others by the identity (`id`) of their cause."""
    whole = [f for f in findings if f.code in WHOLE_FILE or f.code.startswith("file.")]
    if any(f.severity is Severity.CRITICAL for f in whole):
        known = {id(f) for f in whole}
        return whole, {id(whole[0]): [f for f in findings if id(f) not in known]}
    columns = {f.field: f for f in reversed(findings) if f.code in WHOLE_COLUMN}
    causes: list[Finding] = []
    followers: dict[int, list[Finding]] = {}
    for finding in findings:
        cause = columns.get(finding.field) if finding.field else None
        if cause is None or finding.code in WHOLE_COLUMN:
            causes.append(finding)
        else:
            followers.setdefault(id(cause), []).append(finding)
    return causes, followers


def _kind(finding: Finding) -> tuple[object, ...]:
    return finding.severity, finding.code, finding.sheet, finding.field, words(_without_value(finding))


def _of_the_value(finding: Finding) -> Mapping[str, str]:
    return {name: text for name, text in finding.params.items() if name in OF_THE_VALUE}


def _without_value(finding: Finding) -> Finding:
    """The same with an ellipsis for the value and for what was made of it."""
    params = {**finding.params, **dict.fromkeys(_of_the_value(finding), "…")}
    return replace(finding, value="…" if finding.value is not None else None, params=params)


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> Mapping[Key, list[Item]]:
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of numbers that follow each other, from sorted ones."""
    if not numbers:
        return
    first = numbers[0]
    for number, following in pairwise(numbers):
        if following != number + 1:
            yield first, number
            first = following
    yield first, numbers[-1]
