"""The files of the sample: which workbook says what, under which name, and when it arrives.

Grain: one `SampleFile` per file in the inbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from connectors.sample.answers import Answer, Row, answers, base_answers
from connectors.sample.arrivals import arrival, at_work, correction
from connectors.sample.chance import Chance
from connectors.sample.days import YEAR, day_in, day_in_quarter
from connectors.sample.registers import REGISTERS_DUE, Handover, handovers
from connectors.sample.slips import LeftRow, Slip
from connectors.sample.stories import Story, cast_stories
from expectations.contract import forms
from expectations.periods import parse_period

WRONG_EDITION = "2020.1"
"""An edition that no contract has: somebody kept last year's template."""

BASE_MARK, CONTINUED_MARK = "样例_基数年", "样例_续年"
"""What the names of workbooks begin with that lie outside the sample year."""


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One file: `path` lies under the sample's folder, `code` is the finding that its story must lead to, if any."""

    path: str
    form_id: str
    edition: str
    unit_id: str
    period: str
    rows: tuple[Row, ...]
    arrives_at: datetime
    story: Story = "clean"
    code: str | None = None
    totals: Mapping[str, object] | None = None

    @property
    def year(self) -> int:
        """The year of its period."""
        return parse_period(self.period).last_day.year


def sample_files(through: int = YEAR) -> tuple[SampleFile, ...]:
    """Every file of the sample from 2021 to that year, in the order of arrival."""
    files = [file for year in range(YEAR, through + 1) for file in _files_of(year)]
    return tuple(sorted(files, key=lambda file: (file.arrives_at, file.path)))


@cache
def _files_of(year: int) -> tuple[SampleFile, ...]:
    base = tuple(_base_year()) if year == YEAR else ()
    return (*map(_register, handovers(year)), *base, *_reports(year))


def _register(handover: Handover) -> SampleFile:
    form, year = handover.form, handover.day.year
    path = f"{year}/{_mark(year)}_{form.title_zh}_{handover.unit_id}_{year}_第{handover.version}版.xlsx"
    arrives_at = at_work(handover.day, Chance(*handover.names))
    return SampleFile(path, form.form_id, form.edition, handover.unit_id, str(year), handover.rows, arrives_at)


def _base_year() -> Iterator[SampleFile]:
    """What is handed in for the year before, when the warehouse begins: a base for its growth, so all of it is late."""
    for answer in base_answers():
        clean = _clean(answer)
        yield replace(clean, arrives_at=at_work(REGISTERS_DUE[0], Chance("base", *answer.key)))


def _reports(year: int) -> Iterator[SampleFile]:
    """The reports of the units, each with its story: left out, typed wrong and corrected, refused, sent twice."""
    cast = cast_stories(year)
    for answer in answers(year):
        clean = _clean(answer)
        part = cast.get(answer.key)
        match part:
            case None:
                yield clean
            case "missing":
                continue
            case Slip():
                yield _with_slip(clean, part)
                yield _again(clean, "（更正）", "correction")
            case LeftRow():
                yield _with_left_row(clean, part)
            case "copied":
                yield clean
                yield _again(clean, " - 副本", part)
            case "saved_again":
                yield clean
                yield _again(clean, "（最终版）", part)
            case "not_a_workbook" | "truncated":
                yield replace(
                    clean, story=part, code="file.not_a_workbook" if part == "not_a_workbook" else "file.damaged"
                )
            case "wrong_edition":
                yield replace(clean, story=part, code="form.wrong_edition", edition=WRONG_EDITION)


def _clean(answer: Answer) -> SampleFile:
    form = forms()[answer.form_id]
    year = parse_period(answer.period).last_day.year
    path = f"{answer.period}/{_mark(year)}_{form.title_zh}_{answer.unit_id}_{answer.period}.xlsx"
    arrives_at = arrival(form, answer.unit_id, answer.period, answer.rows)
    return SampleFile(path, form.form_id, form.edition, answer.unit_id, answer.period, answer.rows, arrives_at)


def _mark(year: int) -> str:
    return "样例" if year == YEAR else CONTINUED_MARK if year > YEAR else BASE_MARK


def _with_slip(clean: SampleFile, slip: Slip) -> SampleFile:
    (first, *others), period = clean.rows, parse_period(clean.period)
    spoilt = {**first, **slip.spoil(first, period)}
    rows = (spoilt, {**first, **slip.again(first, period)}, *others) if slip.again else (spoilt, *others)
    return replace(clean, rows=rows, totals=slip.totals, story="slip", code=slip.code)


def _with_left_row(clean: SampleFile, left: LeftRow) -> SampleFile:
    chance = Chance("left", clean.form_id, clean.unit_id, clean.period)
    day = day_in_quarter(clean.period, chance) if "Q" in clean.period else day_in(clean.period, chance)
    own = {"beneficiary_unit": clean.unit_id} if clean.form_id == "relief" else {}
    row = own | left.row | {left.day_field: day}
    return replace(clean, rows=(*clean.rows, row), story="left", code=left.code)


def _again(clean: SampleFile, suffix: str, story: Story) -> SampleFile:
    path = clean.path.removesuffix(".xlsx") + f"{suffix}.xlsx"
    return replace(clean, path=path, story=story, arrives_at=correction(clean.arrives_at, clean.period, path))
