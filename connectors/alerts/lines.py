"""An alert as one line for people, and several like it as one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from connectors.alerts.condition import KINDS
from connectors.alerts.figures import meaning
from connectors.report.complaints import plain_words
from expectations.contract import forms

Row = dict[str, Any]

FOLDED_FROM = 4
"""So many units with the same trouble are one line."""

NAMED = 5
"""Units, forms or reasons that a line names before it only counts."""

ROWS = {"quarantined": "行", "refused": "处", "register_refused": "处"}
"""What the facts of a kind count."""

MESSAGES = {"waiting": "待重发", "unknown": "不知是否送达", "failed": "已放弃"}
"""States of messages that did not arrive."""

LOOKS = {"broken": "没有读完", "shut": "不能使用", "overdue": "超过时限", "failed": "本系统故障"}
"""How a look at a source ended."""


@dataclass(frozen=True, slots=True)
class Names:
    """What units are called and which is above which, and where the catalogue of indicators lies."""

    units: Mapping[str, str]
    parents: Mapping[str, str]
    project: Path

    def unit(self, unit_id: str) -> str:
        """Code and name of a unit."""
        return f"{unit_id} {self.units[unit_id]}" if unit_id in self.units else unit_id


def lines(rows: Sequence[Row], names: Names, night: date, caused: Mapping[int, int]) -> list[str]:
    """These alerts in lines, the gravest kind first; alike ones of several units share one.

    `caused` counts, by alert, what it explains and is therefore not told by itself.
    """
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_likeness(row)].append(row)
    order = list(KINDS)
    said = []
    for group in sorted(groups.values(), key=lambda g: (order.index(g[0]["kind"]), g[0]["alert_id"])):
        if len(group) >= FOLDED_FROM and group[0]["unit_id"]:
            said.append(_folded(group, names, night))
        else:
            said += [_line(row, names, night, caused.get(row["alert_id"], 0)) for row in group]
    return said


def resolved_lines(rows: Sequence[Row], names: Names) -> list[str]:
    """These alerts, which are over, in a line each, the gravest kind first: nothing is asked of anybody."""
    order = list(KINDS)
    return [
        f"{_where(row, names)}{_what(row)}。（预警 {row['alert_id']}，历 {(row['resolved_night'] - row['opened_night']).days} 天）"
        for row in sorted(rows, key=lambda row: (order.index(row["kind"]), row["alert_id"]))
    ]


def _likeness(row: Row) -> tuple[Any, ...]:
    """What alerts of several units have in common when they are the same trouble."""
    what: tuple[str, ...] = () if row["kind"] == "overdue" else (_about(row),)
    if row["kind"] in ROWS:
        what = tuple(sorted(row["facts"]))
    return row["kind"], row["form_id"], what


def _line(row: Row, names: Names, night: date, caused: int) -> str:
    because = f"另有 {caused} 项由此引起。" if caused else ""
    return f"{sentence(row, names, because)}（预警 {row['alert_id']}{_age(row, night)}）"


def sentence(row: Row, names: Names, because: str = "") -> str:
    """What an alert says: where, what, what it means for which figures, and whose move it is."""
    return f"{_where(row, names)}{_what(row)}。{because}{_consequence([row], names)}{KINDS[row['kind']].move}。"


def _folded(group: list[Row], names: Names, night: date) -> str:
    kind = KINDS[group[0]["kind"]]
    form = _title(group[0]["form_id"])
    units = list(dict.fromkeys(names.unit(row["unit_id"]) for row in group))
    more = f"等 {len(units)} 个单位" if len(units) > NAMED else ""
    oldest = min(group, key=lambda row: row["opened_night"])
    counts: Counter[str] = Counter()
    for row in group:
        counts.update(row["facts"])
    reasons = _reasons(group[0]["kind"], counts)
    ids = "、".join(str(row["alert_id"]) for row in group[:NAMED]) + ("…" if len(group) > NAMED else "")
    return (
        f"{form}{kind.title}{reasons}：{'、'.join(units[:NAMED])}{more}，共 {len(group)} 件。"
        f"{_consequence(group, names)}{kind.move}。（预警 {ids}{_age(oldest, night)}）"
    )


def _where(row: Row, names: Names) -> str:
    unit = names.unit(row["unit_id"]) if row["unit_id"] else ""
    return f"{unit}{_title(row['form_id'])}{row['period'] or ''}" + ("：" if unit else "")


def _what(row: Row) -> str:
    title, facts = KINDS[row["kind"]].title, row["facts"]
    match row["kind"]:
        case "overdue":
            return f"{title} {len(facts)} 份（{_listed(_answer(key) for key in sorted(facts))}）"
        case "cross_finding":
            return f"{plain_words(_about(row)).what}（{_listed(sorted(facts))}）"
        case "unrecognised":
            source, _, code = _about(row).rpartition("/")
            return f"来源 {source} 有 {len(facts)} 个{title}（{plain_words(code).what}）"
        case "undelivered":
            counted = _listed(f"{MESSAGES.get(key, key)} {count} 条" for key, count in sorted(facts.items()))
            return f"通道 {_about(row)} 的{title}（{counted}）"
        case "source_broken":
            return f"来源 {_about(row)} 收取不到（{_listed(LOOKS.get(key, key) for key in sorted(facts))}）"
        case "unbalanced":
            return f"{title}（{sum(facts.values())} 个）"
        case "rule_unasked":
            return f"{title}（{_about(row)}）"
        case "quarantined" | "refused" | "register_refused":
            return f"{title}{_reasons(row['kind'], facts)}"
        case _:
            about = f"{_about(row)} " if _about(row) else ""
            return f"{title}（{about}{_listed(sorted(facts))}）"


def _reasons(kind: str, facts: Mapping[str, int]) -> str:
    unit = ROWS.get(kind)
    if unit is None:
        return ""
    counted = sorted(facts.items(), key=lambda fact: (-fact[1], fact[0]))
    return f"（{_listed(f'{plain_words(code).what} {count} {unit}' for code, count in counted)}）"


def _consequence(group: Iterable[Row], names: Names) -> str:
    said = meaning(list(dict.fromkeys(form for row in group for form in forms_of(row))), names.project)
    return f"{said}。" if said else ""


def forms_of(row: Row) -> list[str]:
    """The forms that an alert is about."""
    if row["form_id"]:
        return [row["form_id"]]
    return [key.split(" ")[0] for key in sorted(row["facts"])] if row["kind"] == "overdue" else []


def _age(row: Row, night: date) -> str:
    days = (night - row["opened_night"]).days
    said = f"，已 {days} 天" if days > 0 else ""
    return said + (f"，{row['decided_by']}已认领" if row["state"] == "acknowledged" else "")


def _about(row: Row) -> str:
    return str(row["fingerprint"].split("|", 4)[4])


def _title(form_id: str | None) -> str:
    form = forms().get(form_id or "")
    return f"《{form.title_zh}》" if form else ""


def _answer(key: str) -> str:
    form_id, _, period = key.partition(" ")
    return f"{_title(form_id) or form_id}{period}"


def _listed(parts: Iterable[str]) -> str:
    listed = list(parts)
    return "、".join(listed[:NAMED]) + (f"等 {len(listed)} 项" if len(listed) > NAMED else "")
