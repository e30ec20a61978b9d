"""The data dictionary in Chinese, from the contracts: every form with its columns."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.contract import Field, Form, forms
from expectations.form_words import KINDS, who_and_when


def dictionary_page() -> str:
    """Every form, column and choice as one Markdown page."""
    lines = [
        "# 数据字典",
        "",
        "本页由报表合同（`expectations/contracts/`）生成，请勿直接修改。检查规则见[规则目录](规则目录.md)。",
        "",
    ]
    for form in forms().values():
        lines += [*_form(form), ""]
    return "\n".join(lines).rstrip() + "\n"


def _form(form: Form) -> Iterator[str]:
    yield f"## {form.title_zh}（`{form.form_id}`，{form.edition} 版）"
    yield ""
    yield who_and_when(form)
    yield ""
    yield "| 列 | 字段 | 类型 | 必填 | 说明 |"
    yield "|---|---|---|---|---|"
    yield from (_field(field) for field in form.fields)


def _field(field: Field) -> str:
    facts = [
        f"单位：{field.unit_zh}" if field.unit_zh else "",
        "、".join(f"{choice.label_zh} `{choice.code}`" for choice in field.choices),
        "从单位名册中选择代码" if field.register else "",
        f"也认作：{'、'.join(field.synonyms)}" if field.synonyms else "",
        "个人信息，加密保存" if field.is_personal else "",
    ]
    required = "是" if field.is_required else ""
    return (
        f"| {field.heading} | `{field.name}` | {KINDS[field.kind]} | {required} | {'；'.join(f for f in facts if f)} |"
    )
