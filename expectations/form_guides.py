"""The guide to each form for the clerks who fill it in, in Chinese, from its contract."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.contract import Field, Form
from expectations.finding import Severity
from expectations.form_words import KINDS, typed_alike, who_and_when
from expectations.standing_rules import standing_rules


def guide_path(form: Form) -> str:
    """Where the guide to a form lies in the project."""
    return f"docs/user/zh/填报说明/{form.title_zh}.md"


def guide_page(form: Form) -> str:
    """How to fill in one form, as a Markdown page: who, when, each column with an example, what is checked and how to mend it."""
    lines = [
        f"# {form.title_zh}填报说明",
        "",
        f"本页由报表合同 `{form.form_id}` 生成，请勿直接修改。通用的填法见[报送人员如何填表](../报送人员如何填表.md)。",
        "",
        who_and_when(form),
        "只填一行。" if form.is_single_row else _one_row_per(form),
        "",
        "## 怎样填",
        "",
        "| 列 | 填什么 | 例子 |",
        "|---|---|---|",
        *(_column(field) for field in form.fields),
        "",
        "标 \\* 的列必填。没有填写、读不懂、超出范围或不在名册中的，这一行都不计入，改正后重报即可。",
        "",
        *_checks(form, "## 这样的行不计入，改正后重报", Severity.ERROR),
        *_checks(form, "## 这样的行已计入，请核对", Severity.WARNING),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _one_row_per(form: Form) -> str:
    headings = "、".join(form.field(name).heading for name in form.key)
    return f"一行填一笔；“{headings}”完全相同的行只能有一行。"


def _column(field: Field) -> str:
    facts = [
        KINDS[field.kind] if not (field.choices or field.register) else "",
        f"从列表中选：{'、'.join(choice.label_zh for choice in field.choices)}" if field.choices else "",
        "单位代码，从名册中选" if field.register else "",
        f"单位：{field.unit_zh}" if field.unit_zh else "",
        _bounds(field),
        field.hint_zh or "",
        "个人信息，加密保存，不会出现在统计里" if field.is_personal else "",
    ]
    example = typed_alike(field, next(iter(field.examples), None))
    star = " \\*" if field.is_required else ""
    return f"| {field.heading}{star} | {'；'.join(f for f in facts if f)} | {example} |"


def _bounds(field: Field) -> str:
    if field.minimum is not None and field.maximum is not None:
        return f"{field.minimum:,} 至 {field.maximum:,}"
    return f"不小于 {field.minimum:,}" if field.minimum is not None else ""


def _checks(form: Form, title: str, severity: Severity) -> Iterator[str]:
    # What is required, and within which bounds, stands in the table of columns.
    told = {rule.code for rule in standing_rules(form) if not rule.is_key}
    checks = [r for r in form.rules if r.severity is severity and not r.is_shadow and r.code not in told]
    if not checks:
        return
    yield title
    yield ""
    yield from (f"* {rule.words_zh.what}：{rule.words_zh.fix}。" for rule in checks)
    yield ""
