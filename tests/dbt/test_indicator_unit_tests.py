"""Every indicator is guarded by a dbt unit test with an awkward row of its own.

A unit test says which in `config: {meta: {indicators: {<indicator_id>: <what is awkward>}}}`. That the unit tests pass is claimed by
`test_build`; here, that each indicator has one that expects something of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from connectors.dbt_sources import DBT_PROJECT
from tests.dbt.test_project import seed

INDICATORS = {row["indicator_id"]: row for row in seed("indicators")}
SEEDED = {"measures": "measure_id", "indicators": "indicator_id"}
"""The seeds of which unit tests give rows, with the column that tells the rows apart."""


def unit_tests() -> dict[str, dict[str, Any]]:
    """Every dbt unit test of the project by name."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((DBT_PROJECT / "models").rglob("*.yml"))]
    return {
        test["name"]: test
        for text in texts
        if "\nunit_tests:" in text
        for test in yaml.load(text, yaml.CSafeLoader)["unit_tests"]
    }


UNIT_TESTS = unit_tests()


def guarded(test: dict[str, Any]) -> dict[str, str]:
    """The indicators that a unit test names, each with what is awkward in its row."""
    found: dict[str, str] = test.get("config", {}).get("meta", {}).get("indicators", {})
    return found


def expected_ids(test: dict[str, Any]) -> set[str]:
    """The measures and indicators whose rows a unit test expects; empty where rows are of no single one."""
    return {row[column] for row in test["expect"]["rows"] for column in SEEDED.values() if column in row}


def parts(indicator_id: str) -> set[str]:
    """An indicator and the measures that it is made of."""
    return {indicator_id, *(value for side, value in INDICATORS[indicator_id].items() if side.endswith("_measure"))}


@pytest.mark.parametrize("indicator_id", INDICATORS)
def test_an_indicator_has_a_unit_test_with_an_awkward_row(indicator_id: str) -> None:
    named = [test for test in UNIT_TESTS.values() if indicator_id in guarded(test)]
    assert any(parts(indicator_id) & expected_ids(test) for test in named), (
        "name it under config.meta.indicators of a unit test that expects a row of it"
    )


@pytest.mark.parametrize("name", [name for name, test in UNIT_TESTS.items() if guarded(test)])
def test_a_unit_test_names_indicators_that_it_says_something_about(name: str) -> None:
    test = UNIT_TESTS[name]
    assert guarded(test).keys() <= INDICATORS.keys()
    assert all(isinstance(awkward, str) and awkward.strip() for awkward in guarded(test).values())
    expected = expected_ids(test)
    assert [indicator_id for indicator_id in guarded(test) if expected and not parts(indicator_id) & expected] == []


def given_of_seeds() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every row that a unit test gives of a seed: the unit test, the seed and the row."""
    for name, test in UNIT_TESTS.items():
        for given in test["given"]:
            [table] = re.findall(r"'(\w+)'", given["input"])
            for row in given.get("rows", []) if table in SEEDED else []:
                yield name, table, row


def test_what_a_unit_test_gives_of_a_measure_or_indicator_is_what_the_seed_says() -> None:
    """A unit test with another seed than ours would prove another figure; made-up ids are free."""
    seeds = {table: {row[key]: row for row in seed(table)} for table, key in SEEDED.items()}
    compared = [
        (name, column, "" if row[column] is None else str(row[column]), seeds[table][row[SEEDED[table]]][column])
        for name, table, row in given_of_seeds()
        if row[SEEDED[table]] in seeds[table]
        for column in row
    ]
    assert compared
    assert [each for each in compared if each[2] != each[3]] == []
