"""`warehouse template`: the workbook that a unit fills in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.settings import Settings, load_settings
from flows.desk import known_form, known_period
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from expectations.contract import Form
    from expectations.periods import Period


@command(
    "template",
    "生成某单位某期的空白报表（FORM 是报表代号，如 relief）。",
    "Write the empty workbook of a form (FORM, such as relief) for a unit and a period.",
)
@click.argument("form_id", metavar="FORM")
@option("--unit", "unit_id", required=True, zh="单位代码，如 A0101", en="The unit's code, such as A0101")
@option(
    "--period", required=True, zh="期间，如 2021-03、2021-Q1、2021", en="The period, such as 2021-03, 2021-Q1, 2021"
)
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    zh="写到哪个文件",
    en="The file to write",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, form_id: str, unit_id: str, period: str, output: Path, as_json: bool) -> int:
    """Write a template. The unit's name and the register's list come from the warehouse where it is filled and running."""
    from connectors.workbooks.template import Identity, write_workbook

    form, asked = known_form(form_id), known_period(period)
    assert form is not None and asked is not None  # noqa: S101, PT018 - both are required
    _refuse_other_frequency(form, asked)
    units = registered_units(load_settings())
    name = dict(units).get(unit_id, "")
    output.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(output, form, Identity(form.form_id, form.edition, unit_id, name, asked.id), units=units)
    if as_json:
        say_json(
            {"file": str(output), "form": form.form_id, "edition": form.edition, "unit": unit_id, "period": asked.id}
        )
        return 0
    speaker.say(
        f"已写出《{form.title_zh}》{unit_id} {asked.id}：{output}",
        f"Wrote {form.title_en}, {unit_id}, {asked.id}: {output}",
    )
    if units and not name:
        speaker.note(f"注意：单位名册中没有 {unit_id}。", f"Note: the register has no unit {unit_id}.")
    return 0


def registered_units(settings: Settings) -> list[tuple[str, str]]:
    """Units in force (code, name) where the warehouse runs already; none otherwise, because a template needs no database."""
    from connectors.errors import DatabaseError
    from connectors.postgres import status

    try:
        if not status(settings).is_running:
            return []
        from connectors.warehouse.engine import connect
        from connectors.warehouse.ledger import is_prepared, read_units

        with connect(settings) as conn:
            return read_units(conn) if is_prepared(conn) else []
    except DatabaseError:
        return []


def _refuse_other_frequency(form: Form, period: Period) -> None:
    if period.kind != form.frequency:
        zh = {"month": "月报，期间如 2021-03", "quarter": "季报，期间如 2021-Q1", "year": "年报，期间如 2021"}[
            form.frequency
        ]
        raise WrongUsage(
            f"《{form.title_zh}》是{zh}。", f"{form.title_en} is handed in each {form.frequency}; {period.id} is none."
        )
