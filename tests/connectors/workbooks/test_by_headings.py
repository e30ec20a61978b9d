"""Workbooks that bear no mark of ours: known by their headings, unit and period, or refused with the one thing that is in doubt."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from xlsxwriter import Workbook

from connectors.settings import Settings
from connectors.workbooks.pool import ReaderPool
from connectors.workbooks.reading import ReadBatch, Reading
from expectations.contract import Form, forms
from expectations.finding import Severity
from expectations.folding import fold
from tests.connectors.workbooks.filled import (
    AID,
    PROFILE,
    RELIEF,
    codes,
    edited,
    example,
    filled,
    read_one,
    unmarked,
)

ALL_FORMS = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))

CREDIT_CODE = "816199000000202121"
HEADINGS = [field.heading for field in RELIEF.fields]
ROW = ["送温暖", "困难职工", "A0101", "企业工会", "支付", 20, 20000, 0, "2021-02-05"]
TITLE = ["2021年2月慰问救助台账"]
UNIT = ["单位代码：A0101", "", "填报单位：示例航天一厂工会"]

Grid = Sequence[Sequence[object]]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReaderPool]:
    home: Path = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, inbox=home / "inbox", keys_dir=home / "keys", readers=1, reader_memory_mb=640)
    with ReaderPool(settings) as opened:
        yield opened


def book(sheets: Mapping[str, Grid], merged: Sequence[str] = ()) -> bytes:
    """A workbook of somebody's own: nothing in it is ours."""
    stream = io.BytesIO()
    workbook = Workbook(stream, {"in_memory": True})
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for area in merged:
            sheet.merge_range(area, "")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value != "":
                    sheet.write(number, column, value)
    workbook.close()
    return stream.getvalue()


def table(*rows: Sequence[object], merged: Sequence[str] = ()) -> bytes:
    return book({"Sheet1": rows}, merged)


def one(pool: ReaderPool, data: bytes) -> tuple[Reading, ReadBatch]:
    batch = pool.read([(7, data)])
    return batch.readings[0], batch


def said(pool: ReaderPool, data: bytes) -> list[str]:
    return codes(one(pool, data)[0])


@ALL_FORMS
@pytest.mark.inputs("A82")
def test_every_form_is_known_by_its_headings_and_says_so(form: Form) -> None:
    reading = read_one(unmarked(filled(form, [example(form)])))
    assert (reading.form_id, reading.edition, reading.unit_id) == (form.form_id, form.edition, "A0101")
    assert [(f.code, f.severity) for f in reading.findings] == [("form.recognised", Severity.INFO)]
    marked = read_one(filled(form, [example(form)]))
    assert (reading.period, reading.columns, reading.rows_read) == (marked.period, marked.columns, marked.rows_read)
    assert reading.content_sha256 == marked.content_sha256


@pytest.mark.inputs("A63")
@pytest.mark.parametrize("above", range(4))
def test_titles_above_the_headings_do_not_matter(pool: ReaderPool, above: int) -> None:
    titles = [["示例省国防工会文件"], [], ["附件二"]][:above]
    merged = [f"A{row}:I{row}" for row in range(1, above + 1)]
    reading, batch = one(pool, table(*titles, TITLE, UNIT, HEADINGS, ROW, merged=merged))
    assert (reading.form_id, reading.unit_id, reading.period) == ("relief", "A0101", "2021-02")
    assert batch.rows["relief"]["cash_cny"].to_list() == [20000]
    assert codes(reading) == ["form.recognised"]


@pytest.mark.inputs("A64")
def test_two_levels_of_headings_are_joined(pool: ReaderPool) -> None:
    upper = [*HEADINGS[:6], "慰问金额", "", HEADINGS[8]]
    lower = ["", "", "", "", "", "", "现金", "物资折价", ""]
    merged = [*(f"{column}3:{column}4" for column in "ABCDEFI"), "G3:H3"]
    reading, batch = one(pool, table(TITLE, UNIT, upper, lower, ROW, merged=merged))
    assert codes(reading) == ["form.recognised"]
    assert list(reading.columns.values()) == list("ABCDEFGHI")
    assert batch.rows["relief"].select("cash_cny", "goods_cny").row(0) == (20000, 0)


