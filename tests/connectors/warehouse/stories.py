"""Stories: the submissions of several units and periods that a cross rule is told by, put straight into the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from expectations.contract import Form, forms
from tests.expectations.examples import example_row, normalised

FIRST_ROW = 6
GROUPS = ("A01", "A02", "A03")
UNITS_IN_GROUP = 6

RUN = 7
"""The run that asks."""


def put_register(conn: psycopg.Connection[Any]) -> None:
    """The register of the stories: three groups of six enterprises (A0101 to A0306) and the provincial office S0001, from 2018 on."""
    units = [("SN", "province", None), ("S0001", "provincial_office", "SN")]
    for group in GROUPS:
        units.append((group, "group", "SN"))
        units += [(f"{group}{number:02}", "enterprise", group) for number in range(1, UNITS_IN_GROUP + 1)]
    tell(
        conn,
        {
            "form": "unit_register",
            "unit": "S0001",
            "period": "2021",
            "rows": [
                {
                    **{"unit_code": code, "unit_name": f"{code} 工会", "short_name": code, "unit_kind": kind},
                    **{"parent_code": parent, "credit_code": None, "valid_from": date(2018, 1, 1), "valid_to": None},
                }
                for code, kind, parent in units
            ],
        },
    )


@contextmanager
def rolled_back(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Whatever is told inside is forgotten afterwards."""
    with conn.transaction(force_rollback=True):
        yield


def tell(conn: psycopg.Connection[Any], said: Mapping[str, Any], form_id: str = "") -> int:
    """Record one submission of a story (`unit`, `period`, `rows`, perhaps another `form`) as the newest version; gives its id.

    A row is the form's example row with the given values over it, in codes; every person in it is 't0' unless said otherwise.
    """
    form, unit_id, period = forms()[said.get("form", form_id)], said["unit"], str(said["period"])
    [(delivery_id,)] = conn.execute(
        "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
        " values ('inbox', %s, 1, 1, '', now(), now(), 1) returning delivery_id",
        (f"{unit_id}_{form.form_id}_{period}.xlsx",),
    ).fetchall()
    columns = {field.name: chr(ord("B") + position) for position, field in enumerate(form.fields)}
    [(submission_id,)] = conn.execute(
        "insert into ops.submission (delivery_id, form_id, edition, unit_id, period, version, outcome, is_nil, sheet, columns,"
        " content_token, rows_read, rows_loaded, rows_quarantined, rows_ignored, received_at, decided_at, run_id)"
        " select %(delivery)s, %(form)s, %(edition)s, %(unit)s, %(period)s, 1 + count(*), 'accepted', %(rows)s = 0, %(sheet)s,"
        " %(columns)s, '', %(rows)s, %(rows)s, 0, 0, now(), now(), 1 from ops.submission"
        " where form_id = %(form)s and unit_id = %(unit)s and period = %(period)s returning submission_id",
        {
            **{
                "delivery": delivery_id,
                "form": form.form_id,
                "edition": form.edition,
                "unit": unit_id,
                "period": period,
            },
            **{"rows": len(said["rows"]), "sheet": form.sheet, "columns": Jsonb(columns)},
        },
    ).fetchall()
    _land(conn, form, submission_id, unit_id, period, said["rows"])
    return int(submission_id)


def _land(
    conn: psycopg.Connection[Any],
    form: Form,
    submission_id: int,
    unit_id: str,
    period: str,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    usual = usual_row(form.form_id)
    for number, row in enumerate(rows, start=FIRST_ROW):
        assert row.keys() <= usual.keys(), f"a story of {form.form_id} names {row.keys() - usual.keys()}"
        landed = {
            **{"submission_id": submission_id, "unit_id": unit_id, "period": period, "row_number": number},
            **usual,
            **row,
        }
        conn.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier("landing", form.form_id),
                sql.SQL(", ").join(map(sql.Identifier, landed)),
                sql.SQL(", ").join([sql.Placeholder()] * len(landed)),
            ),
            list(landed.values()),
        )


@cache
def usual_row(form_id: str) -> Mapping[str, Any]:
    """The example row as it would be landed, with everybody's token 't0'."""
    form = forms()[form_id]
    example = normalised(form, [[example_row(form)]]).rows.row(0, named=True)
    usual = {field.name: example[field.name] for field in form.open_fields}
    return usual | {str(field.token): "t0" for field in form.token_fields}


def findings_of(conn: psycopg.Connection[Any], code: str) -> list[tuple[Any, ...]]:
    """The open findings of a rule, shadow or not: submission, row, evidence; ordered."""
    return conn.execute(
        "select submission_id, row_number, evidence from ops.cross_finding where code = %s and until_run_id is null order by 1, 2",
        (code,),
    ).fetchall()
