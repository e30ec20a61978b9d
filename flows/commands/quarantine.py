"""`warehouse quarantine`: the rows that wait, and judging them once more after something else was mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.desk import known_form, known_period, reading
from flows.findings import finding_facts
from flows.progress import progress
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table

if TYPE_CHECKING:
    from connectors.warehouse.replay import Candidate, Replayed
    from flows.progress import Progress

ENDINGS_ZH = {
    "replaced": "有新结果",
    "unchanged": "结果不变",
    "answered_meanwhile": "其间已有新报送",
    "identity_differs": "现在读出的报表、单位、期间或更正过的行不同，未改动",
    "stuck": "无法入库，请告知维护人员",
}


@click.group(
    "quarantine",
    cls=SpokenGroup,
    zh="待更正的行：列出，以及规则、豁免或名册改正后重新判定。",
    en="Rows that wait: list them; judge them again after a rule, a waiver or a register was mended.",
)
def command_line() -> None:
    """Rows that wait."""


@command("list", "列出待更正的行，等得最久的在前。", "List the rows that wait, those that wait longest first.")
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--period", zh="期间，如 2021-03", en="The period, such as 2021-03")
@option("--rule", "rule_code", zh="规则或问题代码", en="The code of the rule or finding")
@option("--limit", type=int, default=100, show_default=True, zh="最多列出多少条", en="How many at most")
@json_option
@pass_speaker
def list_rows(
    speaker: Speaker,
    form_id: str | None,
    unit_id: str | None,
    period: str | None,
    rule_code: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """List rows that wait."""
    from connectors.warehouse.ledger import finding_of
    from connectors.warehouse.quarantine import read_quarantine

    known_form(form_id)
    asked = known_period(period)
    with reading(load_settings()) as conn:
        rows = read_quarantine(
            conn,
            form_id=form_id,
            unit_id=unit_id,
            period=asked.id if asked else None,
            rule_code=rule_code,
            limit=limit,
        )
    found = [finding_facts(row["object_name"], finding_of(row), speaker.lang) for row in rows]
    if as_json:
        also = ("form_id", "unit_id", "period", "submission_id", "since")
        say_json([facts | {key: row[key] for key in also} for facts, row in zip(found, rows, strict=True)])
        return 0
    headings = speaker.words("报表 单位 期间 行 单元格 原因 自", "form unit period row cell why since").split()
    table = [
        [
            *(row["form_id"], row["unit_id"], row["period"], row["row_number"], row["cell"]),
            *(f"{facts['what']} ({facts['code']})", f"{row['since']:%Y-%m-%d}"),
        ]
        for facts, row in zip(found, rows, strict=True)
    ]
    text = draw_table(headings, table, (3,))
    speaker.say(text, text)
    speaker.note(f"共 {len(rows)} 条", f"{len(rows)} in all")
    return 0


@command(
    "replay",
    "规则、豁免或名册改正后，把待更正的和退回的报送按存档的原件重新判定。\n\n"
    "结果不同的成为新的版本，下一次夜间流程计入；结果相同的不动。可以反复运行，中断后再运行会接着完成。",
    "Judge what waits or was refused once more, by the archived originals, after a rule, a waiver or a register was mended.\n\n"
    "What ends differently becomes a new version, which the next night counts; what does not stays. Safe to run again.",
)
@option("--form", "form_id", zh="只限这张报表", en="This form only")
@option("--unit", "unit_id", zh="只限这个单位", en="This unit only")
@option("--rule", "rule_code", zh="只限有这种问题的报送", en="Only submissions with a finding of this code")
@json_option
@pass_speaker
def replay_rows(
    speaker: Speaker, form_id: str | None, unit_id: str | None, rule_code: str | None, as_json: bool
) -> int:
    """Replay what waits."""
    known_form(form_id)
    with progress(speaker.words("重新判定", "judging again"), "replay") as tell:
        replayed = _replay(load_settings(), form_id, unit_id, rule_code, tell)
    still = [r for r in replayed if r.ending != "replaced" or r.rows_quarantined]
    if as_json:
        say_json([_facts(r) for r in replayed])
        return 1 if still else 0
    headings = speaker.words(
        "报表 单位 期间 版本 结果 入库 待更正", "form unit period version ending loaded waiting"
    ).split()
    text = draw_table(headings, [_line(r, speaker) for r in replayed], (3, 5, 6))
    speaker.say(text, text)
    anew = sum(r.ending == "replaced" for r in replayed)
    speaker.note(
        f"重新判定 {len(replayed)} 份，其中 {anew} 份有新结果，下一次运行（warehouse run）计入。",
        f"{len(replayed)} judged again, {anew} with another outcome, which the next run (warehouse run) counts.",
    )
    if held := sum(r.is_held for r in replayed):
        speaker.note(
            f"其中 {held} 份的期间已结账，重新打开（warehouse reopen）时才计入。",
            f"{held} of them are of closed periods and count when those are reopened (warehouse reopen).",
        )
    return 1 if still else 0


def _replay(
    settings: Settings, form_id: str | None, unit_id: str | None, rule_code: str | None, tell: Progress
) -> list[Replayed]:
    from connectors.archive import Archive
    from connectors.warehouse.key_register import open_keyring
    from connectors.warehouse.replay import read_candidates, replay
    from connectors.warehouse.runs import close_run, open_run
    from connectors.workbooks.pool import ReaderPool
    from flows.night import today

    with reading(settings) as conn:
        keyring = open_keyring(conn, settings)
        candidates = read_candidates(conn, form_id=form_id, unit_id=unit_id, rule_code=rule_code)
        if not candidates:
            return []
        run_id, status, replayed = open_run(conn, "replay", today()), "failed", list["Replayed"]()
        try:
            with ReaderPool(settings) as pool:
                archive = Archive(settings, keyring)
                for chunk in _chunks(settings, candidates):
                    replayed += replay(conn, archive, keyring, pool, chunk, run_id)
                    tell(len(replayed), len(candidates))
            status = "succeeded"
        finally:
            # No account: that of the deliveries stands, and each replay has its own beside it.
            close_run(conn, run_id, status, None, None)
    return replayed


def _chunks(settings: Settings, candidates: list[Candidate]) -> Iterator[list[Candidate]]:
    from connectors.warehouse.runs import chunk_deliveries

    of_delivery = {c.delivery_id: c for c in candidates}
    sizes = [(c.delivery_id, c.size_bytes) for c in candidates]
    for ids in chunk_deliveries(sizes, settings.chunk_size):
        yield [of_delivery[delivery_id] for delivery_id in ids]


def _facts(replayed: Replayed) -> dict[str, Any]:
    candidate = replayed.candidate
    return {
        "form": candidate.form_id,
        "unit": candidate.unit_id,
        "period": candidate.period,
        "version": candidate.version + (replayed.ending == "replaced"),
        "ending": replayed.ending,
        "was": candidate.outcome,
        "rows_quarantined_before": candidate.rows_quarantined,
        "rows_loaded": replayed.rows_loaded if replayed.ending == "replaced" else None,
        "rows_quarantined": replayed.rows_quarantined,
        "is_held": replayed.is_held,
    }


def _line(replayed: Replayed, speaker: Speaker) -> list[object]:
    facts = _facts(replayed)
    ending = speaker.words(ENDINGS_ZH[replayed.ending], replayed.ending.replace("_", " "))
    waiting = f"{facts['rows_quarantined_before']} → {facts['rows_quarantined']}"
    return [
        *(facts["form"], facts["unit"], facts["period"], facts["version"], ending),
        *("" if facts["rows_loaded"] is None else facts["rows_loaded"], waiting),
    ]


for sub_command in (list_rows, replay_rows):
    command_line.add_command(sub_command)
