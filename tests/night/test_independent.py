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
from tests.night.recount.answers import Returns, sift
from tests.night.recount.days import NIGHT, due_day
from tests.night.recount.figures import Recount
from tests.night.recount.workbooks import read_workbook

PUBLISHED = {
    "P16": ("winter_warmth_units", 40),
    "P17": ("winter_warmth_money", 1_420_000),
    "P18": ("gift_parcel_units", 12),
    "P19": ("gift_parcel_persons", 500),
    "P20": ("gift_parcel_money", 220_000),
    "P21": ("summer_cooling_raised", 35_598_540),
    "P25": ("disaster_relief_money", 908_360),
    "P26": ("daily_relief_persons", 86),
    "P27": ("daily_relief_money", 183_000),
    "P28": ("nuclear_hardship_money", 150_000),
}
"""What the union printed for 2021, in CNY, units and persons."""

RELIEF_OF_2021 = 38_741_900 - 412_000
"""The year's relief in CNY without student aid, whose form is not among the four."""

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
    for key in returns.expected.keys() | returns.answers.keys():
        answer = returns.answers.get(key)
        expected = key in returns.expected
        if answer:
            moment, versions = answer.first_arrived, answer.versions
            due = due_day(answer.form, answer.period)
            told[key] = (expected, due, True, answer.is_on_time, answer.is_nil, moment, versions, "accepted")
        else:
            due = due_day(key[0], returns.expected[key])
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


def test_the_published_year_is_what_its_workbooks_come_to(year: tuple[Province, Returns]) -> None:
    province, returns = year
    figures, handed_in = counted_figures(returns), counted_returns(returns)
    with province.connect() as conn:
        assert differences(table(conn, 5, FIGURES), figures) == []
        assert differences(table(conn, 3, RETURNS), handed_in) == []
        verdicts = table(conn, 1, VERDICTS)
    assert verdicts == {
        (figure,): (indicator, value, figures[indicator, "province", "SN", "year", "2021"][0], "equal")
        for figure, (indicator, value) in PUBLISHED.items()
    }
    assert figures["relief_paid", "province", "SN", "year", "2021"][0] == RELIEF_OF_2021
