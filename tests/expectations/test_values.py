"""What people type becomes exactly what they meant, or a complaint; the numbers of the cases are those of INPUTS.md."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contract import forms
from expectations.finding import Severity
from expectations.periods import parse_period
from expectations.values import ValueReading, read_value, typed_value

MONEY = forms()["relief"].field("cash_cny")
PERSONS = forms()["relief"].field("persons")
CAMPAIGN = forms()["relief"].field("campaign")
BENEFICIARY_UNIT = forms()["relief"].field("beneficiary_unit")
GIVEN_ON = forms()["relief"].field("given_on")
HOURS = forms()["training"].field("hours")
PERCENT = forms()["task_list"].field("progress_percent")
NAME = forms()["hardship_aid"].field("worker_name")
CITIZEN_ID = forms()["hardship_aid"].field("worker_citizen_id")
STATUS = forms()["unit_profile"].field("smart_union_status")
UNIT_CODE = forms()["unit_register"].field("unit_code")
UNIT_NAME = forms()["unit_register"].field("unit_name")
CREDIT_CODE = forms()["unit_register"].field("credit_code")
FEBRUARY = parse_period("2021-02")


def codes(reading: ValueReading) -> list[str]:
    return [c.code for c in reading.complaints]


CLEAN_OR_REPAIRED = [
    # number of the habit, field, typed, value, code of the complaint
    (0, MONEY, "1000", "1000", None),
    (0, MONEY, "1234.5", "1234.5", None),
    (0, MONEY, "-0", "0", None),
    (1, MONEY, "1,000.00", "1000", "value.repaired"),
    (1, MONEY, "12,345,678", "12345678", "value.repaired"),
    (2, MONEY, "１２，３４５．６", "12345.6", "value.repaired"),
    (3, MONEY, "1 000", "1000", "value.repaired"),
    (3, MONEY, "1\u00a0000\u2009000", "1000000", "value.repaired"),
    (3, MONEY, "1\u3000000", "1000", "value.repaired"),
    (4, MONEY, "1000元", "1000", "value.repaired"),
    (4, MONEY, "¥1000", "1000", "value.repaired"),
    (4, MONEY, "￥1,000.50", "1000.5", "value.repaired"),
    (4, MONEY, "RMB1000", "1000", "value.repaired"),
    (4, MONEY, "人民币1000元整", "1000", "value.repaired"),
    (5, MONEY, "0.12万元", "1200", "value.multiplied"),
    (5, MONEY, "3万", "30000", "value.multiplied"),
    (5, MONEY, "1.2亿", "120000000", "value.multiplied"),
    (8, MONEY, "壹仟贰佰元整", "1200", "value.repaired"),
    (8, MONEY, "人民币壹万零伍佰元叁角整", "10500.3", "value.repaired"),
    (8, MONEY, "一千二百", "1200", "value.repaired"),
    (8, PERSONS, "十二人", "12", "value.repaired"),
    (12, MONEY, "−500", "-500", "value.repaired"),
    (12, MONEY, "–500", "-500", "value.repaired"),
    (12, MONEY, "－500", "-500", "value.repaired"),
    (12, MONEY, "(500)", "-500", "value.repaired"),
    (12, MONEY, "（500元）", "-500", "value.repaired"),
    (12, MONEY, "¥-500", "-500", "value.repaired"),
    (14, MONEY, "'500", "500", "value.repaired"),
    (15, MONEY, "1。5", "1.5", "value.point_assumed"),
    (16, MONEY, "0.30000000000000004", "0.3", "value.repaired"),
    (16, MONEY, "1234.5600000001", "1234.56", "value.repaired"),
    (16, MONEY, "12.345", "12.35", "value.rounded"),
    (16, PERSONS, "3.0000000000000004", "3", "value.repaired"),
    (20, PERSONS, "3人", "3", "value.repaired"),
    (20, PERSONS, "20 人次", "20", "value.repaired"),
    (20, HOURS, "6.5学时", "6.5", "value.repaired"),
    (20, HOURS, "24 学时", "24", "value.repaired"),
    (20, PERCENT, "85%", "85", "value.repaired"),
    (20, PERCENT, "85％", "85", "value.repaired"),
    (20, PERCENT, "0.85", "0.85", None),
    (16, HOURS, "6.555", "6.56", "value.rounded"),
]


@pytest.mark.parametrize(("habit", "field", "typed", "value", "code"), CLEAN_OR_REPAIRED)
def test_a_number_is_read_exactly(habit: int, field, typed: str, value: str, code: str | None) -> None:  # type: ignore[no-untyped-def]
    reading = read_value(field, typed)
    number = typed_value(field, reading.text)
    assert number == Decimal(value)
    assert isinstance(number, int if field is PERSONS else Decimal)
    assert codes(reading) == ([code] if code else [])
    assert all(c.severity in (Severity.INFO, Severity.WARNING) for c in reading.complaints)


REFUSED = [
    (8, MONEY, "一千二", "value.not_a_number"),
    (8, MONEY, "三万五", "value.not_a_number"),
    (9, MONEY, "约1000", "value.not_a_number"),
    (9, MONEY, "1000左右", "value.not_a_number"),
    (9, MONEY, "1000+", "value.not_a_number"),
    (9, PERSONS, "三十多人", "value.not_a_number"),
    (10, MONEY, "1000-2000", "value.not_a_number"),
    (10, MONEY, "1000~2000", "value.not_a_number"),
    (11, MONEY, "零", "value.not_a_number"),
    (11, MONEY, "无", "value.not_a_number"),
    (15, MONEY, "1.234,56", "value.not_a_number"),
    (15, MONEY, "1、5", "value.not_a_number"),
    (15, MONEY, "12,00", "value.not_a_number"),
    (18, MONEY, "85.3%", "value.not_a_number"),
    (20, PERSONS, "3户/5人", "value.not_a_number"),
    (20, PERSONS, "3(含退休1)", "value.not_a_number"),
    (20, PERSONS, "20元", "value.not_a_number"),
    (20, PERSONS, "3.5", "value.not_whole"),
    (21, MONEY, "=SUM(F6:F9)", "value.formula_without_value"),
    (22, MONEY, "#N/A", "value.cell_error"),
    (22, GIVEN_ON, "#DIV/0!", "value.cell_error"),
    (24, MONEY, "9.16e+17", "value.digits_lost"),
    (24, PERSONS, "1234567890123456", "value.digits_lost"),
    (0, MONEY, "nan", "value.not_a_number"),
    (0, MONEY, "INF", "value.not_a_number"),
    (0, MONEY, "1e308", "value.digits_lost"),
    (0, MONEY, "1e309", "value.digits_lost"),
    (0, MONEY, "True", "value.not_a_number"),
    (0, MONEY, "2021-02-05", "value.not_a_number"),
    (27, GIVEN_ON, "2021.1", "value.day_missing"),
    (27, GIVEN_ON, "2021年1月", "value.day_missing"),
    (28, GIVEN_ON, "2021.10", "value.day_missing"),
    (32, GIVEN_ON, "腊月廿三", "value.not_a_date"),
    (33, GIVEN_ON, "1.5", "value.not_a_date"),
    (33, GIVEN_ON, "3月5日", "value.year_missing"),
    (34, GIVEN_ON, "2021.1.5-1.8", "value.not_a_date"),
    (34, GIVEN_ON, "春节前", "value.not_a_date"),
    (35, GIVEN_ON, "2025.6.31", "value.no_such_day"),
    (35, GIVEN_ON, "2025-02-30", "value.no_such_day"),
    (36, GIVEN_ON, "1900-01-01", "value.date_out_of_range"),
    (36, GIVEN_ON, "2201-01-01", "value.date_out_of_range"),
    (38, GIVEN_ON, "01/02/2025", "value.date_ambiguous"),
    (0, GIVEN_ON, "60", "value.not_a_date"),
    (0, GIVEN_ON, "2958466", "value.not_a_date"),
    (55, CITIZEN_ID, "1.1010519491231002e+17", "value.digits_lost"),
    (55, CITIZEN_ID, "110105194912310000", "value.digits_lost"),
    (55, CITIZEN_ID, "11010519491231002", "value.id_invalid"),
    (55, CITIZEN_ID, "110105194912310021", "value.id_invalid"),
    (55, CITIZEN_ID, "11010519491331002X", "value.id_invalid"),
    (55, CITIZEN_ID, "1101051949****002X", "value.id_invalid"),
    (57, CAMPAIGN, "中秋慰问", "value.unknown_code"),
    (58, CAMPAIGN, "送温暖、送清凉", "value.several_values"),
    (61, NAME, "同上", "value.ditto"),
    (61, CAMPAIGN, "〃", "value.ditto"),
    (50, CREDIT_CODE, "9135O1OOM0001OOY43", "value.credit_code_invalid"),
    (51, CREDIT_CODE, "610000123456789", "value.credit_code_invalid"),
    (51, CREDIT_CODE, "12345678X", "value.credit_code_invalid"),
    (52, CREDIT_CODE, "91350100M000100Y44", "value.credit_code_invalid"),
    (85, UNIT_NAME, "=cmd|'/c calc'!A1", "value.formula_without_value"),
    (0, UNIT_NAME, "厂\x00", "value.unreadable_characters"),
    (0, UNIT_NAME, "厂_xD800_", "value.unreadable_characters"),
    (0, UNIT_NAME, "锟斤拷", "value.unreadable_characters"),
    (0, UNIT_NAME, "厂" * 101, "value.too_long"),
    (0, UNIT_NAME, "厂" * 40_000, "value.too_long"),
]


@pytest.mark.parametrize(("habit", "field", "typed", "code"), REFUSED)
def test_what_cannot_be_read_exactly_is_an_error_and_no_value(habit: int, field, typed: str, code: str) -> None:  # type: ignore[no-untyped-def]
    reading = read_value(field, typed, FEBRUARY)
    assert (reading.text, reading.is_blank) == (None, False)
    assert [(c.code, c.severity) for c in reading.complaints] == [(code, Severity.ERROR)]


DAYS = [
    (0, "2021-02-05", None),
    (37, "2021-02-05 00:00:00", None),
    (25, "2021年2月5日", "value.repaired"),
    (25, "2021年02月05号", "value.repaired"),
    (26, "2021.2.5", "value.repaired"),
    (26, "2021/2/5", "value.repaired"),
    (26, "2021-2-5", "value.repaired"),
    (26, "20210205", "value.repaired"),
    (26, "２０２１．２．５", "value.repaired"),
    (26, "2021 年 2 月 5 日", "value.repaired"),
    (29, "44232", "value.repaired"),
    (32, "二〇二一年二月五日", "value.repaired"),
    (32, "二○二一年二月五日", "value.repaired"),
    (33, "21年2月5日", "value.year_assumed"),
    (33, "2月5日", "value.year_assumed"),
    (37, "2021/2/5 0:00:00", "value.repaired"),
]


@pytest.mark.parametrize(("habit", "typed", "code"), DAYS)
def test_a_day_is_read_exactly(habit: int, typed: str, code: str | None) -> None:
    reading = read_value(GIVEN_ON, typed, FEBRUARY)
    assert typed_value(GIVEN_ON, reading.text) == date(2021, 2, 5)
    assert codes(reading) == ([code] if code else [])


def test_a_day_without_a_year_needs_the_period() -> None:
    assert codes(read_value(GIVEN_ON, "2月5日")) == ["value.not_a_date"]


CHOICES = [
    (0, CAMPAIGN, "送温暖", "winter_warmth", None),
    (0, CAMPAIGN, "winter_warmth", "winter_warmth", None),
    (57, CAMPAIGN, "送温暖活动", "winter_warmth", "value.repaired"),
    (57, CAMPAIGN, "“送温暖”", "winter_warmth", "value.repaired"),
    (57, CAMPAIGN, "1.送温暖", "winter_warmth", "value.repaired"),
    (57, CAMPAIGN, "（一）送温暖", "winter_warmth", "value.repaired"),
    (43, CAMPAIGN, " 送温暖\u200b", "winter_warmth", "value.repaired"),
    (0, STATUS, "无", "none", "value.repaired"),
    (41, BENEFICIARY_UNIT, "ａ０１０１", "A0101", "value.repaired"),
    (43, BENEFICIARY_UNIT, "A 0101", "A0101", "value.repaired"),
]


@pytest.mark.parametrize(("habit", "field", "typed", "value", "code"), CHOICES)
def test_a_choice_is_known_by_its_words(habit: int, field, typed: str, value: str, code: str | None) -> None:  # type: ignore[no-untyped-def]
    reading = read_value(field, typed)
    assert reading.text == value
    assert codes(reading) == ([code] if code else [])


def test_an_unknown_choice_is_answered_with_the_three_nearest() -> None:
    (complaint,) = read_value(CAMPAIGN, "送清爽").complaints
    assert complaint.params["suggestions"].split("、")[0] == "送清凉"
    assert len(complaint.params["suggestions"].split("、")) == 3


TEXTS = [
    (0, NAME, "张三", "张三", None),
    (42, NAME, "王 五", "王五", "value.repaired"),
    (42, NAME, "王\u3000五", "王五", "value.repaired"),
    (47, NAME, "㐂𠮷", "㐂𠮷", None),
    (47, NAME, "阿依古丽·买买提", "阿依古丽·买买提", None),
    (47, NAME, "阿依古丽•买买提", "阿依古丽·买买提", "value.repaired"),
    (47, NAME, "阿依古丽 . 买买提", "阿依古丽·买买提", "value.repaired"),
    (0, NAME, "John Smith", "John Smith", None),
    (43, UNIT_NAME, "\ufeff示例\n一厂_x000D_ ", "示例一厂", "value.repaired"),
    (41, UNIT_NAME, "示例厂（西安）", "示例厂（西安）", None),
    (41, UNIT_CODE, "Ａ０１０１", "A0101", "value.repaired"),
    (49, CREDIT_CODE, "91350100m000100y43", "91350100M000100Y43", "value.repaired"),
    (49, CREDIT_CODE, "９１３５０１００M000100Y43", "91350100M000100Y43", "value.repaired"),
    (0, CREDIT_CODE, "91350100M000100Y43", "91350100M000100Y43", None),
    (55, CITIZEN_ID, "11010519491231002x", "11010519491231002X", "value.repaired"),
    (55, CITIZEN_ID, "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", "value.repaired"),
    (55, CITIZEN_ID, "110105 19491231 002X", "11010519491231002X", "value.repaired"),
    (55, CITIZEN_ID, "110105491231002", "11010519491231002X", "value.repaired"),
]


@pytest.mark.parametrize(("habit", "field", "typed", "value", "code"), TEXTS)
def test_a_text_is_kept_without_what_nobody_meant(habit: int, field, typed: str, value: str, code: str | None) -> None:  # type: ignore[no-untyped-def]
    reading = read_value(field, typed)
    assert reading.text == value
    assert codes(reading) == ([code] if code else [])


@pytest.mark.parametrize(
    ("field", "typed"), [(MONEY, "85%"), (PERSONS, "85%"), (HOURS, "85%"), (PERCENT, "85元"), (HOURS, "6小时30分")]
)
def test_the_unit_of_another_measure_is_no_part_of_a_number(field, typed: str) -> None:  # type: ignore[no-untyped-def]
    assert codes(read_value(field, typed)) == ["value.not_a_number"]


@pytest.mark.parametrize("typed", [None, "", "  ", "\u3000\n", "\u200b"])
@pytest.mark.parametrize("field", [MONEY, GIVEN_ON, CAMPAIGN, NAME])
def test_an_empty_cell_is_blank_and_no_complaint(field, typed: str | None) -> None:  # type: ignore[no-untyped-def]
    assert read_value(field, typed) == ValueReading(None, is_blank=True)


@pytest.mark.parametrize("typed", ["-", "/", "—", "——", "－"])
@pytest.mark.parametrize("field", [MONEY, GIVEN_ON, CAMPAIGN, NAME])
def test_a_placeholder_is_blank_and_told(field, typed: str) -> None:  # type: ignore[no-untyped-def]
    reading = read_value(field, typed)
    assert reading.is_blank
    assert [(c.code, c.severity) for c in reading.complaints] == [("value.placeholder", Severity.INFO)]


@pytest.mark.parametrize(
    "typed", ["110105491231002", "11010519491231002x", "11010519491231003X", "张三", "1101051949****002X"]
)
def test_complaints_about_a_person_never_say_who(typed: str) -> None:
    for complaint in read_value(CITIZEN_ID, typed).complaints:
        assert not [v for v in complaint.params.values() if typed.upper() in v or "19491231" in v]


@settings(deadline=None)  # the machine may be busy
@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_every_amount_with_two_decimals_survives_as_text_and_with_separators(amount: Decimal) -> None:
    for typed in (f"{amount:f}", f"{amount:,f}", f"{amount:,f}元"):
        assert typed_value(MONEY, read_value(MONEY, typed).text) == amount


@settings(deadline=None)  # the machine may be busy
@given(st.floats(min_value=-1e12, max_value=1e12).map(lambda x: round(x, 2)))
def test_every_amount_that_excel_holds_as_a_float_survives(amount: float) -> None:
    assert typed_value(MONEY, read_value(MONEY, repr(amount)).text) == Decimal(f"{amount:.2f}")


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_value_a_blank_or_one_complaint(typed: str) -> None:
    for field in (MONEY, PERSONS, HOURS, PERCENT, CAMPAIGN, BENEFICIARY_UNIT, GIVEN_ON, NAME, CITIZEN_ID, CREDIT_CODE):
        reading = read_value(field, typed, FEBRUARY)
        assert len(reading.complaints) <= 1
        assert (reading.text is None) == (
            reading.is_blank or any(c.severity is Severity.ERROR for c in reading.complaints)
        )
        if reading.text is not None:
            again = read_value(field, reading.text, FEBRUARY)
            assert again.text == reading.text
