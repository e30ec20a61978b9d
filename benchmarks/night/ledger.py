"""A ledger of years, copied straight into the tables: what many nights would have taken in, without reading one workbook.

The rows are made up by chance of a fixed seed, within what the contracts allow. One unit hands in each form at most once a period; which of
them are there is drawn, so that any number of submissions can be had of the same province.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from expectations.contract import Field, Form, forms
from expectations.periods import Period, parse_period, periods_between

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2021, 1, 1)
GROUPS = 12
OFFICE = "S0001"
ROWS = (1, 15)
"""Least and most rows of a submission."""

PEOPLE = 60
"""How many people a unit has that a form may name."""

_AT_MOST = {
    "female_employees": "employees",
    "contract_covered_employees": "employees",
    "proposals_settled": "proposals_raised",
    "problems_solved": "problems_collected",
}
"""Numbers that are a part of another."""

Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One form of one unit for one period, and which version of it."""

    form_id: str
    unit_id: str
    period: Period
    version: int = 1


def enterprises(units: int) -> list[str]:
    """The codes of so many enterprises, spread over the groups."""
    return [f"A{1 + n % GROUPS:02}{1 + n // GROUPS:03}" for n in range(units)]


def answers_until(units: int, last_day: date) -> list[Answer]:
    """Every answer that can be given for a period that ended by this day, in order of the periods."""
    found = []
    for form in forms().values():
        if form.is_register:
            continue
        who = [*(enterprises(units) if "enterprise" in form.submitted_by else []), OFFICE]
        who = who if "provincial_office" in form.submitted_by else who[:-1]
        for period in periods_between(form.frequency, FIRST_DAY, last_day):
            if period.last_day <= last_day:
                found += [Answer(form.form_id, unit_id, period) for unit_id in who]
    return sorted(found, key=lambda answer: (answer.period.last_day, answer.form_id, answer.unit_id))


def put_register(conn: psycopg.Connection[Any], units: int) -> None:
    """The register of the province: its groups, the office and the enterprises, in force since 2018."""
    rows: list[tuple[str, str, str | None]] = [("SN", "province", None), (OFFICE, "provincial_office", "SN")]
    rows += [(f"A{number:02}", "group", "SN") for number in range(1, GROUPS + 1)]
    rows += [(code, "enterprise", code[:3]) for code in enterprises(units)]
    landed = [
        {
            **{"unit_code": code, "unit_name": f"{code} 工会", "short_name": code, "unit_kind": kind},
            **{"parent_code": parent, "valid_from": date(2018, 1, 1)},
        }
        for code, kind, parent in rows
    ]
    _put(conn, [(Answer("unit_register", OFFICE, parse_period("2021")), landed)], FIRST_DAY)


def put_answers(
    conn: psycopg.Connection[Any],
    answers: Sequence[Answer],
    received: date | None,
    chance: random.Random,
    units: Sequence[str],
) -> None:
    """Put these answers into archive, ledger and landing, each with rows by chance; received then, or soon after their period.

    `units` are the units that a row may name.
    """
    for start in range(0, len(answers), 5_000):
        part = answers[start : start + 5_000]
        _put(conn, [(answer, list(_rows(answer, units, chance))) for answer in part], received)


def _rows(answer: Answer, units: Sequence[str], chance: random.Random) -> Iterator[dict[str, Cell]]:
    form = forms()[answer.form_id]
    for _ in range(1 if answer.form_id in {"unit_profile", "democratic_management"} else chance.randint(*ROWS)):
        row = {field.name: _cell(field, answer, units, chance) for field in form.open_fields}
        for part, whole in _AT_MOST.items():
            if part in row and whole in row:
                row[part] = min(row[part], row[whole])  # type: ignore[type-var]
        row |= {str(field.token): f"{answer.unit_id}-{chance.randrange(PEOPLE)}" for field in form.token_fields}
        yield row


def _cell(field: Field, answer: Answer, units: Sequence[str], chance: random.Random) -> Cell:
    days = (answer.period.last_day - answer.period.first_day).days
    by_kind: dict[str, Callable[[], Cell]] = {
        "integer": lambda: chance.randint(2018, 2025) if field.name.endswith("year") else chance.randint(0, 200),
        "money": lambda: Decimal(chance.randrange(1_000_000)) / 100,
        "decimal": lambda: Decimal(chance.randint(0, 100)),
        "date": lambda: answer.period.first_day + timedelta(days=chance.randint(0, days)),
        "text": lambda: f"{field.name} {chance.randint(1, 40)}",
        "code": lambda: chance.choice(field.choices).code if field.choices else chance.choice(units),
    }
    if field.name == "post_ended_on":
        return None
    return by_kind[field.kind]()


