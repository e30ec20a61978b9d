"""The catalogue of rules in Chinese and English, from the contracts: every check with its code, what comes of it and an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from expectations.contract import Form, Rule, forms
from expectations.form_words import outcome, typed_alike


def rule_page() -> str:
    """Every rule of every form as one Markdown page."""
    counted = sum(len(form.rules) for form in forms().values())
    lines = [
        "# 规则目录",
        "",
        "本页由报表合同（`expectations/contracts/`）生成，请勿直接修改。",
        "",
        f"{len(forms())} 张表，共 {counted} 条规则。“该行待更正”的行不计入数字，改正后重报即可；“请核对”的行已经计入。",
        "标“跨报表”的规则在当晚全部报表入库之后核对，与其他报表、上一期或本单位历史比较。",
        "",
    ]
    for form in forms().values():
        lines += [*_form(form), ""]
    return "\n".join(lines).rstrip() + "\n"


def _form(form: Form) -> Iterator[str]:
    yield f"## {form.title_zh}（`{form.form_id}`，{len(form.rules)} 条）"
    yield ""
    yield "| 编号 | 结果 | 查出什么 | 怎样改 | 通过的例子 | 查出的例子 | In English |"
    yield "|---|---|---|---|---|---|---|"
    for rule in form.rules:
        code = f"`{rule.code}`" + ("（跨报表）" if rule.query else "")
        english = f"{rule.words_en.what}; {rule.words_en.fix}"
        cells = [code, outcome(rule), rule.words_zh.what, rule.words_zh.fix, *_examples(form, rule), english]
        yield "| " + " | ".join(cell.replace("|", "／") for cell in cells) + " |"


def _examples(form: Form, rule: Rule) -> tuple[str, str]:
    """The values of the rule's cells in the form's example row, which passes, and in one that does not."""
    if rule.query or not isinstance(rule.failing, Mapping):
        return "见合同", "见合同"
    if rule.is_key:
        return "每行各不相同", "同一行出现两次"
    named = list(dict.fromkeys([*rule.fields, *rule.failing]))
    example: dict[str, Any] = {name: next(iter(form.field(name).examples), None) for name in named}
    return _said(form, example), _said(form, {**example, **rule.failing})


def _said(form: Form, values: Mapping[str, Any]) -> str:
    return "，".join(f"{form.field(name).heading} {typed_alike(form.field(name), v)}" for name, v in values.items())
