"""A release drawn for people: what it changed, why, and which submissions were behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flows.comparison import plain_number
from flows.speech import Speaker
from flows.tables import draw_table

CAUSES = {
    "restatement": ("已结账期间的更正", "restatement"),
    "correction": ("更正", "correction"),
    "withdrawal": ("撤回", "withdrawal"),
    "rule_change": ("规则变动", "rule change"),
    "resubmission": ("重新报送", "resubmission"),
    "late_data": ("迟报", "late data"),
    "new_data": ("新数据", "new data"),
    "register_change": ("名册变动", "register change"),
    "code_change": ("程序变动", "code change"),
    "calendar": ("日期推移", "calendar"),
    "unexplained": ("原因不明", "unexplained"),
}
"""The causes of changed figures in both languages."""

LEVELS_ZH = {"province": "全省", "group": "行业组", "unit": "单位"}

Row = Mapping[str, Any]


def name_causes(causes: Iterable[str], speaker: Speaker) -> str:
    """Causes in words, the main one first."""
    return speaker.words("、", ", ").join(speaker.words(*CAUSES.get(cause, (cause, cause))) for cause in causes)


def count_causes(causes: Mapping[str, int], speaker: Speaker) -> str:
    """How many figures by cause, as one phrase; empty where no value changed."""
    return speaker.words("，", ", ").join(
        f"{speaker.words(*CAUSES.get(cause, (cause, cause)))} {figures}" for cause, figures in causes.items()
    )


def draw_releases(rows: Sequence[Row], speaker: Speaker) -> str:
    """Releases, one a line."""
    headings = speaker.words(
        "期 发布时间 业务日期 变动数字 变动原因 由来", "release published_at night figures_changed causes made_by"
    ).split()
    lines = [
        [
            *(r["release_id"], f"{r['published_at']:%Y-%m-%d %H:%M:%S}", r["night"], r["figures_changed"]),
            *(count_causes(r["causes"], speaker), r["cause"]),
        ]
        for r in rows
    ]
    return draw_table(headings, lines, (0, 3))


def draw_difference(rows: Sequence[Row], speaker: Speaker) -> str:
    """Figures that differ between two releases, one a line."""
    headings = speaker.words(
        "指标 层级 组织 期间 原值 新值 原因", "indicator level organisation period old new causes"
    ).split()
    return draw_table(headings, [_change(row, row["indicator_id"], speaker) for row in rows], (4, 5))


def draw_release(found: Row, speaker: Speaker) -> str:
    """One release: when, why, what it changed most, which submissions are behind it, and what its run came to."""
    lines = [
        speaker.words(
            f"第 {found['release_id']} 期  {found['published_at']:%Y-%m-%d %H:%M:%S} 发布  业务日期 {found['night']}",
            f"release {found['release_id']}  published {found['published_at']:%Y-%m-%d %H:%M:%S}  night {found['night']}",
        ),
        speaker.words(
            f"变动数字 {found['figures_changed']} 个：{count_causes(found['causes'], speaker) or '无'}",
            f"{found['figures_changed']} figures changed: {count_causes(found['causes'], speaker) or 'none'}",
        ),
        *_run(found, speaker),
    ]
    if found["changes"]:
        lines += ["", speaker.words("全省与行业组变动最大的数字", "The largest changes of the province and the groups")]
        headings = speaker.words(
            "指标 层级 组织 期间 原值 新值 原因", "indicator level organisation period old new causes"
        ).split()
        named = [
            _change(row, row[speaker.words("name_zh", "name_en")] or row["indicator_id"], speaker)
            for row in found["changes"]
        ]
        lines.append(draw_table(headings, named, (4, 5)))
        lines += _more(found["changes_total"] - len(found["changes"]), "个", "figures", speaker)
    if found["submissions"]:
        lines += ["", speaker.words("引起变动的报送", "The submissions behind the changes")]
        headings = speaker.words(
            "报送 报表 单位 期间 版本 文件 涉及数字", "submission form unit period version file figures"
        ).split()
        rows = [
            [s[name] for name in ("submission_id", "form_id", "unit_id", "period", "version", "object_name", "figures")]
            for s in found["submissions"]
        ]
        lines.append(draw_table(headings, rows, (0, 4, 6)))
        lines += _more(found["submissions_total"] - len(found["submissions"]), "份", "submissions", speaker)
    return "\n".join(lines)


def _run(found: Row, speaker: Speaker) -> list[str]:
    lines: list[str] = []
    account = found["account"]
    if account:
        lines.append(
            speaker.words(
                f"批次 {found['run_id']}：收到 {account.get('received', 0)} 个文件，读入 {account.get('rows_read', 0)} 行，"
                f"入库 {account.get('rows_loaded', 0)}，待更正 {account.get('rows_quarantined', 0)}，忽略 {account.get('rows_ignored', 0)}",
                f"run {found['run_id']}: {account.get('received', 0)} files, {account.get('rows_read', 0)} rows read, "
                f"{account.get('rows_loaded', 0)} loaded, {account.get('rows_quarantined', 0)} wait, {account.get('rows_ignored', 0)} ignored",
            )
        )
    if found["build_id"] is not None:
        lines.append(
            speaker.words(
                f"依据：到报送 {found['last_submission_id']}、事件 {found['last_event_id']} 为止",
                f"made from: up to submission {found['last_submission_id']}, event {found['last_event_id']}",
            )
        )
    if found["event"]:
        event: Row = found["event"]
        lines.append(
            speaker.words(
                f"事件链：第 {event['event_id']} 个，{event['hash']}",
                f"chain: event {event['event_id']}, {event['hash']}",
            )
        )
    return lines


def _change(row: Row, name: str, speaker: Speaker) -> list[object]:
    return [
        name,
        speaker.words(LEVELS_ZH[row["org_level"]], row["org_level"]),
        *(row["org_id"], row["period"], plain_number(row["old_value"]), plain_number(row["new_value"])),
        name_causes(row["causes"], speaker),
    ]


def _more(count: int, zh: str, en: str, speaker: Speaker) -> list[str]:
    return [speaker.words(f"… 另有 {count} {zh}", f"… {count} more {en}")] if count > 0 else []
