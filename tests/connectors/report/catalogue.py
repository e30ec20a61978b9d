"""Schema `bi` with the whole catalogue of the seeds: every indicator, target and published figure of 2021, as a test plants them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from expectations.contract import forms
from expectations.periods import Period, parse_period
from tests.connectors.report.bi import NIGHT, fill_release, fill_units, insert

SEEDS = Path("dbt_project/seeds")

Values = Mapping[str, Decimal | int | None]


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def published_values() -> dict[str, Decimal]:
    """What the union published for each indicator; where it said “more than” or “nearly”, a value that fits."""
    moved = {"exact": Decimal(1), "more_than": Decimal("1.2"), "just_under": Decimal("0.99")}
    return {f["indicator_id"]: Decimal(f["published_value"]) * moved[f["qualifier"]] for f in seed("published_figures")}


def fill_catalogue(conn: psycopg.Connection[Any], values: Values | None = None, before: Values | None = None) -> None:
    """2021 of the province with every indicator: as published, else made up; `values` go before both. 2020 has only `before`."""
    fill_release(conn)
    fill_units(conn, "省工会机关（样例）")
    periods = [f"2021-{month:02d}" for month in range(1, 13)]
    periods += [f"2021-Q{quarter}" for quarter in range(1, 5)] + ["2020", "2021", "2021-2025"]
    insert(
        conn,
        "period",
        "period, period_type, first_day, last_day, as_of_day",
        *((p.id, p.kind, p.first_day, p.last_day, min(p.last_day, NIGHT)) for p in map(parse_period, periods)),
    )
    year = _fill_indicators(conn, values or {}, before or {})
    _fill_targets(conn, year)
    _fill_published(conn, year)
    _fill_answers(conn)


def fill_sources(conn: psycopg.Connection[Any]) -> None:
    """What dbt leaves beside `bi`: two rows of winter warmth in 2021 and one of 2020, and one state that holds at the end of 2021."""
    for schema in ("marts", "intermediate"):
        conn.execute(f"create schema if not exists {schema}".encode())
    conn.execute(
        "create table marts.measures (measure_id text, over_time text, membership text, forms text, name_zh text)"
    )
    conn.execute(
        "create table marts.fct_measures (measure_id text, unit_id text, value numeric, occurred_date date,"
        " state_first_date date, state_last_date date)"
    )
    conn.execute(
        "create table intermediate.int_measure_periods (measure_id text, period text, first_date date, as_of_date date)"
    )
    conn.execute(
        "create table intermediate.int_unit_months (unit_id text, month_date date, org_level text, basis text)"
    )
    conn.execute(
        "create table intermediate.int_enterprises_in_force"
        " (unit_id text, period text, org_level text, basis text, first_date date, as_of_date date)"
    )
    measures, spans = seed("measures"), [("2020", date(2020, 1, 1)), ("2021", date(2021, 1, 1))]
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into marts.measures values (%(measure_id)s, %(over_time)s, %(membership)s, %(forms)s, %(name_zh)s)",
            measures,
        )
        cursor.executemany(
            "insert into intermediate.int_measure_periods values (%s, %s, %s, %s)",
            [(m["measure_id"], y, d, date(d.year, 12, 31)) for m in measures for y, d in spans],
        )
        cursor.executemany(
            "insert into intermediate.int_unit_months values ('A0101', %s, %s, %s)",
            [
                (date(year, month, 1), level, basis)
                for year in (2020, 2021)
                for month in range(1, 13)
                # The group's lines, and those of today's organisation, must not be counted beside the province's.
                for level, basis in (("province", "both"), ("group", "both"), ("province", "as_now"))
            ],
        )
        cursor.executemany(
            "insert into intermediate.int_enterprises_in_force values ('A0101', %s, 'province', 'both', %s, %s)",
            [(y, d, date(d.year, 12, 31)) for y, d in spans],
        )
        cursor.executemany(
            "insert into marts.fct_measures values (%s, 'A0101', %s, %s, %s, %s)",
            [
                ("winter_warmth_cny", 1000, date(2021, 1, 20), None, None),
                ("winter_warmth_cny", 500, date(2021, 12, 31), None, None),
                ("winter_warmth_cny", 0, date(2021, 2, 1), None, None),
                ("winter_warmth_cny", 70, date(2020, 1, 20), None, None),
                ("smart_unions_built", 1, date(2021, 9, 30), date(2021, 9, 30), date(9999, 12, 31)),
                ("smart_unions_built", 1, date(2021, 6, 30), date(2021, 6, 30), date(2021, 9, 29)),
                ("congresses_held", 1, date(2020, 5, 1), date(2021, 9, 30), date(9999, 12, 31)),
            ],
        )


def _fill_indicators(conn: psycopg.Connection[Any], values: Values, before: Values) -> dict[str, Decimal | None]:
    catalogue, published = seed("indicators"), published_values()
    columns = (
        "indicator_id, position, pillar, name_zh, unit, numerator_measure, subtracted_measure, denominator_measure"
    )
    insert(conn, "indicator", columns, *([i[c.strip()] or None for c in columns.split(",")] for i in catalogue))
    year: dict[str, Decimal | None] = {}
    rows = []
    for indicator in catalogue:
        name, is_share = indicator["indicator_id"], indicator["unit"] == "share"
        made_up = Decimal(37) / 60 if is_share else Decimal(indicator["position"])
        planted = values[name] if name in values else published.get(name, made_up)
        value = year[name] = None if planted is None else Decimal(planted)
        parts = (None, None) if value is None else (value * 60, 60) if is_share else (value, None)
        rows.append(("2021", "year", name, value, *parts))
        if name in before:
            rows.append(("2020", "year", name, before[name], before[name], None))
    insert(
        conn,
        "indicator_value_history",
        "period, period_type, indicator_id, value, numerator, denominator, org_level, org_id, completeness, status,"
        " valid_from_release",
        *((*row, "province", "SN", Decimal("0.95"), "provisional", 7) for row in rows),
    )
    return year


def _fill_targets(conn: psycopg.Connection[Any], year: Mapping[str, Decimal | None]) -> None:
    rows = []
    for target in seed("targets"):
        shares = [year[i] for i in target["indicator_id"].split(";")]
        known = [share for share in shares if share is not None]
        actual = sum(known, Decimal(0)) if len(known) == len(shares) else None
        goal = Decimal(target["target_value"])
        is_of_year = target["per"] == "year"
        path = goal if is_of_year else goal * 365 / 1826
        verdict = "no_data" if actual is None else "met" if actual >= goal else "ahead" if actual > path else "behind"
        last = date(2021 if is_of_year else 2025, 12, 31)
        facts = [target[column] for column in ("target_id", "indicator_id", "name_zh", "unit")]
        rows.append(
            (*facts, "SN", "province", "2021", "year", date(2021, 1, 1), last, actual, goal, path, actual, verdict)
        )
    insert(
        conn,
        "target_progress",
        "target_id, indicator_id, name_zh, unit, org_id, org_level, period, period_type, plan_first_day, plan_last_day,"
        " actual, target, path_value, forecast, verdict",
        *rows,
    )


def _fill_published(conn: psycopg.Connection[Any], year: Mapping[str, Decimal | None]) -> None:
    columns = "figure_id, indicator_id, period, name_zh, unit, qualifier, published_value"
    rows = []
    for figure in seed("published_figures"):
        value = year[figure["indicator_id"]]
        verdict = "no_data" if value is None else "equal" if figure["qualifier"] == "exact" else "within"
        rows.append((*(figure[column] for column in columns.split(", ")), value, verdict))
    insert(conn, "published_comparison", f"{columns}, computed_value, verdict", *rows)


def _fill_answers(conn: psycopg.Connection[Any]) -> None:
    """Every form of every unit and period of the year, accepted and on time; that of training is missing altogether."""
    answers = []
    for form in forms().values():
        if form.is_register:
            continue
        for period in _periods(form.frequency):
            for unit_id in ("A0101", "A0102", "A0201"):
                accepted = form.form_id != "training"
                state = "accepted" if accepted else "overdue"
                answers.append(
                    (form.form_id, form.title_zh, unit_id, period.id, True, accepted, accepted, False, state)
                )
    columns = "form_id, form_title, unit_id, period, expected, accepted, on_time, nil_return, state"
    insert(conn, "completeness", columns, *answers)


def _periods(frequency: str) -> list[Period]:
    day, found = date(2021, 1, 1), []
    while day.year == 2021:
        month = f"{day:%Y-%m}"
        period = parse_period({"month": month, "quarter": f"2021-Q{(day.month + 2) // 3}", "year": "2021"}[frequency])
        found.append(period)
        day = period.last_day + timedelta(days=1)
    return found
