"""`warehouse correct`: propose what should stand in one cell; it counts once a second person has approved it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import load_settings
from flows.desk import IDENTIFYING, author_option, known_form, known_period, reading, reason_option, sound_reason
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage

if TYPE_CHECKING:
    import psycopg

    from connectors.warehouse.replay import Candidate
    from expectations.contract import Field, Form
    from expectations.periods import Period

CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


@command(
    "correct",
    "提出更正：某份报送的一个单元格应当是什么（FORM 是报表代号）。由另一人批准后才生效（warehouse corrections approve）。\n\n"
    "原件和原来的版本不变。只更正这一次送达；该单位重新报送的，以新的为准。个人信息不能这样更正，请填报单位改正重报。",
    "Propose what should stand in one cell (FORM is the form's id). It counts once another person approves it "
    "(warehouse corrections approve).\n\nThe original and the versions before stay. It belongs to this delivery: what the unit "
    "sends later replaces it. Personal fields cannot be corrected this way; the unit has to send them anew.",
)
@click.argument("form_id", metavar="FORM")
@option("--unit", "unit_id", required=True, zh="单位代码", en="The unit's code")
@option("--period", required=True, zh="期间，如 2021-03", en="The period, such as 2021-03")
@option("--cell", required=True, zh="单元格，如 H7，与原件一致", en="The cell, such as H7, as in the original")
@option(
    "--value",
    required=True,
    zh='更正为；数字按本栏的计量单位写，"" 为清空',
    en='What should stand there, in the field\'s own unit; "" empties the cell',
)
@reason_option
@author_option
@json_option
@pass_speaker
def command_line(
    speaker: Speaker,
    form_id: str,
    unit_id: str,
    period: str,
    cell: str,
    value: str,
    reason: str,
    author: str,
    as_json: bool,
) -> int:
    """Propose a correction."""
    from connectors.warehouse.corrections import propose, read_given

    form, asked = known_form(form_id), known_period(period)
    assert form is not None and asked is not None  # noqa: S101, PT018 - both are required
    signed = {"reason": sound_reason(reason), "author": sound_reason(author)}
    with reading(load_settings()) as conn:
        answer = _answer(conn, form, unit_id, asked)
        field, row_number = _place(conn, form, answer, cell)
        text = _sound_value(form, field, value, asked)
        given = read_given(conn, form, answer.submission_id, row_number, field)
        if given is None:
            raise WrongUsage(
                f"第 {row_number} 行不是这份报送的数据行。", f"Row {row_number} is no row of data of this submission."
            )
        correction_id = propose(conn, answer.submission_id, row_number, field, before=given.value, value=text, **signed)
    if as_json:
        also = {"field": field.name, "heading": field.heading, "row_number": row_number}
        say_json({"correction_id": correction_id, **also, "value_before": given.value, "value": text})
        return 0
    was, becomes = (speaker.words("（空）", "(blank)") if said is None else said for said in (given.value, text))
    speaker.say(
        f"更正 {correction_id}：《{form.title_zh}》{unit_id} {asked.id} {cell.upper()}“{field.heading}”{was} → {becomes}。"
        f"尚未生效，请另一人批准：warehouse corrections approve {correction_id} --author 批准人",
        f"Correction {correction_id}: {form.title_en}, {unit_id}, {asked.id}, {cell.upper()} {field.heading}: {was} → {becomes}. "
        f"Not in force: another person approves it by warehouse corrections approve {correction_id} --author NAME",
    )
    return 0


def _answer(conn: psycopg.Connection[Any], form: Form, unit_id: str, period: Period) -> Candidate:
    """The answer in force, which is also the newest. Raises: WrongUsage."""
    from connectors.warehouse.replay import read_newest

    newest = read_newest(conn, form.form_id, unit_id, period.id)
    if newest is None:
        raise WrongUsage(
            f"《{form.title_zh}》{unit_id} {period.id} 没有生效的报送（见 warehouse submissions）。",
            f"No submission of {form.title_en}, {unit_id}, {period.id} is in force (see warehouse submissions).",
        )
    if newest.outcome != "accepted":
        raise WrongUsage(
            f"《{form.title_zh}》{unit_id} {period.id} 最后一份是退回的，不能更正；请填报单位改正重报。",
            f"The newest {form.title_en}, {unit_id}, {period.id} was refused; the unit has to mend it and send it anew.",
        )
    return newest


def _place(conn: psycopg.Connection[Any], form: Form, answer: Candidate, cell: str) -> tuple[Field, int]:
    """The field and the row of a cell. Raises: WrongUsage if it is none of the form's, or personal."""
    from connectors.warehouse.corrections import read_columns

    columns = read_columns(conn, answer.submission_id)
    asked = CELL.fullmatch(cell.strip().upper())
    name = next((name for name, letters in columns.items() if asked and letters == asked[1]), None)
    if asked is None or name is None:
        listed = [f"{letters} {form.field(name).heading}" for name, letters in columns.items()]
        raise WrongUsage(
            f"{cell} 不在这份报送的栏目里。栏目：{'、'.join(listed)}；单元格的写法如 H7。",
            f"{cell} is in no column of this submission: {', '.join(listed)}; write a cell as H7.",
        )
    field = form.field(name)
    if field.is_personal:
        raise WrongUsage(
            f"“{field.heading}”是个人信息，不能这样更正；请填报单位改正重报。",
            f"{field.heading} is personal and cannot be corrected this way; the unit has to send it anew.",
        )
    return field, int(asked[2])


def _sound_value(form: Form, field: Field, value: str, period: Period) -> str | None:
    """The text that is to stand in a field, None for nothing. Raises: WrongUsage if it cannot be read there."""
    from expectations.finding import Finding, Severity
    from expectations.normalise import latest_day
    from expectations.values import read_value
    from flows.findings import finding_facts

    text = value.strip() or None
    if text and field.semantic != "credit_code" and IDENTIFYING.search(text):
        raise WrongUsage("更正中不要写身份证号、银行卡号。", "Write no citizen ID and no bank card into a correction.")
    said = [c for c in read_value(field, text, period, latest_day(form, period)).complaints if c.severity == "error"]
    if said:
        params = {"form": form.form_id, **said[0].params}
        found = Finding(said[0].code, Severity.ERROR, 0, field=field.name, value=text, params=params)
        raise WrongUsage(*(finding_facts("", found, lang)["what"] for lang in ("zh", "en")))
    return text
