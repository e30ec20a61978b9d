"""The files of the sample: which workbook says what, under which name, and when it arrives.

Grain: one `SampleFile` per file in the inbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from connectors.sample.answers import Answer, Row, answers, typed
from connectors.sample.arrivals import arrival, at_work, correction
from connectors.sample.chance import Chance
from connectors.sample.days import YEAR, day_in
from connectors.sample.organisation import CLOSES_ON, OFFICE, OPENS_ON, Unit, units
from connectors.sample.slips import LeftRow, Slip
from connectors.sample.stories import Story, cast_stories
from expectations.contract import forms

WRONG_EDITION = "2020.1"
"""An edition that no contract has: somebody kept last year's template."""


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


@cache
def sample_files() -> tuple[SampleFile, ...]:
    """Every file of the sample, in the order of arrival."""
    return tuple(sorted((*_registers(), *_reports()), key=lambda file: (file.arrives_at, file.path)))


def _registers() -> Iterator[SampleFile]:
    """The register as it was handed in at the beginning of the year, before a unit opened and before one closed."""
    handed_in = (date(YEAR, 1, 4), date(YEAR, 3, 29), date(YEAR, 9, 13))
    form = forms()["unit_register"]
    for version, day in enumerate(handed_in, start=1):
        rows = tuple(typed(form, unit.row()) for unit in _known_on(day))
        path = f"{YEAR}/样例_{form.title_zh}_{OFFICE}_{YEAR}_第{version}版.xlsx"
        yield SampleFile(
            path, form.form_id, form.edition, OFFICE, str(YEAR), rows, at_work(day, Chance("register", version))
        )


def _known_on(day: date) -> Iterator[Unit]:
    """The register's rows as the office knew them on that day: openings and closings are known a month before."""
    for unit in units():
        if unit.valid_from == OPENS_ON and (OPENS_ON - day).days > 31:
            continue
        yield replace(unit, valid_to=None) if unit.valid_to == CLOSES_ON and (CLOSES_ON - day).days > 31 else unit


def _reports() -> Iterator[SampleFile]:
    """The reports of the units, each with its story: left out, typed wrong and corrected, refused, sent twice."""
    cast = cast_stories()
    for answer in answers():
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
                row = part.row | {part.day_field: day_in(answer.period, Chance("left", *answer.key))}
                own = {"beneficiary_unit": answer.unit_id} if answer.form_id == "relief" else {}
                yield replace(clean, rows=(*clean.rows, own | row), story="left", code=part.code)
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
    path = f"{answer.period}/样例_{form.title_zh}_{answer.unit_id}_{answer.period}.xlsx"
    arrives_at = arrival(form, answer.unit_id, answer.period)
    return SampleFile(path, form.form_id, form.edition, answer.unit_id, answer.period, answer.rows, arrives_at)


def _with_slip(clean: SampleFile, slip: Slip) -> SampleFile:
    first, *others = clean.rows
    spoilt = {**first, **slip.spoil(first)}
    rows = (spoilt, spoilt, *others) if slip.is_repeated else (spoilt, *others)
    return replace(clean, rows=rows, totals=slip.totals, story="slip", code=slip.code)


def _again(clean: SampleFile, suffix: str, story: Story) -> SampleFile:
    path = clean.path.removesuffix(".xlsx") + f"{suffix}.xlsx"
    return replace(clean, path=path, story=story, arrives_at=correction(clean.arrives_at, path))
