"""The data dictionary in Chinese, written from the contracts: `python -m expectations.dictionary` writes the committed page anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from expectations.contract import Field, Form, Rule, forms
from expectations.finding import Severity

PAGE = Path(__file__).resolve().parents[1] / "docs" / "user" / "zh" / "数据字典.md"

KINDS = {"text": "文字", "integer": "整数", "money": "金额", "date": "日期", "code": "选项"}
FREQUENCIES = {"month": "每月", "quarter": "每季度", "year": "每年"}
DUE_UNITS = {"days": "天内", "working_days": "个工作日内"}
SUBMITTERS = {"enterprise": "企业工会", "provincial_office": "省工会机关"}
SEVERITIES = {
    Severity.CRITICAL: "整份退回",
    Severity.ERROR: "该行待更正",
    Severity.WARNING: "请核对",
    Severity.INFO: "告知",
}


def dictionary_page() -> str:
    """Every form, column, choice and rule as one Markdown page."""
    lines = ["# 数据字典", "", "本页由报表合同（`expectations/contracts/`）生成，请勿直接修改。", ""]
    for form in forms().values():
        lines += [*_form(form), ""]
    return "\n".join(lines).rstrip() + "\n"


def _form(form: Form) -> Iterator[str]:
    yield f"## {form.title_zh}（`{form.form_id}`，{form.edition} 版）"
    yield ""
    who = "、".join(SUBMITTERS[kind] for kind in form.submitted_by)
    nil = "无此项时报零报告" if form.is_nil_allowed else "不设零报告"
    yield f"{who}{_when(form)}；{nil}。"
    yield ""
    yield "| 列 | 字段 | 类型 | 必填 | 说明 |"
    yield "|---|---|---|---|---|"
    yield from (_field(field) for field in form.fields)
    yield ""
    yield "| 检查 | 结果 | 内容 | 怎样改 |"
    yield "|---|---|---|---|"
    yield from (_rule(rule) for rule in form.rules)


def _when(form: Form) -> str:
    if form.due is None:
        return "有变动时报送"
    often = f"{FREQUENCIES[form.frequency]}报送，"
    if form.due.unit == "month_day":
        month, day = str(form.due.value).split("-")
        return f"{often}当年 {int(month)} 月 {int(day)} 日前"
    return f"{often}期末后 {form.due.value} {DUE_UNITS[form.due.unit]}"


def _field(field: Field) -> str:
    facts = [
        f"单位：{field.unit_zh}" if field.unit_zh else "",
        "、".join(choice.label_zh for choice in field.choices),
        "从单位名册中选择代码" if field.register else "",
        f"也认作：{'、'.join(field.synonyms)}" if field.synonyms else "",
        "个人信息，加密保存" if field.is_personal else "",
    ]
    required = "是" if field.is_required else ""
    return (
        f"| {field.heading} | `{field.name}` | {KINDS[field.kind]} | {required} | {'；'.join(f for f in facts if f)} |"
    )


def _rule(rule: Rule) -> str:
    shadow = "（试行，只统计）" if rule.is_shadow else ""
    return f"| `{rule.code}` | {SEVERITIES[rule.severity]}{shadow} | {rule.words_zh.what} | {rule.words_zh.fix} |"


if __name__ == "__main__":
    PAGE.write_text(dictionary_page(), encoding="utf-8")
