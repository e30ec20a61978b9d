"""The dbt project agrees with the contracts and keeps its own habits."""

from __future__ import annotations

import csv
import re
import shutil
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.dbt_measures import measure_files, write_measure_files
from connectors.dbt_sources import DBT_PROJECT, source_path, source_yml
from connectors.warehouse.landing import landing_columns
from expectations.contract import Form, forms

MODELS = sorted((DBT_PROJECT / "models").rglob("*.sql"))
REPORTS = [form for form in forms().values() if not form.is_register]


def measure_models() -> dict[Path, str]:
    """The text of every model of measures by its path."""
    folder = DBT_PROJECT / "models" / "intermediate" / "measures"
    return {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("int_*_measures.sql"))}


@cache
def described() -> dict[str, Any]:
    """Every model of the yml files by name."""
    return {
        model["name"]: model
        for path in (DBT_PROJECT / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }


def seed(name: str) -> list[dict[str, str]]:
    with (DBT_PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("form", forms().values(), ids=forms())
def test_the_committed_source_of_a_form_is_what_its_contract_says(form: Form) -> None:
    assert source_path(form).read_text(encoding="utf-8") == source_yml(form), "run python -m connectors.dbt_sources"


@pytest.mark.parametrize("form", forms().values(), ids=forms())
def test_the_source_of_a_form_has_the_columns_of_its_landing_table(form: Form) -> None:
    [source] = yaml.safe_load(source_yml(form))["sources"]
    found = {column["name"]: column["data_type"] for column in source["tables"][0]["columns"]}
    assert found == {name: kind for name, (kind, _) in landing_columns(form).items()}


@pytest.mark.parametrize("form", forms().values(), ids=forms())
def test_every_form_has_a_staging_model(form: Form) -> None:
    assert (DBT_PROJECT / "models" / "staging" / form.form_id / f"stg_{form.form_id}.sql").exists()


@pytest.mark.parametrize("form", REPORTS, ids=[form.form_id for form in REPORTS])
def test_every_report_is_read_by_a_model_of_measures(form: Form) -> None:
    assert f"ref('stg_{form.form_id}')" in "".join(measure_models().values())


def test_the_committed_measure_models_are_what_their_seed_says() -> None:
    committed = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in measure_files()}
    assert committed == measure_files(), "run python -m connectors.dbt_measures"


def test_a_form_that_comes_as_a_row_of_the_seed_gets_a_model_and_one_that_goes_loses_it(tmp_path: Path) -> None:
    copy = tmp_path / "dbt_project"
    shutil.copytree(DBT_PROJECT, copy)
    seed_file = copy / "seeds" / "measure_sources.csv"
    lines = seed_file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if ",skills_contest," not in line]
    added = """things_counted,canteen,1,dish,price > 0,,"lower({{ text_key('dish') }})",period"""
    seed_file.write_text("\n".join([*kept, added]) + "\n", encoding="utf-8")
    changed = {path.stem for path in write_measure_files(copy)}
    folder = copy / "models" / "intermediate" / "measures"
    model = (folder / "int_canteen_measures.sql").read_text(encoding="utf-8")
    assert changed == {"int_canteen_measures", "int_skills_contest_measures", "_measures__models", "int_measure_rows"}
    assert "ref('stg_canteen')" in model
    assert """'key': 'lower(' ~ text_key('dish') ~ ')', 'date': 'period_last_date'""" in model
    assert not (folder / "int_skills_contest_measures.sql").exists()
    assert "int_canteen_measures" in (folder / "int_measure_rows.sql").read_text(encoding="utf-8")
    assert (folder / "int_training_coverage_measures.sql").exists()


@pytest.mark.parametrize("path", MODELS, ids=[path.stem for path in MODELS])
def test_a_model_says_its_grain_first(path: Path) -> None:
    description = described()[path.stem]["description"]
    assert description.startswith(("One row per ", "One row: ", "粒度："))


def test_every_measure_is_made_by_a_model_and_used_by_an_indicator_or_target() -> None:
    made = "".join(measure_models().values())
    sides = ("numerator_measure", "subtracted_measure", "denominator_measure")
    used = {row[side] for row in seed("indicators") for side in sides}
    used |= {row["progress_measure"] for row in seed("targets")}
    for row in seed("measures"):
        assert f"'measure': '{row['measure_id']}'" in made
        assert row["measure_id"] in used


def test_every_measure_says_the_forms_that_feed_it() -> None:
    fed: dict[str, set[str]] = defaultdict(set)
    for row in seed("measure_sources"):
        fed[row["measure_id"]].add(row["form_id"])
    said = {row["measure_id"]: set(row["forms"].split(";")) for row in seed("measures")}
    assert {measure_id: said[measure_id] for measure_id in fed} == fed
    assert set.union(*said.values()) - {"all"} <= set(forms())


def test_the_indicators_targets_and_published_figures_are_those_of_the_union() -> None:
    assert len(seed("indicators")) == 61
    assert [row["target_id"] for row in seed("targets")] == [f"T{number:02}" for number in range(1, 13)]
    assert [row["figure_id"] for row in seed("published_figures")] == [f"P{number:02}" for number in range(1, 32)]


def test_every_indicator_of_a_target_and_of_a_published_figure_exists() -> None:
    known = {row["indicator_id"] for row in seed("indicators")}
    named = {name for row in seed("targets") for name in row["indicator_id"].split(";")}
    assert named | {row["indicator_id"] for row in seed("published_figures")} <= known


@pytest.mark.parametrize("path", measure_models(), ids=lambda path: path.stem)
def test_the_fields_that_a_measure_points_at_are_fields_of_its_form(path: Path) -> None:
    text = measure_models()[path]
    form_ids = re.findall(r"measure_rows\('\w+', '(\w+)'", text)
    pointed = {name for names in re.findall(r"'fields':\s*'([^']+)'", text) for name in names.split(",")}
    assert pointed <= {field.name for form_id in form_ids for field in forms()[form_id].fields}
    assert pointed or path.stem == "int_reporting_measures"
