"""The page with the whole catalogue: 61 indicators, 12 targets and 31 published figures, and what is missing said with its reason."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.report import words, write_report
from connectors.report.figures.completeness import Answer
from connectors.report.figures.indicators import IndicatorValue
from connectors.report.heat import heat
from connectors.report.trend import trend_table
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.report import bi, catalogue
from tests.connectors.report.html import Page

Fill = Callable[..., Page]

MONTHS = [f"2021-{month:02d}" for month in range(1, 13)]


@pytest.fixture
def page_with(settings: Settings, tmp_path: Path) -> Fill:
    """The page of 2021 over the catalogue with what a test plants."""

    def fill(**planted: catalogue.Values) -> Page:
        with connect(settings) as conn:
            bi.make_tables(conn)
            catalogue.fill_sources(conn)
            catalogue.fill_catalogue(conn, **planted)
        return Page(write_report(settings, "2021", tmp_path).read_text(encoding="utf-8"))

    return fill


def test_every_indicator_target_and_published_figure_is_shown(page_with: Fill) -> None:
    page = page_with()
    assert page.faults == []
    for indicator in catalogue.seed("indicators"):
        assert f"{indicator['name_zh']} {indicator['indicator_id']} " in page.text
    for target in catalogue.seed("targets"):
        assert f"{target['name_zh']} {target['target_id']} " in page.text
    for figure in catalogue.seed("published_figures"):
        assert f"{figure['name_zh']} {figure['figure_id']} " in page.text
    assert "对外公布的 31 项数字，31 项与报表汇总一致或在限定范围内。" in page.text
    assert "全省本期 61 项指标，61 项有数值，0 项暂无数据" in page.text


def test_indicators_stand_under_the_part_of_the_work_that_they_belong_to(page_with: Fill) -> None:
    text = page_with().text
    text = text[text.rindex("指标一览") :]
    places = [text.index(name) for name in words.PILLARS.values()]
    assert places == sorted(places)
    assert places[1] < text.index("contest_participation") < places[2] < text.index("relief_paid") < places[3]


def test_an_indicator_without_a_value_says_which_form_is_missing_or_why(page_with: Fill) -> None:
    missing = ("team_leaders_trained", "skills_contest_new_trades", "relief_coverage", "lectures_held")
    text = page_with(values=dict.fromkeys(missing)).text
    assert "57 项有数值，4 项暂无数据" in text
    assert "team_leaders_trained 暂无数据：《培训台账》应报 36 份，均未报送或未被采用" in text
    assert "skills_contest_new_trades 暂无数据：上年没有可比数据" in text
    assert "lectures_held 暂无数据：已采用的报表中没有可用于计算的数据" in text
    # The denominator comes from the register, which is no form of a period.
    assert "relief_coverage 暂无数据：期末在册企业为 0，比率无法计算" in text


def test_a_trend_is_shown_where_two_years_have_a_value(page_with: Fill) -> None:
    page = page_with(before={"relief_paid": 31000000, "lectures_held": None})
    assert "救助慰问资金总额 31,000,000 元 580 元" not in page.text
    assert "2020 年 2021 年 走势 救助慰问资金总额 31,000,000 元 10 元 2020 年 31,000,000 元；2021 年 10 元" in page.text
    assert page.attributes("id").count("trend-relief_paid") == 1
    assert "trend-lectures_held" not in page.attributes("id")


def indicator(unit: str = "persons") -> IndicatorValue:
    return IndicatorValue("x", "某指标", unit, "guidance", "x", None, None, "SN", None, None, None, None, "closed", 1)


def test_columns_of_a_trend_stand_on_0_also_where_a_value_is_below_it() -> None:
    years = {"x": [(2020, Decimal(-5)), (2021, None), (2022, Decimal(10))]}
    (row,) = trend_table([indicator()], years).rows
    assert row.values == (Decimal(-5), Decimal(10))
    assert 'y="16.00" width="12" height="8.00"' in row.picture
    assert 'y="0.00" width="12" height="16.00"' in row.picture
    assert "2020 年 -5 人；2022 年 10 人" in row.picture


def answer(form_id: str, period: str, month: str, outcome: str) -> Answer:
    return Answer(form_id, form_id, "A0101", period, month, outcome, outcome == "accepted", False, True)


def test_a_period_is_as_wide_as_its_months_and_its_share_is_never_rounded_up() -> None:
    taken = [answer("a", "2021-01", "2021-01", "accepted")] * 199 + [answer("a", "2021-01", "2021-01", "overdue")]
    answers = [
        *taken,
        answer("q", "2021-Q2", "2021-06", "overdue"),
        answer("y", "2021", "2021-12", "awaited"),
        answer("a", "2021-02", "2021-02", "refused"),
    ]
    rows = {row.form_id: row for row in heat(answers, MONTHS)}
    assert list(rows) == ["a", "q", "y"]
    assert all(sum(cell.months for cell in row.cells) == 12 for row in rows.values())
    assert [(c.mark, c.css) for c in rows["a"].cells[:3]] == [("99%", "most"), ("0%", "nothing"), ("", "none")]
    assert [(c.months, c.css) for c in rows["q"].cells[:5]] == [(1, "none")] * 3 + [(3, "nothing"), (1, "none")]
    assert [(c.months, c.mark, c.css) for c in rows["y"].cells] == [(12, "…", "pending")]


def test_a_quarter_begun_before_the_months_shown_is_cut() -> None:
    (row,) = heat([answer("q", "2021-Q1", "2021-03", "accepted")], MONTHS[:3])
    assert [(cell.months, cell.css) for cell in row.cells] == [(3, "full")]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("39.9780941950", "families", "40 户"),
        ("59967.1412", "CNY", "59,967.14 元"),
        ("0.1598", "share", "16.0%"),
        ("1.2333333333", "rounds", "1.23 轮"),
    ],
)
def test_what_no_row_stands_behind_is_rounded(value: str, unit: str, shown: str) -> None:
    assert words.estimate(Decimal(value), unit) == shown
