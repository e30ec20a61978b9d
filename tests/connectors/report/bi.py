"""Schema `bi` for these tests: its tables as dbt's own contracts declare them, with a small year written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

from expectations.periods import parse_period

CONTRACTS = Path("dbt_project/models/bi")

NIGHT = date(2022, 1, 31)

PLAN_DAYS = (date(2021, 1, 1), date(2025, 12, 31))

SUMMER, WARMTH, DAILY = Decimal("35598540.00"), Decimal("1420000.50"), Decimal("183000.00")
RELIEF_PAID = SUMMER + WARMTH + DAILY


def make_tables(conn: psycopg.Connection[Any]) -> None:
    """The tables that publish would make; releases and indicator values are made by the migrations."""
    for contract in sorted(CONTRACTS.glob("_*.yml")):
        for model in yaml.safe_load(contract.read_text(encoding="utf-8")).get("models", ()):
            if model["name"] != "indicator_value":
                columns = [
                    sql.SQL("{} {}").format(sql.Identifier(c["name"]), sql.SQL(c["data_type"]))
                    for c in model["columns"]
                ]
                conn.execute(
                    sql.SQL("create table {} ({})").format(
                        sql.Identifier("bi", model["name"]), sql.SQL(", ").join(columns)
                    )
                )


def insert(conn: psycopg.Connection[Any], table: str, columns: str, *rows: Sequence[object]) -> None:
    """Rows into a table of `bi`; `columns` are named as in SQL."""
    names = [name.strip() for name in columns.split(",")]
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier("bi", table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
    )
    with conn.cursor() as cursor:
        cursor.executemany(statement, rows)


def fill_year(conn: psycopg.Connection[Any], office: str = "省工会机关（样例）") -> None:
    """2021 in two groups and three enterprises, with one of everything that a page tells apart."""
    fill_release(conn)
    fill_units(conn, office)
    months = [f"2021-{month:02d}" for month in range(1, 13)]
    periods = map(parse_period, [*months, "2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4", "2021", "2021-2025"])
    insert(
        conn,
        "period",
        "period, period_type, first_day, last_day, as_of_day",
        *((p.id, p.kind, p.first_day, p.last_day, min(p.last_day, NIGHT)) for p in periods),
    )
    _fill_indicators(conn)
    _fill_summaries(conn)
    _fill_returns(conn)


def fill_release(conn: psycopg.Connection[Any]) -> None:
    """Release 7, of the last night of January 2022."""
    insert(
        conn,
        "release",
        "release_id, published_at, night, cause, row_counts",
        (7, datetime.fromisoformat("2022-02-01T02:10:00+08:00"), NIGHT, "nightly", "{}"),
    )


def fill_units(conn: psycopg.Connection[Any], office: str) -> None:
    """The province, its office under this name, two groups and three enterprises."""
    insert(
        conn,
        "unit",
        "unit_id, unit_name, short_name, unit_kind, parent_id, valid_from, valid_to",
        ("SN", "陕西省国防工会", "全省", "province", None, date(2018, 1, 1), None),
        ("S0001", office, "省工会机关", "provincial_office", "SN", date(2018, 1, 1), None),
        ("A01", "航天组", "航天组", "group", "SN", date(2018, 1, 1), None),
        ("A02", "航空组", "航空组", "group", "SN", date(2018, 1, 1), None),
        ("A0101", "旧名一厂工会", "旧名一厂", "enterprise", "A02", date(2018, 1, 1), date(2020, 12, 31)),
        ("A0101", "玄衡仪表厂工会", "玄衡仪表厂", "enterprise", "A01", date(2021, 1, 1), None),
        ("A0102", "朱璇研究所工会", "朱璇<研究所>&", "enterprise", "A01", date(2018, 1, 1), None),
        ("A0201", "玄枢装备公司工会", "玄枢装备公司", "enterprise", "A02", date(2018, 1, 1), None),
    )


def _fill_indicators(conn: psycopg.Connection[Any]) -> None:
    insert(
        conn,
        "indicator",
        "indicator_id, position, pillar, name_zh, unit",
        ("relief_paid", 1, "rights_services", "救助慰问资金总额", "CNY"),
        ("relief_persons", 2, "rights_services", "救助慰问人次", "person-times"),
        ("relief_units_reached", 3, "rights_services", "慰问覆盖单位", "units"),
        ("daily_relief_average", 4, "rights_services", "日常救助人均标准", "CNY per person"),
        ("smart_union_rate", 5, "rights_services", "智慧工会建设率", "share"),
        ("submission_completeness", 6, "operations", "报送完整率", "share"),
        ("submission_timeliness", 7, "operations", "按时报送率", "share"),
    )
    year = [
        ("relief_paid", "province", "SN", RELIEF_PAID, RELIEF_PAID, None),
        ("relief_persons", "province", "SN", 12345, 12345, None),
        ("relief_units_reached", "province", "SN", 2, 2, None),
        ("daily_relief_average", "province", "SN", Decimal("2127.9069767442"), DAILY, 86),
        ("smart_union_rate", "province", "SN", Decimal("0.3333333333"), 1, 3),
        ("smart_union_rate", "group", "A01", Decimal("0.5"), 1, 2),
        ("smart_union_rate", "group", "A02", Decimal(0), 0, 1),
        ("submission_completeness", "province", "SN", Decimal("0.9996"), 2499, 2500),
        ("submission_timeliness", "province", "SN", None, None, 0),
    ]
    rows = [("2021", "year", *row) for row in year]
    rows.append(("2021-02", "month", "relief_paid", "province", "SN", WARMTH, WARMTH, None))
    insert(
        conn,
        "indicator_value_history",
        "period, period_type, indicator_id, org_level, org_id, value, numerator, denominator,"
        " completeness, status, valid_from_release",
        *((*row, Decimal("0.95"), "provisional", 7) for row in rows),
    )


def _fill_summaries(conn: psycopg.Connection[Any]) -> None:
    insert(
        conn,
        "relief_summary",
        "campaign, campaign_name, unit_id, beneficiary_unit_id, period, money_cny, persons, sort_key",
        ("summer_cooling", "送清凉", "A0201", "A0201", "2021-07", SUMMER, 12000, 3),
        ("winter_warmth", "送温暖", "A0101", "A0101", "2021-02", WARMTH - 1, 200, 1),
        ("winter_warmth", "送温暖", "A0101", "A0102", "2021-02", 1, 59, 1),
        ("daily", "日常救助", "A0101", "A0101", "2021-03", DAILY, 86, 101),
    )
    insert(
        conn,
        "target_progress",
        "target_id, indicator_id, name_zh, unit, org_id, org_level, plan_first_day, plan_last_day,"
        " period, period_type, actual, target, path_value, forecast, verdict",
        *(
            ("T10", "smart_union_rate", "智慧工会建设率", "share", "SN", "province", *PLAN_DAYS, period, kind, *values)
            for period, kind, *values in (
                ("2021-Q3", "quarter", Decimal(0), Decimal("0.8"), Decimal("0.12"), Decimal(0), "behind"),
                ("2021-Q4", "quarter", Decimal("0.3333333333"), Decimal("0.8"), Decimal("0.16"), Decimal(1), "ahead"),
                ("2021", "year", Decimal("0.3333333333"), Decimal("0.8"), Decimal("0.16"), Decimal(1), "ahead"),
            )
        ),
    )
    insert(
        conn,
        "published_comparison",
        "figure_id, indicator_id, period, name_zh, unit, qualifier, published_value, computed_value, verdict",
        ("P16", "winter_warmth_units", "2021", "送温暖慰问单位", "units", "exact", 40, 40, "equal"),
        ("P17", "winter_warmth_money", "2021", "送温暖慰问金", "CNY", "exact", 1420000, WARMTH, "differs"),
        ("P29", "singles_social", "2021", "单身职工联谊", "persons", "more_than", 400, 432, "within"),
        ("P03", "places", "2021", "艺术教育学位", "places", "just_under", 400, None, "no_data"),
    )


def _fill_returns(conn: psycopg.Connection[Any]) -> None:
    insert(
        conn,
        "completeness",
        "form_id, form_title, unit_id, period, expected, accepted, on_time, nil_return, state",
        ("relief", "慰问救助台账", "A0101", "2021-02", True, True, True, False, "accepted"),
        ("relief", "慰问救助台账", "A0101", "2021-03", True, True, True, True, "accepted"),
        ("relief", "慰问救助台账", "A0102", "2021-02", True, True, False, False, "accepted"),
        ("relief", "慰问救助台账", "A0201", "2021-02", True, False, False, False, "overdue"),
        ("relief", "慰问救助台账", "A0201", "2021-03", True, False, False, False, "refused"),
        ("relief", "慰问救助台账", "S0001", "2021-12", True, False, False, False, "awaited"),
        ("unit_profile", "单位基本情况表", "A0101", "2021-Q1", True, True, False, False, "accepted"),
        ("unit_profile", "单位基本情况表", "S0001", "2021-Q1", False, True, True, False, "accepted"),
    )
    insert(
        conn,
        "data_quality_summary",
        "form_id, unit_id, period, outcome, rows_read, rows_loaded, rows_quarantined, rows_ignored",
        ("relief", "A0101", "2021-02", "accepted", 1004, 1000, 3, 1),
        ("relief", "A0201", "2021-03", "refused", 5, 0, 5, 0),
        ("unit_profile", "A0101", "2021-Q1", "accepted", 1, 1, 0, 0),
    )
    insert(
        conn,
        "finding_summary",
        "form_id, unit_id, period, code, severity, findings",
        ("relief", "A0101", "2021-02", "relief.date_in_period", "error", 3),
        ("relief", "A0101", "2021-02", "value.repaired", "info", 1200),
        ("relief", "A0201", "2021-03", "value.repaired", "info", 34),
        ("relief", "A0201", "2021-03", "form.wrong_edition", "critical", 1),
    )
