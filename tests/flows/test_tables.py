"""Tables keep their columns where Chinese stands, and Markdown keeps its cells."""

from __future__ import annotations

from flows.tables import draw_table, markdown_table, width


def test_a_chinese_character_counts_two_columns() -> None:
    assert width("元a") == 3
    table = draw_table(["名", "n"], [["甲乙", 1], ["a", 1000]], numbers=(1,))
    assert table.splitlines() == ["名       n", "────  ────", "甲乙     1", "a     1000"]


def test_a_cell_cannot_break_a_markdown_table() -> None:
    assert markdown_table(["a"], [["x|y\nz"], [None]]).splitlines() == ["| a |", "| --- |", "| x\\|y z |", "|  |"]
