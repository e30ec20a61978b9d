"""The contract of a form: one Open Data Contract Standard document read into the words that the warehouse uses.

Everything that a form needs (template, reader, checks, landing table, data dictionary, sample) is derived from a `Form`;
the document in `contracts/<form>.odcs.yaml` is the only place where a form is declared.
Source: Open Data Contract Standard 3.1, https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from expectations.finding import Severity

CONTRACTS_FOLDER = Path(__file__).with_name("contracts")

Kind = Literal["text", "integer", "money", "decimal", "date", "code"]
"""How a cell is read: `money` is CNY and `decimal` another measure, both with two decimals; `code` is one of the choices or a key of a register."""


class ContractError(Exception):
    """A contract says something that the warehouse cannot build from.

    Attributes:
        form_id: the contract.
        where: the element of the contract.
        why: what is wrong there and how to mend it.
    """

    def __init__(self, form_id: str, where: str, why: str) -> None:
        self.form_id, self.where, self.why = form_id, where, why
        super().__init__(f"Contract {form_id}.odcs.yaml, {where}: {why}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed value of a code field: the code that is stored and the labels that people see and type.

    `since` and `until` are the first and last day on which it may be used, where it is not for ever.
    """

    code: str
    label_zh: str
    label_en: str
    synonyms: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a form.

    `token` names the column of facts that carries the keyed token made from this citizen ID; `register` names the
    register (and `register_key` its column) that the value must be found in; `is_totalled` columns are reconciled with the total row.
    `since` is the edition that brought the field, where earlier ones are still read.
    """

    name: str
    heading: str
    kind: Kind
    description: str
    synonyms: tuple[str, ...] = ()
    is_required: bool = False
    is_personal: bool = False
    semantic: str | None = None
    token: str | None = None
    choices: tuple[Choice, ...] = ()
    register: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_length: int | None = None
    unit_zh: str | None = None
    unit_en: str | None = None
    hint_zh: str | None = None
    is_totalled: bool = False
    examples: tuple[Any, ...] = ()
    since: str | None = None

    @property
    def postgres_type(self) -> str:
        """The type of this field's column in its landing table."""
        return {"text": "text", "code": "text", "integer": "bigint", "date": "date"}.get(self.kind, "numeric(18,2)")


@dataclass(frozen=True, slots=True)
class Words:
    """What a finding says to people, in one language: what is wrong, and how to mend it."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of a form's rows.

    One of three: `expression`, a polars SQL expression over the fields (and `unit_id`, `period_first_day`, `period_last_day`) that is
    true for a good row and null where it does not apply; `expectation`, the name of a GX expectation with its `kwargs`; or `query`,
    SQL over `checks.<form>` (the rows in force of every unit and period) that gives submission_id, row_number and evidence of
    what is wrong, asked when the night's rows are loaded. The rule that `is_key` has none of them: no two rows of a submission
    have the same key. `fields` are the cells that a finding points at. `failing` are values that, put over the form's example
    row, break the rule; for a query, `passing` and `failing` are submissions that tests load.
    """

    code: str
    severity: Severity
    fields: tuple[str, ...]
    words_zh: Words
    words_en: Words
    dimension: str
    expression: str | None = None
    expectation: str | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None
    is_key: bool = False
    is_shadow: bool = False
    failing: Mapping[str, Any] | Sequence[Mapping[str, Any]] = field(default_factory=dict)
    passing: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """When a form is due after its period ends: so many `days` or `working_days`, or on a `month_day` such as 10-15 of the year."""

    value: int | str
    unit: Literal["days", "working_days", "month_day"]


@dataclass(frozen=True, slots=True)
class EarlierEdition:
    """An edition that is still read; `renamed` gives, by field, the heading that it had then."""

    edition: str
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """One form (报表): one sheet, one table, one grain."""

    form_id: str
    edition: str
    title_zh: str
    title_en: str
    pillar: str
    grain: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    frequency: Literal["month", "quarter", "year"]
    due: Due | None
    submitted_by: tuple[str, ...]
    owner: str
    support: str
    is_register: bool
    is_single_row: bool
    is_nil_allowed: bool
    reads_editions: tuple[EarlierEdition, ...] = ()

    @property
    def sheet(self) -> str:
        """The name of the sheet that holds the rows."""
        return self.title_zh

    @property
    def personal_fields(self) -> tuple[Field, ...]:
        """The fields that may be stored in schema `pii` only."""
        return tuple(f for f in self.fields if f.is_personal)

    @property
    def open_fields(self) -> tuple[Field, ...]:
        """The fields that facts may carry as they are."""
        return tuple(f for f in self.fields if not f.is_personal)

    @property
    def token_fields(self) -> tuple[Field, ...]:
        """The citizen IDs whose keyed tokens stand for people in facts."""
        return tuple(f for f in self.fields if f.token)

    def fields_about(self, token: str) -> tuple[Field, ...]:
        """The personal fields about the person of this token column: all where rows name one person, else those named after the
        citizen ID (`mentor_citizen_id`, `mentor_name`)."""
        if len(self.token_fields) == 1:
            return self.personal_fields
        [citizen_id] = [f for f in self.token_fields if f.token == token]
        stem = citizen_id.name.removesuffix("citizen_id")
        return tuple(f for f in self.personal_fields if f.name.startswith(stem))

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """The rules that a row is judged by before it is loaded."""
        return tuple(r for r in self.rules if r.query is None)

    @property
    def cross_rules(self) -> tuple[Rule, ...]:
        """The rules that compare submissions with each other, asked of the warehouse once they are loaded."""
        return tuple(r for r in self.rules if r.query is not None)

    @property
    def turn(self) -> int:
        """When it is judged: 0 a register that refers to no other, 1 a register that does, 2 the forms, which may refer to any."""
        return int(any(f.register for f in self.fields)) if self.is_register else 2

    def field(self, name: str) -> Field:
        """The field of that name. Raises: KeyError if the form has none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(f"form {self.form_id} has no field {name}")

    def rule(self, code: str) -> Rule:
        """The rule of that code. Raises: KeyError if the form has none."""
        for candidate in self.rules:
            if candidate.code == code:
                return candidate
        raise KeyError(f"form {self.form_id} has no rule {code}")


@cache
def forms() -> Mapping[str, Form]:
    """Every form by its id, in the order in which they are judged (registers first), as the contracts folder declares them. Raises: ContractError."""
    from expectations.contract_document import form_from_contract

    read = [
        form_from_contract(path.read_text(encoding="utf-8")) for path in sorted(CONTRACTS_FOLDER.glob("*.odcs.yaml"))
    ]
    return MappingProxyType({f.form_id: f for f in sorted(read, key=lambda f: (f.turn, f.form_id))})