@pytest.mark.inputs("A64")
def test_a_lower_heading_belongs_to_the_one_above_it(pool: ReaderPool) -> None:
    form = forms()["apprenticeship"]
    row = [value for name, value in example(form).items() if name != "ended_on"]
    names = [f.heading for f in form.fields if f.name in example(form)]
    groups = [next((g for g in ("师傅", "徒弟") if h.startswith(g)), h) for h in names]
    upper = ["" if g == before else g for before, g in zip(["", *groups], groups, strict=False)]
    lower = [h.removeprefix(g) for h, g in zip(names, groups, strict=True)]
    data = table(["2021年第一季度名师带徒", "", "单位代码：A0101"], upper, lower, [str(v) for v in row])
    reading, batch = one(pool, data)
    assert "form.recognised" in codes(reading)
    for name in ("mentor_name", "apprentice_name"):
        assert batch.rows["apprenticeship"][f"{name}__text"].item() == example(form)[name]


@pytest.mark.inputs("A64")
def test_three_levels_of_headings_are_joined(pool: ReaderPool) -> None:
    upper = [*HEADINGS[:5], "慰问情况", "", "", HEADINGS[8]]
    middle = ["", "", "", "", "", "慰问人次", "金额", "", ""]
    lower = ["", "", "", "", "", "", "慰问金（元）", "慰问品折价（元）", ""]
    reading, batch = one(pool, table(TITLE, UNIT, upper, middle, lower, ROW))
    assert codes(reading) == ["form.recognised"]
    assert batch.rows["relief"].select("persons", "cash_cny", "goods_cny").row(0) == (20, 20000, 0)


@pytest.mark.inputs("A65")
@pytest.mark.parametrize(
    "heading", ["慰问金(元)", "慰问金（元）", "慰问金额", "慰问金\n（元）", "慰 问 金", "＊慰问金"]
)
def test_a_heading_may_be_worded_otherwise(pool: ReaderPool, heading: str) -> None:
    headings = [heading if h == "慰问金" else h for h in HEADINGS]
    reading, batch = one(pool, table(TITLE, UNIT, headings, ROW))
    assert codes(reading) == ["form.recognised"]
    assert batch.rows["relief"]["cash_cny"].to_list() == [20000]


@pytest.mark.inputs("A6")
@pytest.mark.parametrize("caption", ["单位：万元", "金额单位: 万元", "单 位：千元"])
def test_a_unit_above_the_headings_refuses_and_multiplies_nothing(pool: ReaderPool, caption: str) -> None:
    reading, batch = one(pool, table(TITLE, [*UNIT, caption], HEADINGS, ROW))
    refused = [f for f in reading.findings if f.severity is Severity.CRITICAL]
    assert [(f.code, f.params["unit"]) for f in refused] == [("form.caption_unit", caption[-2:])]
    assert batch.rows["relief"]["cash_cny"].to_list() == [20000]


@pytest.mark.inputs("A65")
def test_two_columns_for_one_field_are_in_doubt_and_refused(pool: ReaderPool) -> None:
    reading, _ = one(pool, table(TITLE, UNIT, [*HEADINGS, "慰问金额"], [*ROW, 300]))
    twice = [f for f in reading.findings if f.severity is Severity.CRITICAL]
    assert [(f.code, f.cell) for f in twice] == [("form.heading_twice", "G3"), ("form.heading_twice", "J3")]


@pytest.mark.inputs("A66")
def test_columns_may_be_in_another_order(pool: ReaderPool) -> None:
    reading, batch = one(pool, table(TITLE, UNIT, HEADINGS[::-1], ROW[::-1]))
    assert codes(reading) == ["form.recognised"]
    assert reading.columns["campaign"] == "I"
    assert batch.rows["relief"]["persons"].to_list() == [20]


@pytest.mark.inputs("A66")
def test_a_column_more_is_a_warning(pool: ReaderPool) -> None:
    reading, _ = one(pool, table(TITLE, UNIT, ["部门", *HEADINGS], ["工会办", *ROW]))
    extra = [f for f in reading.findings if f.severity is Severity.WARNING]
    assert [(f.code, f.cell, f.value) for f in extra] == [("form.heading_extra", "A3", "部门")]


