"""The sample's stories: who reports when, what was typed wrong, and that no total needs what stays wrong."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.sample.answers import answers
from connectors.sample.days import LAST_YEAR, YEAR
from connectors.sample.files import SampleFile, sample_files
from connectors.sample.organisation import units
from connectors.sample.planted import LEFT_ROWS, SLIPS
from connectors.sample.stories import MISSING, cast_stories
from expectations.contract import forms
from expectations.periods import parse_period
from expectations.workdays import due_date


def _first_arrivals() -> list[SampleFile]:
    """The first file of the sample year's answers to forms that are ever due."""
    firsts: dict[tuple[str, str, str], SampleFile] = {}
    for file in sample_files():
        if forms()[file.form_id].due and file.year == YEAR:
            firsts.setdefault((file.form_id, file.unit_id, file.period), file)
    return list(firsts.values())


def test_every_story_of_the_year_is_told() -> None:
    stories = Counter(file.story for file in sample_files())
    assert stories.pop("clean") > 6_000
    assert stories == {
        "slip": len(SLIPS),
        "correction": len(SLIPS),
        "left": len(LEFT_ROWS),
        "not_a_workbook": 1,
        "truncated": 1,
        "wrong_edition": 1,
        "copied": 1,
        "saved_again": 1,
    }


def test_a_correction_says_what_was_meant_and_comes_later() -> None:
    clean = {answer.key: answer.rows for answer in answers()}
    slips = {(f.form_id, f.unit_id, f.period): f for f in sample_files() if f.story == "slip"}
    corrections = [f for f in sample_files() if f.story == "correction"]
    assert len(slips) == len(corrections)
    for correction in corrections:
        key = (correction.form_id, correction.unit_id, correction.period)
        assert correction.arrives_at > slips[key].arrives_at
        assert correction.path != slips[key].path
        assert correction.rows == clean[key]
        assert correction.totals is None


def test_a_slip_differs_from_what_was_meant() -> None:
    clean = {answer.key: answer.rows for answer in answers()}
    for file in sample_files():
        if file.story == "slip":
            assert file.rows != clean[file.form_id, file.unit_id, file.period] or file.totals, file.path


def test_what_is_missing_or_refused_had_nothing_to_report() -> None:
    arrived = {(f.form_id, f.unit_id, f.period) for f in sample_files()}
    missing = [answer for answer in answers() if answer.key not in arrived]
    assert Counter(answer.form_id for answer in missing) == MISSING
    assert all(not a.rows or (a.form_id in ("unit_profile", "task_list") and a.period != "2021-Q4") for a in missing)
    assert all(not f.rows for f in sample_files() if f.story in ("not_a_workbook", "truncated", "wrong_edition"))


def test_most_reports_are_on_time_and_some_are_late() -> None:
    firsts = _first_arrivals()
    late = [f for f in firsts if f.arrives_at.date() > due_date(forms()[f.form_id], parse_period(f.period))]
    assert 0.02 < len(late) / len(firsts) < 0.12


def test_everything_arrives_after_its_period_and_before_the_first_night() -> None:
    for file in sample_files(LAST_YEAR):
        form = forms()[file.form_id]
        if form.due and form.due.unit != "month_day":
            assert file.arrives_at.date() > parse_period(file.period).last_day, file.path
        last = datetime(max(file.year, YEAR) + 1, 1, 29, tzinfo=ZoneInfo("Asia/Shanghai"))
        assert file.arrives_at < last, file.path


def test_what_is_due_before_its_year_ends_tells_of_nothing_to_come() -> None:
    for file in sample_files(LAST_YEAR):
        due = forms()[file.form_id].due
        if due and due.unit == "month_day" and file.story != "slip":
            days = [value for row in file.rows for value in row.values() if isinstance(value, date)]
            assert all(day <= file.arrives_at.date() for day in days), file.path


def test_the_continuation_leaves_the_sample_year_alone_and_says_what_it_is() -> None:
    files = sample_files(LAST_YEAR)
    assert [file for file in files if file.year <= YEAR] == list(sample_files())
    for file in files:
        mark = "样例_续年_" if file.year > YEAR else "样例_基数年_" if file.year < YEAR else "样例_"
        assert file.path.split("/")[1].startswith(mark), file.path
    assert {file.year for file in files} == {*range(YEAR - 1, LAST_YEAR + 1)}


def test_most_of_what_arrives_is_clean() -> None:
    for year in range(YEAR, LAST_YEAR + 1):
        cast, asked = cast_stories(year), answers(year)
        assert 0.01 < len(cast) / len(asked) < 0.05


def test_the_last_register_is_the_whole_one() -> None:
    registers = [f for f in sample_files() if f.form_id == "unit_register"]
    assert [len(f.rows) for f in registers] == [len(units()) - 1, len(units()), len(units())]
    assert [row["unit_code"] for row in registers[-1].rows] == [unit.unit_code for unit in units()]
    assert [row["valid_to"] for row in registers[-1].rows] == [unit.valid_to for unit in units()]
    assert len({row["valid_to"] for row in registers[1].rows}) == 1, "nobody knew of the closing in March"


def test_names_are_files_of_one_folder_each() -> None:
    paths = [file.path for file in sample_files()]
    assert len(set(paths)) == len(paths)
    assert all(path.split("/")[0] == file.period for path, file in zip(paths, sample_files(), strict=True))
