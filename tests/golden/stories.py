"""The golden workbooks, named for their stories, with what the reader must say about each as JSON beside it.

`python -m tests.golden.stories` writes those that are not there yet. To change one, delete it first: a new answer is a decision,
and the commit says why it is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from connectors.workbooks.reading import Reading
from expectations.contract import forms
from tests.connectors.workbooks.filled import AID, RELIEF, edited, example, filled, read_one

FOLDER = Path(__file__).parent

TRAINING, TASKS, PAIRS, REGISTER = (
    forms()[form_id] for form_id in ("training", "task_list", "apprenticeship", "unit_register")
)

PERCENTS = ("85%", "85％", 85, 0.85)
"""The last is what a cell holds that was given a percent format and shows 85%."""


def shown_as_percent(sheet: Worksheet) -> None:
    """Give the last typed progress the percent format that Excel gives where somebody types 85%."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == PERCENTS[-1]:
                cell.number_format = "0%"


STORIES: dict[str, Callable[[], bytes]] = {
    **{form_id: lambda form=form: filled(form, [example(form)]) for form_id, form in forms().items()},  # type: ignore[misc]
    "relief_three_bad_cells": lambda: filled(
        RELIEF,
        [
            example(RELIEF),
            example(RELIEF, persons="约20", cash_cny="1000-2000"),
            example(RELIEF, given_on="2021.2.30"),
            example(RELIEF, campaign="送清凉", cash_cny="20,000元"),
        ],
        totals={"persons": 60},
    ),
    "relief_total_differs": lambda: filled(RELIEF, [example(RELIEF), example(RELIEF)], totals={"cash_cny": 39_000}),
    "relief_old_template": lambda: filled(RELIEF, [example(RELIEF)], edition="2019.1"),
    "hardship_aid_nil_return": lambda: filled(AID, [], nil=True),
    "unit_register_without_successors": lambda: filled(
        replace(REGISTER, fields=tuple(f for f in REGISTER.fields if f.name != "successor_code")), [example(REGISTER)]
    ),
    "training_hours_as_typed": lambda: filled(
        TRAINING,
        [
            example(TRAINING, course=f"课程第{number}讲", hours=typed)
            for number, typed in enumerate(("6.5学时", "24 学时", "十六", "12．5", "6.555", "约8"), start=1)
        ],
    ),
    "task_list_percent_as_typed": lambda: edited(
        filled(
            TASKS,
            [
                example(TASKS, task=f"任务第{number}项", progress_percent=typed)
                for number, typed in enumerate(PERCENTS, 1)
            ],
        ),
        shown_as_percent,
    ),
    "apprenticeship_one_of_two_wrong": lambda: filled(
        PAIRS, [example(PAIRS), example(PAIRS, batch="第三批", apprentice_citizen_id="110105199811230059")]
    ),
    "hardship_aid_wrong_citizen_id": lambda: filled(AID, [example(AID, worker_citizen_id="110105194912310021")]),
}


def answer(data: bytes) -> dict[str, Any]:
    """What the reader says about a workbook, as the JSON beside it has it."""
    reading: Reading = read_one(data)
    said = reading.to_wire()
    del said["delivery_id"]
    said["findings"] = [{k: v for k, v in json.loads(f).items() if k != "delivery_id"} for f in said["findings"]]
    said["rows_ignored"] = [list(pair) for pair in said["rows_ignored"]]
    return said


def write_missing() -> None:
    """Write each golden workbook, and each answer, that is not there."""
    for name, made in STORIES.items():
        workbook, said = FOLDER / f"{name}.xlsx", FOLDER / f"{name}.json"
        if not workbook.exists():
            workbook.write_bytes(made())
        if not said.exists():
            said.write_text(
                json.dumps(answer(workbook.read_bytes()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )


if __name__ == "__main__":
    write_missing()
