"""Who handed in what, lined up for the page: a grid of units and months, a table of forms, and what is still missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from connectors.report import words
from connectors.report.figures import Figures
from connectors.report.figures.completeness import Answer, State

MARKS = {
    State.ON_TIME: "✓",
    State.LATE: "△",
    State.NIL: "○",
    State.REFUSED: "！",
    State.MISSING: "✗",
    State.PENDING: "…",
}
STATES = {
    State.ON_TIME: "按时",
    State.LATE: "迟报",
    State.NIL: "零报告",
    State.REFUSED: "已退回",
    State.MISSING: "缺报",
    State.PENDING: "未到期",
}
CLASSES = {s: s.name.lower().replace("_", "-") for s in State}


@dataclass(frozen=True, slots=True)
class Cell:
    """One unit in one month: the state that needs most attention among its forms, and what each form's is."""

    state: State | None
    told: str

    @property
    def mark(self) -> str:
        """The mark that stands for the state; nothing was expected where it is blank."""
        return MARKS[self.state] if self.state else ""

    @property
    def css(self) -> str:
        """The class of the cell."""
        return CLASSES[self.state] if self.state else "none"


@dataclass(frozen=True, slots=True)
class GridGroup:
    """A group of units with a row of cells for each."""

    name: str
    rows: tuple[tuple[str, str, tuple[Cell, ...]], ...]


@dataclass(frozen=True, slots=True)
class FormCount:
    """How many submissions of one form were expected in the period, and what became of them. Nil returns are inside `on_time`."""

    title: str
    expected: int
    accepted: int
    on_time: int
    late: int
    nil: int
    refused: int
    missing: int
    pending: int

    @property
    def share(self) -> Decimal:
        """Accepted over expected."""
        return Decimal(self.accepted) / self.expected if self.expected else Decimal(0)


@dataclass(frozen=True, slots=True)
class Missing:
    """What one unit still owes in the period, form by form."""

    unit_id: str
    name: str
    forms: tuple[tuple[str, str], ...]
    count: int


def grid(figures: Figures) -> tuple[GridGroup, ...]:
    """Every expected unit under its group, with a cell for each month of the span."""
    by_unit: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for answer in figures.answers:
        by_unit[answer.unit_id][answer.month].append(answer)
    organisation = figures.organisation
    groups: dict[str, list[tuple[str, str, tuple[Cell, ...]]]] = defaultdict(list)
    for unit_id, months in sorted(by_unit.items()):
        group = organisation.group_of(unit_id)
        cells = tuple(_cell(months.get(month, ())) for month in figures.span.months)
        groups[group.short_name if group else "省工会"].append((unit_id, organisation.short_name(unit_id), cells))
    return tuple(GridGroup(name, tuple(rows)) for name, rows in groups.items())


def two_columns(groups: Iterable[GridGroup]) -> tuple[list[GridGroup], list[GridGroup]]:
    """The groups in two columns about equally high: each goes to the one that is shorter so far."""
    columns: tuple[list[GridGroup], list[GridGroup]] = ([], [])
    heights = [0, 0]
    for group in groups:
        shorter = 0 if heights[0] <= heights[1] else 1
        columns[shorter].append(group)
        heights[shorter] += len(group.rows) + 2
    return columns


def form_counts(answers: Iterable[Answer]) -> tuple[FormCount, ...]:
    """Each form in the period, and all of them together in the last row."""
    states: dict[str, Counter[State]] = defaultdict(Counter)
    nil: Counter[str] = Counter()
    for answer in answers:
        if answer.is_in_period:
            states[answer.form_title][answer.state] += 1
            nil[answer.form_title] += answer.outcome == "accepted" and answer.is_nil
    rows = [_form_count(title, counts, nil[title]) for title, counts in states.items()]
    if len(rows) > 1:
        rows.append(_form_count("合计", sum(states.values(), Counter()), nil.total()))
    return tuple(rows)


def still_missing(figures: Figures) -> tuple[Missing, ...]:
    """The units that owe something past its due date, those that owe most first."""
    owed: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for answer in figures.answers:
        if answer.is_in_period and answer.state is State.MISSING:
            owed[answer.unit_id][answer.form_title].append(answer.period)
    lines = [
        Missing(
            unit_id,
            figures.organisation.short_name(unit_id),
            tuple((title, period_list(periods)) for title, periods in forms.items()),
            sum(map(len, forms.values())),
        )
        for unit_id, forms in owed.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.count, line.unit_id)))


def period_list(periods: list[str]) -> str:
    """Periods as text; more than three are told by the first, the last and their number."""
    if len(periods) <= 3:
        return "、".join(periods)
    return f"{periods[0]} 至 {periods[-1]} 间 {words.number(len(periods))} 期"


def _cell(answers: Iterable[Answer]) -> Cell:
    known = list(answers)
    if not known:
        return Cell(None, "无应报报表")
    told = "；".join(f"{a.form_title} {a.period} {STATES[a.state]}" for a in known)
    return Cell(max(a.state for a in known), told)


def _form_count(title: str, counts: Counter[State], nil: int) -> FormCount:
    on_time = counts[State.ON_TIME] + counts[State.NIL]
    return FormCount(
        title=title,
        expected=counts.total(),
        accepted=on_time + counts[State.LATE],
        on_time=on_time,
        late=counts[State.LATE],
        nil=nil,
        refused=counts[State.REFUSED],
        missing=counts[State.MISSING],
        pending=counts[State.PENDING],
    )
