"""The rules that every form has without declaring them: what is required, in range, a valid choice, known to a register, and once per key."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.contract import Choice, Field, Form, Rule, Words
from expectations.finding import Severity


def standing_rules(form: Form) -> tuple[Rule, ...]:
    """The rules that follow from the fields of a form, in the order of its columns."""
    rules: list[Rule] = []
    for field in form.fields:
        rules += _field_rules(form, field)
    rules.append(_key_rule(form))
    return tuple(rules)


def _field_rules(form: Form, field: Field) -> Iterator[Rule]:
    if field.is_required:
        # Asked of what was typed: a value that could not be read is one complaint already, not a second one here.
        yield Rule(
            code=f"{form.form_id}.{field.name}_given",
            severity=Severity.ERROR,
            fields=(field.name,),
            words_zh=Words(f"“{field.heading}”没有填写", f"请填写{field.heading}"),
            words_en=Words(f"'{field.name}' is blank", f"fill in {field.name}"),
            dimension="completeness",
            expression=f"{field.name}__text IS NOT NULL",
            failing={field.name: None},
        )
    if field.minimum is not None or field.maximum is not None:
        bounds_zh = "、".join(
            text
            for text, bound in ((f"不小于 {field.minimum}", field.minimum), (f"不大于 {field.maximum}", field.maximum))
            if bound is not None
        )
        yield Rule(
            code=f"{form.form_id}.{field.name}_in_range",
            severity=Severity.ERROR,
            fields=(field.name,),
            words_zh=Words(f"“{field.heading}”超出允许范围，应{bounds_zh}", "请核对后改为实际数"),
            words_en=Words(
                f"'{field.name}' is out of range ({field.minimum} to {field.maximum})", "give the real number"
            ),
            dimension="conformity",
            expression=" AND ".join(
                f"{field.name} {sign} {bound}"
                for sign, bound in ((">=", field.minimum), ("<=", field.maximum))
                if bound is not None
            ),
            failing={field.name: (field.minimum or 0) - 1 if field.minimum is not None else (field.maximum or 0) + 1},
        )
    if dated := [choice for choice in field.choices if choice.since or choice.until]:
        # A choice may be used in a period that it was valid in on any day.
        bounds = [f"({field.name} <> '{c.code}' OR ({_overlap(c)}))" for c in dated]
        yield Rule(
            code=f"{form.form_id}.{field.name}_in_validity",
            severity=Severity.ERROR,
            fields=(field.name,),
            words_zh=Words(
                f"“{field.heading}”所选的选项在本期不可用",
                f"可用的时间：{'；'.join(map(_validity, dated))}。请改选本期可用的选项",
            ),
            words_en=Words(
                f"the choice of '{field.name}' is not valid in this period", "choose one that is valid in the period"
            ),
            dimension="conformity",
            expression=" AND ".join(bounds),
        )
    if field.register:
        yield Rule(
            code=f"{form.form_id}.{field.name}_known",
            severity=Severity.ERROR,
            fields=(field.name,),
            words_zh=Words(f"“{field.heading}”不在本期有效的名册中", "请从名册中选择代码；新单位请先报省工会登记"),
            words_en=Words(
                f"'{field.name}' is not in the register in force in this period", "choose a code from the register"
            ),
            dimension="conformity",
            expression=f"{field.name}__is_known",
            failing={field.name: "Z9999"},
        )


def _overlap(choice: Choice) -> str:
    since = f"period_last_day >= DATE '{choice.since}'" if choice.since else ""
    until = f"period_first_day <= DATE '{choice.until}'" if choice.until else ""
    return " AND ".join(bound for bound in (since, until) if bound)


def _validity(choice: Choice) -> str:
    days = [f"{choice.since} 起" if choice.since else "", f"{choice.until} 止" if choice.until else ""]
    return f"{choice.label_zh} {'，'.join(day for day in days if day)}"


def _key_rule(form: Form) -> Rule:
    if form.is_single_row:
        return Rule(
            code=f"{form.form_id}.single_row",
            severity=Severity.ERROR,
            fields=(),
            words_zh=Words("本表只应有一行数据", "请只保留一行"),
            words_en=Words("this form has one row only", "keep one row"),
            dimension="uniqueness",
            is_key=True,
        )
    headings = "、".join(form.field(name).heading for name in form.key)
    return Rule(
        code=f"{form.form_id}.key_unique",
        severity=Severity.ERROR,
        fields=form.key,
        words_zh=Words(f"有两行的“{headings}”完全相同，疑似重复填报", "请删除重复的行；确为两笔的请合并为一行"),
        words_en=Words(f"two rows have the same {', '.join(form.key)}", "delete the row that is there twice"),
        dimension="uniqueness",
        is_key=True,
    )
