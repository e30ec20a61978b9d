"""The page of a backfill's preview: what would happen to which answers, rows, findings and figures, in words for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.report import words
from connectors.report.page import page_environment
from connectors.report.writing import write_whole
from expectations.contract import forms

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.warehouse.backfill.plans import Plan

ENDINGS: Mapping[str, str] = {
    "new_version": "有新结果",
    "accepted_now": "原先退回，现在收下",
    "refused_now": "现在退回，原版本仍生效",
    "refused_still": "仍退回，原因有变",
    "unchanged": "不变",
    "identity_differs": "读出的报表、单位、期间或更正过的行不同，不动",
    "stuck": "无法入库，请告知维护人员",
    "first_answer": "首次入库",
    "refused": "退回",
    "duplicate_bytes": "与已有的相同",
    "duplicate_content": "与已有的内容相同",
}
"""What became of an answer."""

LEFT: Mapping[str, str] = {
    "known": "以前收过同一文件",
    "out_of_range": "不在所选的期间、报表或单位之内",
    "answered": "已有生效的报送",
    "not_recognised": "认不出是哪张报表、哪个单位、哪一期",
    "unpacked": "压缩包，其中的文件各算一个",
    "changing": "正在被改动",
    "unreadable": "没有权限读取",
}
"""Why a file of the folder was left alone."""

LEVELS = ("group", "province", "unit")
"""In which order figures are shown: what many look at first."""


def show(conn: psycopg.Connection[Any], plan: Plan) -> dict[str, Any]:
    """What the page says of a plan, with the names of units and indicators out of the database that it was carried out on."""
    answers: Sequence[Mapping[str, Any]] = plan.result["answers"]
    units = dict(
        conn.execute(
            "select distinct on (unit_id) unit_id, unit_name from registers.unit order by 1, valid_from desc"
        ).fetchall()
    )
    return {
        "plan": plan,
        "totals": totals(answers),
        "endings": [(ENDINGS[e], n) for e, n in Counter(str(a["ending"]) for a in answers).most_common()],
        "answers": [_answer(a, units) for a in answers if a["ending"] != "unchanged"],
        "unchanged": sum(a["ending"] == "unchanged" for a in answers),
        "left": [(name, LEFT[why]) for name, why in plan.result["left"].items()],
        "findings": [
            {**f, "title": _title(f["code"]), "word": words.SEVERITIES.get(f["severity"], "")}
            for f in plan.result["findings"]
        ],
        "figures": named_figures(conn, plan.result["figures"], units),
    }


def write_page(folder: Path, shown: Mapping[str, Any]) -> Path:
    """Write the page of what `show` gave into `folder`; gives its path."""
    text = page_environment().get_template("backfill.html.j2").render(**shown)
    path = folder / f"plan-{shown['plan'].plan_id}.html"
    write_whole(path, text.encode())
    return path


def totals(answers: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Rows loaded, waiting and ignored of these answers, before and after."""
    # What stays in force beside an answer that is refused now keeps its rows.
    counted = [a for a in answers if a["outcome"] == "accepted" or a["outcome_before"] == "accepted"]
    return {
        name: [
            sum((a[name][0] or 0) for a in counted if a["outcome_before"] == "accepted"),
            sum((a[name][1 if a["outcome"] == "accepted" else 0] or 0) for a in counted),
        ]
        for name in ("loaded", "waiting", "ignored")
    }


def named_figures(
    conn: psycopg.Connection[Any], figures: Sequence[Mapping[str, Any]], units: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The figures that change in value, with names and in words: groups and the province first, then units."""
    has_names = conn.execute("select to_regclass('bi.indicator') is not null").fetchone()
    names = (
        {row[0]: row[1:] for row in conn.execute("select indicator_id, name_zh, unit from bi.indicator")}
        if has_names and has_names[0]
        else {}
    )
    changed = [f for f in figures if (f["old"] or {}).get("value") != (f["new"] or {}).get("value")]
    ordered = sorted(changed, key=lambda f: (_place(f["org_level"]), f["org_id"], f["indicator_id"], f["period"]))
    return [
        {
            **{key: f[key] for key in ("indicator_id", "org_level", "org_id", "period")},
            "name": names.get(f["indicator_id"], (f["indicator_id"], ""))[0],
            "organisation": units.get(f["org_id"], f["org_id"]),
            **{side: _said(f[side], names.get(f["indicator_id"], ("", ""))[1]) for side in ("old", "new")},
        }
        for f in ordered
    ]


def _place(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _said(facts: Mapping[str, Any] | None, unit: str) -> str:
    value = (facts or {}).get("value")
    return words.measure(None if value is None else Decimal(value), unit)


def _answer(answer: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    return {
        **answer,
        "title": forms()[answer["form"]].title_zh,
        "name": units.get(answer["unit"], answer["unit"]),
        "word": ENDINGS[answer["ending"]],
    }


def _title(code: str) -> str:
    rules = {rule.code: rule for form in forms().values() for rule in form.rules}
    return rules[code].words_zh.what if code in rules else ""
