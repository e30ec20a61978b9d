"""Where a year stands, as the end of a run tells it: targets, and what has no value and why; and the files of the year's account."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.report import words
from connectors.report.figures.absence import FormAnswers, why_absent
from connectors.report.figures.indicators import IndicatorValue
from connectors.report.figures.sources import Source
from connectors.report.standing import MissingIndicator, Standing, TargetStanding
from flows.speech import Speaker
from flows.tables import draw_table, width
from flows.year_figures import PACE_EN, draw_indicators, draw_targets
from tests.flows.conftest import Office

ON_PATH = TargetStanding(
    target_id="T03",
    name_zh="班组长培训万人计划",
    name_en="Team leaders trained",
    unit="persons",
    actual=Decimal(1900),
    path_value=Decimal("1998.904"),
    forecast=Decimal("9505.2"),
    target=Decimal(10000),
    verdict="on_path",
)

UNKNOWN = TargetStanding(
    "T10", "智慧工会建设率", "Smart-union build rate", "share", None, None, None, Decimal("0.8"), "no_data"
)

STANDING = Standing(
    "2021",
    (ON_PATH, UNKNOWN),
    61,
    (MissingIndicator("lectures_held", "宣讲场次", "Lectures held", "《宣传文化活动》应报 12 份，尚未到期"),),
)


def test_every_target_stands_on_one_line_with_its_columns_below_each_other() -> None:
    lines = draw_targets(STANDING, Speaker("zh"), draw_table).splitlines()
    assert lines[2].split() == [
        *("T03", "班组长培训万人计划", "1,900", "人", "1,998.9", "人"),
        *("9,505.2", "人", "10,000", "人", "正常"),
    ]
    assert lines[3].split() == ["T10", "智慧工会建设率", "—", "—", "—", "80.0%", "无数据"]
    assert width(lines[2][: lines[2].index("正常")]) == width(lines[3][: lines[3].index("无数据")])


def test_in_english_no_word_is_chinese() -> None:
    drawn = draw_targets(STANDING, Speaker("en"), draw_table)
    assert "1,998.9 persons" in drawn
    assert all(ord(letter) < 0x2E80 for letter in drawn)


def test_indicators_are_counted_and_those_without_a_value_explained() -> None:
    drawn = draw_indicators(STANDING, Speaker("zh"), draw_table)
    assert drawn.startswith("2021 年 61 项指标：60 项有数值，1 项暂无数据。\n\n代号")
    assert "lectures_held  宣讲场次  《宣传文化活动》应报 12 份，尚未到期" in drawn
    assert (
        draw_indicators(Standing("2021", (), 61, ()), Speaker("zh"), draw_table)
        == "2021 年 61 项指标：61 项有数值，0 项暂无数据。"
    )


def test_every_pace_has_words() -> None:
    assert set(PACE_EN) == set(words.PACE) == {"met", "ahead", "on_path", "behind", "no_data"}


@pytest.mark.parametrize(
    ("found", "zh", "en"),
    [
        (
            FormAnswers("training", "培训台账", 12, 0, 12),
            "《培训台账》应报 12 份，尚未到期",
            "Training register: 12 expected, not due yet",
        ),
        (
            FormAnswers("training", "培训台账", 12, 0, 3),
            "《培训台账》应报 12 份，均未报送或未被采用",
            "Training register: 12 expected, none accepted",
        ),
        (None, "《培训台账》本期无应报", "Training register: none expected"),
        (
            FormAnswers("training", "培训台账", 12, 5, 0),
            "期末在岗为 0，比率无法计算",
            "nothing to divide by: in_post is 0",
        ),
    ],
)
def test_a_missing_value_is_explained_by_the_form_that_it_waits_for(
    found: FormAnswers | None, zh: str, en: str
) -> None:
    value = IndicatorValue(
        *("x", "覆盖率", "share", "organisation", "trained", None, "in_post"),
        *("SN", None, None, Decimal(0), None, "provisional", 1),
    )
    sources = {
        "trained": Source("trained", "培训合格", ["training"], 0),
        "in_post": Source("in_post", "期末在岗", ["training"], 0),
    }
    answers = {"training": found} if found else {}
    assert why_absent(value, sources, answers) == zh
    assert why_absent(value, sources, answers, "en") == en


def test_a_night_tells_the_year_and_writes_its_account(office: Office) -> None:
    said = office.first_night.stdout
    assert "【2021 年规划目标】" in said
    assert "2021 年 61 项指标：" in said
    files = [Path(line.split("：")[1]) for line in said.splitlines() if line.startswith("年度工作报告：")]
    assert [path.name for path in files] == ["年度工作报告_2021.html", "年度工作报告_2021.docx"]
    assert all(path.stat().st_size > 1000 for path in files)


def test_the_report_of_a_year_comes_with_its_account_and_that_of_a_month_does_not(
    office: Office, tmp_path: Path
) -> None:
    year = json.loads(office.desk.call("report", "--period", "2021", "-o", str(tmp_path), "--json").stdout)
    assert [Path(path).name for path in year["year_account"]] == ["年度工作报告_2021.html", "年度工作报告_2021.docx"]
    assert all(Path(path).is_file() for path in (*year["year_account"], year["report"]))
    month = json.loads(office.desk.call("report", "--period", "2021-03", "-o", str(tmp_path), "--json").stdout)
    assert month["year_account"] == []
