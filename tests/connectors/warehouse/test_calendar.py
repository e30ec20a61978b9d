"""What SQL knows of the contracts: written once, changed where the contract changed, left alone where it did not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import chinese_calendar
import pytest

from connectors.settings import Settings
from connectors.warehouse import calendar
from connectors.warehouse.calendar import sync_calendar, undated
from connectors.warehouse.engine import connect
from expectations.contract import forms

NIGHT = date(2021, 4, 20)


def test_a_code_has_the_days_on_which_it_may_be_used(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    aid = forms()["hardship_aid"]
    field = aid.field("aid_kind")
    seen = "select code, valid_from, valid_to from registers.code where field = 'aid_kind' order by code"

    def sync(since: date | None, until: date | None) -> None:
        choices = tuple(replace(c, since=since, until=until) if c.code == "daily" else c for c in field.choices)
        fields = tuple(replace(f, choices=choices) if f is field else f for f in aid.fields)
        monkeypatch.setattr(calendar, "forms", lambda: {"hardship_aid": replace(aid, fields=fields)})
        sync_calendar(conn, NIGHT, settings.dbt_project_dir / "seeds" / "plans.csv")

    with connect(settings) as conn:
        sync(date(2021, 3, 1), date(2025, 12, 31))
        assert conn.execute(seen).fetchall() == [
            ("daily", date(2021, 3, 1), date(2025, 12, 31)),
            ("temporary", None, None),
        ]
        rows = "select xmin::text from registers.code order by field, code"
        before = conn.execute(rows).fetchall()
        sync(date(2021, 3, 1), date(2025, 12, 31))
        assert conn.execute(rows).fetchall() == before
        sync(date(2021, 3, 1), None)
        assert conn.execute(seen).fetchall()[0] == ("daily", date(2021, 3, 1), None)


def test_a_night_beyond_the_known_holidays_says_which_due_dates_it_cannot_tell(settings: Settings) -> None:
    last = max(chinese_calendar.holidays).year
    named = undated(date(last + 1, 1, 20))
    assert ("relief", f"{last}-12") in named
    assert ("relief", f"{last}-11") not in named
    assert ("unit_profile", f"{last}-Q4") not in named, "ten days are ten days, holidays or not"
    with connect(settings) as conn:
        sync_calendar(conn, date(last + 1, 1, 20), settings.dbt_project_dir / "seeds" / "plans.csv")
        dated = {
            (form, period)
            for form, period in conn.execute("select form_id, period from registers.reporting_calendar").fetchall()
        }
    assert dated.isdisjoint(named)
    assert {("relief", f"{last}-11"), ("unit_profile", f"{last}-Q4")} <= dated
