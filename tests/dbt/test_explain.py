"""Explaining a figure: its rows add up to it, and each cell is where the workbook has it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from connectors.dbt import BuildResult
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.explain import Explanation, explain
from flows.explanation import draw_explanation
from flows.speech import Speaker
from tests.dbt.small_year import FIRST_ROW

Built = tuple[Settings, BuildResult]


def explained(
    built: Built, indicator_id: str, period: str, org_id: str | None = None, limit: int | None = None
) -> Explanation:
    with connect(built[0]) as conn:
        found = explain(conn, indicator_id, period, org_id, limit)
    assert found is not None
    return found


def indicators() -> list[str]:
    from connectors.settings import PROJECT_FOLDER

    lines = (PROJECT_FOLDER / "dbt_project" / "seeds" / "indicators.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.split(",")[0] for line in lines]


@pytest.mark.parametrize("indicator_id", indicators())
def test_every_figure_is_the_sum_or_count_of_its_rows(built: Built, indicator_id: str) -> None:
    with connect(built[0]) as conn:
        figures = conn.execute(
            "select org_id, period from bi.indicator_value where indicator_id = %s", (indicator_id,)
        ).fetchall()
        wrong = [
            (org_id, period)
            for org_id, period in figures
            if not (found := explain(conn, indicator_id, period, org_id)) or not found.is_reconciled
        ]
    assert figures
    assert wrong == []


def test_a_figure_of_the_province_reaches_file_sheet_and_cell_of_the_version_in_force(built: Built) -> None:
    found = explained(built, "winter_warmth_money", "2021-02")
    assert (found.org_level, found.org_id, found.value) == ("province", "SN", Decimal("2200.75"))
    first, second = found.numerator.submissions
    assert (first.file_name, first.sheet, first.version) == ("A0101_relief_2021-02_2.xlsx", "慰问救助台账", 2)
    [row] = first.rows
    assert (row.row_number, row.value) == (FIRST_ROW, Decimal("1700.75"))
    assert [(cell.heading, cell.address, cell.value) for cell in row.cells] == [
        ("慰问金", "H6", "1500.50"),
        ("慰问品折价", "I6", "200.25"),
    ]
    assert second.unit_id == "A0102"


def test_a_rate_shows_both_of_its_sides(built: Built) -> None:
    found = explained(built, "smart_union_rate", "2021-Q1")
    assert found.denominator is not None
    assert [(s.form_id, len(s.rows)) for s in found.numerator.submissions] == [("unit_profile", 1)]
    assert [(s.form_id, len(s.rows)) for s in found.denominator.submissions] == [("unit_register", 3)]
    assert found.numerator.submissions[0].rows[0].cells[0].value == "已建成"


def test_the_cell_of_a_personal_field_has_an_address_and_no_value(built: Built) -> None:
    [submission] = explained(built, "daily_relief_persons", "2021-02").numerator.submissions
    [cell] = submission.rows[0].cells
    assert (cell.field, cell.address, cell.value, cell.is_personal) == ("worker_citizen_id", "C6", None, True)


def test_a_corrected_cell_is_told_and_only_from_the_version_that_the_correction_made(built: Built) -> None:
    with connect(built[0]) as conn, conn.transaction(force_rollback=True):
        # A correction of each cell of the row: one made this version, the other is not approved.
        conn.execute(
            "insert into ops.correction (submission_id, delivery_id, form_id, unit_id, period, row_number, field, reason, author,"
            " decided_at) select submission_id, delivery_id, form_id, unit_id, period, %s, field, '核实', '王处', now()"
            " from ops.submission_in_force, unnest(array['cash_cny', 'goods_cny']) as field"
            " where (form_id, unit_id, period) = ('relief', 'A0101', '2021-02')",
            (FIRST_ROW,),
        )
        conn.execute(
            "insert into ops.correction_approval (correction_id, author, approver, submission_id, decided_at)"
            " select correction_id, author, '李处', submission_id, now() from ops.correction where field = 'cash_cny'"
        )
        found = explain(conn, "winter_warmth_money", "2021-02")
    assert found is not None
    cells = {c.address: c.is_corrected for s in found.numerator.submissions for c in s.rows[0].cells if s.version == 2}
    assert cells == {"H6": True, "I6": False}
    assert "H6 慰问金=1500.50（更正）" in draw_explanation(found, Speaker())


def test_a_limit_shortens_the_list_and_not_the_sum(built: Built) -> None:
    found = explained(built, "relief_paid", "2021", limit=1)
    assert found.numerator.rows_value == found.value == Decimal("5850.75")
    assert found.numerator.rows_total == 9
    assert sum(len(s.rows) for s in found.numerator.submissions) == 1
    assert found.is_reconciled


def test_a_submission_that_is_missing_is_counted_by_its_unit(built: Built) -> None:
    found = explained(built, "submission_completeness", "2021-04", "A0201")
    assert found.value == 0
    assert found.denominator is not None
    assert [(s.submission_id, s.rows[0].unit_id) for s in found.denominator.submissions] == [(None, "A0201")] * 6


def test_an_explanation_is_plain_json(built: Built) -> None:
    text = json.dumps(explained(built, "relief_paid", "2021").to_json())
    assert json.loads(text)["value"] == "5850.75"


def test_a_figure_that_was_never_published_has_no_explanation(built: Built) -> None:
    with connect(built[0]) as conn:
        assert explain(conn, "relief_paid", "1999") is None
