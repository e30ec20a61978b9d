"""The sample's stories: who reports when, what was typed wrong, and that no total needs what stays wrong."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sample.answers import answers
from connectors.sample.files import SampleFile, sample_files
from connectors.sample.organisation import units
from connectors.sample.slips import LEFT_ROWS, SLIPS
from expectations.contract import forms
from expectations.periods import parse_period
from expectations.workdays import due_date


def _first_arrivals() -> list[SampleFile]:
    """The first file of each answer to a form that is ever due."""
    firsts: dict[tuple[str, str, str], SampleFile] = {}
    for file in sample_files():
        if file.form_id != "unit_register":
            firsts.setdefault((file.form_id, file.unit_id, file.period), file)
    return list(firsts.values())


def test_every_story_of_the_year_is_told() -> None:
    stories = Counter(file.story for file in sample_files())
    assert stories.pop("clean") > 1_500
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
    assert Counter(answer.form_id for answer in missing) == {"relief": 4, "hardship_aid": 5, "unit_profile": 2}
    assert all(not a.rows or (a.form_id == "unit_profile" and a.period != "2021-Q4") for a in missing)
    assert all(not f.rows for f in sample_files() if f.story in ("not_a_workbook", "truncated", "wrong_edition"))


def test_most_reports_are_on_time_and_some_are_late() -> None:
    firsts = _first_arrivals()
    late = [f for f in firsts if f.arrives_at.date() > due_date(forms()[f.form_id], parse_period(f.period))]
    assert 0.02 < len(late) / len(firsts) < 0.12


def test_everything_arrives_after_its_period_and_before_the_first_night() -> None:
    for file in sample_files():
        if file.form_id != "unit_register":
            assert file.arrives_at.date() > parse_period(file.period).last_day, file.path
        assert file.arrives_at < datetime(2022, 1, 31, tzinfo=ZoneInfo("Asia/Shanghai")) - timedelta(days=1), file.path


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