@pytest.mark.inputs("A66")
def test_one_wrong_heading_is_one_finding_at_its_cell(pool: ReaderPool) -> None:
    headings = ["补助额" if h == "慰问金" else h for h in HEADINGS]
    reading, _ = one(pool, table(TITLE, UNIT, headings, [*ROW[:6], "约三百", *ROW[7:]]))
    [wrong] = [f for f in reading.findings if f.code != "form.recognised"]
    assert (wrong.code, wrong.cell, wrong.value, wrong.field) == ("form.heading_missing", "G3", "补助额", "cash_cny")
    assert wrong.severity is Severity.CRITICAL


@pytest.mark.inputs("A66")
def test_a_table_that_lacks_too_much_names_the_nearest_form_and_what_is_missing(pool: ReaderPool) -> None:
    reading, _ = one(pool, table(TITLE, UNIT, HEADINGS[:6], ROW[:6]))
    [finding] = reading.findings
    assert (reading.status, finding.code, finding.params["form"]) == (
        "unrecognised",
        "form.nearly_recognised",
        "relief",
    )
    assert finding.params["headings"] == "慰问金、慰问品折价、慰问日期"


def test_headings_of_two_forms_are_in_doubt_and_both_are_named(pool: ReaderPool) -> None:
    roster, heroes = forms()["post_roster"], forms()["model_worker"]
    headings = dict.fromkeys([*(f.heading for f in roster.fields), *(f.heading for f in heroes.fields)])
    reading, _ = one(pool, table(["单位代码：A0101"], list(headings), ["张三"] * len(headings)))
    [finding] = reading.findings
    assert (reading.status, finding.code, finding.severity) == ("unrecognised", "form.ambiguous", Severity.CRITICAL)
    assert finding.params["forms"] == f"“{heroes.title_zh}”、“{roster.title_zh}”"


@pytest.mark.inputs("A82")
def test_a_template_with_the_table_of_another_form_says_only_that(pool: ReaderPool) -> None:
    def paste(sheet: Worksheet) -> None:
        sheet.delete_rows(4, 10)
        for number, values in enumerate([HEADINGS, ROW], start=4):
            for column, value in enumerate(values, start=1):
                sheet.cell(number, column).value = value

    reading, batch = one(pool, edited(filled(AID, [example(AID)]), paste))
    [group] = fold(reading.findings)
    assert (group.code, group.severity) == ("form.headings_of_another", Severity.CRITICAL)
    assert group.said().what == "模板是“困难职工救助明细”的，表头却是“慰问救助台账”的"
    assert batch.rows == {}


@pytest.mark.inputs("A71")
@pytest.mark.parametrize("names", [("1月", "2月", "3月"), ("汇总", "明细")])
def test_several_tables_of_the_form_are_refused_by_name_and_none_is_read(
    pool: ReaderPool, names: Sequence[str]
) -> None:
    grid = [TITLE, UNIT, HEADINGS, ROW]
    reading, batch = one(pool, book(dict.fromkeys(names, grid)))
    [finding] = reading.findings
    assert (finding.code, finding.severity, finding.params["sheets"]) == (
        "form.sheets_several",
        Severity.CRITICAL,
        "、".join(names),
    )
    assert batch.rows == {}


@pytest.mark.inputs("A71")
def test_a_second_table_beside_the_sheet_of_the_template_is_refused(pool: ReaderPool) -> None:
    def copy(sheet: Worksheet) -> None:
        sheet.parent.copy_worksheet(sheet).title = "3月"

    reading, batch = one(pool, edited(filled(RELIEF, [example(RELIEF)]), copy))
    [finding] = reading.findings
    assert (finding.code, finding.params["sheets"]) == ("form.sheets_several", "慰问救助台账、3月")
    assert batch.rows == {}


@pytest.mark.inputs("A71")
def test_a_file_of_several_answers_is_refused_and_each_is_named(pool: ReaderPool) -> None:
    sheets = {
        f"2021年{month}月": [[f"2021年{month}月慰问救助台账"], UNIT, HEADINGS, [*ROW[:-1], f"2021-0{month}-05"]]
        for month in (1, 2)
    }
    reading, batch = one(pool, book(sheets))
    [group] = fold(reading.findings)
    assert (group.code, group.severity, reading.status) == ("form.answers_several", Severity.CRITICAL, "unrecognised")
    assert group.said().what == (
        "一个文件里有几份报表：“2021年1月”（慰问救助台账 A0101 2021-01）、“2021年2月”（慰问救助台账 A0101 2021-02），没有读取其中任何一份"
    )
    assert batch.rows == {}


