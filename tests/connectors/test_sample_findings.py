"""What the sample plants is found, where it was planted and nowhere else."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from connectors.sample.answers import Answer, answers, base_answers
from connectors.sample.days import LAST_YEAR, YEAR
from connectors.sample.files import SampleFile, sample_files
from connectors.sample.organisation import units
from connectors.sample.writer import write_file
from connectors.workbooks.reader import BatchReader
from expectations.contract import Form, forms
from expectations.finding import Severity
from expectations.judgement import judge
from expectations.normalise import normalise
from expectations.periods import Period, parse_period

STORIES = [file for file in sample_files() if file.story != "clean"]


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The codes of all findings about each file that has a story, by its path."""
    folder = tmp_path_factory.mktemp("sample")
    reader = BatchReader()
    for number, file in enumerate(STORIES):
        reader.add(number, write_file(file, folder).read_bytes())
    batch = reader.finish()
    found = {STORIES[reading.delivery_id].path: {f.code for f in reading.findings} for reading in batch.readings}
    for form_id, rows in batch.rows.items():
        failing = judge([(forms()[form_id], rows)], {"unit": _register()})
        for delivery_id, rule_code in failing.select("delivery_id", "rule_code").iter_rows():
            if _complains(rule_code):
                found[STORIES[delivery_id].path].add(rule_code)
    return found


def _register(year: int = YEAR) -> pl.DataFrame:
    return pl.DataFrame(
        [(unit.unit_code, unit.unit_kind, unit.valid_from, unit.valid_to) for unit in units(year)],
        schema={"unit_id": pl.String, "unit_kind": pl.String, "valid_from": pl.Date, "valid_to": pl.Date},
        orient="row",
    )


@pytest.mark.parametrize("file", STORIES, ids=lambda file: f"{file.story}-{Path(file.path).stem}")
def test_a_story_leads_to_its_finding_and_to_no_other(file: SampleFile, codes: dict[str, set[str]]) -> None:
    assert codes[file.path] == ({file.code} if file.code else set())


@pytest.mark.parametrize("year", range(YEAR, LAST_YEAR + 1))
def test_nobody_complains_of_what_was_meant(year: int) -> None:
    said = [answer for answer in (*base_answers(), *answers(year)) if answer.rows]
    batch = []
    for form_id in sorted({answer.form_id for answer in said}):
        normalised = normalise(*_typed(form_id, said))
        assert normalised.complaints == []
        batch.append((forms()[form_id], normalised.rows))
    broken = judge(batch, {"unit": _register(year)})
    told = [(code, said[number].key, row) for code, number, row, _ in broken.iter_rows() if _complains(code)]
    assert told == []


def _complains(rule_code: str) -> bool:
    """Whether a rule asks for something; one that only tells may be true of an honest row."""
    return forms()[rule_code.split(".", maxsplit=1)[0]].rule(rule_code).severity is not Severity.INFO


def _typed(form_id: str, said: list[Answer]) -> tuple[Form, pl.DataFrame, dict[int, Period]]:
    """The rows of the form as the reader gives them on: texts, under the number of their answer."""
    form = forms()[form_id]
    periods = {number: parse_period(answer.period) for number, answer in enumerate(said) if answer.form_id == form_id}
    rows = [
        {
            "delivery_id": number,
            "row_number": place,
            "unit_id": said[number].unit_id,
            "period": period.id,
            "period_first_day": period.first_day,
            "period_last_day": period.last_day,
            **{f"{name}__text": None if value is None else str(value) for name, value in row.items()},
        }
        for number, period in periods.items()
        for place, row in enumerate(said[number].rows, start=1)
    ]
    types = {"delivery_id": pl.Int64, "row_number": pl.Int32, "period_first_day": pl.Date, "period_last_day": pl.Date}
    return form, pl.DataFrame(rows, schema={name: types.get(name, pl.String) for name in rows[0]}), periods
