"""Reading a contract: an Open Data Contract Standard document becomes a `Form`, or one sentence says what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)

from expectations.contract import Choice, ContractError, Due, EarlierEdition, Field, Form, Kind, Rule, Words
from expectations.finding import Severity
from expectations.standing_rules import standing_rules


def form_from_contract(text: str) -> Form:
    """The form that an ODCS document declares. Raises: ContractError where it lacks or contradicts something."""
    # libyaml: the parser in Python, which the model's own `from_string` uses, takes a second for all contracts, in every process.
    document = OpenDataContractStandard(**yaml.load(text, Loader=yaml.CSafeLoader))
    form_id = document.id or "?"
    if not document.schema_ or len(document.schema_) != 1:
        raise ContractError(form_id, "schema", "a form is exactly one table; give one element.")
    table = document.schema_[0]
    custom = _custom(document.customProperties)
    sla = {p.property: p for p in document.slaProperties or []}
    due = sla.get("due")
    fields = tuple(_field(form_id, p) for p in table.properties or [])
    keys = sorted((p for p in table.properties or [] if p.primaryKey), key=lambda p: p.primaryKeyPosition or 0)
    form = Form(
        form_id=form_id,
        edition=document.version or "",
        title_zh=_need(form_id, "schema.businessName", table.businessName),
        title_en=_need(form_id, "name", document.name),
        pillar=document.domain or "",
        grain=_need(form_id, "schema.dataGranularityDescription", table.dataGranularityDescription),
        fields=fields,
        key=tuple(p.name or "" for p in keys),
        rules=(),
        frequency=_need(form_id, "slaProperties.frequency", sla.get("frequency")).value,
        due=Due(due.value, due.unit) if due else None,  # type: ignore[arg-type]  # ODCS allows more; the test of contracts holds the rest
        submitted_by=tuple(custom.get("submittedBy", ())),
        owner=(document.team.name or "") if document.team and not isinstance(document.team, list) else "",
        support=(document.support[0].channel or "") if document.support else "",
        is_register=custom.get("kind") == "register",
        is_single_row=bool(custom.get("singleRow", False)),
        is_nil_allowed=bool(custom.get("nilReturn", False)),
        reads_editions=_earlier_editions(form_id, fields, custom.get("readsEditions", ())),
    )
    return _with_rules(form, table)


def _earlier_editions(
    form_id: str, fields: Sequence[Field], declared: Sequence[Mapping[str, Any]]
) -> tuple[EarlierEdition, ...]:
    names = {field.name for field in fields}
    for earlier in declared:
        if unknown := set(earlier.get("renamed", {})) - names:
            raise ContractError(form_id, "readsEditions.renamed", f"there is no field {min(unknown)}.")
    return tuple(
        EarlierEdition(str(_need(form_id, "readsEditions.edition", e.get("edition"))), e.get("renamed", {}))
        for e in declared
    )


def _with_rules(form: Form, table: SchemaObject) -> Form:
    declared = [_rule(form, q) for q in table.quality or []]
    for prop in table.properties or []:
        declared += [_rule(form, q) for q in prop.quality or []]
    rules = (*standing_rules(form), *declared)
    codes = [r.code for r in rules]
    for code in codes:
        if codes.count(code) > 1:
            raise ContractError(form.form_id, code, "two rules have this code; one rule has one code.")
    return Form(**{**{name: getattr(form, name) for name in form.__slots__}, "rules": rules})


def _field(form_id: str, prop: SchemaProperty) -> Field:
    custom = _custom(prop.customProperties)
    name = _need(form_id, "properties.name", prop.name)
    options = prop.logicalTypeOptions or {}
    choices = tuple(
        Choice(
            code=str(value.value),
            label_zh=_need(form_id, f"{name}.enum.label", value.label),
            label_en=value.description or str(value.value),
            synonyms=tuple(_custom(value.customProperties).get("synonyms", ())),
            since=_day(_custom(value.customProperties).get("since")),
            until=_day(_custom(value.customProperties).get("until")),
        )
        for value in prop.enum or []
    )
    register = next((r.to.split(".")[0] for r in prop.relationships or [] if isinstance(r.to, str)), None)
    kind: Kind
    match prop.logicalType:
        case "string":
            kind = "code" if choices or register else "text"
        case "integer":
            kind = "integer"
        case "number":
            kind = "money" if custom.get("unitEn") == "CNY" else "decimal"
        case "date":
            kind = "date"
        case other:
            raise ContractError(form_id, name, f"logicalType {other} is not read; use string, integer, number or date.")
    return Field(
        name=name,
        heading=_need(form_id, f"{name}.businessName", prop.businessName),
        kind=kind,
        description=_need(form_id, f"{name}.description", prop.description),
        synonyms=tuple(s.synonym or "" for s in prop.synonyms or []),
        is_required=bool(prop.required),
        is_personal=prop.classification == "personal",
        semantic=custom.get("semantic"),
        token=custom.get("token"),
        choices=choices,
        register=register,
        minimum=_decimal(options.get("minimum")),
        maximum=_decimal(options.get("maximum")),
        max_length=options.get("maxLength"),
        unit_zh=custom.get("unitZh"),
        unit_en=custom.get("unitEn"),
        hint_zh=custom.get("hintZh"),
        is_totalled=bool(custom.get("totalled", False)),
        examples=tuple(prop.examples or ()),
        since=None if custom.get("since") is None else str(custom["since"]),
    )


def _rule(form: Form, quality: DataQuality) -> Rule:
    code = f"{form.form_id}.{_need(form.form_id, 'quality.id', quality.id)}"
    custom = _custom(quality.customProperties)
    if quality.type == "sql":
        implementation: Mapping[str, Any] = {"fields": custom.get("fields", ()), "query": quality.query}
        if not quality.query or quality.severity not in ("warning", "info"):
            raise ContractError(
                form.form_id, code, "a rule of type sql has a query, and comes too late for more than a warning."
            )
    elif quality.engine == "greatExpectations" and isinstance(quality.implementation, dict):
        implementation = quality.implementation
    else:
        raise ContractError(
            form.form_id, code, "type is sql, or the engine greatExpectations with an implementation that is a mapping."
        )
    words = custom.get("words")
    if not words:
        raise ContractError(
            form.form_id, code, "say in customProperties `words` what is wrong and how to mend it, zh and en."
        )
    fields = tuple(implementation.get("fields", ()))
    for name in fields:
        form.field(name)
    return Rule(
        code=code,
        severity=Severity(_need(form.form_id, f"{code}.severity", quality.severity)),
        fields=fields,
        words_zh=Words(**words["zh"]),
        words_en=Words(**words["en"]),
        dimension=quality.dimension or "conformity",
        expression=implementation.get("expression"),
        expectation=implementation.get("expectation"),
        kwargs=implementation.get("kwargs", {}),
        query=implementation.get("query"),
        is_shadow=bool(custom.get("shadow", False)),
        failing=custom.get("failing", {}),
        passing=custom.get("passing", ()),
    )


def _custom(properties: list[CustomProperty] | None) -> dict[str, Any]:
    return {p.property or "": p.value for p in properties or []}


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _need(form_id: str, where: str, value: Any) -> Any:
    if value in (None, ""):
        raise ContractError(form_id, where, "is missing; every form declares it.")
    return value
