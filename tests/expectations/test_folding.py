"""Findings folded for people: causes before followers, equal ones in one line with their cells, nothing lost."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from expectations.finding import Finding, Severity
from expectations.folding import WHOLE_COLUMN, cells_zh, fold, fold_by_name, total_zh


def finding(
    code: str = "value.not_a_number",
    severity: Severity = Severity.ERROR,
    *,
    cell: str | None = "H7",
    field: str | None = "cash_cny",
    value: str | None = None,
    **params: str,
) -> Finding:
    """A finding of the relief form."""
    row = int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) if cell else None
    return Finding(
        code, severity, 1, "慰问救助台账", cell, row, field, value, {"form": "relief", "reason": "words", **params}
    )


def test_equal_findings_are_one_group_with_their_cells_as_ranges() -> None:
    cells = ["H12", "H7", "H9", "H8"]
    [group] = fold([finding(cell=cell, value="约20", reason="inexact") for cell in cells])
    assert (group.count, group.cells_zh, group.code, group.field) == (
        4,
        "H7–H9、H12",
        "value.not_a_number",
        "cash_cny",
    )
    assert group.said().what == "“慰问金”中的“约20”不是一个确切的数"


def test_different_values_are_one_group_and_each_shows_its_cells() -> None:
    values = {"H7": "约20", "H8": "两三千", "H9": "约20"}
    [group] = fold([finding(cell=cell, value=value, reason="inexact") for cell, value in values.items()])
    assert [(part.value, cells_zh(part.findings)) for part in group.parts] == [("约20", "H7、H9"), ("两三千", "H8")]
    assert group.said().what == "“慰问金”中的“…”不是一个确切的数"


def test_what_is_said_in_other_words_is_another_group() -> None:
    groups = fold([finding(reason="inexact"), finding(reason="words"), finding(field="goods_cny", reason="words")])
    assert len(groups) == 3


def test_a_rule_that_many_rows_break_is_one_group() -> None:
    """Whatever params say of the single row."""
    [group] = fold(
        [
            finding("relief.cash_cny_in_range", cell=f"H{row}", value=f"-{row}", cells=f"H{row}", headings="慰问金")
            for row in (6, 7)
        ]
    )
    assert (group.count, group.cells_zh) == (2, "H6–H7")


def test_the_gravest_comes_first_and_then_what_is_there_most_often() -> None:
    groups = fold(
        [
            finding("value.repaired", Severity.INFO, cell="B6", field="campaign", became="送温暖"),
            finding("value.not_whole", cell="G6", field="persons"),
            *(finding(cell=f"H{row}", reason="words") for row in (6, 7)),
            finding("form.heading_missing", Severity.CRITICAL, cell=None, field="given_on", heading="慰问日期"),
        ]
    )
    assert [g.code for g in groups] == [
        "form.heading_missing",
        "value.not_a_number",
        "value.not_whole",
        "value.repaired",
    ]
    assert total_zh(groups) == "共 5 处，4 类"


def test_what_is_below_a_wrong_heading_follows_it_and_the_other_columns_do_not() -> None:
    wrong = finding(
        "form.heading_unit", Severity.CRITICAL, cell="H4", value="慰问金（万元）", heading="慰问金", unit="万元"
    )
    below = [finding(cell=f"H{row}", value="3.5", reason="words") for row in (6, 7)]
    beside = finding("value.not_whole", cell="G6", field="persons")
    first, second = fold([*below, wrong, beside])
    assert (first.findings, first.followers) == ((wrong,), tuple(below))
    assert (second.findings, second.followers) == ((beside,), ())
    assert total_zh([first, second]) == "共 2 处，2 类；另有 2 处由此引起，改正后重报时再核对"


def test_a_wrong_edition_is_the_only_thing_said() -> None:
    edition = finding(
        "form.wrong_edition", Severity.CRITICAL, cell=None, field=None, edition="2019.1", expected="2021.1"
    )
    heading = finding("form.heading_missing", Severity.CRITICAL, cell=None, heading="慰问金")
    [group] = fold([heading, finding(reason="words"), edition])
    assert group.findings == (edition,)
    assert len(group.followers) == 2


def test_rows_are_named_where_no_cell_is_known() -> None:
    rows = [Finding("relief.unique_key", Severity.ERROR, 1, row_number=row) for row in (6, 7, 9)]
    assert cells_zh(rows) == "第 6–7、9 行"
    assert cells_zh([Finding("file.empty", Severity.CRITICAL, 1)]) == ""


def test_columns_come_in_the_order_of_the_sheet() -> None:
    assert cells_zh([finding(cell="AA7"), finding(cell="B8"), finding(cell="B7")]) == "B7–B8、AA7"


def test_files_are_never_mixed() -> None:
    folded = fold_by_name([("a.xlsx", finding(value="x")), ("b.xlsx", finding(value="x"))])
    assert {name: [g.count for g in groups] for name, groups in folded.items()} == {"a.xlsx": [1], "b.xlsx": [1]}


CODES = ("value.not_a_number", "form.wrong_edition", "file.empty", "form.total_differs", *sorted(WHOLE_COLUMN))


@given(
    st.lists(
        st.builds(
            lambda code, severity, row, field, value: finding(code, severity, cell=f"H{row}", field=field, value=value),
            st.sampled_from(CODES),
            st.sampled_from(Severity),
            st.integers(1, 9),
            st.sampled_from((None, "cash_cny", "persons")),
            st.sampled_from((None, "x", "y")),
        ),
        max_size=30,
    )
)
def test_nothing_is_lost_and_nothing_is_told_twice(findings: list[Finding]) -> None:
    said = Counter(map(repr, (f for group in fold(findings) for f in (*group.findings, *group.followers))))
    assert said == Counter(map(repr, findings))
