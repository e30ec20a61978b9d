"""What the warehouse says, and what the model says, in the same shape; a difference is shown by what only one of them says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import psycopg

from connectors.warehouse.audit import audit
from connectors.warehouse.corrections import read_corrections
from connectors.warehouse.ledger import read_submissions
from tests.model.figures import FORMS, Facts, Figure
from tests.model.model import Model
from tests.model.words import Line, Payment, Profile, Row, first_day

Told = Mapping[str, set[Any]]

_NAME = "s.form_id, s.unit_id, s.period, s.version"
_IS_MODELLED = "s.form_id in ('relief', 'hardship_aid', 'unit_profile')"


class Difference(AssertionError):
    """Warehouse and model do not say the same."""


def compare(product: Told, model: Told) -> None:
    """Raises: Difference."""
    lines = []
    for subject in model:
        for who, only in (
            ("warehouse", product[subject] - model[subject]),
            ("model", model[subject] - product[subject]),
        ):
            lines += [f"{subject}: only the {who} says {one}" for one in sorted(only, key=repr)[:5]]
    if lines:
        raise Difference("\n".join(lines))


def ledger_of_product(conn: psycopg.Connection[Any]) -> Told:
    """Deliveries, versions, corrections, what is in force, rows that count and that wait, and why, as the warehouse has them."""
    numbers = [d for (d,) in conn.execute("select delivery_id from archive.delivery order by delivery_id")]
    place = {delivery_id: number for number, delivery_id in enumerate(numbers)}
    return {
        "delivery": {
            (place[number], *facts, None if original is None else place[original])
            for number, *facts, original in conn.execute(
                "select d.delivery_id, d.object_name, (d.received_at at time zone 'Asia/Shanghai'), o.outcome, o.duplicate_of"
                " from archive.delivery d left join ops.delivery_outcome o using (delivery_id)"
            )
        },
        "version": {
            (*name, place[delivery], *facts)
            for *name, delivery, in_, nil, cause in conn.execute(
                f"select {_NAME}, s.delivery_id, s.outcome, s.is_nil, s.cause from ops.submission s"
            )
            for facts in [(in_, nil, cause)]
        },
        "state": {
            (r["form_id"], r["unit_id"], r["period"], r["version"], r["state"]) for r in read_submissions(conn, limit=10_000)
            if r["submission_id"] is not None
        },
        "in force": {tuple(row) for row in conn.execute(f"select {_NAME} from ops.submission_in_force s")},
        "rows": {tuple(row) for row in conn.execute(f"select {_NAME}, s.rows_loaded, s.rows_quarantined from ops.submission s where {_IS_MODELLED}")},
        "row that counts": _landed(conn),
        "event": _counted(
            conn.execute(
                "select e.kind, e.form_id, e.unit_id, e.period, s.version from ops.event e left join ops.submission s using (submission_id)"
            )
        ),
        "correction": {(number, c.state) for number, c in enumerate(read_corrections(conn))},
        "row that waits": {
            tuple(row)
            for row in conn.execute(
                f"select {_NAME}, q.row_number from quarantine.submitted_row q join ops.submission s using (submission_id)"
            )
        },
        "error": {
            tuple(row)
            for row in conn.execute(
                f"select distinct {_NAME}, f.row_number, f.code from ops.finding f join ops.submission s using (submission_id)"
                " where f.severity = 'error'"
            )
        },
    }  # fmt: skip


def _counted(found: Iterable[Iterable[Any]]) -> set[Any]:
    """Each thing with how often it is there."""
    return set(Counter(tuple(one) for one in found).items())


def _landed(conn: psycopg.Connection[Any]) -> set[tuple[Any, ...]]:
    return {
        tuple(row)
        for form, columns in (
            ("relief", "cash_cny, persons, beneficiary_unit, given_on"),
            ("hardship_aid", "amount_cny, aid_kind, paid_on"),
            ("unit_profile", "employees, contract_covered_employees"),
        )
        for row in conn.execute(
            f"select {_NAME}, l.row_number, {columns} from landing.{form} l join ops.submission s using (submission_id)"
        )
    }


def ledger_of_model(model: Model) -> Told:
    """The same as the model has it."""
    versions = model.versions
    return {
        "delivery": {
            (number, d.name, d.received, d.outcome, d.original) for number, d in enumerate(model.deliveries)
        },
        "version": {
            (*v.name, v.delivery, v.outcome, not v.rows and not v.register, v.cause) for v in versions
        },
        "state": {(*v.name, model.state(v)) for v in versions},
        "in force": {v.name for v in model.in_force.values()},
        "rows": {
            (*v.name, *((len(v.loaded), len(v.faults)) if v.outcome == "accepted" else (0, 0))) for v in versions if not v.register
        },
        "row that counts": {
            (*v.name, number, *_values(row, v.period))
            for v in versions
            if v.outcome == "accepted"
            for number, row in v.loaded.items()
        },
        "row that waits": {(*v.name, number) for v in versions if v.outcome == "accepted" for number in v.faults},
        "correction": {(number, model.state_of(p)) for number, p in enumerate(model.proposals)},
        "event": _counted(model.events()),
        "error": {(*v.name, number, code) for v in versions for number, codes in v.faults.items() for code in codes},
    }  # fmt: skip


def _values(row: Row, period: str) -> tuple[object, ...]:
    match row:
        case Line():
            return Decimal(row.cash), row.persons, row.beneficiary, first_day(period).replace(day=row.day)
        case Payment():
            kind = {"日常救助": "daily", "临时救助": "temporary"}[row.kind]
            return Decimal(row.amount), kind, first_day(period).replace(day=row.day)
        case Profile():
            return row.employees, row.covered


def chain_is_whole(conn: psycopg.Connection[Any]) -> None:
    """The chain of events holds together and vouches for every row. Raises: Difference."""
    found = audit(conn, {})
    if found.faults:
        raise Difference("the chain: " + "; ".join(fault.en for fault in found.faults))


def release(conn: psycopg.Connection[Any]) -> int:
    """The release that readers see."""
    return int(conn.execute("select coalesce(max(release_id), 0) from bi.release").fetchall()[0][0])


def published(conn: psycopg.Connection[Any]) -> dict[Figure, Facts]:
    """The figures that readers see, of the indicators that the model knows."""
    return _figures(conn, "select {} from bi.indicator_value where indicator_id = any(%s)", list(FORMS))


def as_of(conn: psycopg.Connection[Any], release_id: int) -> dict[Figure, Facts]:
    """The figures as they were in a release."""
    return _figures(
        conn,
        "select {} from bi.indicator_value_history where indicator_id = any(%s) and valid_from_release <= %s"
        " and coalesce(valid_to_release, %s) > %s",
        *(list(FORMS), release_id, release_id + 1, release_id),
    )


def changes(conn: psycopg.Connection[Any]) -> set[tuple[Any, ...]]:
    """What the releases say that they changed."""
    columns = "release_id, indicator_id, org_level, org_id, period_type, period, old_value, new_value"
    return {
        tuple(row)
        for row in conn.execute(f"select {columns} from bi.release_change where indicator_id = any(%s)", (list(FORMS),))
    }


def waiting(conn: psycopg.Connection[Any]) -> set[tuple[Any, ...]]:
    """What readers are told of figures that would be others if their period were open."""
    columns = "indicator_id, org_level, org_id, period_type, period, closed_value, new_value"
    query = f"select {columns} from bi.waiting_change where indicator_id = any(%s)"
    return {tuple(row) for row in conn.execute(query, (list(FORMS),))}


def completeness(conn: psycopg.Connection[Any]) -> set[tuple[Any, ...]]:
    """What readers see of who answered, of the forms that the model knows."""
    return {
        tuple(row)
        for row in conn.execute(
            "select s.form_id, s.unit_id, s.period, s.expected, s.accepted, s.on_time, s.nil_return, s.state"
            f" from bi.completeness s where {_IS_MODELLED}"
        )
    }


def same_as_candidate(conn: psycopg.Connection[Any]) -> None:
    """Readers see what was built, table by table. Raises: Difference."""
    for (table,) in conn.execute("select tablename::text from pg_tables where schemaname = 'bi_candidate'").fetchall():
        columns = ", ".join(
            name
            for (name,) in conn.execute(
                "select column_name::text from information_schema.columns where (table_schema, table_name) = ('bi_candidate', %s)",
                (table,),
            )
        )
        [(count,)] = conn.execute(
            f"select count(*) from ((select {columns} from bi_candidate.{table} except all select {columns} from bi.{table})"
            f" union all (select {columns} from bi.{table} except all select {columns} from bi_candidate.{table})) d"
        ).fetchall()
        if count:
            raise Difference(f"bi.{table}: {count} rows differ from what was built")


def _figures(conn: psycopg.Connection[Any], query: str, *params: Any) -> dict[Figure, Facts]:
    names = "indicator_id, org_level, org_id, period_type, period, value, numerator, denominator, completeness"
    return {tuple(row[:5]): tuple(row[5:]) for row in conn.execute(query.format(names), params)}  # type: ignore[arg-type,misc]
