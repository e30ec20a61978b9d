"""Every finding has words, in both languages, and no words wait for a finding that nobody makes."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

from expectations.catalogue import Language, UnknownCodeError, codes, words
from expectations.contract import Form, forms
from expectations.finding import Finding, Severity

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[\"']((?:file|form|value)\.[a-z_]+)[\"']")
EVERYWHERE = {"sheet", "row", "cell", "heading", "value", "expectation", "because"}
OUR_WORDS = re.compile(
    r"null|NULL|dtype|schema|string|None|NaN|字段|解析|校验失败|非空|主键|枚举|异常值|正则", re.ASCII
)


def codes_in_the_program() -> set[str]:
    # The sample says which findings its slips will meet; it makes none.
    sources = [
        p
        for package in ("expectations", "connectors", "flows")
        for p in (ROOT / package).rglob("*.py")
        if "sample" not in p.parts
    ]
    return {code for path in sources for code in CODE.findall(path.read_text())}


def test_every_code_of_the_program_has_words() -> None:
    assert codes_in_the_program() - set(codes()) == set()


def test_every_code_with_words_is_used() -> None:
    assert set(codes()) - codes_in_the_program() == set()


def test_the_sample_plants_codes_that_exist() -> None:
    planted = {c for p in (ROOT / "connectors/sample").rglob("*.py") for c in CODE.findall(p.read_text())}
    assert planted - set(codes()) == set()


@pytest.mark.parametrize("code", sorted(codes()))
def test_words_use_only_what_a_finding_carries(code: str) -> None:
    entry = codes()[code]
    params = set(entry.get("params", ()))
    if {"reason_zh", "reason_en"} <= params:
        params.add("reason")
    for lang in ("zh", "en"):
        assert set(entry[lang]) == {"what", "expected", "fix"}
        for text in entry[lang].values():
            used = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert used <= EVERYWHERE | params, text


@pytest.mark.parametrize(("code", "lang"), [*product(sorted(codes()), ("zh", "en"))])
def test_words_are_filled_in(code: str, lang: Language) -> None:
    params = dict.fromkeys(codes()[code].get("params", ()), "42") | {"form": "relief"}
    for reason in codes()[code].get("because", {"": None}):
        finding = Finding(
            code,
            Severity.ERROR,
            1,
            "慰问救助台账",
            "F6",
            6,
            "persons",
            "二十",
            {**params, "reason": reason, "suggestion": "X"},
        )
        said = words(finding, lang)
        for text in (said.what, said.expected, said.fix):
            assert text
            assert "{" not in text
            assert "—" not in text, "a fact is missing"


@pytest.mark.parametrize("form", forms().values(), ids=list(forms()))
def test_every_rule_has_words(form: Form) -> None:
    for rule in form.rules:
        finding = Finding(rule.code, rule.severity, 1, form.sheet, None, 6, rule.fields[0] if rule.fields else None)
        zh, en = words(finding), words(finding, "en")
        assert zh.what
        assert zh.fix
        assert en.what
        assert en.fix
        assert re.search(r"[\u4e00-\u9fff]", zh.what)


def test_words_for_submitters_are_free_of_our_words() -> None:
    chinese = [text for code in codes().values() for text in code["zh"].values()]
    chinese += [text for form in forms().values() for r in form.rules for text in (r.words_zh.what, r.words_zh.fix)]
    assert [text for text in chinese if OUR_WORDS.search(re.sub(r"\{\w+\}", "", text))] == []


def test_words_name_heading_value_and_choices() -> None:
    finding = Finding("value.unknown_code", Severity.ERROR, 1, "慰问救助台账", "B7", 7, "campaign", "送清爽",
                      {"form": "relief", "suggestions": "送清凉、送温暖、其他慰问"})  # fmt: skip
    said = words(finding)
    assert said.what == "“慰问活动”中的“送清爽”不在可选项中"
    assert said.expected == "送温暖、爱心大礼包、送清凉、防汛救灾、其他慰问之一"
    assert said.fix == "请从下拉列表中选择，最接近的有：送清凉、送温暖、其他慰问"


def test_a_code_without_words_is_our_fault() -> None:
    with pytest.raises(UnknownCodeError, match=r"relief\.nothing"):
        words(Finding("relief.nothing", Severity.ERROR, 1))
