"""The forms with people of the sample: plain sums over their rows give the published totals, and the people hold together."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest

from connectors.sample.days import LAST_YEAR, YEAR
from connectors.sample.organisation import CLOSING, MERGED, MERGES_ON, OFFICE, SUCCESSOR, units
from connectors.sample.people import CIRCLES, Person, member, person
from connectors.sample.posts import posts
from connectors.sample.programmes import reported
from connectors.sample.programmes.model_worker import honours
from connectors.sample.reported import Reported
from connectors.sample.trainees import RESERVES, attendances
from expectations.citizen_id import birth_date, parse_citizen_id
from expectations.contract import forms
from expectations.periods import parse_period
from expectations.workdays import due_date

YEARS = range(YEAR, LAST_YEAR + 1)

FORMS = (
    "apprenticeship",
    "education_uplift",
    "model_worker",
    "post_roster",
    "recuperation",
    "student_aid",
    "training",
)

EVERY_FORM_AND_YEAR = list(itertools.product(FORMS, YEARS))


def rows(form_id: str, year: int = YEAR, **wanted: object) -> list[dict[str, Any]]:
    """The rows whose values are those wanted."""
    found = [dict(row.values) for row in reported(form_id, year)]
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def people_of(row: Reported) -> Iterator[tuple[str, str]]:
    """Name and ID of everybody in the row."""
    for field in row.values:
        if field.endswith("_citizen_id"):
            yield row.values[field.removesuffix("citizen_id") + "name"], row.values[field]


@cache
def in_post(role: str, day: date) -> frozenset[str]:
    """Who is in that post at the end of the quarter that ends on the day, by the rosters."""
    quarter = f"{day.year}-Q{(day.month + 2) // 3}"
    return frozenset(
        row.values["person_citizen_id"]
        for row in reported("post_roster", day.year)
        if row.period == quarter and row.values["role"] == role and row.values["post_ended_on"] is None
    )


def passed_through(kind: str, year: int) -> dict[str, set[str]]:
    """The courses of that kind that each has passed from 2021 to the year."""
    passed: dict[str, set[str]] = defaultdict(set)
    for each in range(YEAR, year + 1):
        for row in rows("training", each, training_kind=kind, passed="yes"):
            passed[row["trainee_citizen_id"]].add(row["course"])
    return passed


def coverage(kind: str, year: int, courses: int) -> tuple[int, int]:
    """How many of those in post at the year's end have passed so many courses, and how many are in post."""
    passed, there = passed_through(kind, year), in_post(kind, date(year, 12, 31))
    return sum(len(passed.get(one, ())) >= courses for one in there), len(there)


def test_412_000_cny_of_student_aid_go_to_124_students() -> None:
    assert sum(row["amount_cny"] for row in rows("student_aid")) == 412_000
    assert len({row["student_citizen_id"] for row in rows("student_aid")}) == 124


def test_80_mentors_and_457_apprentices_sign_in_2021() -> None:
    signed = [row for row in rows("apprenticeship") if row["signed_on"].year == YEAR]
    assert len({row["mentor_citizen_id"] for row in signed}) == 80
    assert len({row["apprentice_citizen_id"] for row in signed}) == 457
    assert {row["batch"] for row in signed} == {"第二批"}
    assert {row["batch"] for row in rows("apprenticeship")} == {"第一批", "第二批"}, "one was signed before the plan"


def test_200_workers_are_granted_1_000_cny_for_a_degree() -> None:
    granted = rows("education_uplift")
    assert {row["subsidy_cny"] for row in granted} == {1_000}
    assert len({row["worker_citizen_id"] for row in granted}) == len(granted) == 200


def test_160_model_workers_were_named_by_the_defence_industry_since_2018() -> None:
    named = rows("model_worker", honour_level="defence_industry")
    assert len({row["person_citizen_id"] for row in named if row["honour_year"] >= 2018}) == 160
    assert any(row["honour_year"] < 2018 for row in named), "the list is whole, so that the year has to be looked at"


