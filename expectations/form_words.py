"""What a form says of itself in Chinese: who hands it in and when, what a column takes, what comes of a broken rule."""

from __future__ import annotations

from expectations.contract import Field, Form, Rule
from expectations.finding import Severity

KINDS = {
    "text": "文字",
    "integer": "整数",
    "money": "金额",
    "decimal": "数字，最多两位小数",
    "date": "日期",
    "code": "选项",
}
FREQUENCIES = {"month": "每月", "quarter": "每季度", "year": "每年"}
DUE_UNITS = {"days": "天内", "working_days": "个工作日内"}
SUBMITTERS = {"enterprise": "企业工会", "provincial_office": "省工会机关"}
SEVERITIES = {
    Severity.CRITICAL: "整份退回",
    Severity.ERROR: "该行待更正",
    Severity.WARNING: "请核对",
    Severity.INFO: "告知",
}


def who_and_when(form: Form) -> str:
    """Who hands the form in, how often, until when, and whether a nil return is possible, in one sentence."""
    who = "、".join(SUBMITTERS[kind] for kind in form.submitted_by)
    nil = "无此项时报零报告" if form.is_nil_allowed else "不设零报告"
    return f"{who}{_when(form)}；{nil}。"


def outcome(rule: Rule) -> str:
    """What comes of a row that breaks the rule."""
    return SEVERITIES[rule.severity] + ("（试行，只统计）" if rule.is_shadow else "")


def typed_alike(field: Field, value: object) -> str:
    """A value as people type it: the label of a code, a dash for a blank."""
    if value is None or value == "":
        return "（空）"
    return next((choice.label_zh for choice in field.choices if choice.code == str(value)), str(value))


def _when(form: Form) -> str:
    if form.due is None:
        return "有变动时报送"
    often = f"{FREQUENCIES[form.frequency]}报送，"
    if form.due.unit == "month_day":
        month, day = str(form.due.value).split("-")
        return f"{often}当年 {int(month)} 月 {int(day)} 日前"
    return f"{often}期末后 {form.due.value} {DUE_UNITS[form.due.unit]}"
