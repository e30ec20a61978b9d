"""What honest people type, line by line of INPUTS A: each case goes into a workbook, is read by a child and judged, all in one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from connectors.warehouse.decision import Decision
from connectors.workbooks.layout import HEADING_ROW
from expectations.catalogue import words
from expectations.contract import Field, Form, forms
from expectations.finding import Severity
from expectations.masks import shown
from tests.connectors.workbooks.filled import edited, example
from tests.inputs.judged import judged, workbook
from tests.inputs.not_held import NOT_HELD

RELIEF, AID, PROFILE, OFFICE = (forms()[n] for n in ("relief", "hardship_aid", "unit_profile", "office_management"))
TASKS, WORKERS, TRAINING, REGISTER = (forms()[n] for n in ("task_list", "model_worker", "training", "unit_register"))
PARTS, UPLIFT, STUDIO, CULTURE = (
    forms()[n] for n in ("target_allocation", "education_uplift", "innovation_studio", "culture_activity")
)
INFO, WARNING, ERROR, CRITICAL = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL
DAY = date(2021, 2, 5)


@dataclass(frozen=True)
class Typed:
    """One text (or native value) typed into one field of an otherwise good row, and what must come of it.

    `value` is the typed value that loads (None: nothing does); `said` are the codes and severities of all findings at the cell.
    """

    lines: tuple[str, ...]
    form: Form
    name: str
    typed: object
    value: object
    said: tuple[tuple[str, Severity], ...] = ()
    reason: str | None = None
    others: dict[str, object] = field(default_factory=dict)

    @property
    def field(self) -> Field:
        return self.form.field(self.name)

    def bytes(self) -> bytes:
        row = example(self.form, **self.others, **{self.name: self.typed})
        # The template's own sum passes over texts (A13); here it is left blank.
        return workbook(self.form, [row], totals={f.name: None for f in self.form.fields if f.is_totalled})


def clean(lines: str, form: Form, name: str, typed: object, value: object, **others: object) -> Typed:
    return Typed(tuple(lines.split()), form, name, typed, value, others=others)


def fix(lines: str, form: Form, name: str, typed: object, value: object, **others: object) -> Typed:
    return Typed(tuple(lines.split()), form, name, typed, value, (("value.repaired", INFO),), others=others)


def warn(lines: str, form: Form, name: str, typed: object, value: object, code: str, **others: object) -> Typed:
    return Typed(tuple(lines.split()), form, name, typed, value, ((code, WARNING),), others=others)


def refuse(lines: str, form: Form, name: str, typed: object, code: str, reason: str | None = None) -> Typed:
    return Typed(tuple(lines.split()), form, name, typed, None, ((code, ERROR),), reason)


def cash(lines: str, typed: object, value: str) -> Typed:
    return fix(lines, RELIEF, "cash_cny", typed, Decimal(value))


def no_cash(lines: str, typed: object, code: str = "value.not_a_number") -> Typed:
    return refuse(lines, RELIEF, "cash_cny", typed, code)


def day(lines: str, typed: object) -> Typed:
    return fix(lines, RELIEF, "given_on", typed, DAY)


def no_day(lines: str, typed: object, code: str) -> Typed:
    return refuse(lines, RELIEF, "given_on", typed, code)


def negative(typed: object) -> Typed:
    """The sign is understood; that no form knows a negative amount is for its range to say."""
    said = (("value.repaired", INFO), ("relief.cash_cny_in_range", ERROR))
    return Typed(("A12",), RELIEF, "cash_cny", typed, Decimal(-500), said)


def choice(lines: str, typed: object, code: str = "winter_warmth") -> Typed:
    return fix(lines, RELIEF, "campaign", typed, code)


CREDIT = "81610000MC0000012F"
ID = "11010519491231002X"

CASES: list[Typed] = [
    cash("A1", "1,000.00", "1000"),
    cash("A1", "1,000", "1000"),
    cash("A1", "612,345", "612345"),
    cash("A2", "１２，３４５．６", "12345.6"),
    cash("A2", "１２,３45.6", "12345.6"),
    no_cash("A2", "１２,３"),
    cash("A3", "1 000", "1000"),
    cash("A3", "1\u00a0000", "1000"),
    cash("A3", "12\u2009345", "12345"),
    cash("A3", "1\u3000000", "1000"),
    no_cash("A3", "1000 2000"),
    cash("A4", "1000元", "1000"),
    cash("A4", "¥1000", "1000"),
    cash("A4", "￥1000", "1000"),
    cash("A4", "RMB1000", "1000"),
    cash("A4", "人民币1000元整", "1000"),
    warn("A5", RELIEF, "cash_cny", "0.12万元", Decimal(1200), "value.multiplied"),
    warn("A5", RELIEF, "cash_cny", "3万", Decimal(30000), "value.multiplied"),
    warn("A5", RELIEF, "cash_cny", "0.001亿", Decimal(100000), "value.multiplied"),
    warn("A7", RELIEF, "cash_cny", Decimal("0.12"), Decimal("0.12"), "relief.amount_per_person_low", goods_cny=0),
    cash("A8", "壹仟贰佰元整", "1200"),
    cash("A8", "一千二百", "1200"),
    no_cash("A8", "一千二"),
    no_cash("A8", "壹仟贰佰元左右"),
    *(no_cash("A9", typed) for typed in ("约1000", "1000左右", "1000+", "1000多")),
    *(no_cash("A10", typed) for typed in ("1000-2000", "1000~2000", "1000～2000", "1000至2000")),
    *(no_cash("A11", typed) for typed in ("无", "零")),
    clean("A11", RELIEF, "goods_cny", "0.00", Decimal(0)),
    *(
        Typed(("A11",), TASKS, "reviewed_score", typed, None, (("value.placeholder", INFO),))
        for typed in ("-", "—", "/", "——")
    ),
    Typed(
        ("A11",), RELIEF, "cash_cny", "-", None, (("value.placeholder", INFO), ("relief.cash_cny_given", ERROR))
    ),
    Typed(("A11",), RELIEF, "cash_cny", None, None, (("relief.cash_cny_given", ERROR),)),
    *(negative(typed) for typed in ("−500", "–500", "－500", "(500)", "（500）")),
    clean("A13", RELIEF, "cash_cny", "1000", Decimal(1000)),
    cash("A14", "'500", "500"),
    fix("A14", RELIEF, "beneficiary_unit", "'A0101", "A0101"),
    fix("A14", CULTURE, "title", "'党史宣讲", "党史宣讲"),
    no_cash("A15", "1.234,56"),
    no_cash("A15", "1、5"),
    warn("A15", RELIEF, "cash_cny", "3000。5", Decimal("3000.5"), "value.point_assumed"),
    cash("A16", "1234.5600000001", "1234.56"),
    cash("A16", "0.30000000000000004", "0.3"),
    warn("A16", RELIEF, "cash_cny", "1000.125", Decimal("1000.13"), "value.rounded"),
    fix("A18", TASKS, "progress_percent", "85.3%", Decimal("85.3")),
    fix("A18", TASKS, "progress_percent", "85.3％", Decimal("85.3")),
    fix("A18", TASKS, "progress_percent", "百分之八十五", Decimal(85)),
    fix("A18", TASKS, "progress_percent", "百分之八十五点三", Decimal("85.3")),
    clean("A18", TASKS, "progress_percent", Decimal("85.3"), Decimal("85.3")),
    no_cash("A18", "85.3%"),
    Typed(("A19",), TASKS, "progress_percent", 120, Decimal(120), (("task_list.progress_percent_in_range", ERROR),)),
    Typed(
        ("A19",), PROFILE, "contract_covered_employees", 1300, 1300, (("unit_profile.covered_within_employees", ERROR),)
    ),
    fix("A20", RELIEF, "persons", "3人", 3),
    refuse("A20", RELIEF, "persons", "3户/5人", "value.not_a_number"),
    refuse("A20", RELIEF, "persons", "3(含退休1)", "value.not_a_number"),
    no_cash("A24", "9.16E+17", "value.digits_lost"),
    refuse("A24 A54", REGISTER, "credit_code", "9.16E+17", "value.digits_lost"),
    day("A25", "2021年2月5日"),
    day("A25", "2021年02月05号"),
    *(day("A26", typed) for typed in ("2021.2.5", "2021.02.05", "2021/2/5", "2021-2-5", "20210205", "２０２１．２．５")),
    no_day("A27", "2021.1", "value.day_missing"),
    no_day("A27", "2021年1月", "value.day_missing"),
    fix("A27", WORKERS, "honour_year", "2018年", 2018),
    no_day("A28", "2021.10", "value.day_missing"),
    day("A29", "44232"),
    no_day("A29", "60", "value.not_a_date"),
    day("A32", "二〇二一年二月五日"),
    day("A32", "二○二一年二月五日"),
    no_day("A32", "腊月廿三", "value.not_a_date"),
    warn("A33", RELIEF, "given_on", "21年2月5日", DAY, "value.year_assumed"),
    warn("A33", RELIEF, "given_on", "2月5日", DAY, "value.year_assumed"),
    no_day("A33", "3月5日", "value.year_missing"),
    no_day("A33", "1.5", "value.not_a_date"),
    *(no_day("A34", typed, "value.not_a_date") for typed in ("2021.1.5-1.8", "1月上旬", "春节前")),
    no_day("A35", "2025.6.31", "value.no_such_day"),
    no_day("A35", "2025-02-30", "value.no_such_day"),
    Typed(
        ("A36",), RELIEF, "given_on", date(2021, 3, 1), date(2021, 3, 1), (("relief.date_in_period", ERROR),)
    ),
    no_day("A36", date(2031, 2, 5), "value.date_out_of_range"),
    day("A37", "2021/2/5 0:00:00"),
    clean("A37", RELIEF, "given_on", datetime(2021, 2, 5), DAY),  # noqa: DTZ001  # a cell has no time zone
    no_day("A38", "01/02/2021", "value.date_ambiguous"),
    fix("A39", PARTS, "target_period", "2021年度", "2021"),
    fix("A39", PARTS, "target_period", "2021—2025", "2021-2025"),
    clean("A41", CULTURE, "title", "党史宣讲（第一场）", "党史宣讲（第一场）"),
    fix("A41", RELIEF, "beneficiary_unit", "ａ０１０１", "A0101"),
    fix("A42", AID, "worker_name", "王 五", "王五"),
    fix("A42", AID, "worker_name", "王\u3000五", "王五"),
    *(
        choice("A43", typed)
        for typed in (" 送温暖", "送温暖\u00a0", "送\u200b温暖", "\ufeff送温暖", "送\n温暖", "送温暖\t", "送温暖_x000D_")
    ),
    Typed(("A44",), RELIEF, "beneficiary_unit", "示例航天一厂工会", "A0101", (("value.unit_by_name", WARNING),)),
    Typed(("A44",), RELIEF, "beneficiary_unit", "航天一厂", "A0101", (("value.unit_by_name", WARNING),)),
    fix("A44", RELIEF, "beneficiary_unit", "A0101 示例航天一厂工会", "A0101"),
    Typed(("A44",), RELIEF, "beneficiary_unit", "航天厂", "航天厂", (("relief.beneficiary_unit_known", ERROR),)),
    Typed(("A45",), RELIEF, "beneficiary_unit", "红星厂工会", "A0101", (("value.unit_by_name", WARNING),)),
    Typed(("A45",), RELIEF, "beneficiary_unit", "东风厂工会", "A0104", (("value.unit_by_name", WARNING),)),
    clean("A47", AID, "worker_name", "㐂𬭎", "㐂𬭎"),
    *(fix("A47", AID, "worker_name", f"阿依古丽{dot}买买提", "阿依古丽·买买提") for dot in (".", "•", "・")),
    clean("A47", AID, "worker_name", "阿依古丽·买买提", "阿依古丽·买买提"),
    choice("A48", "送溫暖"),
    fix("A48", RELIEF, "beneficiary_unit", "A〇1○1", "A0101"),
    fix("A49", REGISTER, "credit_code", CREDIT.lower(), CREDIT),
    fix("A49", REGISTER, "credit_code", "８１６１００００ＭＣ０００００１２Ｆ", CREDIT),
    refuse("A50", REGISTER, "credit_code", "8161OOOOMCOOOOO12F", "value.credit_code_invalid", "look_alikes"),
    refuse("A51", REGISTER, "credit_code", "610000123456789", "value.credit_code_invalid", "old_licence"),
    refuse("A51", REGISTER, "credit_code", "12345678X", "value.credit_code_invalid", "old_organisation"),
    refuse("A52", REGISTER, "credit_code", "81610000MC0000012Y", "value.credit_code_invalid", "check"),
    refuse("A52", REGISTER, "credit_code", "91350100M000100Z43", "value.credit_code_invalid", "characters"),
    warn("A53", REGISTER, "credit_code", "91350100M000100Y43", "91350100M000100Y43", "unit_register.credit_code_of_union"),
    fix("A55", AID, "worker_citizen_id", ID.lower(), ID),
    fix("A55", AID, "worker_citizen_id", "110105491231002", ID),
    refuse("A55", AID, "worker_citizen_id", "110105********002X", "value.id_invalid", "masked"),
    refuse("A55", AID, "worker_citizen_id", "110105194912310000", "value.digits_lost"),
    refuse("A24 A55", AID, "worker_citizen_id", 110105194912310021, "value.digits_lost"),
    *(choice("A57", typed) for typed in ("送温暖活动", '"送温暖"', "“送温暖”", "1.送温暖", "①送温暖", "一、送温暖")),
    refuse("A57", RELIEF, "campaign", "中秋慰问", "value.unknown_code"),
    refuse("A58", RELIEF, "campaign", "送温暖、医疗救助", "value.several_values"),
    *(fix("A59", UPLIFT, "is_front_line", typed, "yes") for typed in ("√", "Y", "1", 1, "有")),
    *(fix("A59", UPLIFT, "is_front_line", typed, "no") for typed in ("×", "N", "0", 0, "无")),
    fix("A59", TRAINING, "passed", "√", "yes"),
    refuse("A59", UPLIFT, "is_front_line", "男1女2", "value.unknown_code"),
    *(refuse("A61", CULTURE, "title", mark, "value.ditto") for mark in ("同上", '"', "〃", "↑", "...", "同上。")),
    refuse("A61", RELIEF, "campaign", "同上", "value.ditto"),
    refuse("A61", AID, "worker_name", "同上", "value.ditto"),
]  # fmt: skip


@dataclass(frozen=True)
class Shaped:
    """A whole sheet: good rows, changed as people change sheets, and what must come of it."""

    lines: tuple[str, ...]
    name: str
    data: Callable[[], bytes]
    said: tuple[tuple[str, Severity, str | None], ...] = ()
    ignored: tuple[tuple[int, str], ...] = ()
    loaded: tuple[int, ...] = ()
    outcome: str = "accepted"
    values: dict[str, list[Any]] = field(default_factory=dict)


TOTAL = (5, "total_row")
FIRST = HEADING_ROW + 3
"""The sheet row of the first data row of a form with a total row."""

WARM = example(RELIEF)
COLD = example(RELIEF, campaign="送清凉", given_on=date(2021, 2, 6))
COLD_SAID = ("relief.cooling_in_summer", WARNING, "B7")


def relief(edit: Callable[[Worksheet], object], *rows: dict[str, object]) -> Callable[[], bytes]:
    return lambda: edited(workbook(RELIEF, rows or (WARM, COLD), totals=_NO_SUMS), edit)


_NO_SUMS = {f.name: None for f in RELIEF.fields if f.is_totalled}


def put(**cells: object) -> Callable[[Worksheet], None]:
    def edit(sheet: Worksheet) -> None:
        for address, value in cells.items():
            sheet[address] = value

    return edit


def in_ten_thousands(sheet: Worksheet) -> None:
    put(H4="慰问金（万元）", H5=4.1, H6=2.1, H7="2")(sheet)


def shown_in_ten_thousands(sheet: Worksheet) -> None:
    sheet["H6"] = 125000
    sheet["H6"].number_format = '0!.0000"万"'


_SCORES = {"self_score": 20, "reviewed_score": 20}


def as_percent(sheet: Worksheet) -> None:
    for row, (value, number_format) in enumerate([(0.853, "0.0%"), (0.6, "0%"), (0.5, "General")], start=6):
        sheet[f"F{row}"] = value
        sheet[f"F{row}"].number_format = number_format


def as_plain_numbers(sheet: Worksheet) -> None:
    put(J6=44232, J7=2021.10)(sheet)
    for address in ("J6", "J7"):
        sheet[address].number_format = "General"


SHAPES: list[Shaped] = [
    Shaped(
        ("A6",), "heading_in_ten_thousands", relief(in_ten_thousands),
        (("form.heading_scaled", INFO, "H4"), ("value.repaired", INFO, "H6"), ("value.repaired", INFO, "H7"), COLD_SAID),
        (TOTAL,), (6, 7), values={"cash_cny": [Decimal(21000), Decimal(20000)]},
    ),
    Shaped(
        ("A13",), "text_numbers_and_the_sheets_own_sum",
        lambda: workbook(RELIEF, [WARM, {**COLD, "cash_cny": "20000"}]),
        (("form.total_differs", WARNING, "H5"), COLD_SAID), (TOTAL,), (6, 7),
        values={"cash_cny": [Decimal(20000), Decimal(20000)]},
    ),
    Shaped(
        ("A17",), "shown_rounded", relief(shown_in_ten_thousands), (COLD_SAID,), (TOTAL,), (6, 7),
        values={"cash_cny": [Decimal(125000), Decimal(20000)]},
    ),
    Shaped(
        ("A40",), "dates_and_texts_in_one_column", relief(put(J7="2021.2.5", J8=44233), WARM, COLD, {**WARM, "given_on": None}),
        (("value.repaired", INFO, "J7"), ("value.repaired", INFO, "J8"), COLD_SAID), (TOTAL,), (6, 7, 8),
        values={"given_on": [DAY, DAY, date(2021, 2, 6)]},
    ),
    Shaped(
        ("A18",), "percent_by_format",
        lambda: edited(
            workbook(TASKS, [example(TASKS, task=f"任务{n}", weight=30, **_SCORES) for n in (1, 2, 3)], totals={"weight": None}),
            as_percent,
        ),
        (
            ("value.repaired", INFO, "F6"), ("value.repaired", INFO, "F7"),
            ("task_list.progress_is_in_percent", WARNING, "F8"),
        ),
        (TOTAL,), (6, 7, 8), values={"progress_percent": [Decimal("85.3"), Decimal(60), Decimal("0.5")]},
    ),
    Shaped(
        ("A28", "A29"), "numbers_in_general_format", relief(as_plain_numbers),
        (("value.repaired", INFO, "J6"), ("value.day_missing", ERROR, "J7")), (TOTAL,), (6,), values={"given_on": [DAY, None]},
    ),
    Shaped(
        ("A41", "A77"), "one_name_in_two_widths",
        lambda: workbook(STUDIO, [example(STUDIO, studio="张三（钳工）工作室"), example(STUDIO, studio="张三(钳工)工作室")]),
        (("innovation_studio.key_unique", ERROR, "B5"), ("innovation_studio.key_unique", ERROR, "B6")),
    ),
    Shaped(
        ("A62",), "sample_row_left_in", relief(put(A8="示例", **{f"{c}8": v for c, v in zip("BCDEFGHIJ", WARM.values(), strict=True)})),
        (("form.sample_left", WARNING, "A8"), COLD_SAID), (TOTAL, (8, "sample_row")), (6, 7),
    ),
    Shaped(
        ("A68",), "totals_in_the_middle_and_at_the_end",
        relief(put(A8="小 计", H8=40000, A9="其中：困难职工", H9=20000, A10="合計", H10=39999)),
        (("form.part_row", WARNING, "A9"), ("form.total_differs", WARNING, "H10"), COLD_SAID),
        (TOTAL, (8, "total_row"), (9, "part_row"), (10, "total_row")), (6, 7),
    ),
    Shaped(
        ("A69",), "blank_rows_between", relief(lambda sheet: sheet.move_range("A7:J7", rows=900)),
        (("relief.cooling_in_summer", WARNING, "B907"),), (TOTAL,), (6, 907),
    ),
    Shaped(
        ("A70",), "notes_under_the_table",
        relief(put(B9="填表人：张三　审核人：李四　盖章", B10="注：以上为本月数据", A11="填报日期：2021年3月1日")),
        (COLD_SAID,), (TOTAL, (9, "note_row"), (10, "note_row"), (11, "note_row")), (6, 7),
    ),
    Shaped(
        ("A70",), "a_row_whose_title_begins_like_a_note", lambda: workbook(CULTURE, [example(CULTURE, title="说明：党史知识宣讲")]),
        loaded=(5,), values={"title": ["说明：党史知识宣讲"]},
    ),
    Shaped(("A73",), "broken_running_numbers", relief(put(A6=7, A7="一")), (COLD_SAID,), (TOTAL,), (6, 7)),
    Shaped(
        ("A77",), "a_row_twice", lambda: workbook(RELIEF, [WARM, COLD, {**WARM, "cash_cny": "20,000"}], totals=_NO_SUMS),
        (("value.repaired", INFO, "H8"), ("form.repeated_row", WARNING, "B8"), COLD_SAID), (TOTAL, (8, "repeated_row")), (6, 7),
    ),
    Shaped(
        ("A77",), "a_blank_does_not_repeat_what_could_not_be_read",
        lambda: workbook(OFFICE, [example(OFFICE, title=text) for text in ("同上", None, None)]),
        (("value.ditto", ERROR, "C5"), ("office_management.title_given", ERROR, "C6"), ("office_management.title_given", ERROR, "C7")),
    ),
    Shaped(
        ("A77",), "one_key_with_other_figures", lambda: workbook(RELIEF, [WARM, {**WARM, "persons": 21}]),
        (("relief.key_unique", ERROR, "B6"), ("relief.key_unique", ERROR, "B7")), (TOTAL,),
    ),
    Shaped(("A84",), "only_headings", lambda: workbook(RELIEF, []), (("form.no_rows", CRITICAL, None),), (TOTAL,), outcome="refused"),
    Shaped(
        ("A84",), "nothing_said_in_words", lambda: edited(workbook(RELIEF, []), put(B6="零报告")),
        (("form.nil_in_words", CRITICAL, "B6"),), (TOTAL, (6, "nil_words_row")), outcome="refused",
    ),
    Shaped(("A84",), "nothing_said_by_the_flag", lambda: workbook(RELIEF, [], nil=True), (), (TOTAL,)),
    Shaped(
        ("A84",), "nothing_said_twice", lambda: edited(workbook(RELIEF, [], nil=True), put(B6="无")), (),
        (TOTAL, (6, "nil_words_row")),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Decision]:
    """What becomes of every case, in their order: one batch for all."""
    everything = [case.bytes() for case in CASES] + [case.data() for case in SHAPES]
    return judged(everything, tmp_path_factory.mktemp("habits"))


@pytest.mark.parametrize(
    "number", [pytest.param(n, id="_".join(c.lines), marks=pytest.mark.inputs(*c.lines)) for n, c in enumerate(CASES)]
)
def test_what_is_typed_is_read_asked_about_or_refused(number: int, decisions: Sequence[Decision]) -> None:
    case, decision = CASES[number], decisions[number]
    reading, rows = decision.reading, decision.rows
    assert reading is not None
    assert rows is not None
    assert decision.outcome == "accepted"
    row = rows.row(0, named=True)
    assert row[case.name] == case.value
    cell = f"{reading.columns[case.name]}{row['row_number']}"
    assert {(f.code, f.severity) for f in decision.findings} == set(case.said)
    assert len(decision.findings) == len(case.said)
    for finding in decision.findings:
        assert (finding.sheet, finding.row_number) == (case.form.sheet, row["row_number"])
        assert cell in (finding.cell, *finding.params.get("cells", "").split("、"))
        if finding.code.startswith("value."):
            assert finding.cell == cell
            assert finding.value == shown(case.form, case.field, str(finding_text(case)))
        if case.reason:
            assert finding.params["reason"] == case.reason
        assert words(finding).what
    assert bool(decision.quarantined) == any(severity is ERROR for _, severity in case.said)


def finding_text(case: Typed) -> object:
    """What was typed, as the reader writes it."""
    if isinstance(case.typed, int) and case.typed >= 10**15:
        return f"{case.typed:.14E}"
    return case.typed


@pytest.mark.parametrize(
    "number", [pytest.param(n, id=c.name, marks=pytest.mark.inputs(*c.lines)) for n, c in enumerate(SHAPES)]
)
def test_the_shape_of_a_table_is_understood_asked_about_or_refused(number: int, decisions: Sequence[Decision]) -> None:
    case, decision = SHAPES[number], decisions[len(CASES) + number]
    reading = decision.reading
    assert reading is not None
    assert decision.outcome == case.outcome
    assert sorted((f.code, f.severity, f.cell or "") for f in decision.findings) == sorted(
        (code, severity, cell or "") for code, severity, cell in case.said
    )
    assert all(f.sheet == reading.sheet for f in decision.findings)
    assert tuple(sorted(reading.rows_ignored)) == case.ignored
    loaded = [] if decision.rows is None else decision.rows.filter(~_waits(decision))["row_number"].to_list()
    assert tuple(loaded) == case.loaded
    assert reading.rows_read == len(reading.rows_ignored) + len(loaded) + len(decision.quarantined)
    for name, values in case.values.items():
        assert decision.rows is not None
        assert decision.rows[name].to_list() == values


def _waits(decision: Decision) -> Any:
    import polars as pl

    return pl.col("row_number").is_in(list(decision.quarantined))


@pytest.mark.inputs("A44")
def test_an_unknown_unit_is_answered_with_the_three_nearest(decisions: Sequence[Decision]) -> None:
    number = next(n for n, case in enumerate(CASES) if case.typed == "航天厂")
    (finding,) = decisions[number].findings
    assert "最接近的有：" in words(finding).fix
    assert len(finding.params["suggestions"].split("、")) == 3


@pytest.mark.inputs("A50")
def test_a_code_with_look_alikes_is_answered_with_the_one_that_fits(decisions: Sequence[Decision]) -> None:
    number = next(n for n, case in enumerate(CASES) if case.reason == "look_alikes")
    (finding,) = decisions[number].findings
    assert finding.params["suggestion"] == CREDIT


def test_no_code_begins_with_a_nought() -> None:
    codes = [c.code for form in forms().values() for f in form.fields for c in f.choices]
    codes += [str(f.examples[0]) for form in forms().values() for f in form.fields if f.register and f.examples]
    assert [code for code in codes if code.startswith("0") and len(code) > 1] == []
    assert "A60" in NOT_HELD