def test_five_batches_of_model_workers_go_to_recuperate_and_two_are_of_families() -> None:
    assert len({row["batch"] for row in rows("recuperation")}) == 5
    families = rows("recuperation", batch_kind="family")
    assert len({row["batch"] for row in families}) == 2
    assert len({row["participant_citizen_id"] for row in families}) == 36


def test_of_those_in_post_at_the_end_of_2021_so_many_are_trained() -> None:
    assert coverage("safety_supervisor", YEAR, 1) == (118, 256)
    assert coverage("union_cadre", YEAR, 1) == (164, 315)
    assert coverage("union_cadre", YEAR, 2) == (54, 315)
    assert len(passed_through("team_leader", YEAR)) == 1_900


def test_coverage_grows_nearly_to_the_whole_by_the_end_of_the_plan() -> None:
    for kind, courses in (("safety_supervisor", 1), ("union_cadre", 1), ("union_cadre", 2)):
        shares = [trained / there for trained, there in (coverage(kind, year, courses) for year in YEARS)]
        assert shares == sorted(shares)
        assert 0.94 < shares[-1] < 1


def test_the_targets_of_the_plan_are_reached_in_its_last_year_and_not_before() -> None:
    assert [len(passed_through("team_leader", year)) > 10_000 for year in YEARS] == [False] * 4 + [True]
    families: set[str] = set()
    for year in YEARS:
        assert len(families) < 200
        families |= {row["participant_citizen_id"] for row in rows("recuperation", year, batch_kind="family")}
    assert 200 <= len(families) < 220
    signed = [row for year in YEARS for row in rows("apprenticeship", year) if row["signed_on"].year >= YEAR]
    assert len({row["batch"] for row in signed}) == 2
    assert 500 < len({row["apprentice_citizen_id"] for row in signed}) < 600


def test_training_has_those_who_fail_who_leave_who_come_again_and_who_have_no_post() -> None:
    trained = rows("training", training_kind="union_cadre")
    assert {row["passed"] for row in trained} == {"yes", "no"}
    passed = [row for row in trained if row["passed"] == "yes"]
    assert {row["trainee_citizen_id"] for row in passed} - in_post("union_cadre", date(YEAR, 12, 31))
    assert max(Counter((row["trainee_citizen_id"], row["course"]) for row in passed).values()) == 2
    named = {row["person_citizen_id"] for row in rows("post_roster", role="team_leader")}
    assert len(set(passed_through("team_leader", YEAR)) - named) == RESERVES
    assert {row["training_kind"] for row in rows("training")} > {"lecture", "other"}


@pytest.mark.parametrize("year", YEARS)
def test_who_is_trained_for_a_post_holds_it_on_those_days_by_the_roster_of_the_quarter(year: int) -> None:
    held: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for listed in reported("post_roster", year):
        values = dict(listed.values)
        held[listed.period, values["role"], values["person_citizen_id"]].append(values)
    without = 0
    for row in rows("training", year):
        quarter = f"{year}-Q{(row['last_day'].month + 2) // 3}"
        spells = held[quarter, row["training_kind"], row["trainee_citizen_id"]]
        without += row["training_kind"] in ("union_cadre", "safety_supervisor", "team_leader") and not any(
            spell["post_started_on"] <= row["first_day"]
            and (spell["post_ended_on"] is None or spell["post_ended_on"] > row["last_day"])
            for spell in spells
        )
    assert without == RESERVES


@pytest.mark.parametrize("year", YEARS)
def test_nobody_is_in_two_courses_on_one_day(year: int) -> None:
    days: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in rows("training", year):
        days[row["trainee_citizen_id"]].append((row["first_day"], row["last_day"]))
    for spans in days.values():
        assert all(before[1] < after[0] for before, after in itertools.pairwise(sorted(spans)))