def _put(
    conn: psycopg.Connection[Any], told: Sequence[tuple[Answer, list[dict[str, Cell]]]], received: date | None
) -> None:
    with conn.transaction():
        [(delivery_id, submission_id)] = conn.execute(
            "select (select coalesce(max(delivery_id), 0) from archive.delivery), (select coalesce(max(submission_id), 0) from ops.submission)"
        ).fetchall()
        deliveries, submissions, outcomes = [], [], []
        landed: dict[str, list[tuple[int, Answer, list[dict[str, Cell]]]]] = {}
        for number, (answer, rows) in enumerate(told, start=1):
            form, count = forms()[answer.form_id], len(rows)
            at = _received(answer, received)
            name = f"{answer.unit_id}_{answer.form_id}_{answer.period.id}_{answer.version}.xlsx"
            mine = submission_id + number
            deliveries.append((delivery_id + number, "inbox", name, 1, 1, name, at, at, 1))
            columns = json.dumps({f.name: chr(ord("B") + place) for place, f in enumerate(form.fields)})
            submissions.append(
                (
                    *(mine, delivery_id + number, form.form_id, form.edition, answer.unit_id, answer.period.id),
                    *(answer.version, "accepted", not rows, form.sheet, columns, name, count, count, 0, 0, at, at, 1),
                )
            )
            outcomes.append((delivery_id + number, "accepted", mine, count, count, 0, 0, 1, at))
            landed.setdefault(form.form_id, []).append((mine, answer, rows))
        _copy(conn, "archive.delivery", _DELIVERY, deliveries)
        _copy(conn, "ops.submission", _SUBMISSION, submissions)
        _copy(conn, "ops.delivery_outcome", _OUTCOME, outcomes)
        for form_id, answered in landed.items():
            _land(conn, forms()[form_id], answered)
        for table, column in (("archive.delivery", "delivery_id"), ("ops.submission", "submission_id")):
            conn.execute(
                f"select setval(pg_get_serial_sequence('{table}', '{column}'), (select max({column}) from {table}))"  # noqa: S608 - the names above
            )


def _received(answer: Answer, received: date | None) -> datetime:
    return datetime.combine(received or answer.period.last_day + timedelta(days=3), time(9), SHANGHAI)


_DELIVERY = "delivery_id source_id object_name size_bytes modified_ns sha256 received_at collected_at run_id"
_SUBMISSION = (
    "submission_id delivery_id form_id edition unit_id period version outcome is_nil sheet columns content_token"
    " rows_read rows_loaded rows_quarantined rows_ignored received_at decided_at run_id"
)
_OUTCOME = "delivery_id outcome submission_id rows_read rows_loaded rows_quarantined rows_ignored run_id decided_at"


def _land(
    conn: psycopg.Connection[Any], form: Form, answered: Iterable[tuple[int, Answer, list[dict[str, Cell]]]]
) -> None:
    names = [*(f.name for f in form.open_fields), *(str(f.token) for f in form.token_fields)]
    rows = (
        (submission_id, answer.unit_id, answer.period.id, number, *(row.get(name) for name in names))
        for submission_id, answer, told in answered
        for number, row in enumerate(told, start=6)
    )
    _copy(conn, f"landing.{form.form_id}", " ".join(["submission_id unit_id period row_number", *names]), rows)


def _copy(conn: psycopg.Connection[Any], table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns.split()))
    )
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def newest_version(conn: psycopg.Connection[Any], answers: Iterable[Answer]) -> Mapping[tuple[str, str, str], int]:
    """The newest version in the ledger of each of these answers, by form, unit and period."""
    keys = [(answer.form_id, answer.unit_id, answer.period.id) for answer in answers]
    found = conn.execute(
        "select form_id, unit_id, period, max(version) from ops.submission where (form_id, unit_id, period) in"
        " (select * from unnest(%s::text[], %s::text[], %s::text[])) group by 1, 2, 3",
        ([key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]),
    )
    return {(form_id, unit_id, period): version for form_id, unit_id, period, version in found}
