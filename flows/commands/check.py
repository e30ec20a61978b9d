"""`warehouse check`: what the warehouse would say about workbooks, without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.findings import draw_findings, finding_facts
from flows.inbox import files_under
from flows.speech import Speaker, command, json_option, pass_speaker, say_json

if TYPE_CHECKING:
    from connectors.warehouse.decision import Decision
    from connectors.warehouse.registers import UnitRegister
    from connectors.workbooks.reading import ReadBatch

OUTCOMES = {
    "accepted": ("可以接收", "would be accepted"),
    "refused": ("会被退回", "would be refused"),
    "unrecognised": ("无法识别", "is not recognised"),
}


@command(
    "check",
    "试读报表并列出问题：不收取、不装载、不留痕迹，不需要数据库。\n\n数据库运行中时对照单位名册；否则不检查单位代码是否在册。",
    "Read and judge workbooks: nothing is kept, no database is needed.\n\n"
    "Where the database runs, units are checked against the register; otherwise that check is left out.",
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@pass_speaker
def command_line(speaker: Speaker, paths: tuple[Path, ...], as_json: bool) -> int:
    """Check workbooks."""
    from connectors.warehouse.decision import decide
    from connectors.workbooks.pool import ReaderPool

    settings = load_settings()
    files = files_under(paths)
    with ReaderPool(settings) as pool:
        batch = pool.read([(number, path.read_bytes()) for number, path in enumerate(files)])
    register = _register(settings)
    decisions = decide(batch.readings, batch.rows, register or credulous_register(batch))
    is_good = all(d.outcome == "accepted" and not d.quarantined for d in decisions)
    if as_json:
        facts = [_facts(path, decision, speaker.lang) for path, decision in zip(files, decisions, strict=True)]
        say_json({"register_checked": register is not None, "files": facts})
        return 0 if is_good else 1
    if register is None:
        speaker.note(
            "没有可对照的单位名册（数据库未运行，或名册尚未报送）：未检查单位代码是否在册。",
            "No register at hand (the database does not run, or none was handed in): unit codes were not checked against it.",
        )
    _draw(files, decisions, speaker)
    return 0 if is_good else 1


def _draw(files: Sequence[Path], decisions: Sequence[Decision], speaker: Speaker) -> None:
    for path, decision in zip(files, decisions, strict=True):
        verdict = speaker.words(*OUTCOMES[decision.outcome])
        reading = decision.reading
        assert reading is not None  # noqa: S101 - only copies have none, and a check knows no copies
        identity = " ".join(part for part in (reading.form_id, reading.unit_id, reading.period) if part)
        waiting, ignored = len(decision.quarantined), len(reading.rows_ignored)
        counts = speaker.words(
            f"读到 {reading.rows_read} 行，待更正 {waiting} 行，忽略 {ignored} 行",
            f"{reading.rows_read} rows, {waiting} wait, {ignored} ignored",
        )
        about = speaker.words(f"（{identity}；{counts}）", f" ({identity}; {counts})") if identity else ""
        speaker.say(f"{path}：{verdict}{about}", f"{path}: {verdict}{about}")
        if decision.findings:
            click.echo(
                draw_findings([(path.name, finding) for finding in decision.findings], speaker).partition("\n")[2]
            )


def _facts(path: Path, decision: Decision, lang: str) -> dict[str, Any]:
    reading = decision.reading
    assert reading is not None  # noqa: S101 - only copies have none, and a check knows no copies
    return {
        "file": str(path),
        "outcome": decision.outcome,
        "form": reading.form_id,
        "unit": reading.unit_id,
        "period": reading.period,
        "is_nil": reading.is_nil,
        "rows_read": reading.rows_read,
        "rows_quarantined": len(decision.quarantined),
        "rows_ignored": len(reading.rows_ignored),
        "findings": [finding_facts(path.name, finding, lang) for finding in decision.findings],
    }


def _register(settings: Settings) -> UnitRegister | None:
    """The register of the warehouse, where it runs already and has one."""
    from connectors.errors import DatabaseError
    from connectors.postgres import status

    try:
        if not status(settings).is_running:
            return None
        from connectors.warehouse.engine import connect
        from connectors.warehouse.ledger import is_prepared
        from connectors.warehouse.registers import read_unit_register

        with connect(settings) as conn:
            register = read_unit_register(conn) if is_prepared(conn) else None
    except DatabaseError:
        return None
    return None if register is None or register.spans.is_empty() else register


def credulous_register(batch: ReadBatch) -> UnitRegister:
    """A register that believes every unit that the workbooks name, so that everything else can be judged without the real one."""
    from datetime import date

    import polars as pl

    from connectors.warehouse.registers import UnitRegister
    from expectations.contract import forms

    kinds = {r.unit_id: forms()[r.form_id].submitted_by[0] for r in batch.readings if r.unit_id and r.form_id}
    named = {
        code
        for form_id, rows in batch.rows.items()
        for field in forms()[form_id].fields
        if field.register == "unit"
        for code in rows[field.name].drop_nulls()
    }
    units = {code: kinds.get(code, "enterprise") for code in sorted({*named, *kinds})}
    return UnitRegister(
        pl.DataFrame(
            {
                "unit_id": list(units),
                "unit_kind": list(units.values()),
                "valid_from": [date.min] * len(units),
                "valid_to": [None] * len(units),
            },
            schema={"unit_id": pl.String, "unit_kind": pl.String, "valid_from": pl.Date, "valid_to": pl.Date},
        )
    )
