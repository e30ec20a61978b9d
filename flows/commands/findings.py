"""`warehouse findings`: what is wrong, at which cell, and how to mend it."""

from __future__ import annotations

import click

from connectors.settings import load_settings
from expectations.folding import fold_by_name
from flows.desk import known_form, known_period, reading
from flows.findings import SEVERITIES, all_option, draw_findings, draw_groups, finding_facts
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import visible
from flows.usage import WrongUsage


@command(
    "findings",
    "列出问题：在哪个单元格、填了什么、怎样改正。\n\n相同的问题并成一行，由别的问题引起的不再列出；--all 和 --json 逐条列出全部。",
    "List findings: at which cell, what was typed, how to mend it.\n\n"
    "Equal ones share a line, those that follow from others are left out; --all and --json list each.",
)
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--period", zh="期间，如 2021-03", en="The period, such as 2021-03")
@option("--severity", zh="程度：critical、error、warning 或 info", en="critical, error, warning or info")
@option("--code", zh="问题代码，如 relief.persons_positive", en="The finding's code, such as relief.persons_positive")
@option("--run", "run_id", type=int, zh="运行编号", en="The run that found it")
@option("--limit", type=click.IntRange(min=1), zh="最多取多少条（默认全部）", en="How many at most (all by default)")
@all_option
@json_option
@pass_speaker
def command_line(
    speaker: Speaker,
    form_id: str | None,
    unit_id: str | None,
    period: str | None,
    severity: str | None,
    code: str | None,
    run_id: int | None,
    limit: int | None,
    show_all: bool,
    as_json: bool,
) -> int:
    """List findings."""
    from connectors.warehouse.ledger import finding_of, read_findings

    known_form(form_id)
    if severity is not None and severity not in SEVERITIES:
        raise WrongUsage(
            f"没有程度 {severity}。可以是：{'、'.join(SEVERITIES)}。",
            f"There is no severity {severity}; it may be: {', '.join(SEVERITIES)}.",
        )
    asked = known_period(period)
    with reading(load_settings()) as conn:
        rows = read_findings(
            conn,
            form_id=form_id,
            unit_id=unit_id,
            period=asked.id if asked else None,
            severity=severity,
            code=code,
            run_id=run_id,
            limit=limit,
        )
    found = [(row["object_name"], finding_of(row)) for row in rows]
    if as_json:
        say_json(
            [
                {
                    **finding_facts(name, finding, speaker.lang),
                    **{key: row[key] for key in ("form_id", "unit_id", "period", "run_id")},
                }
                for (name, finding), row in zip(found, rows, strict=True)
            ]
        )
        return 0
    if not found:
        speaker.say("没有问题。", "No findings.")
    elif show_all:
        text = draw_findings(found, speaker)
        speaker.say(text, text)
    else:
        for name, groups in fold_by_name(found).items():
            text = f"{visible(name)}\n{draw_groups(groups, speaker)}"
            speaker.say(text, text)
    speaker.note(*_counted(len(rows), limit))
    return 0


def _counted(count: int, limit: int | None) -> tuple[str, str]:
    if count == limit:
        return f"取了前 {count} 条（--limit），可能还有", f"the first {count} findings (--limit); there may be more"
    return f"共 {count} 条", f"{count} findings"
