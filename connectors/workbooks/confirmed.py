"""What a submitter confirmed in the problem list of an answer that came back: plain fingerprints, and nothing else of that sheet."""

from __future__ import annotations

import re

from connectors.workbooks.cells import Cells, Row, text_of
from connectors.workbooks.harvest import YES
from connectors.workbooks.layout import CONFIRM_HEADING, FINGERPRINT_HEADING, PROBLEM_SHEET
from connectors.workbooks.refusal import RefusedError

MOST_CONFIRMED = 20_000
"""More than any list of ours holds."""

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


def read_confirmed(cells: Cells) -> list[str]:
    """The fingerprints beside which the submitter wrote 是. A list that cannot be read confirms nothing."""
    if PROBLEM_SHEET not in cells.names:
        return []
    try:
        rows = cells.rows(PROBLEM_SHEET)
    except RefusedError:
        return []
    for number, row in enumerate(rows):
        if CONFIRM_HEADING in row and FINGERPRINT_HEADING in row:
            answer, fingerprint = row.index(CONFIRM_HEADING), row.index(FINGERPRINT_HEADING)
            found = [
                _FINGERPRINT.findall(_text(r, fingerprint))
                for r in rows[number + 1 :]
                if _text(r, answer).upper() in YES
            ]
            return [each for line in found for each in line][:MOST_CONFIRMED]
    return []


def _text(row: Row, column: int) -> str:
    return (text_of(row[column]) or "").strip() if column < len(row) else ""
