"""Half a year of three enterprises and the provincial office, small enough to add up by hand, put straight into the tables.

A0102 closes at the end of June and goes into A0201 of the other group. The relief ledger of A0101 for February was corrected.
A0201 declared that it has nothing for February, and never answered for April. The same person (`ann`) is helped in two months and by two units.
A0102 answered twice for March and withdrew the second answer, so that it has answered nothing: no figure knows of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.settings import Settings
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.engine import connect
from connectors.warehouse.withdrawal import withdraw
from expectations.contract import forms

NIGHT = date(2021, 7, 31)
FIRST_ROW = 6

Row = Mapping[str, object]


def put_small_year(settings: Settings) -> None:
    """Put the registers, the calendar and every submission into the database."""
    with connect(settings) as conn:
        sync_calendar(conn, NIGHT, settings.dbt_project_dir / "seeds" / "plans.csv")
        submit(conn, "unit_register", "S0001", "2021", register())
        submit(conn, "relief", "A0101", "2021-02", [relief("1000.50", goods="200.25", persons=20)])
        submit(conn, "relief", "A0101", "2021-02", [relief("1500.50", goods="200.25", persons=20)], version=2)
        submit(conn, "relief", "A0102", "2021-02", [relief("500", unit="A0102", persons=10)])
        submit(conn, "relief", "A0201", "2021-02", [])
        parcels = partial(relief, "100", goods="200", campaign="gift_parcel", level="provincial", persons=5)
        submit(conn, "relief", "S0001", "2021-02", [parcels(unit=unit) for unit in ("A0101", "A0201")])
        submit(conn, "relief", "A0101", "2021-03", [relief("100", day=date(2021, 3, 5))])
        for version, cash in enumerate(("7000", "8000"), start=1):
            submit(conn, "relief", "A0102", "2021-03", [relief(cash, day=date(2021, 3, 5))], version)
        withdraw(conn, "relief", "A0102", "2021-03", reason="报错单位", author="王处")
        submit(conn, "hardship_aid", "A0101", "2021-02", [aid("ann", "1000")])
        submit(
            conn,
            "hardship_aid",
            "A0101",
            "2021-03",
            [aid("ann", "1000", date(2021, 3, 9)), aid("bob", "50", date(2021, 3, 9), kind="temporary")],
        )
        submit(conn, "hardship_aid", "A0201", "2021-03", [aid("ann", "900", date(2021, 3, 9))])
        submit(conn, "unit_profile", "A0101", "2021-Q1", [profile("built", 100, 80, date(2021, 2, 1))])
        submit(conn, "unit_profile", "A0102", "2021-Q1", [profile("none", 50, 0, None)])
        submit(conn, "unit_profile", "A0201", "2021-Q1", [profile("building", 60, 30, date(2020, 12, 1))])


def submit(
    conn: psycopg.Connection[Any], form_id: str, unit_id: str, period: str, rows: Sequence[Row], version: int = 1
) -> int:
    """Record one delivery and one accepted submission with its rows, as a night would; gives the submission's id."""
    received = datetime(2021, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    name = f"{unit_id}_{form_id}_{period}_{version}.xlsx"
    [(delivery_id,)] = conn.execute(
        "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
        " values ('inbox', %s, 1, 1, %s, %s, %s, 1) returning delivery_id",
        (name, name, received, received),
    ).fetchall()
    form = forms()[form_id]
    columns = {field.name: chr(ord("B") + position) for position, field in enumerate(form.fields)}
    [(submission_id,)] = conn.execute(
        "insert into ops.submission (delivery_id, form_id, edition, unit_id, period, version, outcome, is_nil, sheet, columns,"
        " content_token, rows_read, rows_loaded, rows_quarantined, rows_ignored, received_at, decided_at, run_id)"
        " values (%s, %s, %s, %s, %s, %s, 'accepted', %s, %s, %s, %s, %s, %s, 0, 0, %s, %s, 1) returning submission_id",
        (
            *(delivery_id, form_id, form.edition, unit_id, period, version, not rows, form.sheet, Jsonb(columns)),
            *(name, len(rows), len(rows), received, received),
        ),
    ).fetchall()
    for number, row in enumerate(rows, start=FIRST_ROW):
        landed = {"submission_id": submission_id, "unit_id": unit_id, "period": period, "row_number": number, **row}
        conn.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier("landing", form_id),
                sql.SQL(", ").join(map(sql.Identifier, landed)),
                sql.SQL(", ").join([sql.Placeholder()] * len(landed)),
            ),
            list(landed.values()),
        )
    return int(submission_id)


def relief(
    cash: str,
    *,
    goods: str = "0",
    unit: str = "A0101",
    campaign: str = "winter_warmth",
    level: str = "enterprise",
    persons: int = 1,
    day: date = date(2021, 2, 5),
) -> Row:
    """A line of the relief ledger, CNY."""
    return {
        "campaign": campaign,
        "beneficiary_group": "hardship",
        "beneficiary_unit": unit,
        "funding_level": level,
        "money_flow": "paid",
        "persons": persons,
        "cash_cny": Decimal(cash),
        "goods_cny": Decimal(goods),
        "given_on": day,
    }


def aid(person: str, amount: str, day: date = date(2021, 2, 9), kind: str = "daily") -> Row:
    """A payment to a person, CNY."""
    return {
        "worker_token": person,
        "hardship_cause": "illness",
        "aid_kind": kind,
        "amount_cny": Decimal(amount),
        "paid_on": day,
    }


def profile(status: str, employees: int, covered: int, congress: date | None) -> Row:
    """The state of a unit at the end of a quarter."""
    return {
        "employees": employees,
        "female_employees": 0,
        "members": employees,
        "teams": 0,
        "team_leaders": 0,
        "smart_union_status": status,
        "congress_held_on": congress,
        "contract_signed_on": date(2020, 6, 1),
        "contract_covered_employees": covered,
    }


def register() -> list[Row]:
    """Three enterprises in two groups, and the office; A0102 closed in June 2021 and went into A0201 of the other group."""
    units = [
        ("SN", "province", None, None, None),
        ("S0001", "provincial_office", "SN", None, None),
        ("A01", "group", "SN", None, None),
        ("A02", "group", "SN", None, None),
        ("A0101", "enterprise", "A01", None, None),
        ("A0102", "enterprise", "A01", date(2021, 6, 30), "A0201"),
        ("A0201", "enterprise", "A02", None, None),
    ]
    return [
        {
            "unit_code": code,
            "unit_name": f"{code} 工会",
            "short_name": code,
            "unit_kind": kind,
            "parent_code": parent,
            "valid_from": date(2018, 1, 1),
            "valid_to": last_day,
            "successor_code": successor,
        }
        for code, kind, parent, last_day, successor in units
    ]
