"""Every contract is a valid Open Data Contract Standard document, and says all that a form must say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import jsonschema
import open_data_contract_standard
import pytest
import yaml

from expectations.contract import CONTRACTS_FOLDER, ContractError, Form, forms
from expectations.contract_document import form_from_contract

SCHEMA = json.loads((Path(open_data_contract_standard.__file__).parent / "schema.json").read_text())
DOCUMENTS = sorted(CONTRACTS_FOLDER.glob("*.odcs.yaml"))

every_form = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))


@pytest.mark.parametrize("path", DOCUMENTS, ids=[p.stem for p in DOCUMENTS])
def test_a_contract_obeys_the_json_schema_of_the_standard(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text()), SCHEMA)


@pytest.mark.parametrize("path", DOCUMENTS, ids=[p.stem for p in DOCUMENTS])
def test_a_contract_is_named_for_its_form(path: Path) -> None:
    assert form_from_contract(path.read_text()).form_id == path.name.removesuffix(".odcs.yaml")


@every_form
def test_a_form_says_who_hands_it_in_and_who_owns_it(form: Form) -> None:
    assert set(form.submitted_by) <= {"enterprise", "provincial_office"}
    assert form.submitted_by
    assert form.owner
    assert form.support
    assert form.is_register or form.due


@every_form
def test_no_two_headings_of_a_form_are_alike(form: Form) -> None:
    headings = Counter(name for f in form.fields for name in (f.heading, *f.synonyms))
    assert [name for name, count in headings.items() if count > 1] == []


@every_form
def test_no_two_choices_of_a_field_share_a_word(form: Form) -> None:
    for field in form.fields:
        words = Counter(word for c in field.choices for word in {c.code, c.label_zh, c.label_en, *c.synonyms})
        assert [word for word, count in words.items() if count > 1] == [], field.name


@every_form
def test_every_declared_rule_has_an_example_that_breaks_it(form: Form) -> None:
    uniqueness = {f"{form.form_id}.key_unique", f"{form.form_id}.single_row"}
    assert {r.code for r in form.rules if not r.failing} <= uniqueness


def test_two_rules_of_one_code_are_refused() -> None:
    document = yaml.safe_load((CONTRACTS_FOLDER / "relief.odcs.yaml").read_text())
    quality = document["schema"][0]["quality"]
    quality.append(quality[0])
    with pytest.raises(ContractError, match="two rules have this code"):
        form_from_contract(yaml.safe_dump(document, allow_unicode=True))
