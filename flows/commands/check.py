"""`warehouse check`: what the warehouse would say about workbooks, without a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import load_settings
from expectations.folding import fold
from flows.findings import all_option, draw_findings, draw_groups, finding_facts
from flows.inbox import files_under
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.trial import Tried, answer_to, register_at_hand, try_workbooks

if TYPE_CHECKING:
    from connectors.replies.writing import Written
    from connectors.warehouse.decision import Decision

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
    from connectors.workbooks.pool import ReaderPool

    settings = load_settings()
    register, waivers = register_at_hand(settings)
    with ReaderPool(settings) as pool:
        tried = try_workbooks(pool, [(path, path.read_bytes()) for path in files_under(paths)], register, waivers)
    answers = _annotate(tried, answers_dir) if answers_dir else {}
    is_good = all(each.decision.outcome in ("accepted", "unpacked") and not each.decision.quarantined for each in tried)
    if as_json:
        facts = [_facts(each.name, each.decision, speaker.lang) for each in tried]
        for fact, each in zip(facts, tried, strict=True):
            if written := answers.get(each.decision.delivery_id):
                reason = speaker.words(written.reason_zh, written.reason_en)
                fact |= {"answer": str(written.path), "not_annotated_because": reason or None}
        say_json({"register_checked": register is not None, "files": facts})
        return 0 if is_good else 1
    if register is None:
        speaker.note(
            "没有可对照的单位名册（数据库未运行，或名册尚未报送）：未检查单位代码是否在册。",
            "No register at hand (the database does not run, or none was handed in): unit codes were not checked against it.",
        )
    _draw(tried, speaker, show_all=show_all)
    for written in answers.values():
        _say_where(written, speaker)
    return 0 if is_good else 1


def _annotate(tried: Sequence[Tried], folder: Path) -> dict[int, Written]:
    """The answers to the workbooks in which there is something to mend or to check, written into the folder."""
    from connectors.replies.writing import write_answer

    found: dict[int, Written] = {}
    stems: Counter[str] = Counter()
    for each in tried:
        answer = answer_to(each.decision, each.name.name)
        if answer.is_wanted:
            stem = each.name.stem[:LONGEST_STEM]
            stems[stem] += 1
            numbered = stem if stems[stem] == 1 else f"{stem}_{stems[stem]}"
            found[each.decision.delivery_id] = write_answer(folder, numbered, answer, each.data)
    return found


def _say_where(written: Written, speaker: Speaker) -> None:
    if written.is_annotated:
        speaker.say(f"批注工作簿：{written.path}", f"annotated workbook: {written.path}")
    else:
        speaker.say(
            f"问题清单：{written.path}（原件不能批注：{written.reason_zh}）",
            f"problem list: {written.path} (not annotated: {written.reason_en})",
        )


def _draw(tried: Sequence[Tried], speaker: Speaker, *, show_all: bool) -> None:
    for each in tried:
        path, decision = each.name, each.decision
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
            all_of_them = draw_findings([(path.name, f) for f in decision.findings], speaker).partition("\n")[2]
            click.echo(all_of_them if show_all else draw_groups(fold(decision.findings), speaker))


def _facts(path: PurePath, decision: Decision, lang: str) -> dict[str, Any]:
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
