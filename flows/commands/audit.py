"""`warehouse audit`: the chain of events, whether it and the tables are as they were recorded, and what happened."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.settings import load_settings
from flows.desk import known_form, known_period, reading
from flows.progress import progress
from flows.receipt_files import issuer_key, receipts_in
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table, visible
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.warehouse.audit import Head


@click.group(
    "audit",
    cls=SpokenGroup,
    zh="审计：事件记录是否完整、列出发生过什么。",
    en="Audit: is the record whole, what happened.",
)
def command_line() -> None:
    """The chain of events."""


@command(
    "verify",
    "核对事件链：每个事件是否与前一个相接，各表是否仍如事件所记，已发回执所记的链末端是否还在。退出码：0 相符，1 不符。\n\n"
    "第一处不符会用文字说明。--receipt 可另外给出保存在别处的回执文件（可多次）：链的末端被截去时，由它证明。",
    "Verify the chain of events: does each follow the one before it, are the tables as the events say, do the receipts issued know the same "
    "chain. 0: all is as recorded, 1: something is not, and what.\n\n"
    "--receipt names a file of receipts kept elsewhere (may be repeated): it shows when the end of the chain was cut off.",
)
@option(
    "--receipt",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    zh="回执文件（JSON）",
    en="A file of receipts (JSON)",
)
@option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    zh="签发回执的公钥文件（PEM）；不给则用本机的",
    en="The public key (PEM) of the receipts; this machine's if not given",
)
@json_option
@pass_speaker
def verify(speaker: Speaker, files: tuple[Path, ...], key_file: Path | None, as_json: bool) -> int:
    """Verify the chain."""
    from connectors.warehouse.audit import audit

    known = {name: head for file in files for name, head in _heads(file, key_file).items()}
    with reading(load_settings()) as conn, progress(speaker.words("核对事件", "verifying"), "audit") as tell:
        found = audit(conn, known, tell)
    is_whole = not found.faults
    if as_json:
        say_json({"whole": is_whole, **asdict(found)})
        return 0 if is_whole else 1
    for fault in found.faults:
        speaker.say(f"✗ {visible(fault.zh)}。", f"✗ {visible(fault.en)}.")
    if is_whole:
        speaker.say(
            f"事件链完整：{found.events} 个事件首尾相接，{found.rows} 行记录与事件相符；末端 {found.head.event_id}，哈希 {found.head.short_hash}。",
            f"The chain is whole: {found.events} events, {found.rows} rows as recorded; it ends at {found.head.event_id}, "
            f"hash {found.head.short_hash}.",
        )
    else:
        speaker.say(
            f"有 {len(found.faults)} 处不符。数据库可能被绕过系统改动过：请保留现场，用备份核对，并告知维护人员。",
            f"{len(found.faults)} faults. Somebody may have changed the database past the system: keep it as it is, compare it with a "
            "backup, and tell the maintainers.",
        )
    return 0 if is_whole else 1


@command("list", "列出发生过什么，最近的在前。", "List what happened, the latest first.")
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--period", zh="期间，如 2021-03", en="The period, such as 2021-03")
@option("--kind", zh="种类，如 accepted 接收、withdrawn 撤回", en="The kind, such as accepted or withdrawn")
@option("--author", zh="何人，或批次如 run 12", en="Who, or a run such as run 12")
@option(
    "--since",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    zh="自哪一天起，如 2021-03-01",
    en="From this day on, such as 2021-03-01",
)
@option("--limit", type=int, default=100, show_default=True, zh="最多列出多少条", en="How many at most")
@json_option
@pass_speaker
def list_events(
    speaker: Speaker,
    form_id: str | None,
    unit_id: str | None,
    period: str | None,
    kind: str | None,
    author: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> int:
    """List events."""
    from connectors.warehouse.event_log import KINDS_ZH, read_events

    known_form(form_id)
    if kind is not None and kind not in KINDS_ZH:
        raise WrongUsage(
            f"没有事件种类 {kind}。可以是：{'、'.join(f'{name}（{zh}）' for name, zh in KINDS_ZH.items())}。",
            f"There is no kind {kind}; it may be: {', '.join(KINDS_ZH)}.",
        )
    asked = known_period(period)
    with reading(load_settings()) as conn:
        events = read_events(
            conn,
            form_id=form_id,
            unit_id=unit_id,
            period=asked.id if asked else None,
            kind=kind,
            author=author,
            since=since.date() if since else None,
            limit=limit,
        )
    if as_json:
        say_json(events)
        return 0
    headings = speaker.words(
        "事件 时间 种类 报表 单位 期间 何人 理由 文件", "event at kind form unit period author reason file"
    )
    table = [
        [
            e["event_id"],
            f"{e['happened_at']:%Y-%m-%d %H:%M}",
            speaker.words(KINDS_ZH[e["kind"]], e["kind"]),
            *(e[name] for name in ("form_id", "unit_id", "period", "author", "reason", "object_name")),
        ]
        for e in events
    ]
    text = draw_table(headings.split(), table, (0,))
    speaker.say(text, text)
    speaker.note(f"共 {len(events)} 条", f"{len(events)} events")
    return 0


def _heads(file: Path, key_file: Path | None) -> dict[str, Head]:
    """What the receipts of a file know of the chain. Raises: WrongUsage if one is not genuine or none knows of it."""
    from connectors.replies.receipts import verify_receipt
    from connectors.warehouse.audit import heads_of

    receipts, key = receipts_in(file) or [], issuer_key(key_file)
    if not receipts or not all(verify_receipt(receipt, key).is_genuine for receipt in receipts):
        raise WrongUsage(
            f"{file} 不是真的回执，不能作证（见 warehouse receipt verify）。",
            f"{file} is no genuine receipt and proves nothing (see warehouse receipt verify).",
        )
    heads = heads_of(receipts)
    if not heads:
        raise WrongUsage(
            f"{file} 中的回执签发于事件链之前，没有记下链的末端。",
            f"The receipts of {file} were issued before there was a chain and know nothing of it.",
        )
    return heads


for _each in (verify, list_events):
    command_line.add_command(_each)