@pytest.mark.inputs("A71")
def test_a_filled_table_of_another_form_beside_that_of_the_template_is_an_answer_and_not_lost(pool: ReaderPool) -> None:
    def add(sheet: Worksheet) -> None:
        added = sheet.parent.create_sheet("困难救助")
        added.append([field.heading for field in AID.fields])
        added.append(["x"] * len(AID.fields))

    reading, batch = one(pool, edited(filled(RELIEF, [example(RELIEF)]), add))
    [finding] = reading.findings
    assert (finding.code, finding.severity) == ("form.answers_several", Severity.CRITICAL)
    assert finding.params["answers"].endswith("、“困难救助”（困难职工救助明细）")
    assert batch.rows == {}


@pytest.mark.inputs("A71")
def test_another_sheet_is_told_and_not_read(pool: ReaderPool) -> None:
    def add(sheet: Worksheet) -> None:
        sheet.parent.create_sheet("汇总")["A1"] = "合计 3 笔"

    reading, _ = one(pool, edited(filled(RELIEF, [example(RELIEF)]), add))
    assert [(f.code, f.severity, f.params["sheets"]) for f in reading.findings] == [
        ("form.sheets_unread", Severity.INFO, "汇总")
    ]


@pytest.mark.inputs("A71")
def test_a_second_table_below_the_first_is_refused_at_its_row(pool: ReaderPool) -> None:
    reading, _ = one(pool, table(TITLE, UNIT, HEADINGS, ROW, [], HEADINGS, ROW))
    refused = [f for f in reading.findings if f.severity is Severity.CRITICAL]
    assert [(f.code, f.row_number) for f in refused] == [("form.headings_again", 6)]


@pytest.mark.inputs("A74")
@pytest.mark.parametrize("is_marked", [True, False])
def test_headings_below_each_other_are_refused_as_such(pool: ReaderPool, is_marked: bool) -> None:
    def turn(sheet: Worksheet) -> None:
        values = {c.value: r.value for c, r in zip(sheet[4], sheet[5], strict=True) if c.value}
        sheet.delete_rows(4, 3)
        for number, (heading, value) in enumerate(values.items(), start=5):
            sheet.cell(number, 2).value, sheet.cell(number, 3).value = heading, value

    turned = edited(filled(PROFILE, [example(PROFILE)]), turn)
    reading, _ = one(pool, turned if is_marked else unmarked(turned))
    [finding] = reading.findings
    assert (finding.code, finding.severity) == ("form.layout_unread", Severity.CRITICAL)


@pytest.mark.inputs("A74")
def test_a_card_is_refused_as_such(pool: ReaderPool) -> None:
    pairs = list(zip(HEADINGS, ROW, strict=True))
    card = [[x for pair in pairs[n : n + 2] for x in pair] for n in range(0, len(pairs), 2)]
    assert said(pool, table(TITLE, UNIT, *card)) == ["form.layout_unread"]


@pytest.mark.inputs("A39")
@pytest.mark.parametrize(
    ("texts", "period"),
    [
        (["2021年3月慰问救助台账"], "2021-03"),
        (["慰问救助台账（2021年3月份）"], "2021-03"),
        (["所属期：2021.03"], "2021-03"),
        (["填报月份", "2021年3月"], "2021-03"),
        (["报送期间：２０２１年０３月"], "2021-03"),
        (["二〇二一年三月慰问救助台账"], "2021-03"),
        (["2021年慰问救助台账", "填报月份：3月"], "2021-03"),
        (["所属期：2021-03-01"], "2021-03"),
        (["所属期间：202103", "填表日期：2021年4月2日"], "2021-03"),
    ],
)
def test_a_month_is_known_as_people_write_it(pool: ReaderPool, texts: list[str], period: str) -> None:
    reading, _ = one(pool, table(texts, UNIT, HEADINGS, ROW))
    assert reading.period == period


