"""What the sample plants is found, where it was planted and nowhere else."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from connectors.sample.files import SampleFile, sample_files
from connectors.sample.organisation import units
from connectors.sample.writer import write_file
from connectors.workbooks.reader import BatchReader
from expectations.contract import forms
from expectations.judgement import judge

STORIES = [file for file in sample_files() if file.story != "clean"]


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The codes of all findings about each file that has a story, by its path."""
    folder = tmp_path_factory.mktemp("sample")
    reader = BatchReader()
    for number, file in enumerate(STORIES):
        reader.add(number, write_file(file, folder).read_bytes())
    batch = reader.finish()
    found = {STORIES[reading.delivery_id].path: {f.code for f in reading.findings} for reading in batch.readings}
    for form_id, rows in batch.rows.items():
        failing = judge(forms()[form_id], rows, {"unit": _register()})
        for delivery_id, rule_code in failing.select("delivery_id", "rule_code").iter_rows():
            found[STORIES[delivery_id].path].add(rule_code)
    return found


def _register() -> pl.DataFrame:
    return pl.DataFrame(
        [(unit.unit_code, unit.unit_kind, unit.valid_from, unit.valid_to) for unit in units()],
        schema={"unit_id": pl.String, "unit_kind": pl.String, "valid_from": pl.Date, "valid_to": pl.Date},
        orient="row",
    )


@pytest.mark.parametrize("file", STORIES, ids=lambda file: f"{file.story}-{Path(file.path).stem}")
def test_a_story_leads_to_its_finding_and_to_no_other(file: SampleFile, codes: dict[str, set[str]]) -> None:
    assert codes[file.path] == ({file.code} if file.code else set())
