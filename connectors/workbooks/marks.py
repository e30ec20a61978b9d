"""What a sheet says beside the values that the native reader gives: cells that it passes over, and what people hide, merge or cross out."""

from __future__ import annotations

from dataclasses import dataclass, field

Place = tuple[int, int]
"""Row and column of a cell, both 0-based."""

ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
"""The error values by their numbers in binary workbooks."""


@dataclass(slots=True)
class SheetMarks:
    """The marks of one sheet; rows and columns are 0-based.

    Attributes:
        texts: cells whose text replaces what the native reader gives: error values, formulas that nobody worked out, and numbers with
            more digits than a float keeps.
        dates: cells whose number format says that they are dates, which the native reader may have taken for plain numbers.
        merged: first row, first column, last row and last column of merged ranges.
        linked: formulas that take their value from another file.
        crossed_out, red: cells whose text is crossed out or red.
    """

    texts: list[tuple[int, int, str]] = field(default_factory=list)
    dates: list[Place] = field(default_factory=list)
    is_1904: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    linked: list[Place] = field(default_factory=list)
    crossed_out: list[Place] = field(default_factory=list)
    red: list[Place] = field(default_factory=list)
    comments: list[Place] = field(default_factory=list)
    pictures: int = 0


def error_text(number: int) -> str:
    """What Excel shows for an error value."""
    return ERRORS.get(number, "#VALUE!")