@pytest.mark.inputs("A39")
@pytest.mark.parametrize(
    ("texts", "period"),
    [
        (["2021年一季度单位基本情况表"], "2021-Q1"),
        (["所属季度：2021年第1季度"], "2021-Q1"),
        (["2021Q1"], "2021-Q1"),
        (["所属期：2021年1-3月"], "2021-Q1"),
        (["2021年度", "所属季度：一季度"], "2021-Q1"),
    ],
)
def test_a_quarter_is_known_as_people_write_it(pool: ReaderPool, texts: list[str], period: str) -> None:
    grid = [[f.heading for f in PROFILE.fields], [str(v) for v in example(PROFILE).values()]]
    assert one(pool, table(texts, UNIT, *grid))[0].period == period


@pytest.mark.inputs("A39")
@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["慰问救助台账"], "form.period_missing"),
        (["2021年上半年慰问救助台账"], "form.period_invalid"),
        (["2021年一季度慰问救助台账"], "form.period_invalid"),
        (["填报月份：3月"], "form.period_invalid"),
        (["所属期：2021.1"], "form.period_invalid"),
        (["2021年2月慰问救助台账", "所属期：2021年3月"], "form.period_unclear"),
    ],
)
def test_a_period_in_doubt_is_the_only_thing_said(pool: ReaderPool, texts: list[str], code: str) -> None:
    reading, _ = one(pool, table(texts, UNIT, HEADINGS, [*ROW[:5], "约二十", *ROW[6:]]))
    [group] = fold(reading.findings)
    assert (group.code, group.severity) == (code, Severity.CRITICAL)


@pytest.mark.inputs("A44")
@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["单位代码：A0101"], "A0101"),
        (["填报单位：A0101 示例航天一厂工会", "", "2021年2月"], "A0101"),
        (["填报单位（盖章）：示例航天一厂工会（ａ0101）"], "A0101"),
        (["单位代码", "A0101"], "A0101"),
        ([f"统一社会信用代码：{CREDIT_CODE}", "单位名称：示例航天一厂工会"], CREDIT_CODE),
        ([f"单位代码：A0101　统一社会信用代码：{CREDIT_CODE}　单位：元"], "A0101"),
    ],
)
def test_a_unit_is_known_by_its_code_or_its_credit_code(pool: ReaderPool, texts: list[str], unit: str) -> None:
    reading, _ = one(pool, table(TITLE, texts, HEADINGS, ROW))
    assert (reading.unit_id, codes(reading)) == (unit, ["form.recognised"])


@pytest.mark.inputs("A44")
@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["单位：元"], "form.unit_missing"),
        (["填报单位：示例航天一厂工会"], "form.unit_named"),
        (["统一社会信用代码：123"], "form.unit_named"),
        (["单位代码：A0101", "填报单位：A0102 示例航天二厂工会"], "form.unit_unclear"),
    ],
)
def test_a_unit_in_doubt_is_the_only_thing_said(pool: ReaderPool, texts: list[str], code: str) -> None:
    reading, _ = one(pool, table(TITLE, texts, HEADINGS, [*ROW[:5], "约二十", *ROW[6:]]))
    [group] = fold(reading.findings)
    assert (group.code, group.severity, reading.unit_id) == (code, Severity.CRITICAL, "")


def test_unit_and_period_may_stand_under_the_table(pool: ReaderPool) -> None:
    notes = ["填报单位：A0101", "", "所属期：2021年2月", "", "填表人：李四", "填表日期：2021年3月2日"]
    reading, batch = one(pool, table(HEADINGS, ROW, notes))
    assert (reading.unit_id, reading.period, codes(reading)) == ("A0101", "2021-02", ["form.recognised"])
    assert batch.rows["relief"].height == 1


def test_personal_values_are_not_shown_by_what_was_recognised(pool: ReaderPool) -> None:
    row = example(AID)
    grid = [[f.heading for f in AID.fields if f.name in row], [str(v) for v in row.values()]]
    reading, _ = one(pool, table(["2021年2月"], ["填报单位：示例航天一厂工会"], *grid))
    assert str(row["worker_citizen_id"]) not in str(reading.to_wire())
