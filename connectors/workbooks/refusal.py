"""Why a file cannot be read at all: raised within the reader, told to the submitter as one critical finding."""

from __future__ import annotations


class RefusedError(Exception):
    """The file is refused as a whole.

    Attributes:
        code: the finding's code in the catalogue.
        params: what fills the finding's words; never a value from a cell.
    """

    def __init__(self, code: str, **params: str) -> None:
        self.code, self.params = code, params
        super().__init__(code)


def unsafe(zh: str, en: str) -> RefusedError:
    """The refusal of a file that no office program of ours would write, with what is wrong in it."""
    return RefusedError("file.unsafe", reason_zh=zh, reason_en=en)


def damaged(zh: str, en: str) -> RefusedError:
    """The refusal of a file that broke on its way, with what is broken in it."""
    return RefusedError("file.damaged", reason_zh=zh, reason_en=en)
