"""The reporting calendar: which form is due for which period and when, put where SQL can read it.

SQL knows no Chinese working days, and dbt reads no contract; so what follows from the contracts and from the calendar of
holidays is written to schema `registers` before each build. Only what changed is written.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from connectors.report.complaints import plain_words
from expectations.catalogue import codes
from expectations.contract import Form, forms
from expectations.periods import parse_period, periods_between
from expectations.workdays import CalendarEndsError, due_date


def sync_calendar(conn: psycopg.Connection[Any], business_date: date, plans_csv: Path) -> None:
    """Bring forms, submitters, codes, words of rules and due dates in `registers` to what the contracts say, up to the night's date.

    The calendar begins with the first plan (`plans_csv`: the dbt seed of plans). It leaves out what `undated` names: nothing is
    expected and nobody is late by a date that is a guess.
    """
    first_day = first_plan_day(plans_csv)
    reported = [form for form in forms().values() if form.due is not None]
    with conn.transaction():
        _replace(
            conn,
            "form",
            ("form_id", "title_zh", "title_en", "pillar", "frequency", "is_register", "is_nil_allowed"),
            1,
            (
                (f.form_id, f.title_zh, f.title_en, f.pillar, f.frequency, f.is_register, f.is_nil_allowed)
                for f in forms().values()
            ),
        )
        _replace(
            conn,
            "form_submitter",
            ("form_id", "unit_kind"),
            2,
            ((f.form_id, kind) for f in forms().values() for kind in f.submitted_by),
        )
        _replace(
            conn,
            "code",
            ("form_id", "field", "code", "label_zh", "label_en", "position", "valid_from", "valid_to"),
            3,
            (
                (
                    *(f.form_id, field.name, choice.code, choice.label_zh, choice.label_en),
                    *(position, choice.since, choice.until),
                )
                for f in forms().values()
                for field in f.fields
                for position, choice in enumerate(field.choices, start=1)
            ),
        )
        _replace(conn, "rule", ("code", "form_id", "what_zh", "fix_zh"), 1, _rules())
        _replace(
            conn,
            "reporting_calendar",
            ("form_id", "period", "period_type", "first_day", "last_day", "due_date"),
            2,
            (row for form in reported for row in _calendar(form, first_day, business_date)),
        )


def first_plan_day(plans_csv: Path) -> date:
    """The first day of the earliest plan: reporting begins there."""
    with plans_csv.open(encoding="utf-8", newline="") as file:
        return min(parse_period(f"{int(row['first_year'])}").first_day for row in csv.DictReader(file))


def _rules() -> Iterable[tuple[object, ...]]:
    known = [(code, None) for code in codes()] + [(rule.code, f.form_id) for f in forms().values() for rule in f.rules]
    for code, form_id in known:
        said = plain_words(code)
        yield code, form_id, said.what, said.fix


def _calendar(form: Form, first_day: date, business_date: date) -> Iterable[tuple[object, ...]]:
    for period in periods_between(form.frequency, first_day, business_date):
        with suppress(CalendarEndsError):
            yield form.form_id, period.id, period.kind, period.first_day, period.last_day, due_date(form, period)


def undated(business_date: date) -> list[tuple[str, str]]:
    """Forms and periods, up to the night's date, whose due date lies beyond the known holidays, and so cannot be told."""
    found = []
    for form in forms().values():
        # What is further back was told long ago.
        for period in periods_between(form.frequency, date(business_date.year - 1, 1, 1), business_date):
            try:
                if form.due is not None:
                    due_date(form, period)
            except CalendarEndsError:
                found.append((form.form_id, period.id))
    return found


def _replace(
    conn: psycopg.Connection[Any],
    table: str,
    columns: Sequence[str],
    key_width: int,
    rows: Iterable[tuple[object, ...]],
) -> None:
    """Make a small register table hold exactly `rows`; the first `key_width` columns are its key."""
    target, staged = sql.Identifier("registers", table), sql.Identifier(f"new_{table}")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    keys = sql.SQL(", ").join(map(sql.Identifier, columns[:key_width]))
    conn.execute(sql.SQL("create temporary table {} (like {}) on commit drop").format(staged, target))
    with conn.cursor() as cursor, cursor.copy(sql.SQL("copy {} ({}) from stdin").format(staged, names)) as copy:
        for row in rows:
            copy.write_row(row)
    conn.execute(sql.SQL("delete from {} where ({}) not in (select {} from {})").format(target, keys, keys, staged))
    rest = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in columns[key_width:]]
    action = (
        sql.SQL("do update set {} where ({}) is distinct from ({})").format(
            sql.SQL(", ").join(rest),
            sql.SQL(", ").join(sql.Identifier("kept", c) for c in columns[key_width:]),
            sql.SQL(", ").join(sql.Identifier("excluded", c) for c in columns[key_width:]),
        )
        if rest
        else sql.SQL("do nothing")
    )
    conn.execute(
        sql.SQL("insert into {} as kept ({}) select {} from {} on conflict ({}) {}").format(
            target, names, names, staged, keys, action
        )
    )
