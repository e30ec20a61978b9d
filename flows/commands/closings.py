"""`warehouse closings`: what is closed, by whom and when, and what waits for it; and whether a pack is genuine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.comparison import plain_number
from flows.desk import known_period, reading
from flows.receipt_files import issuer_key
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table, visible

if TYPE_CHECKING:
    from expectations.periods import Period

MOST_CHANGES = 100
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command(
    "closings",
    "结账记录：哪些期间已结账、何时、何人、还有什么在等待；写明期间的，列出等待的报送和数字。\n\n"
    "--verify 检查结账包是不是本系统签的、有没有被改过：0 真，1 不真。",
    "What is closed, when, by whom, and what waits; of one PERIOD, the answers and the figures that wait.\n\n"
    "--verify FILE: whether a pack is genuine (0) or not (1).",
)
@click.argument("period", metavar="[PERIOD]", required=False)
@option("--verify", "pack", type=_FILE, zh="检查这个结账包", en="Check this pack")
@option("--key", "key_path", type=_FILE, zh="公钥文件（默认用本机的）", en="The public key (default: of this home)")
@json_option
@pass_speaker
def command_line(speaker: Speaker, period: str | None, pack: Path | None, key_path: Path | None, as_json: bool) -> int:
    """List closings, or verify a pack."""
    if pack is not None:
        return _verify(speaker, pack, key_path, as_json)
    return _list(load_settings(), speaker, known_period(period), as_json)


def _verify(speaker: Speaker, pack: Path, key_path: Path | None, as_json: bool) -> int:
    from connectors.warehouse.closing_pack import verify_pack

    verdict = verify_pack(pack, issuer_key(key_path))
    if as_json:
        facts = {"is_genuine": verdict.is_genuine, "differing": list(verdict.differing)}
        say_json({"file": str(pack), **facts, "reason": verdict.reason_en or None})
    elif verdict.is_genuine:
        speaker.say(f"{pack.name}：真，与签发时一样。", f"{pack.name}: genuine, as it was signed.")
    else:
        why_zh = verdict.reason_zh or f"与签发时不同：{'、'.join(verdict.differing)}"
        why_en = verdict.reason_en or f"other than when it was signed: {', '.join(verdict.differing)}"
        speaker.say(f"{pack.name}：不真，{why_zh}。", f"{pack.name}: not genuine; {why_en}.")
    return 0 if verdict.is_genuine else 1


def _list(settings: Settings, speaker: Speaker, asked: Period | None, as_json: bool) -> int:
    from connectors.warehouse.close_period import pack_path, tidy_packs
    from connectors.warehouse.closing import ids_within
    from connectors.warehouse.closing_ledger import read_closings, read_held, read_waiting_changes

    with reading(settings) as conn:
        tidy_packs(settings, conn)
        rows = read_closings(conn, asked.id if asked else None)
        ids = ids_within(asked.first_day, asked.last_day) if asked else []
        held = read_held(conn, ids) if asked else []
        changes = read_waiting_changes(conn, ids, None if as_json else MOST_CHANGES) if asked else []
    for row in rows:
        path = pack_path(settings, row["period"], row["closing_id"])
        row["pack"] = str(path) if path.exists() else None
    if as_json:
        say_json({"closings": rows, "held": held, "waiting": changes} if asked else rows)
        return 0
    headings = speaker.words(
        "期间 编号 期 结账时间 结账人 未收 状态 等待的报送 等待的数字 结账包",
        "period closing release closed_at author missing state held waiting pack",
    ).split()
    text = draw_table(headings, [_line(row, speaker) for row in rows], (1, 2, 5, 7, 8))
    speaker.say(text, text)
    if held:
        _say_held(held, speaker)
    if changes:
        _say_changes(changes, speaker)
    speaker.note(f"共 {len(rows)} 次结账", f"{len(rows)} closings")
    return 0


def _line(row: dict[str, Any], speaker: Speaker) -> list[object]:
    state = speaker.words("已结账", "closed")
    if row["reopened_at"]:
        when = f"{row['reopened_at']:%Y-%m-%d}"
        state = speaker.words(f"{when} {row['reopened_by']}重新打开：{row['reopened_because']}", f"reopened {when}")
    pack = Path(row["pack"]).name if row["pack"] else speaker.words("不见了", "missing")
    facts = (row["closing_id"], row["release_id"], f"{row['closed_at']:%Y-%m-%d %H:%M}", row["author"], row["missing"])
    return [row["period"], *facts, state, row["held"], row["waiting"], pack]


def _say_held(held: list[dict[str, Any]], speaker: Speaker) -> None:
    speaker.say("\n等待的报送（重新打开时计入）：", "\nAnswers that wait (they count when the period is reopened):")
    headings = speaker.words("报表 单位 期间 版本 行 收到 文件", "form unit period version rows received file").split()
    table = [
        [
            *(r["form_id"], r["unit_id"], r["period"], r["version"], r["rows_loaded"]),
            *(f"{r['received_at']:%Y-%m-%d %H:%M}", visible(r["object_name"])),
        ]
        for r in held
    ]
    text = draw_table(headings, table, (3, 4))
    speaker.say(text, text)


def _say_changes(changes: list[dict[str, Any]], speaker: Speaker) -> None:
    speaker.say(
        f"\n等待的数字（现在算来与结账不同，最多列出 {MOST_CHANGES} 个）：",
        f"\nFigures that wait (they would be another today; at most {MOST_CHANGES} are shown):",
    )
    headings = speaker.words(
        "指标 层级 组织 期间 结账 现在 自第几期", "indicator level org period closed now since"
    ).split()
    table = [
        [
            *(r["indicator_id"], r["org_level"], r["org_id"], r["period"]),
            *(plain_number(r["closed_value"]), plain_number(r["new_value"]), r["since_release"]),
        ]
        for r in changes
    ]
    text = draw_table(headings, table, (4, 5, 6))
    speaker.say(text, text)