def test_rosters_carry_on_from_quarter_to_quarter() -> None:
    rosters: dict[str, dict[tuple[str, str, str, date], date | None]] = defaultdict(dict)
    for row in (row for year in YEARS for row in reported("post_roster", year)):
        key = (row.unit_id, row.values["person_citizen_id"], row.values["role"], row.values["post_started_on"])
        assert key not in rosters[row.period]
        rosters[row.period][key] = row.values["post_ended_on"]
    assert len(rosters) == 20
    for before, after in itertools.pairwise(sorted(rosters)):
        there = {key for key, ended_on in rosters[before].items() if ended_on is None}
        assert there <= set(rosters[after])
        gone = {key for key, ended_on in rosters[before].items() if ended_on is not None}
        assert gone
        assert not gone & set(rosters[after]), "who has left is not listed again"
        came = set(rosters[after]) - set(rosters[before])
        assert all(started_on >= parse_period(after).first_day for *_, started_on in came)


def test_people_hold_two_posts_and_change_units_but_are_never_at_two_units_at_a_time() -> None:
    spells: dict[Person, list[tuple[date, date, str, str]]] = defaultdict(list)
    for post in posts():
        spells[post.person].append((post.started_on, post.ended_on or date.max, post.unit_id, post.role))
    moved = two_posts = 0
    for own in spells.values():
        for one, other in itertools.combinations(sorted(own), 2):
            overlap = other[0] < one[1]
            assert not (overlap and one[2] != other[2])
            moved += one[2] != other[2] and one[1].year == YEAR
            two_posts += overlap and one[3] != other[3]
    assert moved >= 1
    assert two_posts >= 1


def test_the_people_of_a_merged_unit_go_on_at_its_successor() -> None:
    left = {post.person for post in posts() if post.unit_id == MERGED and post.ended_on == MERGES_ON}
    came = {post.person for post in posts() if post.unit_id == SUCCESSOR and post.started_on > MERGES_ON}
    assert left
    assert left <= came


@pytest.mark.parametrize(("form_id", "year"), EVERY_FORM_AND_YEAR)
def test_ids_are_valid_and_names_say_that_they_are_samples(form_id: str, year: int) -> None:
    for row in reported(form_id, year):
        for name, citizen_id in people_of(row):
            assert parse_citizen_id(citizen_id) == citizen_id
            assert citizen_id.startswith("619900")
            assert name[1] == "示"
            assert len(name) == 3


def test_one_id_has_one_name_throughout() -> None:
    pairs = {
        pair for form_id, year in EVERY_FORM_AND_YEAR for row in reported(form_id, year) for pair in people_of(row)
    }
    assert len({citizen_id for _, citizen_id in pairs}) == len(pairs) > 15_000


def test_no_two_people_of_the_circles_share_an_id_whatever_their_years_of_birth() -> None:
    numbers = [number for circle in CIRCLES.values() for number in circle]
    assert len(numbers) == len(set(numbers)) == 28_000
    ids = {
        member(name, n, born).citizen_id
        for name, own in CIRCLES.items()
        for n in range(len(own))
        for born in (1970, 1996)
    }
    ids |= {person(serial).citizen_id for serial in range(540)}
    assert len(ids) == 2 * 28_000 + 540


@pytest.mark.parametrize("born", [1961, 1972, 1996, 2013])
def test_members_are_born_in_the_year_asked_for(born: int) -> None:
    assert {birth_date(member("post", number, born).citizen_id).year for number in range(0, 20_000, 37)} == {born}


@pytest.mark.parametrize(("form_id", "year"), EVERY_FORM_AND_YEAR)
def test_rows_stand_with_a_unit_that_is_asked_for_the_period_and_their_key_once(form_id: str, year: int) -> None:
    form = forms()[form_id]
    keys = Counter(
        (row.unit_id, row.period, *(row.values[name] for name in form.key)) for row in reported(form_id, year)
    )
    for unit_id, period in {(row.unit_id, row.period) for row in reported(form_id, year)}:
        last_day = parse_period(period).last_day
        spans = [unit for unit in units(year) if unit.unit_code == unit_id and unit.is_in_force(last_day, last_day)]
        assert [unit.unit_kind in form.submitted_by for unit in spans] == [True]
    assert set(keys.values()) == {1}


