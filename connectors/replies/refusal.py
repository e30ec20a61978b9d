"""Why a workbook is not annotated: the submitter then gets the problem list beside the untouched original."""

from __future__ import annotations


class CannotAnnotateError(Exception):
    """Marks cannot be put into this workbook without risk to what is in it.

    Attributes:
        zh, en: what stands against it; never a value from a cell.
    """

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)
