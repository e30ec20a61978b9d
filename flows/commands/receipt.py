"""`warehouse receipt`: what became of each delivery, signed, and whether a receipt is genuine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.settings import load_settings
from flows.desk import known_form, reading
from flows.receipt_files import issuer_key, receipts_in
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table, visible
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.replies.receipts import Verdict
    from connectors.replies.signing import PublicKey

KINDS_ZH = {"receipt": "仅回执", "annotated": "批注工作簿", "listed": "问题清单"}


@click.group("receipt", cls=SpokenGroup, zh="回执：列出、查看、验证真伪。", en="Receipts: list, show, verify.")
def command_line() -> None:
    """Receipts."""


@command("list", "列出回执，最近的在前。", "List receipts, the latest first.")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--form", "form_id", zh="报表", en="The form")
@option("--limit", type=int, default=20, show_default=True, zh="最多列出多少份", en="How many at most")
@json_option
@pass_speaker
def list_receipts(speaker: Speaker, unit_id: str | None, form_id: str | None, limit: int, as_json: bool) -> int:
    """List receipts."""
    from connectors.warehouse.replies import read_receipts

    known_form(form_id)
    with reading(load_settings()) as conn:
        rows = read_receipts(conn, unit_id=unit_id, form_id=form_id, limit=limit)
    if as_json:
        say_json(rows)
        return 0
    headings = speaker.words(
        "送达 收到时间 单位 报表 期间 结果 答复 必须改 请核对 文件",
        "delivery received_at unit form period outcome answer must_mend please_check file",
    ).split()
    names = ("delivery_id", "received_at", "unit", "form", "period", "outcome")
    table = [
        [
            *(r["receipt"][name] for name in names),
            speaker.words(KINDS_ZH[r["kind"]], r["kind"]),
            *(r["receipt"][name] for name in ("must_mend", "please_check", "file_name")),
        ]
        for r in rows
    ]
    text = draw_table(headings, table, (0, 7, 8))
    speaker.say(text, text)
    return 0


@command(
    "show", "查看一次送达的回执（--json 输出可验证的原文）。", "Show the receipt of a delivery (--json: as issued)."
)
@click.argument("delivery_id", metavar="DELIVERY", type=int)
@json_option
@pass_speaker
def show_receipt(speaker: Speaker, delivery_id: int, as_json: bool) -> int:
    """Show a receipt."""
    from connectors.warehouse.replies import read_receipt

    with reading(load_settings()) as conn:
        receipt = read_receipt(conn, delivery_id)
    if receipt is None:
        raise WrongUsage(
            f"送达 {delivery_id} 没有回执；用 warehouse receipt list 查看有哪些。",
            f"Delivery {delivery_id} has no receipt; see `warehouse receipt list`.",
        )
    if as_json:
        say_json(receipt)
        return 0
    lines = [visible(receipt["text"])]
    lines += [f"  {name}: {visible(str(receipt[name]))}" for name in receipt if name not in ("text", "seals")]
    speaker.say("\n".join(lines), "\n".join(lines))
    return 0


@command(
    "verify",
    "验证回执文件是不是本系统所发、有没有被改过。退出码：0 真，1 不真。",
    "Tell whether a receipt is genuine: 0 it is, 1 it is not.",
)
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    zh="公钥文件（PEM）；不给则用本机的",
    en="The public key (PEM); this machine's if not given",
)
@json_option
@pass_speaker
def verify(speaker: Speaker, file: Path, key_file: Path | None, as_json: bool) -> int:
    """Verify receipts."""
    verdicts = _verdicts(file, issuer_key(key_file))
    is_genuine = all(verdict.is_genuine for verdict in verdicts.values())
    if as_json:
        facts = [
            {
                "delivery_id": delivery_id,
                "genuine": verdict.is_genuine,
                "differing": list(verdict.differing),
                "reason": speaker.words(verdict.reason_zh, verdict.reason_en) or None,
            }
            for delivery_id, verdict in verdicts.items()
        ]
        say_json({"genuine": is_genuine, "receipts": facts})
        return 0 if is_genuine else 1
    for delivery_id, verdict in verdicts.items():
        name = visible(str(delivery_id))
        if verdict.is_genuine:
            speaker.say(
                f"送达 {name} 的回执为真：由本系统签发，未被改动。",
                f"The receipt of delivery {name} is genuine and unchanged.",
            )
            continue
        differing = visible("、".join(verdict.differing))
        speaker.say(
            f"送达 {name} 的回执不真：{verdict.reason_zh or f'以下各项与签发时不同：{differing}'}。",
            f"The receipt of delivery {name} is not genuine: {verdict.reason_en or f'changed since it was issued: {differing}'}.",
        )
    return 0 if is_genuine else 1


@command("key", "输出验证回执所用的公钥（PEM），可交给任何人。", "Print the public key (PEM) that verifies receipts.")
@pass_speaker
def show_key(speaker: Speaker) -> int:
    """Print the public key."""
    pem = issuer_key(None).to_pem().rstrip()
    speaker.say(pem, pem)
    return 0


def _verdicts(file: Path, key: PublicKey) -> dict[object, Verdict]:
    """The verdict on each receipt of a file, by the delivery that it names."""
    from connectors.replies.receipts import Verdict, verify_receipt

    receipts = receipts_in(file)
    if receipts is None:
        return {"—": Verdict(reason_zh="文件不是回执", reason_en="the file holds no receipt")}
    return {str(receipt.get("delivery_id", "—")): verify_receipt(receipt, key) for receipt in receipts}


for _each in (list_receipts, show_receipt, verify, show_key):
    command_line.add_command(_each)
