"""The restatement note: what a release changed in a period that had been closed, old → new, with causes; who reopened it and why.

<folder>/restatement-P-release-N.html   to be read
<folder>/restatement-P-release-N.json   the same facts
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.report import words
from connectors.report.page import page_environment
from connectors.report.writing import write_whole
from expectations.contract import forms
from expectations.periods import Period, parse_period

if TYPE_CHECKING:
    import psycopg

    from connectors.settings import Settings

CAUSES = {
    "restatement": "重述",
    "correction": "更正",
    "withdrawal": "撤回",
    "rule_change": "规则变动",
    "resubmission": "重新报送",
    "late_data": "迟报",
    "new_data": "新数据",
    "register_change": "名册变动",
    "code_change": "算法变动",
    "calendar": "日期推移",
    "unexplained": "未能说明",
}
"""Why a figure changed, as people say it."""

Row = dict[str, Any]


def write_restatement_notes(settings: Settings, folder: Path) -> list[Path]:
    """Write the notes that are not there yet; gives the paths of their pages. Harmless when repeated.

    Raises: DatabaseError if the warehouse cannot be asked.
    """
    from connectors.warehouse.closing_ledger import read_restatements
    from connectors.warehouse.engine import connect

    written = []
    with connect(settings) as conn:
        for restated in read_restatements(conn):
            page = folder / f"restatement-{restated['period']}-release-{restated['release_id']}.html"
            if page.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            facts = _read_note(conn, restated)
            text = json.dumps(facts, ensure_ascii=False, indent=2, default=_json_text) + "\n"
            write_whole(page.with_suffix(".json"), text.encode())
            # The page last: where it is, the note is whole.
            write_whole(page, render_note(facts, _unit_names(conn)).encode())
            written.append(page)
    return written


def render_note(facts: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The note as HTML. `names` are those of units by code."""
    figures = [_figure(row, names) for row in facts["figures"]]
    let_in = [
        {**row, "title": forms()[row["form_id"]].title_zh, "unit": _named(row["unit_id"], names)}
        for row in facts["let_in"]
    ]
    period = parse_period(facts["period"])
    template = page_environment().get_template("restatement.html.j2")
    return template.render(period=period, facts=facts, figures=figures, let_in=let_in)


def _read_note(conn: psycopg.Connection[Any], restated: Row) -> Row:
    from connectors.warehouse.closing import ids_within
    from connectors.warehouse.closing_ledger import read_let_in, read_restated_figures

    ids = ids_within(restated["first_day"], restated["last_day"])
    figures = read_restated_figures(conn, restated["release_id"], ids)
    return {**restated, "figures": figures, "let_in": read_let_in(conn, restated["reopening_id"])}


def _figure(row: Row, names: Mapping[str, str]) -> Row:
    unit = row["unit"] or ""
    old, new = row["old_value"], row["new_value"]
    period: Period = parse_period(row["period"])
    causes = row.get("causes") or [row["cause"]]
    return {
        "name": row["name_zh"] or row["indicator_id"],
        "org": "全省" if row["org_level"] == "province" else _named(row["org_id"], names),
        "period": words.period_name(period),
        "old": words.measure(old, unit),
        "new": words.measure(new, unit),
        "difference": "" if old is None or new is None else _signed(new - old, unit),
        "causes": "、".join(CAUSES.get(cause, cause) for cause in causes),
    }


def _signed(difference: Decimal, unit: str) -> str:
    if words.UNITS.get(unit, unit) == "%":
        return f"{difference * 100:+.1f} 个百分点"
    return ("+" if difference > 0 else "−") + words.measure(abs(difference), unit)


def _named(code: str, names: Mapping[str, str]) -> str:
    return f"{names[code]}（{code}）" if code in names else code


def _unit_names(conn: psycopg.Connection[Any]) -> dict[str, str]:
    return dict(
        conn.execute(
            "select distinct on (unit_id) unit_id, unit_name from registers.unit order by unit_id, valid_from desc"
        ).fetchall()
    )


def _json_text(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")
