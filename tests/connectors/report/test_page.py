"""The page: what it shows is what schema `bi` holds, and it needs nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from connectors.report import write_report
from connectors.report.grid import CLASSES
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.report import bi
from tests.connectors.report.html import Page

SECTIONS = ["headline", "relief", "targets", "coverage", "returns", "published", "quality", "next", "trends", "all"]


PageOf = Callable[[str], Page]


def page_in(settings: Settings, folder: Path) -> Page:
    return Page(write_report(settings, "2021", folder).read_text(encoding="utf-8"))


def scalar(conn: psycopg.Connection[Any], query: LiteralString) -> Any:
    row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_headline_figures_are_the_values_of_the_tables(page_of: PageOf, published: Settings) -> None:
    text = page_of("2021").text
    with connect(published) as conn:
        paid = scalar(
            conn, "select value from bi.indicator_value where indicator_id = 'relief_paid' and period = '2021'"
        )
        lines = scalar(conn, "select sum(money_cny) from bi.relief_summary")
    assert paid == lines
    assert "3,720.15405 万元 即 37,201,540.5 元" in text
    assert f"合计 {lines:,f}".rstrip("0") in text
    assert "12,345 人次" in text
    assert "99.9% 2,499 / 2,500 份" in text


def test_published_figures_show_their_verdict_in_words(page_of: PageOf) -> None:
    text = page_of("2021").text
    assert "送温暖慰问单位 P16 40 家 40 家 0 ✓ 一致" in text
    assert "送温暖慰问金 P17 1,420,000 元 142 万元 1,420,000.5 元 142.00005 万元 0.5 ✗ 不符" in text
    assert "单身职工联谊 P29 400 余人 432 人 32 ≈ 在限定范围内" in text
    assert "艺术教育学位 P03 近 400 个 暂无数据 — — 无数据" in text
    assert "对外公布的 4 项数字，2 项与报表汇总一致或在限定范围内，1 项不符，1 项尚无数据。" in text


def test_target_shows_actual_path_forecast_and_pace(page_of: PageOf) -> None:
    assert "智慧工会建设率 T10 规划期 33.3% 16.0% 100% 80.0% ▲ 超前" in page_of("2021").text


def test_rates_stand_by_group_with_the_province_last(page_of: PageOf) -> None:
    text = page_of("2021").text
    assert "指标 航天组 航空组 全省 智慧工会建设率 50.0% 1 / 2 0.0% 0 / 1 33.3% 1 / 3" in text


def test_a_month_shows_the_state_that_needs_most_attention(page_of: PageOf) -> None:
    page = page_of("2021")
    cells = [(a["title"], a["class"]) for tag, a in page.tags if tag == "td" and "title" in a]
    told = {title: css for title, css in cells if css in CLASSES.values()}
    del told["慰问救助台账 2021-12 应报 1 份，已报 0 份，1 份未到期"]
    assert told == {
        "慰问救助台账 2021-02 按时": "on-time",
        # The ledger is a nil return on time; the profile of the quarter that ends with the month came late.
        "慰问救助台账 2021-03 零报告；单位基本情况表 2021-Q1 迟报": "late",
        "慰问救助台账 2021-02 迟报": "late",
        "慰问救助台账 2021-02 缺报": "missing",
        "慰问救助台账 2021-03 已退回": "refused",
        "慰问救助台账 2021-12 未到期": "pending",
    }
    assert all(mark in page.text for mark in "✓△✗！…")
    assert "慰问救助台账 6 3 2 1 1 1 1 1 50.0%" in page.text


def test_quality_adds_up_and_says_codes_in_plain_words(page_of: PageOf) -> None:
    text = page_of("2021").text
    assert "合计 1,010 1,001 8 1" in text
    assert "慰问日期不在本期内 relief.date_in_period △ 待更正" in text
    assert "所填内容已按“…”读取 value.repaired · 已自动处理 如读取无误，无需处理 1,234 2" in text
    assert "模板版本是 …，不是现行版本 form.wrong_edition ✗ 退回" in text


def test_next_steps_name_who_owes_what(page_of: PageOf) -> None:
    text = page_of("2021").text
    assert "玄枢装备公司 A0201 慰问救助台账：2021-02" in text
    assert "玄衡仪表厂 A0101 慰问救助台账 2021-02 3 行" in text
    assert "玄枢装备公司 A0201 慰问救助台账 2021-03 整份重报" in text
    assert "3 行数据因填写错误未计入，等待 1 家单位更正；1 份报表已退回，等待重报。" in text


def test_a_unit_is_called_what_it_was_called_in_the_period(page_of: PageOf) -> None:
    text = page_of("2021").text
    assert "玄衡仪表厂" in text
    assert "旧名一厂" not in text


def test_names_from_workbooks_are_never_markup(page_of: PageOf) -> None:
    page = page_of("2021")
    assert "朱璇<研究所>&" in page.text
    assert "<研究所>" not in page.source


@pytest.mark.parametrize(("office", "is_told"), [("省工会机关（样例）", True), ("省工会机关", False)])
def test_only_the_sample_is_called_synthetic(settings: Settings, tmp_path: Path, office: str, is_told: bool) -> None:
    with connect(settings) as conn:
        bi.make_tables(conn)
        bi.fill_year(conn, office)
    assert ("虚构" in page_in(settings, tmp_path).text) is is_told


@pytest.mark.parametrize("period", ["2021", "2021-Q1", "2021-02", "2021-2025", "2020"])
def test_page_needs_nothing_but_itself(page_of: PageOf, period: str) -> None:
    page = page_of(period)
    addresses = set(re.findall(r"\w+://[^\"'\s<)]+", page.source))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert all(target.startswith("#") for target in page.attributes("href") + page.attributes("src"))
    assert "@import" not in page.source
    assert re.findall(r"url\((?!#)", page.source) == []


@pytest.mark.parametrize("period", ["2021", "2021-Q1", "2021-02", "2021-2025", "2020"])
def test_page_is_well_formed_and_no_id_is_used_twice(page_of: PageOf, period: str) -> None:
    page = page_of(period)
    ids = page.attributes("id")
    assert page.faults == []
    assert sorted(ids) == sorted(set(ids))
    named = {name for names in page.attributes("aria-labelledby") for name in names.split()}
    used = {target[1:] for target in page.attributes("href")} | set(re.findall(r"url\(#([^)]+)\)", page.source))
    assert named | used <= set(ids)
    assert page.tags[0] == ("html", {"lang": "zh-CN"})
    assert [name for name in ids if name in SECTIONS] == SECTIONS


def test_every_picture_has_a_title_and_a_description(page_of: PageOf) -> None:
    page = page_of("2021")
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    ids = set(page.attributes("id"))
    # Campaigns, three campaigns by month, all targets, one target, one rate.
    assert len(pictures) == 7
    for picture in pictures:
        assert picture["role"] == "img"
        assert [name for name in picture["aria-labelledby"].split() if name not in ids] == []
    assert "aria-roledescription" not in page.source


def test_a_month_shows_its_own_figures(page_of: PageOf) -> None:
    text = page_of("2021-02").text
    assert "2021 年 2 月工作数据报告" in text
    assert "142.00005 万元 即 1,420,000.5 元" in text
    assert "合计 1,420,000.5" in text
    assert "送清凉" not in text


def test_a_quarter_adds_its_months(page_of: PageOf) -> None:
    text = page_of("2021-Q1").text
    assert "2021 年第一季度工作数据报告" in text
    assert "合计 1,603,000.5" in text


def test_a_period_without_data_says_so_in_every_section(page_of: PageOf) -> None:
    page = page_of("2020")
    assert sum("none" in a.get("class", "").split() for _, a in page.tags) == len(SECTIONS)


def test_an_unfinished_period_says_how_far_it_has_come(page_of: PageOf) -> None:
    assert "本期尚未结束，以下为截至 2022 年 1 月 31 日的数字。" in page_of("2021-2025").text


def test_an_empty_warehouse_gives_a_page_that_says_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    page = page_in(settings, tmp_path)
    assert page.faults == []
    assert "尚无已发布的数据" in page.text


def test_a_database_without_any_schema_gives_that_page_too(empty_database: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, inbox=tmp_path / "inbox", keys_dir=tmp_path / "keys", url=empty_database)
    assert "尚无已发布的数据" in page_in(settings, tmp_path / "out").text


def test_a_page_replaces_the_one_before_and_leaves_nothing_else(published: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    folder.mkdir(parents=True)
    (folder / "report-2021.html").write_text("old")
    target = write_report(published, "2021", folder)
    assert [path.name for path in folder.iterdir()] == ["report-2021.html"]
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
