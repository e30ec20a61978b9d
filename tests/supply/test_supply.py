"""What we take from others: its licence is known and allowed, its bill of materials whole, and silence of a service is no answer."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bin.supply import audit, licences
from bin.supply.exceptions import Excepted, read_exceptions, today, unsound
from bin.supply.locks import LOCKS, WAREHOUSE, Lock
from bin.supply.sbom import document, needed_by

KNOWN: dict[str, str] = yaml.safe_load(licences.LICENCES.read_text())
POLICY: dict[str, Any] = yaml.safe_load(licences.POLICY.read_text())


def test_every_locked_package_and_no_other_has_a_line() -> None:
    assert KNOWN.keys() == {str(package) for lock in LOCKS for package in lock.packages()}, "run `make licences`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.product)
def test_a_line_says_what_the_installed_metadata_says(lock: Lock) -> None:
    if not lock.installed():
        pytest.skip("not installed here: `warehouse bi up` makes this environment")
    told = licences.licences_of(lock, POLICY["stated"], KNOWN)
    assert {name: licence for name, licence in told.items() if KNOWN.get(name) != licence} == {}, "run `make licences`"


def test_every_licence_is_allowed_or_excepted_and_no_exception_is_past_its_day() -> None:
    assert licences.complaints(KNOWN, POLICY, today()) == []


def test_what_is_stated_is_needed_and_of_the_standard() -> None:
    assert POLICY["stated"].keys() <= {name.split("==")[0] for name in KNOWN}
    names = [*POLICY["stated"].values(), *(name for name in POLICY["allowed"] if not name.startswith("LicenseRef-"))]
    assert [name for name in names if not licences.is_spdx(name)] == []


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("GPL-3.0-only WITH GCC-exception-3.1", False),
    ],
)
def test_an_expression_is_allowed_by_its_parts(expression: str, verdict: bool) -> None:
    assert licences.is_allowed(expression, ["MIT", "Apache-2.0"]) is verdict


POLICY_OF_ONE = {
    "allowed": ["MIT"],
    "exceptions": [{"package": "x", "licence": "GPL-3.0-only", "reason": "tests only", "until": date(2027, 1, 31)}],
}


@pytest.mark.parametrize(
    ("licence", "day", "said"),
    [
        ("GPL-3.0-only", date(2027, 1, 31), ""),
        ("GPL-3.0-only", date(2027, 2, 1), "x: the exception for GPL-3.0-only ended on 2027-01-31"),
        ("AGPL-3.0-only", date(2027, 1, 1), "x: AGPL-3.0-only is not allowed"),
        ("MIT", date(2027, 1, 1), "x: nothing is said against it by GPL-3.0-only any more"),
    ],
)
def test_an_exception_holds_for_its_licence_and_until_its_day(licence: str, day: date, said: str) -> None:
    told = licences.complaints({"x==1.0": licence}, POLICY_OF_ONE, day)
    assert (told[0] if told else "").startswith(said)
    assert bool(told) is bool(said)


@pytest.mark.parametrize(
    "line",
    [
        {"package": "x", "licence": "MIT", "reason": "why"},
        {"package": "x", "licence": "MIT", "reason": "why", "until": "soon"},
        {"package": "x", "licence": "MIT", "reason": " ", "until": date(2027, 1, 1)},
        {"package": "x", "licence": "MIT", "reason": "why", "until": date(2027, 1, 1), "by": "me"},
    ],
)
def test_an_exception_without_a_reason_or_a_day_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="An exception has"):
        read_exceptions([line], "licence")


def test_the_exceptions_for_vulnerabilities_are_whole_and_not_past_their_day() -> None:
    exceptions = read_exceptions(yaml.safe_load(audit.EXCEPTIONS.read_text()), "vulnerability")
    assert unsound(exceptions, {(found.package, found.complaint) for found in exceptions}, today()) == []


FLAW = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "GHSA-462w-v97r-4m45", "fix_versions": ["2.10.1"]}]}
CLEAN = {"name": "click", "version": "8.3.0", "vulns": []}
SILENT = {"name": "alembic", "skip_reason": "Dependency not found"}
EXCEPTED = Excepted("jinja2", "GHSA-462w-v97r-4m45", "no template comes from outside", date(9999, 1, 1))


@pytest.mark.parametrize(
    ("answers", "exceptions", "code", "said"),
    [
        ([CLEAN], [], 0, ""),
        ([CLEAN, FLAW], [], 1, "jinja2 2.4.1: GHSA-462w-v97r-4m45; mended in 2.10.1"),
        ([CLEAN, FLAW], [EXCEPTED], 0, ""),
        ([CLEAN], [EXCEPTED], 1, "Take the exception out"),
        ([CLEAN, SILENT], [], 3, "did not answer for 1 packages: alembic"),
    ],
)
def test_a_package_that_nobody_answered_for_is_not_taken_to_be_safe(
    answers: list[dict[str, Any]],
    exceptions: list[Excepted],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit.verdict(answers, exceptions) == code
    assert said in capsys.readouterr().err


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.product)
def test_the_bill_of_materials_holds_every_pin_with_its_hashes_as_the_standard_has_it(lock: Lock) -> None:
    text = document(lock, KNOWN)
    assert text == document(lock, KNOWN)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = {
        component["purl"]: {
            found["content"] for reference in component["externalReferences"] for found in reference["hashes"]
        }
        for component in json.loads(text)["components"]
        if component["licenses"]
    }
    assert listed == {f"pkg:pypi/{found.name}@{found.version}": set(found.hashes) for found in lock.packages()}


def test_tools_of_development_are_told_from_what_runs() -> None:
    needed = needed_by(WAREHOUSE.installed())
    assert {"prefect", "psycopg-binary", "dbt-core"} <= needed
    assert needed.isdisjoint({"pytest", "pip-audit", "hypothesis", "mypy", "asyncssh"})


def test_what_is_not_of_the_standard_would_be_noticed() -> None:
    text = document(WAREHOUSE, KNOWN).replace('"library"', '"liberry"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is not None
