"""A preview and an apply in words: on the terminal, and as Markdown on the page of a Prefect run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flows.speech import Speaker
from flows.tables import Draw, draw_table

if TYPE_CHECKING:
    from flows.backfill_run import Applied

MOST_LINES = 40
"""Lines of a table on a terminal or a run's page; the HTML page and `--json` have all."""


def draw_preview(shown: Mapping[str, Any], speaker: Speaker) -> None:
    """Say what a preview showed."""
    text = preview_text(shown, speaker, draw_table)
    speaker.say(text, text)


def preview_text(shown: Mapping[str, Any], speaker: Speaker, draw: Draw) -> str:
    """What a preview showed: the answers that change, rows, findings and figures."""
    plan = shown["plan"]
    parts = [speaker.words(f"预览 {plan.plan_id}（数据没有改动）", f"Plan {plan.plan_id} (nothing has changed)")]
    parts.append("\n".join(f"{word}：{count}" for word, count in shown["endings"]))
    rows = [
        (speaker.words(*said), f"{before} → {after}")
        for said, (before, after) in zip(_ROWS, shown["totals"].values(), strict=True)
    ]
    parts.append(draw(speaker.words("行 变化", "rows change").split(), [list(row) for row in rows], ()))
    parts += _table(
        speaker.words("报表 单位 期间 结果 版本 入库 待更正", "form unit period ending version loaded waiting").split(),
        [
            [
                a["form"],
                a["unit"],
                a["period"],
                speaker.words(a["word"], a["ending"]),
                f"{a['version_before'] or '—'} → {a['version'] or '—'}",
            ]
            + [
                f"{a[name][0] if a[name][0] is not None else '—'} → {a[name][1] if a[name][1] is not None else '—'}"
                for name in ("loaded", "waiting")
            ]
            for a in shown["answers"]
        ],
        speaker,
        draw,
    )
    parts += _table(
        speaker.words("问题 程度 新出现 消失", "finding severity appears disappears").split(),
        [[f["code"], speaker.words(f["word"], f["severity"]), f["appear"], f["disappear"]] for f in shown["findings"]],
        speaker,
        draw,
    )
    parts += _table(
        speaker.words("组织 指标 期间 原来 变为", "organisation indicator period old new").split(),
        [
            [f"{f['organisation']}（{f['org_id']}）", f["name"], f["period"], f["old"], f["new"]]
            for f in shown["figures"]
        ],
        speaker,
        draw,
    )
    parts += _table(
        speaker.words("不处理的文件 原因", "file why").split(),
        [[name, why] for name, why in shown["left"]],
        speaker,
        draw,
    )
    return "\n\n".join(parts)


_ROWS = (("入库", "loaded"), ("待更正", "waiting"), ("不计", "ignored"))


def _table(headings: list[str], rows: list[list[object]], speaker: Speaker, draw: Draw) -> list[str]:
    if not rows:
        return []
    text = draw(headings, rows[:MOST_LINES], ())
    more = len(rows) - MOST_LINES
    return [text + (speaker.words(f"\n… 另有 {more} 行", f"\n… and {more} more") if more > 0 else "")]


def draw_applied(applied: Applied, speaker: Speaker) -> None:
    """Say what an apply came to."""
    text = applied_text(applied, speaker)
    speaker.say(text, text)


def applied_text(applied: Applied, speaker: Speaker) -> str:
    """What an apply came to, in a sentence."""
    number, plan_id, release = applied.backfill_id, applied.plan.plan_id, applied.release_id
    if applied.result is None:
        return speaker.words(
            f"预览 {plan_id} 早已执行（补录 {number}，第 {release} 次发布），这次没有改动。",
            f"The plan {plan_id} was applied before (backfill {number}, release {release}); nothing has changed now.",
        )
    made = sum(answer["version"] is not None for answer in applied.result.get("answers", ()))
    figures = len(applied.result.get("figures", ()))
    return speaker.words(
        f"补录 {number} 已按预览 {plan_id} 执行：{made} 份报送有新版本，{figures} 个指标数字有变，读者看到第 {release} 次发布。",
        f"Backfill {number} did what plan {plan_id} showed: {made} new versions, {figures} figures changed; readers see release {release}.",
    )
