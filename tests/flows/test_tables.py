"""Tables keep their columns where Chinese stands, and Markdown keeps its cells."""

from __future__ import annotations

from flows.tables import draw_table, markdown_table, visible, width


def test_a_chinese_character_counts_two_columns() -> None:
    assert width("元a") == 3
    table = draw_table(["名", "n"], [["甲乙", 1], ["a", 1000]], numbers=(1,))
    assert table.splitlines() == ["名       n", "────  ────", "甲乙     1", "a     1000"]


def test_a_cell_cannot_break_a_markdown_table() -> None:
    assert markdown_table(["a"], [["x|y\nz"], [None]]).splitlines() == ["| a |", "| --- |", "| x\\|y\\nz |", "|  |"]


def test_a_file_name_cannot_speak_to_the_terminal() -> None:
    assert visible("\x1b[31m换\n行\u202e.xlsx") == "\\x1b[31m换\\n行\\u202e.xlsx"
    assert visible("慰问　3月（更正）.xlsx") == "慰问　3月（更正）.xlsx"
