"""The dbt source of each form, made from its contract: `dbt_project/models/staging/<form>/_<form>__sources.yml`.

The files are generated and committed; a test fails when one is stale. `python -m connectors.dbt_sources` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from expectations.contract import Field, Form, forms

DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
"""The dbt project lies beside the packages, in a checkout as in an installed distribution."""

_KEY_COLUMNS = (
    ("submission_id", "bigint", "Submission that handed the row in (ops.submission)."),
    ("unit_id", "text", "Code of the unit that handed the row in."),
    ("period", "text", "Period that the submission is for, such as 2021-03, 2021-Q1 or 2021."),
    ("row_number", "integer", "Row of the sheet, counted from 1."),
)
_HEAD = "# Generated from expectations/contracts/{form_id}.odcs.yaml by `python -m connectors.dbt_sources`; change the contract.\n"


def source_yml(form: Form) -> str:
    """The text of a form's source yml: its landing table with grain, columns, types and units of measure."""
    table = {
        "name": form.form_id,
        "description": f"{_sentence(form.grain)} {form.title_en} ({form.title_zh}); accepted rows of every version.",
        "columns": [
            *(_column(name, kind, description) for name, kind, description in _KEY_COLUMNS),
            *(_field_column(field) for field in form.fields if not field.is_personal or field.token),
        ],
    }
    document = {"version": 2, "sources": [{"name": "landing", "schema": "landing", "tables": [table]}]}
    return _HEAD.format(form_id=form.form_id) + yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def source_path(form: Form, project: Path = DBT_PROJECT) -> Path:
    """Where the source yml of a form belongs."""
    return project / "models" / "staging" / form.form_id / f"_{form.form_id}__sources.yml"


def write_source_ymls(project: Path = DBT_PROJECT) -> list[Path]:
    """Write the source yml of every form; gives the files whose text changed."""
    changed = []
    for form in forms().values():
        path, text = source_path(form, project), source_yml(form)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _field_column(field: Field) -> dict[str, Any]:
    if field.token:
        return _column(
            field.token, "text", f"Keyed token of {field.name}: the same person has the same token everywhere."
        )
    unit = f" Unit: {field.unit_en}." if field.unit_en else ""
    return _column(field.name, field.postgres_type, f"{_sentence(field.description)}{unit} Heading: {field.heading}.")


def _column(name: str, kind: str, description: str) -> dict[str, Any]:
    return {"name": name, "data_type": kind, "description": description}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


if __name__ == "__main__":
    write_source_ymls()
