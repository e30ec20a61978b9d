"""Template, fill, read back: the identity, for every form and whatever is typed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contract import Field, Form, forms
from tests.connectors.workbooks.filled import example, filled, read
from tests.expectations.examples import example_period

ALL_FORMS = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))
SAY_MORE = "同上前零报告无此项示例样注说明备填表制审核其中小合总共累计数额锟斤拷"
"""The characters of ditto marks, of rows that are totals, samples or notes, and of lost letters: they say something else than themselves."""

CHINESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5, exclude_characters=SAY_MORE)


def values(form: Form, field: Field) -> st.SearchStrategy[Any]:
    """What may be typed into a field, in native values; a code by its label."""
    low, high = field.minimum or Decimal(0), min(field.maximum or Decimal(10**9), Decimal(10**9))
    period = example_period(form)
    match field.kind:
        case "integer":
            typed: st.SearchStrategy[Any] = st.integers(int(low), int(high))
        case "money" | "decimal":
            typed = st.decimals(low, high, places=2)
        case "date":
            typed = st.dates(date(1990, 1, 1), period.last_day)
        case "code" if field.choices:
            typed = st.sampled_from([c.label_zh for c in field.choices])
        case "code":
            typed = st.from_regex(r"[A-Z][0-9]{2,4}", fullmatch=True)
        case _ if field.semantic in ("citizen_id", "credit_code"):
            # Numbers with check digits: the contract's own example, or none.
            typed = st.sampled_from([*field.examples, None][:1])
        case _:
            typed = st.text(CHINESE, min_size=2, max_size=min(field.max_length or 10, 10))
    return typed if field.is_required else st.none() | typed


def rows(form: Form) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries({f.name: values(form, f) for f in form.fields})
    return st.lists(row, min_size=1, max_size=1 if form.is_single_row else 6)


def expected(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.choices:
        return next(c.code for c in field.choices if c.label_zh == value)
    return value


@ALL_FORMS
@settings(max_examples=12, deadline=timedelta(seconds=20), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_was_typed_is_what_is_read(form: Form, data: st.DataObject) -> None:
    typed = data.draw(rows(form))
    batch = read(filled(form, typed))
    reading, frame = batch.readings[0], batch.rows[form.form_id]
    assert reading.findings == []
    assert (reading.form_id, reading.unit_id, reading.period) == (form.form_id, "A0101", example_period(form).id)
    assert reading.rows_read - len(reading.rows_ignored) == frame.height == len(typed)
    for field in form.fields:
        assert frame[field.name].to_list() == [expected(field, row[field.name]) for row in typed], field.name


@ALL_FORMS
def test_many_workbooks_make_one_frame_with_each_row_in_its_place(form: Form) -> None:
    rows_each = 1 if form.is_single_row else 3
    batch = read(*(filled(form, [example(form)] * rows_each) for _ in range(4)))
    frame = batch.rows[form.form_id]
    assert frame["delivery_id"].to_list() == [d for d in range(4) for _ in range(rows_each)]
    first = 5 + any(f.is_totalled for f in form.fields)
    assert frame["row_number"].to_list() == [first + n for n in range(rows_each)] * 4
    period = example_period(form)
    assert set(frame["period_first_day"]) == {period.first_day}
    assert set(frame["period_last_day"]) == {period.last_day}
    assert set(frame["unit_id"]) == {"A0101"}


@pytest.mark.parametrize("form", [f for f in forms().values() if f.is_nil_allowed], ids=lambda f: f.form_id)
def test_a_nil_return_is_read_as_one(form: Form) -> None:
    reading = read(filled(form, [], nil=True)).readings[0]
    assert reading.is_nil
    assert reading.findings == []
    assert reading.rows_read == len(reading.rows_ignored)
