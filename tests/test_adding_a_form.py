"""What adding a form takes, said once for every form: what is missing is named before anyone has to remember it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from connectors.sample.files import sample_files
from expectations.contract import CONTRACTS_FOLDER, Form, forms
from expectations.pages import GUIDES, pages

ROOT = Path(__file__).parents[1]
STAGING = ROOT / "dbt_project" / "models" / "staging"

every_form = pytest.mark.parametrize("form", forms().values(), ids=forms())


@every_form
def test_a_form_is_one_contract(form: Form) -> None:
    assert (CONTRACTS_FOLDER / f"{form.form_id}.odcs.yaml").is_file()


@every_form
def test_a_form_has_one_staging_model_whose_first_words_are_its_grain(form: Form) -> None:
    folder = STAGING / form.form_id
    assert (folder / f"stg_{form.form_id}.sql").is_file()
    described = yaml.safe_load((folder / f"_{form.form_id}__models.yml").read_text())
    [model] = described["models"]
    assert model["name"] == f"stg_{form.form_id}"
    assert model["description"].lower().startswith(("one row per", "粒度"))


@pytest.mark.parametrize("form", [f for f in forms().values() if not f.is_register], ids=lambda form: form.form_id)
def test_a_form_feeds_a_measure(form: Form) -> None:
    with (ROOT / "dbt_project" / "seeds" / "measures.csv").open(newline="") as file:
        fed = {form_id for row in csv.DictReader(file) for form_id in row["forms"].split(";")}
    assert form.form_id in fed


@every_form
def test_a_form_has_a_golden_workbook_with_its_findings_beside_it(form: Form) -> None:
    golden = ROOT / "tests" / "golden" / form.form_id
    assert golden.with_suffix(".xlsx").is_file()
    assert isinstance(json.loads(golden.with_suffix(".json").read_text()), dict | list)


@every_form
def test_the_sample_year_writes_a_form(form: Form) -> None:
    assert any(file.form_id == form.form_id for file in sample_files())


@every_form
def test_a_form_has_rules_with_words_in_both_languages(form: Form) -> None:
    assert len(form.rules) >= 8
    for rule in form.rules:
        assert all((rule.words_zh.what, rule.words_zh.fix, rule.words_en.what, rule.words_en.fix)), rule.code


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_a_generated_page_is_what_the_contracts_say(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run: .venv/bin/python -m expectations.pages"


def test_a_form_that_is_no_more_has_no_guide() -> None:
    assert set(GUIDES.iterdir()) <= set(pages())
