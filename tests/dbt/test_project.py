"""The dbt project agrees with the contracts and keeps its own habits."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.dbt_sources import DBT_PROJECT, source_path, source_yml
from connectors.warehouse.landing import landing_columns
from expectations.contract import Form, forms

MODELS = sorted((DBT_PROJECT / "models").rglob("*.sql"))


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
def test_every_form_has_a_staging_model_and_measures(form: Form) -> None:
    assert (DBT_PROJECT / "models" / "staging" / form.form_id / f"stg_{form.form_id}.sql").exists()
    assert (DBT_PROJECT / "models" / "intermediate" / f"int_{form.form_id}_measures.sql").exists()


@pytest.mark.parametrize("path", MODELS, ids=[path.stem for path in MODELS])
def test_a_model_says_its_grain_first(path: Path) -> None:
    description = described()[path.stem]["description"]
    assert description.startswith(("One row per ", "One row: ", "粒度："))


def test_every_measure_is_made_by_a_model_and_used_by_an_indicator() -> None:
    made = "".join(path.read_text(encoding="utf-8") for path in MODELS if path.stem.endswith("_measures"))
    used = {row[side] for row in seed("indicators") for side in ("numerator_measure", "denominator_measure")}
    for row in seed("measures"):
        assert f"'measure': '{row['measure_id']}'" in made
        assert row["measure_id"] in used


def test_every_form_that_a_measure_names_exists() -> None:
    named = {form_id for row in seed("measures") for form_id in row["forms"].split(";")}
    assert named - {"all"} <= set(forms())


@pytest.mark.parametrize("form", forms().values(), ids=forms())
def test_the_fields_that_a_measure_points_at_are_fields_of_its_form(form: Form) -> None:
    import re

    model = DBT_PROJECT / "models" / "intermediate" / f"int_{form.form_id}_measures.sql"
    pointed = re.findall(r"'fields':\s*'([^']+)'", model.read_text(encoding="utf-8"))
    assert pointed
    assert {name for names in pointed for name in names.split(",")} <= {field.name for field in form.fields}
