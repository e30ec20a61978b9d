"""The overlay: a corrected cell is read in the unit of its field, and what was said of it before is said no more."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.warehouse.corrections import Correction
from connectors.warehouse.overlay import has_place, overlaid
from connectors.workbooks.reading import ReadBatch
from tests.connectors.workbooks.filled import RELIEF, edited, example, filled, read
from tests.expectations.examples import example_period

NOW = datetime(2021, 4, 1, tzinfo=UTC)


def correction(value: str | None, row_number: int = 6) -> Correction:
    """The correction of a cell of the column for cash."""
    about = (0, "relief", "A0101", example_period(RELIEF).id, row_number, "cash_cny")
    return Correction(1, 1, *about, None, value, "核实", "王处", NOW, "approved")


def cells(batch: ReadBatch) -> list[object]:
    return batch.rows["relief"]["cash_cny"].to_list()


def test_under_a_heading_in_ten_thousands_a_correction_is_in_the_unit_of_the_field() -> None:
    data = edited(
        filled(RELIEF, [example(RELIEF, cash_cny=2), example(RELIEF, cash_cny=3)]),
        lambda sheet: sheet.__setitem__("H4", "慰问金（万元）"),
    )
    batch = read(data)
    assert cells(batch) == [20_000, 30_000]
    assert cells(overlaid(batch, [correction("25")])) == [25, 30_000]


def test_a_total_is_compared_no_more_where_its_column_was_corrected() -> None:
    wrong = {"cash_cny": 39_999, "goods_cny": 1}
    batch = read(filled(RELIEF, [example(RELIEF), example(RELIEF)], totals=wrong))
    assert [f.field for f in batch.readings[0].findings] == ["cash_cny", "goods_cny"]
    found = overlaid(batch, [correction("19999")])
    assert [f.field for f in found.readings[0].findings] == ["goods_cny"]
    assert cells(found) == [Decimal("19999.00"), Decimal("20000.00")]
    # What was read is left as it is.
    assert cells(batch)[0] == Decimal("20000.00")


def test_the_last_of_two_corrections_holds_and_says_what_it_becomes() -> None:
    batch = read(filled(RELIEF, [example(RELIEF)]))
    found = overlaid(batch, [correction("约二万"), correction("0.07万元")])
    assert cells(found) == [Decimal("700.00")]
    [finding] = found.readings[0].findings
    assert (finding.code, finding.cell, finding.sheet) == ("value.multiplied", "H6", "慰问救助台账")
    assert cells(overlaid(batch, [correction("")])) == cells(overlaid(batch, [correction(None)])) == [None]


@pytest.mark.parametrize("row_number", [5, 7, 99])
def test_a_correction_without_its_row_changes_nothing(row_number: int) -> None:
    batch = read(filled(RELIEF, [example(RELIEF)]))
    assert not has_place(batch, correction("1", row_number))
    assert overlaid(batch, [correction("1", row_number)]).readings == batch.readings
