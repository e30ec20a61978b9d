"""`warehouse check`: what the warehouse would say about workbooks, without a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from expectations.folding import fold
from flows.findings import all_option, draw_findings, draw_groups, finding_facts
from flows.inbox import files_under
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import visible

if TYPE_CHECKING:
    from connectors.replies.answer import Answer
    from connectors.replies.writing import Written
    from connectors.warehouse.decision import Decision
    from connectors.warehouse.registers import UnitRegister
    from connectors.warehouse.waivers import Waiver
    from connectors.workbooks.reading import ReadBatch

LONGEST_STEM = 40
"""The names of answers begin with so much of the file's own: a name may have 255 bytes, and a Chinese character has three."""

OUTCOMES = {
    "accepted": ("可以接收", "would be accepted"),
    "refused": ("会被退回", "would be refused"),
    "unrecognised": ("无法识别", "is not recognised"),
    "unpacked": ("压缩包，其中的文件逐个试读", "is a zip; its files are read one by one"),
}


@command(
    "check",
    "试读报表并列出问题：不收取、不装载、不留痕迹，不需要数据库。\n\n数据库运行中时对照单位名册；否则不检查单位代码是否在册。",
    "Read and judge workbooks: nothing is kept, no database is needed.\n\n"
    "Where the database runs, units are checked against the register; otherwise that check is left out.",
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@option(
    "--annotate",
    "answers_dir",
    type=click.Path(file_okay=False, path_type=Path),
    zh="把批注后的工作簿（不能批注的，单独的问题清单）写入该文件夹；原文件不动",
    en="Write the annotated workbooks (or problem lists) into this folder; the originals stay as they are",
)
@all_option
@json_option
@pass_speaker
def command_line(
    speaker: Speaker, paths: tuple[Path, ...], answers_dir: Path | None, show_all: bool, as_json: bool
) -> int:
    """Check workbooks."""
    from connectors.warehouse.decision import decide
    from connectors.workbooks.pool import ReaderPool

    settings = load_settings()
    files, contents, zips = _contents(files_under(paths), settings)
    with ReaderPool(settings) as pool:
        batch = pool.read(list(enumerate(contents)))
    readings = [reading.if_taken_out(reading.delivery_id in zips) for reading in batch.readings]
    register, waivers = _register(settings)
    decisions = decide(readings, batch.rows, register or credulous_register(batch), waivers)
    answers = _annotate(files, contents, decisions, answers_dir) if answers_dir else {}
    is_good = all(d.outcome in ("accepted", "unpacked") and not d.quarantined for d in decisions)
    if as_json:
        facts = [_facts(path, decision, speaker.lang) for path, decision in zip(files, decisions, strict=True)]
        for fact, decision in zip(facts, decisions, strict=True):
            if written := answers.get(decision.delivery_id):
                reason = speaker.words(written.reason_zh, written.reason_en)
                fact |= {"answer": str(written.path), "not_annotated_because": reason or None}
        say_json({"register_checked": register is not None, "files": facts})
        return 0 if is_good else 1
    if register is None:
        speaker.note(
            "没有可对照的单位名册（数据库未运行，或名册尚未报送）：未检查单位代码是否在册。",
            "No register at hand (the database does not run, or none was handed in): unit codes were not checked against it.",
        )
    _draw(files, decisions, speaker, show_all=show_all)
    for written in answers.values():
        _say_where(written, speaker)
    return 0 if is_good else 1


def _contents(paths: Sequence[Path], settings: Settings) -> tuple[list[Path], list[bytes], set[int]]:
    """The files and their bytes, behind each zip of many the files in it; and the places of those zips among them."""
    from connectors.workbooks.packed import unpack

    files: list[Path] = []
    contents: list[bytes] = []
    zips: set[int] = set()
    for path in paths:
        data = path.read_bytes()
        members = list(unpack(data)) if len(data) <= settings.max_file_mb * 1_000_000 else []
        if members:
            zips.add(len(files))
        # A member's name is shown and never opened; one that no terminal should see is not.
        files += [path, *(path / visible(member.name) for member in members)]
        contents += [data, *(member.data for member in members)]
    return files, contents, zips


def _annotate(
    files: Sequence[Path], contents: Sequence[bytes], decisions: Sequence[Decision], folder: Path
) -> dict[int, Written]:
    """The answers to the workbooks in which there is something to mend or to check, written into the folder."""
    from connectors.replies.writing import write_answer

    found: dict[int, Written] = {}
    stems: Counter[str] = Counter()
    for path, data, decision in zip(files, contents, decisions, strict=True):
        answer = _answer_to(decision, path.name)
        if answer.is_wanted:
            stem = path.stem[:LONGEST_STEM]
            stems[stem] += 1
            numbered = stem if stems[stem] == 1 else f"{stem}_{stems[stem]}"
            found[decision.delivery_id] = write_answer(folder, numbered, answer, data)
    return found


def _answer_to(decision: Decision, file_name: str) -> Answer:
    """The answer to a workbook that was only tried."""
    from connectors.replies.answer import Answer, RowCounts

    reading = decision.reading
    assert reading is not None  # noqa: S101 - only copies have none, and a check knows no copies
    is_accepted, waiting = decision.outcome == "accepted", len(decision.quarantined)
    ignored = len(reading.rows_ignored) if is_accepted else reading.rows_read
    return Answer(
        delivery_id=decision.delivery_id,
        file_name=file_name,
        outcome=decision.outcome,
        form_id=reading.form_id,
        unit_id=reading.unit_id,
        period=reading.period,
        sheet=reading.sheet,
        rows=RowCounts(reading.rows_read, reading.rows_read - waiting - ignored, waiting, ignored),
        findings=decision.findings,
        is_trial=True,
    )


def _say_where(written: Written, speaker: Speaker) -> None:
    if written.is_annotated:
        speaker.say(f"批注工作簿：{written.path}", f"annotated workbook: {written.path}")
    else:
        speaker.say(
            f"问题清单：{written.path}（原件不能批注：{written.reason_zh}）",
            f"problem list: {written.path} (not annotated: {written.reason_en})",
        )


def _draw(files: Sequence[Path], decisions: Sequence[Decision], speaker: Speaker, *, show_all: bool) -> None:
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
            each = draw_findings([(path.name, finding) for finding in decision.findings], speaker).partition("\n")[2]
            click.echo(each if show_all else draw_groups(fold(decision.findings), speaker))


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


def _register(settings: Settings) -> tuple[UnitRegister | None, Sequence[Waiver]]:
    """The register of the warehouse and the waivers, where it runs already and has them."""
    from connectors.errors import DatabaseError
    from connectors.postgres import status

    try:
        if not status(settings).is_running:
            return None, ()
        from connectors.warehouse.engine import connect
        from connectors.warehouse.ledger import is_prepared
        from connectors.warehouse.registers import read_unit_register
        from connectors.warehouse.waivers import read_waivers

        with connect(settings) as conn:
            if not is_prepared(conn):
                return None, ()
            register, waivers = read_unit_register(conn), read_waivers(conn)
    except DatabaseError:
        return None, ()
    return None if register.spans.is_empty() else register, waivers


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
