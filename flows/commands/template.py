"""`warehouse template`: the workbooks that units fill in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.settings import Settings, load_settings
from flows.desk import known_form, known_period, reading, refuse_other_frequency
from flows.failures import NoRegister
from flows.progress import progress
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage

if TYPE_CHECKING:
    import psycopg

    from connectors.warehouse.ledger import RegisteredUnit
    from expectations.contract import Form
    from expectations.periods import Period


@command(
    "template",
    "生成某单位某期的空白报表（FORM 是报表代号，如 relief）。\n\n"
    "加 --all 为名册中的每个单位生成当期应报的全部报表，每个单位一个文件夹；已有的文件一律不动。",
    "Write the empty workbook of a form (FORM, such as relief) for a unit and a period.\n\n"
    "With --all: of every form that is due for the period, for every unit of the register, a folder a unit; "
    "files that are there already are left alone.",
)
@click.argument("form_id", metavar="[FORM]", required=False)
@option("--unit", "unit_id", zh="单位代码，如 A0101", en="The unit's code, such as A0101")
@option(
    "--period", required=True, zh="期间，如 2021-03、2021-Q1、2021", en="The period, such as 2021-03, 2021-Q1, 2021"
)
@option("--all", "is_all", is_flag=True, zh="所有单位、所有应报的报表", en="All units, all forms due")
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    zh="写到哪个文件；用 --all 时为文件夹",
    en="The file to write; with --all the folder",
)
@json_option
@pass_speaker
def command_line(
    speaker: Speaker,
    form_id: str | None,
    unit_id: str | None,
    period: str,
    is_all: bool,
    output: Path,
    as_json: bool,
) -> int:
    """Write one template, or those of all units."""
    form, asked = known_form(form_id), known_period(period)
    assert asked is not None  # noqa: S101 - it is required
    if form is not None:
        refuse_other_frequency(form, asked)
    if is_all:
        return _write_all(speaker, form, unit_id, asked, output, as_json)
    if form is None or unit_id is None:
        raise WrongUsage(
            "请写明报表和单位（如 template relief --unit A0101），或用 --all 生成所有单位的报表。",
            "Name the form and the unit (such as template relief --unit A0101), or ask for all units with --all.",
        )
    if output.is_dir():
        raise WrongUsage(f"{output} 是文件夹；请写明文件名。", f"{output} is a folder; name a file.")
    return _write_one(speaker, form, unit_id, asked, output, as_json)


def _write_one(speaker: Speaker, form: Form, unit_id: str, period: Period, output: Path, as_json: bool) -> int:
    """The unit's name and the register's list come from the warehouse where it is filled and running."""
    from connectors.workbooks.template import Identity, write_workbook

    units = [(unit.unit_id, unit.name) for unit in _units_at_hand(load_settings(), period)]
    name = dict(units).get(unit_id, "")
    output.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(output, form, Identity(form.form_id, form.edition, unit_id, name, period.id), units=units)
    if as_json:
        say_json(
            {"file": str(output), "form": form.form_id, "edition": form.edition, "unit": unit_id, "period": period.id}
        )
        return 0
    speaker.say(
        f"已写出《{form.title_zh}》{unit_id} {period.id}：{output}",
        f"Wrote {form.title_en}, {unit_id}, {period.id}: {output}",
    )
    if units and not name:
        speaker.note(
            f"注意：{period.id} 的单位名册中没有 {unit_id}。",
            f"Note: the register of {period.id} has no unit {unit_id}.",
        )
    return 0


def _write_all(
    speaker: Speaker, form: Form | None, unit_id: str | None, period: Period, output: Path, as_json: bool
) -> int:
    from connectors.workbooks.template_series import write_series
    from expectations.contract import forms

    with reading(load_settings()) as conn:
        register = _units(conn, period)
    if not register:
        raise NoRegister(period.id)
    asked = [f for f in forms().values() if f.frequency == period.kind and form in (None, f)]
    units = [unit for unit in register if unit_id in (None, unit.unit_id)]
    if not units:
        raise WrongUsage(
            f"{period.id} 的单位名册中没有 {unit_id}。", f"The register of {period.id} has no unit {unit_id}."
        )
    with progress(speaker.words("生成模板", "writing templates"), "template") as tell:
        count = write_series(output, asked, period.id, units, register, tell)
    if as_json:
        differing = [str(path) for path in count.differing]
        say_json({"folder": str(output), "period": period.id, **asdict(count), "differing": differing})
        return 0
    there = count.templates - count.written
    speaker.say(
        f"{period.id}：共 {count.templates} 份模板，新写 {count.written} 份，已有 {there} 份：{output}",
        f"{period.id}: {count.templates} templates, {count.written} written, {there} there already: {output}",
    )
    if count.differing:
        speaker.note(
            f"其中 {len(count.differing)} 份已有文件内容不同（已填写，或名册、报表有变），没有改动；要重新生成，请先移走，例如：{count.differing[0]}",
            f"{len(count.differing)} files there differ (filled in, or of another register or edition) and were left alone; "
            f"move them away to have them written anew, such as {count.differing[0]}",
        )
    return 0


def _units_at_hand(settings: Settings, period: Period) -> list[RegisteredUnit]:
    """The units of the period where the warehouse runs already; none otherwise, because one template needs no database."""
    from connectors.errors import DatabaseError
    from connectors.postgres import status

    try:
        if not status(settings).is_running:
            return []
        from connectors.warehouse.engine import connect
        from connectors.warehouse.ledger import is_prepared

        with connect(settings) as conn:
            return _units(conn, period) if is_prepared(conn) else []
    except DatabaseError:
        return []


def _units(conn: psycopg.Connection[object], period: Period) -> list[RegisteredUnit]:
    from connectors.warehouse.ledger import read_units

    return read_units(conn, period.first_day, period.last_day)
