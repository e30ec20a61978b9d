"""The golden workbooks are read as it was once decided that they should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expectations.contract import forms
from tests.connectors.workbooks.filled import read_one
from tests.golden.stories import FOLDER, STORIES, answer

WORKBOOKS = sorted(FOLDER.glob("*.xlsx"))


@pytest.mark.parametrize("workbook", WORKBOOKS, ids=lambda path: path.stem)
def test_a_golden_workbook_is_read_as_decided(workbook: Path) -> None:
    assert answer(workbook.read_bytes()) == json.loads(workbook.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("form_id", forms())
def test_every_form_has_a_golden_workbook_without_findings(form_id: str) -> None:
    reading = read_one((FOLDER / f"{form_id}.xlsx").read_bytes())
    assert (reading.form_id, reading.findings) == (form_id, [])


def test_every_golden_workbook_has_its_story() -> None:
    assert {path.stem for path in WORKBOOKS} == set(STORIES)
