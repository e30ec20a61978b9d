"""What the templates of the account write with: figures that leave a mark in the text, so that each can be traced.

A mark is `start number gap text end`, in characters of Unicode's private use area, which no name or template holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.report.figures import Figures
from connectors.report.figures.indicators import IndicatorValue
from connectors.report.figures.targets import TargetPoint
from connectors.report.year_account.numbers import estimated, said

START, GAP, END = "\ue000", "\ue001", "\ue002"


@dataclass(frozen=True, slots=True)
class Citation:
    """What a figure in the text refers to: an indicator of a year, or a target."""

    kind: str
    key: str
    period: str


@dataclass(slots=True)
class Citations:
    """The citations of one account, numbered from 1 in the order in which the text first makes them."""

    numbers: dict[Citation, int] = field(default_factory=dict)

    def mark(self, citation: Citation, text: str) -> str:
        """The text, marked as a figure that the citation stands behind."""
        number = self.numbers.setdefault(citation, len(self.numbers) + 1)
        return f"{START}{number}{GAP}{text}{END}"


@dataclass(frozen=True, slots=True)
class Quoted:
    """One indicator as a template meets it; it leaves a mark only where it is written."""

    indicator_id: str
    period: str
    found: IndicatorValue | None
    before: Decimal | None
    citations: Citations
    counter: str | None = None

    @property
    def value(self) -> Decimal | None:
        """The value, or None where there is none."""
        return self.found.value if self.found else None

    @property
    def is_known(self) -> bool:
        """Whether there is a value; 0 is one."""
        return self.value is not None

    def counted(self, counter: str) -> Quoted:
        """The same, counted with this word (份, 个) instead of its unit's own."""
        return Quoted(self.indicator_id, self.period, self.found, self.before, self.citations, counter)

    def clause(self, pattern: str, zero: str = "", less: str = "") -> str:
        """The pattern with the figure for its `{}`; nothing where there is no value.

        Of a value of 0 `zero` is said instead, or plainly that it is 0; of one below 0 `less`, with the figure's size.
        """
        if self.found is None or self.value is None:
            return ""
        if self.value == 0:
            return self._mark(zero) if zero else f"{self.found.name_zh}为{self._mark(self._said(self.value))}"
        if self.value < 0 and less:
            return less.format(self._mark(self._said(-self.value)))
        return pattern.format(self._mark(self._said(self.value)))

    @property
    def versus_before(self) -> str:
        """How it stands to the year before, as a clause with that year's figure; nothing where either is unknown."""
        if self.found is None or self.value is None or self.before is None:
            return ""
        if self._said(self.value) == self._said(self.before):
            # What reads the same is the same to the reader, whatever lies beyond the digits shown.
            return self._mark_before("与上年持平")
        way = "高于" if self.value > self.before else "低于"
        return f"{way}上年的{self._mark_before(self._said(self.before))}"

    def _said(self, value: Decimal) -> str:
        return said(value, self.found.unit if self.found else "", self.counter)

    def _mark(self, text: str) -> str:
        return self.citations.mark(Citation("indicator", self.indicator_id, self.period), text)

    def _mark_before(self, text: str) -> str:
        return self.citations.mark(Citation("indicator", self.indicator_id, str(int(self.period) - 1)), text)


@dataclass(frozen=True, slots=True)
class QuotedIndicators(Mapping[str, Quoted]):
    """Every indicator of the year by its id; one that the catalogue does not hold is one without a value."""

    figures: Figures
    citations: Citations

    def __getitem__(self, indicator_id: str) -> Quoted:
        before = next((v for v in self.figures.year_before.values if v.indicator_id == indicator_id), None)
        return Quoted(
            indicator_id,
            self.figures.period.id,
            self.figures.value(indicator_id),
            before.value if before else None,
            self.citations,
        )

    def __iter__(self) -> Iterator[str]:
        return (v.indicator_id for v in self.figures.values)

    def __len__(self) -> int:
        return len(self.figures.values)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the targets stand, as clauses with the target's own figures."""

    figures: Figures
    citations: Citations

    def __call__(self, target_id: str, gathered: str = "") -> str:
        """Where a target stands; `gathered` opens a clause with what came together since the plan began. Nothing without data."""
        target = next((course.now for course in self.figures.targets if course.now.target_id == target_id), None)
        if target is None or target.actual is None:
            return ""
        whole = f"{gathered}{self._mark(target, said(target.actual, target.unit))}，" if gathered else ""
        goal = self._mark(target, said(target.target, target.unit))
        kind = "年度" if target.is_of_one_year else "规划"
        if target.verdict == "met":
            return f"{whole}{'超过' if target.actual > target.target else '达到'}{kind}目标{goal}"
        # At the end of its days the path is the goal.
        if target.path_value is None or target.path_value >= target.target:
            return f"{whole}未达到{kind}目标{goal}"
        path = self._mark(target, estimated(target.path_value, target.unit))
        way = {"ahead": "快于{}", "on_path": "与{}基本持平", "behind": "落后于{}"}[target.verdict].format(f"{kind}进度")
        return f"{whole}{way}（目标{goal}，按直线进度应达{path}）"

    def _mark(self, target: TargetPoint, text: str) -> str:
        return self.citations.mark(Citation("target", target.target_id, target.period), text)
