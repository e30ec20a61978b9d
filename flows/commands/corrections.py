"""`warehouse corrections`: what was proposed, and the approval of a second person."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.desk import author_option, known_form, reading, sound_reason
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import WrongUsage

if TYPE_CHECKING:
    import psycopg

    from connectors.warehouse.corrections import Correction
    from connectors.warehouse.replay import Replayed

STATES_ZH = {"proposed": "待批准", "approved": "已批准", "outdated": "已过时"}

ENDINGS = {
    "unchanged": (
        "按更正后的内容判定，整份会被退回，没有改动。",
        "With the correction the whole workbook would be refused; nothing was changed.",
    ),
    "answered_meanwhile": (
        "其间有了新的版本，没有改动；请查看后再批准一次。",
        "Another version came meanwhile; nothing was changed. Look at it, then approve once more.",
    ),
    "identity_differs": (
        "现在从原件读出的报表、单位、期间或行与当时不同，没有改动。",
        "The original is now read as another form, unit or period, or without that row; nothing was changed.",
    ),
    "stuck": ("无法入库，请告知维护人员。", "It could not be loaded; tell the maintainers."),
}
"""What to tell where an approval made no version, in both languages."""


@click.group(
    "corrections",
    cls=SpokenGroup,
    zh="更正：列出，以及由第二个人批准（提出用 warehouse correct）。",
    en="Corrections: list them; approve them as a second person (proposed by: warehouse correct).",
)
def command_line() -> None:
    """Corrections."""


@command("list", "列出更正。", "List corrections.")
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--state", type=click.Choice(list(STATES_ZH)), zh="状态", en="The state")
@json_option
@pass_speaker
def list_corrections(
    speaker: Speaker, form_id: str | None, unit_id: str | None, state: str | None, as_json: bool
) -> int:
    """List corrections."""
    from connectors.warehouse.corrections import read_corrections

    known_form(form_id)
    with reading(load_settings()) as conn:
        found = read_corrections(conn, form_id=form_id, unit_id=unit_id, state=state)
    if as_json:
        say_json([asdict(correction) for correction in found])
        return 0
    headings = speaker.words(
        "编号 报表 单位 期间 行 字段 原值 更正为 理由 提出人 状态 批准人",
        "id form unit period row field before becomes reason author state approver",
    )
    text = draw_table(headings.split(), [_line(correction, speaker) for correction in found], (0, 4))
    speaker.say(text, text)
    speaker.note(f"共 {len(found)} 条", f"{len(found)} corrections")
    return 0


@command(
    "approve",
    "批准一条更正（编号见 warehouse corrections list）：按存档的原件加上已批准的更正重新判定，成为新的版本，下一次运行计入。\n\n"
    "提出人自己不能批准。重复批准无害。",
    "Approve a correction (its id is in: warehouse corrections list): the original is judged anew with all approved corrections "
    "over it and becomes a new version, which the next run counts.\n\nNot by its own author. Harmless when repeated.",
)
@click.argument("correction_id", metavar="ID", type=int)
@option("--reason", zh="批准的理由；可以不写", en="Why; may be left out")
@author_option
@json_option
@pass_speaker
def approve(speaker: Speaker, correction_id: int, reason: str | None, author: str, as_json: bool) -> int:
    """Approve a correction."""
    replayed = _approve(
        load_settings(), correction_id, sound_reason(author), None if reason is None else sound_reason(reason)
    )
    if replayed is None:
        if as_json:
            say_json({"correction_id": correction_id, "ending": "approved_before"})
            return 0
        speaker.say(f"更正 {correction_id} 已经批准过。", f"Correction {correction_id} was approved before.")
        return 0
    is_made = replayed.ending == "replaced"
    version = replayed.candidate.version + is_made
    if as_json:
        counts = {
            "rows_loaded": replayed.rows_loaded,
            "rows_quarantined": replayed.rows_quarantined,
            "is_held": replayed.is_held,
        }
        say_json({"correction_id": correction_id, "ending": replayed.ending, "version": version, **counts})
    elif is_made:
        when = speaker.words("下一次运行（warehouse run）计入", "the next run (warehouse run) counts it")
        if replayed.is_held:
            when = speaker.words(
                "该期已结账，重新打开（warehouse reopen）时计入",
                "its period is closed, and it counts when that is reopened (warehouse reopen)",
            )
        speaker.say(
            f"更正 {correction_id} 已批准，成为第 {version} 版：入库 {replayed.rows_loaded} 行，待更正 {replayed.rows_quarantined} 行，"
            f"{when}。",
            f"Correction {correction_id} is approved and made version {version}: {replayed.rows_loaded} rows loaded, "
            f"{replayed.rows_quarantined} wait; {when}.",
        )
    else:
        speaker.note(*ENDINGS[replayed.ending])
    return 0 if is_made and not replayed.rows_quarantined else 1


def _approve(settings: Settings, correction_id: int, approver: str, reason: str | None) -> Replayed | None:
    """What became of the answer; None if the correction was approved before. Raises: WrongUsage."""
    from connectors.archive import Archive
    from connectors.warehouse.corrections import Approval
    from connectors.warehouse.key_register import open_keyring
    from connectors.warehouse.replay import read_newest, replay
    from connectors.warehouse.runs import close_run, open_run
    from connectors.workbooks.pool import ReaderPool
    from flows.night import today

    with reading(settings) as conn:
        keyring = open_keyring(conn, settings)
        correction = _for_approval(conn, correction_id, approver)
        candidate = read_newest(conn, correction.form_id, correction.unit_id, correction.period)
        # Asked for once more after the answer: what is not approved now is approved by nobody else before that answer changes.
        correction = _for_approval(conn, correction_id, approver)
        if correction.state == "approved":
            return None
        is_same = candidate is not None and candidate.delivery_id == correction.delivery_id
        if candidate is None or not is_same or correction.state == "outdated":
            raise WrongUsage(
                f"更正 {correction_id} 已过时：该单位已重新报送，或那份报送已撤回。仍需更正的，请重新提出。",
                f"Correction {correction_id} is outdated: the unit has answered anew, or the answer was withdrawn. Propose it anew.",
            )
        run_id, status = open_run(conn, "correction", today()), "failed"
        try:
            with ReaderPool(settings) as pool:
                approval = Approval(correction, approver, reason)
                [replayed] = replay(conn, Archive(settings, keyring), keyring, pool, [candidate], run_id, approval)
            status = "succeeded"
        finally:
            # No account: that of the delivery stands, and the new version has its own beside it.
            close_run(conn, run_id, status, None, None)
    return replayed


def _for_approval(conn: psycopg.Connection[Any], correction_id: int, approver: str) -> Correction:
    from connectors.warehouse.corrections import is_same_person, read_corrections

    found = read_corrections(conn, correction_id=correction_id)
    if not found:
        raise WrongUsage(f"没有更正 {correction_id}。", f"There is no correction {correction_id}.")
    if is_same_person(found[0].author, approver):
        raise WrongUsage(
            f"更正 {correction_id} 是{found[0].author}提出的，要由另一人批准。",
            f"Correction {correction_id} was proposed by {found[0].author}; another person has to approve it.",
        )
    return found[0]


def _line(correction: Correction, speaker: Speaker) -> list[object]:
    c, blank = correction, speaker.words("（空）", "(blank)")
    return [
        *(c.correction_id, c.form_id, c.unit_id, c.period, c.row_number, c.field),
        *(blank if said is None else said for said in (c.value_before, c.value)),
        *(c.reason, c.author, speaker.words(STATES_ZH[c.state], c.state), c.approver or ""),
    ]


for sub_command in (list_corrections, approve):
    command_line.add_command(sub_command)
