"""The words of findings: what is wrong, what was expected and how to mend it, in Chinese for submitters and in English.

`catalogue.yaml` has the words for files, forms and values; the contract of a form has the words for its rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from expectations.contract import Field, forms
from expectations.contract import Words as RuleWords
from expectations.finding import Finding

CATALOGUE = Path(__file__).with_name("catalogue.yaml")

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """What a finding says to people, in one language."""

    what: str
    expected: str
    fix: str


class UnknownCodeError(Exception):
    """A finding has a code that has no words; that is a fault of ours.

    Attributes:
        code: the code.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Finding code {code} has words neither in catalogue.yaml nor in a contract.")


@cache
def codes() -> Mapping[str, Mapping[str, Any]]:
    """Every code of the three families file, form and value, with its templates and the params that they use."""
    return MappingProxyType(yaml.load(CATALOGUE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def words(finding: Finding, lang: Language = "zh") -> Words:
    """The words of a finding. Raises: UnknownCodeError if nobody ever wrote them."""
    said = _words(finding, lang)
    if "confirmed" not in finding.params:
        return said
    return replace(said, what=said.what + ("（已确认）" if lang == "zh" else " (confirmed)"))


def _words(finding: Finding, lang: Language) -> Words:
    family = finding.code.split(".")[0]
    if family in ("file", "form", "value"):
        return _catalogued(finding, lang)
    form = forms().get(family)
    rule = next((r for r in form.rules if r.code == finding.code), None) if form else None
    if form is None or rule is None:
        raise UnknownCodeError(finding.code)
    said = _as_waived(rule.words_zh if lang == "zh" else rule.words_en, finding, lang)
    if rule.query:
        # What may be typed in the cell is not the point; what it was compared with is.
        evidence = finding.params.get("evidence")
        compared = f"（{evidence}）" if lang == "zh" else f" ({evidence})"
        return Words(said.what + (compared if evidence else ""), "", said.fix)
    # What one cell may hold does not say how several cells go together.
    expected = expectation(form.field(rule.fields[0]), lang) if len(rule.fields) == 1 else ""
    nearest = finding.params.get("suggestions")
    hint = f"；最接近的有：{nearest}" if lang == "zh" else f"; the nearest are: {nearest}"
    return Words(said.what, expected, said.fix + (hint if nearest else ""))


def _as_waived(said: RuleWords, finding: Finding, lang: Language) -> RuleWords:
    """What a rule says where it is waived: there is nothing to mend, and why."""
    because = finding.params.get("waived_because")
    if because is None:
        return said
    if lang == "zh":
        return RuleWords(f"{said.what}（豁免：{because}）", "已获豁免，不必改正")
    return RuleWords(f"{said.what} (waived: {because})", "waived; nothing is to be mended")


def expectation(field: Field, lang: Language = "zh") -> str:
    """What may be typed into the cells of a field, in a few words."""
    in_chinese = lang == "zh"
    unit = field.unit_zh if in_chinese else field.unit_en
    match field.kind:
        case "integer":
            kind = "整数" if in_chinese else "a whole number"
        case "money":
            kind = "金额，最多两位小数" if in_chinese else "an amount with two decimals"
        case "decimal":
            kind = "数字，最多两位小数" if in_chinese else "a number with at most two decimals"
        case "date":
            return "日期，例如 2021-02-05" if in_chinese else "a date such as 2021-02-05"
        case "code" if field.choices:
            shown = [c.label_zh if in_chinese else f"{c.label_zh} ({c.label_en})" for c in field.choices]
            return f"{'、'.join(shown)}之一" if in_chinese else f"one of {', '.join(shown)}"
        case "code":
            return "名册中的代码" if in_chinese else "a code of the register"
        case "text":
            return "文字" if in_chinese else "text"
    return kind + (f"（{unit}）" if unit and in_chinese else f" ({unit})" if unit else "")


def _catalogued(finding: Finding, lang: Language) -> Words:
    entry = codes().get(finding.code)
    if entry is None:
        raise UnknownCodeError(finding.code)
    facts = _facts(finding, lang)
    if because := entry.get("because"):
        facts["because"] = because[finding.params["reason"]][lang].format_map(_Known(facts))
    return Words(**{part: text.format_map(_Known(facts)) for part, text in entry[lang].items()})


def _facts(finding: Finding, lang: Language) -> dict[str, str]:
    facts = {
        "sheet": finding.sheet or "",
        "row": str(finding.row_number or ""),
        "cell": finding.cell or "",
        "value": finding.value or "",
        "reason": finding.params.get(f"reason_{lang}", ""),
        **finding.params,
    }
    if form := forms().get(finding.params.get("form", "")):
        facts["form"] = form.title_zh if lang == "zh" else form.title_en
        if finding.field:
            field = form.field(finding.field)
            facts |= {"heading": field.heading, "expectation": expectation(field, lang)}
    return facts


class _Known(dict[str, str]):
    """Facts for a template; one that a finding lacks is shown as a dash, so that a receipt never fails for a word."""

    def __missing__(self, name: str) -> str:
        return "—"