@pytest.mark.parametrize("year", YEARS)
def test_days_lie_in_the_period_and_student_aid_before_it_is_due(year: int) -> None:
    for form_id in ("training", "recuperation"):
        for row in reported(form_id, year):
            span = parse_period(row.period)
            assert span.first_day <= row.values["first_day"] <= row.values["last_day"] <= span.last_day
    due = due_date(forms()["student_aid"], parse_period(str(year)))
    assert all(date(year, 8, 1) < row["paid_on"] < due for row in rows("student_aid", year))


@pytest.mark.parametrize("year", YEARS)
def test_who_recuperates_is_a_model_worker_of_the_unit_that_the_row_names(year: int) -> None:
    listed = {
        (row.unit_id, row.values["person_citizen_id"])
        for row in reported("model_worker", year)
        if row.values["honour_year"] < year
    }
    went = rows("recuperation", year)
    assert {(row["participant_unit"], row["participant_citizen_id"]) for row in went} <= listed
    assert len({row["participant_citizen_id"] for row in went}) == len(went), "once a year"


@pytest.mark.parametrize("year", YEARS[1:])
def test_honours_and_apprentices_carry_on(year: int) -> None:
    def honours(listed_in: int) -> set[tuple[Any, ...]]:
        return {(row.unit_id, *row.values.values()) for row in reported("model_worker", listed_in)}

    assert honours(year - 1) < honours(year)
    before = {pair(row) for row in reported("apprenticeship", year - 1) if is_ongoing(row, f"{year - 1}-Q4")}
    after = {pair(row) for row in reported("apprenticeship", year) if row.period == f"{year}-Q1"}
    assert before == after


def is_ongoing(row: Reported, quarter: str) -> bool:
    """Whether the pair of an apprenticeship goes on after that quarter."""
    return row.period == quarter and row.values["outcome"] == "ongoing"


def pair(row: Reported) -> tuple[str, ...]:
    """What makes a pair of an apprenticeship the same in every quarter."""
    return row.unit_id, row.values["mentor_citizen_id"], row.values["apprentice_citizen_id"]


def test_nobody_is_granted_the_subsidy_for_a_degree_twice() -> None:
    granted = [row["worker_citizen_id"] for year in YEARS for row in rows("education_uplift", year)]
    assert len(granted) == len(set(granted))


def test_ages_fit_what_people_do() -> None:
    for row in (row for year in YEARS for row in rows("student_aid", year)):
        student, worker = birth_date(row["student_citizen_id"]), birth_date(row["worker_citizen_id"])
        assert student.year - worker.year >= 20
        assert row["student_name"] != row["worker_name"]
        assert row["relation"] != "child" or row["student_name"][0] == row["worker_name"][0]
        age = row["paid_on"].year - student.year
        low, high = {"primary": (6, 11), "junior_middle": (12, 14), "senior_middle": (15, 17)}.get(
            row["school_stage"], (15, 17) if row["school_stage"] == "vocational" else (18, 23)
        )
        assert low <= age <= high
    for row in rows("apprenticeship"):
        assert birth_date(row["mentor_citizen_id"]) < birth_date(row["apprentice_citizen_id"])


def test_the_office_teaches_people_of_enterprises_and_has_no_roster() -> None:
    assert OFFICE in {row.unit_id for row in reported("training", YEAR)}
    assert {row.unit_id for row in reported("recuperation", YEAR)} == {OFFICE}
    assert OFFICE not in {row.unit_id for row in reported("post_roster", YEAR)}
    last = {row.period for row in reported("post_roster", YEAR) if row.unit_id == CLOSING}
    assert last == {f"{YEAR}-Q{number}" for number in (1, 2, 3)}


def test_everything_comes_out_the_same_a_second_time() -> None:
    assert posts.__wrapped__() == posts()
    assert attendances.__wrapped__(YEAR) == attendances(YEAR)
    assert honours.__wrapped__() == honours()
