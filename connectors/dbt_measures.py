"""The measure models of dbt, made from its seed `measure_sources.csv`: `dbt_project/models/intermediate/measures/int_<form>_measures.sql`.

A row of the seed says what one form adds to one measure, in SQL over the form's staging model; so a form brings rows and no
model. Hand-written models beside the generated ones hold what no single row can say, with the same columns, and `int_measure_rows`
unites them all. The files are committed; a test fails when one is stale. `python -m connectors.dbt_measures` writes them anew.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from connectors.dbt_sources import DBT_PROJECT

HEAD = "-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed."
"""The first line of a generated model; one without it is hand-written and left alone."""

_YML_HEAD = "# Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.\n"
_WIDTH = 118
_CALL = re.compile(r"\{\{ *(.+?) *\}\}")

_COLUMNS = {
    "measure_id": "The measure.",
    "form_id": "Form whose row it is.",
    "submission_id": "Submission whose row it is.",
    "row_number": "Row of the sheet, counted from 1.",
    "unit_id": "Unit that the row counts for.",
    "occurred_date": "Day on which it happened; null for a state without such a day.",
    "state_first_date": "First day of the state; null for what happens on one day.",
    "state_last_date": "Last day of the state, infinity while it lasts; null for what happens on one day.",
    "value": "What the row adds, in the measure's unit.",
    "distinct_key": "What is counted once where the measure counts distinct things; null where it adds up.",
    "fields": "Fields of the contract whose cells hold the value, separated by commas.",
}

_MODEL = """{head}
with

submitted_rows as (

    select * from {{{{ ref('stg_{form_id}') }}}}

),

submissions as (

    select * from {{{{ ref('int_submissions_in_scope') }}}}
    where is_in_force

),
{states}
in_force as (

    select
        submitted_rows.*,
        {dates}

    from submitted_rows
    inner join submissions
        on submitted_rows.submission_id = submissions.submission_id{join}

),

final as (

    {{{{ measure_rows('in_force', '{form_id}', [
{measures}
    ]) }}}}

)

select * from final
"""

_STATES = """
submission_states as (

    select * from {{ ref('int_submission_states') }}

),
"""
_DATES = ("submissions.period_last_date",)
_STATE_DATES = (*_DATES, "submission_states.state_first_date", "submission_states.state_last_date")
_STATE_JOIN = """
    inner join submission_states
        on submitted_rows.submission_id = submission_states.submission_id"""

_UNION = """{head}
with

{imports}

final as (

{union}

)

select * from final
"""

_IMPORT = """{name} as (

    select * from {{{{ ref('int_{name}') }}}}

),"""
_PART = "    select * from {}"

Row = Mapping[str, str]


def measure_files(project: Path = DBT_PROJECT) -> dict[Path, str]:
    """The text of every generated file by its path: the model of each form, their yml, and `int_measure_rows`."""
    folder = project / "models" / "intermediate" / "measures"
    states = {row["measure_id"] for row in _seed(project, "measures") if row["over_time"].startswith("state")}
    sources: dict[str, list[Row]] = defaultdict(list)
    for row in _seed(project, "measure_sources"):
        sources[row["form_id"]].append(row)
    files = {folder / f"int_{form_id}_measures.sql": _model(form_id, rows, states) for form_id, rows in sources.items()}
    files[folder / "_measures__models.yml"] = _models_yml(sorted(sources))
    written_by_hand = {path for path in folder.glob("int_*_measures.sql") if not path.read_text().startswith(HEAD)}
    names = sorted(path.stem for path in written_by_hand | files.keys() if path.suffix == ".sql")
    files[folder / "int_measure_rows.sql"] = _union(names)
    return files


def write_measure_files(project: Path = DBT_PROJECT) -> list[Path]:
    """Write every generated file and remove those of forms without a source; gives the files that changed."""
    files = measure_files(project)
    folder = project / "models" / "intermediate" / "measures"
    changed = [path for path in folder.glob("*.sql") if path not in files and path.read_text().startswith(HEAD)]
    for path in changed:
        path.unlink()
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _seed(project: Path, name: str) -> list[dict[str, str]]:
    with (project / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _model(form_id: str, rows: Sequence[Row], states: set[str]) -> str:
    has_states = any(row["measure_id"] in states for row in rows)
    return _MODEL.format(
        head=HEAD,
        form_id=form_id,
        states=_STATES if has_states else "",
        dates=",\n        ".join(_STATE_DATES if has_states else _DATES),
        join=_STATE_JOIN if has_states else "",
        measures="\n".join(_measure(row, is_state=row["measure_id"] in states) for row in rows),
    )


def _measure(row: Row, *, is_state: bool) -> str:
    facts = {
        "measure": row["measure_id"],
        "value": row["value"],
        "fields": row["fields"],
        "where": row["where"],
        "unit": row["unit"],
        "key": row["key"],
        "date": "period_last_date" if row["date"] == "period" else row["date"],
        "from": "state_first_date" if is_state else "",
        "to": "state_last_date" if is_state else "",
    }
    words = [f"'{name}': {_jinja(text)}" for name, text in facts.items() if text]
    return "\n".join(_wrapped(words))


def _wrapped(words: Sequence[str]) -> Iterator[str]:
    line = "        {" + words[0]
    for word in words[1:]:
        if len(line) + len(word) + 2 > _WIDTH:
            yield line + ","
            line = "         " + word
        else:
            line += ", " + word
    yield line + "},"


def _jinja(text: str) -> str:
    """A text as an expression of Jinja: what stands in double braces is called, the rest is said as it is."""
    parts = [
        part if number % 2 else _quoted(part) for number, part in enumerate(_CALL.split(text)) if part or number % 2
    ]
    return " ~ ".join(parts)


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def _models_yml(form_ids: Sequence[str]) -> str:
    models = [
        {
            "name": f"int_{form_id}_measures",
            "description": f"One row per measure and row in force of the form {form_id} that it counts.",
            "config": {"materialized": "view"},
            # Dictionaries of its own, or the yml would refer from one model to the next.
            "columns": [{"name": name, "description": description} for name, description in _COLUMNS.items()],
        }
        for form_id in form_ids
    ]
    return _YML_HEAD + yaml.safe_dump({"version": 2, "models": models}, allow_unicode=True, sort_keys=False, width=120)


def _union(models: Sequence[str]) -> str:
    names = [model.removeprefix("int_") for model in models]
    return _UNION.format(
        head=HEAD,
        imports="\n\n".join(_IMPORT.format(name=name) for name in names),
        union="\n    union all\n".join(map(_PART.format, names)),
    )


if __name__ == "__main__":
    write_measure_files()
