"""Whole columns are read as single cells are: the fast path never disagrees with the careful one."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from expectations.citizen_id import check_character
from expectations.contract import Form, forms
from expectations.finding import Severity
from expectations.normalise import findings_of_complaints, latest_day, normalise
from expectations.values import read_value, typed_value
from tests.expectations.examples import example_period, example_row, normalised

every_form = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))

TYPES = {
    "integer": pl.Int64(),
    "money": pl.Decimal(18, 2),
    "decimal": pl.Decimal(18, 2),
    "date": pl.Date(),
    "text": pl.String(),
    "code": pl.String(),
}

AWKWARD = [
    None, "", " ", "-", "无", "同上", "0", "-0", "007", "20", "2000.5", "1234.567", "1e-05", "1e308", "nan", "１２", "1,000", "约10",
    "999999999999999", "9999999999999999", "9999999999999.99", "2021-02-05", "2021-02-05T00:00:00", "2021-02-30", "2021.2.5",
    "1949-01-01", "1948-12-31", "2022-12-31", "2023-01-01", "2101-01-01", "送温暖", "winter_warmth", " 送温暖", "疾病", "已建",
    "A0101", "a0101", "Ａ０１０１", "张三", "张 三", "同前", "阿依古丽·买买提", "阿依古丽.买买提", "#N/A", "=1+1", "\u200b张三", "张三\x00",
    "乱码锟斤拷", "厂_xD800_厂", "厂_x000D_厂", "同上。",
    "11010519491231002X", "11010519491231002x", "110105194912310021", "11010519490231002X", "110105491231002", "1.1e+17",
    "21010519491231002X", "91350100M000100Y43", "厂" * 31, "厂" * 301, "示例厂（西安）", "示例厂(西安)", "a_b-c", "a.b",
    "2月5日", "3月5日", "44232", "True", "√",
]  # fmt: skip


@every_form
def test_the_typed_columns_have_the_types_of_the_contract(form: Form) -> None:
    rows = normalised(form, [[example_row(form)]]).rows
    assert {f.name: rows.schema[f.name] for f in form.fields} == {f.name: TYPES[f.kind] for f in form.fields}
    assert rows.schema["delivery_id"] == pl.Int64
    assert rows.schema["row_number"] == pl.Int32
    assert {"unit_id", "period", "period_first_day", "period_last_day"} <= set(rows.columns)


@every_form
def test_the_example_row_is_read_without_a_complaint(form: Form) -> None:
    assert normalised(form, [[example_row(form)]]).complaints == []


@every_form
def test_columns_are_read_exactly_as_single_cells_are(form: Form) -> None:
    period = example_period(form)
    cases = [{f.name: text for f in form.fields} for text in AWKWARD]
    result = normalised(form, [cases])
    complaints = {(c.row_number, c.field): (c.code, c.severity) for c in result.complaints}
    for field in form.fields:
        for row, text in zip(result.rows.iter_rows(named=True), AWKWARD, strict=True):
            reading = read_value(field, text, period, latest_day(form, period))
            assert row[field.name] == typed_value(field, reading.text), (field.name, text)
            assert row[f"{field.name}__text"] == (None if reading.is_blank else text), (field.name, text)
            expected = [(c.code, c.severity) for c in reading.complaints]
            given = complaints.get((row["row_number"], field.name))
            assert ([given] if given else []) == expected, (field.name, text)


def test_the_fast_check_of_citizen_ids_agrees_with_the_standard() -> None:
    form = forms()["hardship_aid"]
    chance = random.Random(11)
    ids = []
    for _ in range(300):
        born = f"{chance.randrange(1895, 2024)}{chance.randrange(1, 14):02}{chance.randrange(1, 33):02}"
        first = f"{chance.randrange(110000, 660000)}{born}{chance.randrange(1000):03}"
        ids.append(first + (check_character(first) if chance.random() < 0.8 else chance.choice("0123456789X")))
    rows = normalised(form, [[example_row(form, worker_citizen_id=i) for i in ids]]).rows
    field = form.field("worker_citizen_id")
    latest = latest_day(form, example_period(form))
    assert rows["worker_citizen_id"].to_list() == [read_value(field, i, latest=latest).text for i in ids]
    assert 50 < rows["worker_citizen_id"].null_count() < 250, "both kinds were tried"


def test_money_is_exact() -> None:
    form = forms()["relief"]
    typed = ["0.1", "0.29", "1234567890123.45", "1,234,567,890.05", "0.07万元"]
    rows = normalised(form, [[example_row(form, cash_cny=t) for t in typed]]).rows
    assert rows["cash_cny"].to_list() == [
        Decimal(t) for t in ("0.10", "0.29", "1234567890123.45", "1234567890.05", "700.00")
    ]


def test_a_column_that_the_sheet_lacks_is_blank() -> None:
    form = forms()["unit_profile"]
    texts = pl.DataFrame(
        {"delivery_id": [1], "row_number": [6], "employees__text": ["1200"]}, schema_overrides={"row_number": pl.Int32}
    )
    result = normalise(form, texts, {})
    assert result.rows.select("employees", "teams", "teams__text", "congress_held_on").row(0) == (
        1200,
        None,
        None,
        None,
    )
    assert result.complaints == []


def test_each_delivery_is_read_by_its_own_period() -> None:
    form = forms()["relief"]
    february, period = example_period(form), "2022-03"
    from expectations.periods import parse_period

    texts = pl.DataFrame(
        {"delivery_id": [1, 2], "row_number": [6, 6], "given_on__text": ["2月5日", "3月5日"]},
        schema_overrides={"row_number": pl.Int32},
    )
    rows = normalise(form, texts, {1: february, 2: parse_period(period)}).rows
    assert rows["given_on"].to_list() == [date(2021, 2, 5), date(2022, 3, 5)]


def test_a_complaint_becomes_a_finding_at_its_cell() -> None:
    form = forms()["relief"]
    result = normalised(form, [[example_row(form), example_row(form, persons="二十多人")]])
    (finding,) = findings_of_complaints(form, result.complaints, {0: {"persons": "G"}})
    assert (finding.code, finding.severity, finding.cell, finding.value) == (
        "value.not_a_number", Severity.ERROR, "G7", "二十多人",
    )  # fmt: skip
    assert finding.params == {"form": "relief", "reason": "inexact"}


def test_complaints_about_people_are_masked() -> None:
    form = forms()["hardship_aid"]
    result = normalised(
        form,
        [[example_row(form, worker_name="王 五", worker_citizen_id="11010519491231002x"),
          example_row(form, worker_name="同上", worker_citizen_id="110105194912310021")]],
    )  # fmt: skip
    assert [(c.code, c.value, c.params.get("became")) for c in result.complaints] == [
        ("value.repaired", "王*", "王*"),
        ("value.repaired", "110***********002*", "110***********002*"),
        ("value.ditto", "同*", None),
        ("value.id_invalid", "110***********002*", None),
    ]


def test_a_complaint_shows_the_beginning_of_a_long_text_only() -> None:
    form = forms()["unit_register"]
    (complaint,) = normalised(form, [[example_row(form, unit_name="厂" * 40_000)]]).complaints
    assert (complaint.code, complaint.value) == ("value.too_long", "厂" * 200 + "…")


def test_the_reading_child_imports_nothing_heavy() -> None:
    program = (
        "import sys, expectations.normalise, expectations.catalogue\n"
        "heavy = {'great_expectations', 'pandas', 'pyarrow', 'dbt', 'prefect', 'sqlalchemy', 'chinese_calendar'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "import expectations.judgement\n"
        "assert not {'great_expectations', 'pandas'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True)
