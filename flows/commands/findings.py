"""`warehouse findings`: what is wrong, at which cell, and how to mend it."""

from __future__ import annotations

from connectors.settings import load_settings
from flows.desk import known_form, known_period, reading
from flows.findings import SEVERITIES, draw_findings, finding_facts
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage


@command(
    "findings",
    "列出问题：在哪个单元格、填了什么、怎样改正。",
    "List findings: at which cell, what was typed, how to mend it.",
)
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--period", zh="期间，如 2021-03", en="The period, such as 2021-03")
@option("--severity", zh="程度：critical、error、warning 或 info", en="critical, error, warning or info")
@option("--code", zh="问题代码，如 relief.persons_positive", en="The finding's code, such as relief.persons_positive")
@option("--run", "run_id", type=int, zh="运行编号", en="The run that found it")
@option("--limit", type=int, default=100, show_default=True, zh="最多列出多少条", en="How many at most")
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
    limit: int,
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
    text = draw_findings(found, speaker)
    speaker.say(text, text)
    speaker.note(f"共 {len(rows)} 条", f"{len(rows)} findings")
    return 0
