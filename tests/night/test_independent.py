"""The night over the sample year against a second count of the same workbooks that shares nothing with the product."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any, LiteralString

import psycopg
import pytest

from connectors.sample import write_sample
from tests.night.conftest import Province
from tests.night.recount.answers import FIRST, Returns, sift
from tests.night.recount.days import NIGHT, due_day
from tests.night.recount.figures import Recount
from tests.night.recount.forms import FORMS
from tests.night.recount.workbooks import read_workbook

PUBLISHED = {
    "P01": ("rules_revised", 14, 14),
    "P02": ("culture_front_line_events", 2, 2),
    # Printed as "nearly 400", "20-odd" and "400-odd".
    "P03": ("art_education_places", 360, 400),
    "P04": ("quiz_participations", 7_010_000, 7_010_000),
    "P05": ("corps_stations", 3, 3),
    "P06": ("corps_units_visited", 21, 29),
    "P07": ("labour_contest_categories", 3, 3),
    "P08": ("apprenticeship_mentors", 80, 80),
    "P09": ("apprenticeship_apprentices", 457, 457),
    "P10": ("studio_alliances", 2, 2),
    "P11": ("education_uplift_workers", 200, 200),
    "P12": ("education_uplift_standard", 1000, 1000),
    "P13": ("model_workers_named", 160, 160),
    "P14": ("recuperation_batches", 5, 5),
    "P15": ("recuperation_family_batches", 2, 2),
    "P16": ("winter_warmth_units", 40, 40),
    "P17": ("winter_warmth_money", 1_420_000, 1_420_000),
    "P18": ("gift_parcel_units", 12, 12),
    "P19": ("gift_parcel_persons", 500, 500),
    "P20": ("gift_parcel_money", 220_000, 220_000),
    "P21": ("summer_cooling_raised", 35_598_540, 35_598_540),
    "P22": ("student_aid_money", 412_000, 412_000),
    "P23": ("student_aid_students", 124, 124),
    "P24": ("consumption_assistance_money", 12_471_100, 12_471_100),
    "P25": ("disaster_relief_money", 908_360, 908_360),
    "P26": ("daily_relief_persons", 86, 86),
    "P27": ("daily_relief_money", 183_000, 183_000),
    "P28": ("nuclear_hardship_money", 150_000, 150_000),
    "P29": ("singles_social_persons", 401, 499),
    "P30": ("mother_baby_provincial", 6, 6),
    "P31": ("childcare_national", 1, 1),
}
"""What the union printed for 2021, in CNY, units and persons: the indicator, and the least and most that it allows."""

RELIEF_OF_2021 = 38_741_900
"""The year's relief in CNY."""

FIGURES = """
select indicator_id, org_level, org_id, period_type, period, value, numerator, denominator, completeness
from bi.indicator_value
"""

RETURNS = """
select form_id, unit_id, period, expected, due_date, accepted, on_time, nil_return, received_at, version, state
from bi.completeness
"""

VERDICTS = "select figure_id, indicator_id, published_value, computed_value, verdict from bi.published_comparison"

Table = dict[tuple[str, ...], tuple[object, ...]]


def rounded(exact: Fraction | None) -> Decimal | None:
    """The ten decimals that the tables keep."""
    if exact is None:
        return None
    with localcontext(prec=60):
        return (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("1e-10"), ROUND_HALF_UP)


def counted_figures(returns: Returns) -> Table:
    return {
        (indicator, level, org, period.kind, period.name): (
            rounded(figure.value),
            figure.above,
            figure.below if figure.is_ratio else None,
            rounded(completeness),
        )
        for level, org, period, indicator, figure, completeness in Recount(returns).figures()
    }


def counted_returns(returns: Returns) -> Table:
    """Every form, unit and period that was expected or answered."""
    told: Table = {}
    for key in returns.expected.keys() | {key for key, a in returns.answers.items() if a.period.first >= FIRST}:
        answer = returns.answers.get(key)
        expected = key in returns.expected
        if answer:
            moment, versions = answer.first_arrived, answer.versions
            due = due_day(FORMS[answer.form].due, answer.period)
            told[key] = (expected, due, True, answer.is_on_time, answer.is_nil, moment, versions, "accepted")
        else:
            due = due_day(FORMS[key[0]].due, returns.expected[key])
            state = "refused" if key in returns.sent_back else "overdue" if due < NIGHT else "awaited"
            told[key] = (expected, due, False, False, False, None, None, state)
    return told


def table(conn: psycopg.Connection[Any], keys: int, query: LiteralString) -> Table:
    """The rows of a query by their first columns."""
    rows = conn.execute(query).fetchall()
    return {tuple(row[:keys]): tuple(row[keys:]) for row in rows}


def differences(found: Table, counted: Table) -> list[str]:
    return [
        f"{'/'.join(key)}: found {found.get(key)}, counted {counted.get(key)}"
        for key in sorted(found.keys() | counted.keys())
        if found.get(key) != counted.get(key)
    ]


@pytest.fixture(scope="module")
def year(make_province: Callable[[], Province], tmp_path_factory: pytest.TempPathFactory) -> tuple[Province, Returns]:
    """The sample year after its night, and what is in force in it by our own reading."""
    folder = tmp_path_factory.mktemp("sample_year")
    files = write_sample(folder).files
    settings = replace(make_province().settings, inbox=folder, chunk_size=400)
    province = Province(settings, NIGHT)
    with multiprocessing.get_context("forkserver").Pool(2) as readers:
        reading = readers.map_async(read_workbook, sorted(folder.rglob("*.xlsx")), chunksize=20)
        assert province.run() == 1, "the sample plants mistakes that need people"
        workbooks = reading.get()
    assert len(workbooks) == files
    return province, sift(workbooks)


# The whole sample year is written, taken in, and read a second time.
@pytest.mark.timeout(1200)
def test_the_published_year_is_what_its_workbooks_come_to(year: tuple[Province, Returns]) -> None:
    province, returns = year
    figures, handed_in = counted_figures(returns), counted_returns(returns)
    with province.connect() as conn:
        assert differences(table(conn, 5, FIGURES), figures) == []
        assert differences(table(conn, 3, RETURNS), handed_in) == []
        verdicts = table(conn, 1, VERDICTS)
    assert len(verdicts) == len(PUBLISHED) == 31
    for figure, (indicator, least, most) in PUBLISHED.items():
        counted = figures[indicator, "province", "SN", "year", "2021"][0]
        assert isinstance(counted, Decimal)
        assert least <= counted <= most, f"{figure} {indicator}: {counted}"
        verdict = "equal" if least == most else "within"
        assert (verdicts[(figure,)][0], *verdicts[(figure,)][2:]) == (indicator, counted, verdict), figure
    assert figures["relief_paid", "province", "SN", "year", "2021"][0] == RELIEF_OF_2021
    assert len({indicator for indicator, *_ in figures}) == 61
