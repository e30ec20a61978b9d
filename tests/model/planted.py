"""Faults to plant in the warehouse, one of each kind: what goes wrong, and how it is done. None of them makes a night fail.

`VIEWS` are put into the database before a history begins, `PATCHES` into this process.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import mock

import polars as pl
import psycopg
from psycopg import sql

from connectors.sources import collection
from connectors.warehouse import corrections, intake, loading, overlay, publish, registers, replay, runs

_VIEW = (
    "create or replace view ops.submission_in_force as select {columns} from ("
    " select distinct on (form_id, unit_id, period) * from ops.submission where outcome = 'accepted'"
    " order by form_id, unit_id, period, {order}) s {left_out}"
)
_NOT_WITHDRAWN = "where not exists (select from ops.withdrawal w where w.submission_id = s.submission_id)"

VIEWS: Mapping[str, tuple[str, str]] = {
    "a resubmission does not supersede": ("version asc", _NOT_WITHDRAWN),
    "a withdrawal is ignored": ("version desc", ""),
    "the clock says what is newest": ("decided_at desc, version asc", _NOT_WITHDRAWN),
    "the time of receipt says what is newest": ("received_at desc, version desc", _NOT_WITHDRAWN),
}
"""Another view of what is in force: its order, and what it leaves out."""


def plant_view(conn: psycopg.Connection[Any], fault: str) -> None:
    """Replace the view of what is in force by a wrong one."""
    names = conn.execute(
        "select attname::text from pg_attribute where attrelid = 'ops.submission_in_force'::regclass and attnum > 0 order by attnum"
    ).fetchall()
    order, left_out = VIEWS[fault]
    columns = ", ".join(f"s.{name}" for (name,) in names)
    conn.execute(sql.SQL(_VIEW.format(columns=columns, order=order, left_out=left_out)))  # type: ignore[arg-type]


def _wrong_row(correction: Any) -> pl.Expr:
    first = pl.col("row_number").min().over("delivery_id")
    return (pl.col("delivery_id") == correction.delivery_id) & (pl.col("row_number") == first)


def _lost_chunk(conn: psycopg.Connection[Any], *rest: Any) -> Any:
    """Only what this run itself collected is looked at; what a killed run left behind is forgotten."""
    [(run_id,)] = conn.execute("select max(run_id) from ops.run").fetchall()
    mine = {d for (d,) in conn.execute("select delivery_id from archive.delivery where run_id = %s", (run_id,))}
    return [row for row in _UNDECIDED(conn, *rest) if row[0] in mine]


def _by_the_clock(conn: psycopg.Connection[Any], *rest: Any) -> Any:
    """What the clock says came first is decided first, though it may have been set back meanwhile."""
    found = conn.execute("select delivery_id, form_hint <> 'unit_register', received_at from archive.delivery")
    place = {delivery_id: place for delivery_id, *place in found}
    return sorted(_UNDECIDED(conn, *rest), key=lambda row: place[row[0]])


_UNDECIDED = runs.undecided_deliveries
_TOKENS = itertools.count()


def _by_name(conn: Any, source_id: str, arrivals: Sequence[Any], run_id: int) -> int:
    """Everything came at the same time, so that names decide its order."""
    with mock.patch.object(collection, "_received_at", lambda _found, _previous, now: now):
        return _RECORD(conn, source_id, arrivals, run_id)


_RECORD = collection._record


def _in_place(conn: psycopg.Connection[Any], release_id: int) -> None:
    """The history is overwritten by what is current: every release seems to have said it."""
    conn.execute(
        "update bi.indicator_value_history h set value = c.value, numerator = c.numerator, denominator = c.denominator,"
        " completeness = c.completeness from changed_figure c where c.was_there and c.is_there and h.valid_to_release is null"
        " and (h.indicator_id, h.org_level, h.org_id, h.period_type, h.period)"
        " = (c.indicator_id, c.org_level, c.org_id, c.period_type, c.period)"
    )
    conn.execute("delete from changed_figure where was_there and is_there")
    _MOVE_FIGURES(conn, release_id)


_MOVE_FIGURES = publish._move_figures


class _OldRegister:
    """The register as it was first asked for."""

    def __init__(self) -> None:
        self.first: Any = None

    def __call__(self, conn: Any, **how: Any) -> Any:
        self.first = self.first or registers.read_unit_register(conn, **how)
        return self.first


def _nil_is_nothing(conn: Any, keyring: Any, decisions: Sequence[Any], *rest: Any) -> Any:
    """A nil return is taken for no answer."""
    numbered, copies = _NUMBER(conn, keyring, decisions, *rest)
    return [n for n in numbered if not n.reading.is_nil], copies


_NUMBER = loading._number

PATCHES: Mapping[str, Sequence[tuple[Any, str, Callable[[], Any]]]] = {
    "a correction changes another row": [(overlay, "_row", lambda: _wrong_row)],
    "the order of names decides": [(collection, "_record", lambda: _by_name)],
    "a nil return is no answer": [(loading, "_number", lambda: _nil_is_nothing)],
    "a crash loses what was collected": [(runs, "undecided_deliveries", lambda: _lost_chunk)],
    "the clock says what is decided first": [(runs, "undecided_deliveries", lambda: _by_the_clock)],
    "a night publishes though its checks failed": [("connectors.dbt", "FAILED", frozenset)],
    "a register change is ignored": [(intake, "read_unit_register", _OldRegister)],
    "a re-saved copy counts as an answer": [(loading, "content_token", lambda: lambda *_: str(next(_TOKENS)))],
    "the same bytes are taken in again": [(intake, "_copies", lambda: lambda *_: {})],
    "as of a release gives the current value": [(publish, "_move_figures", lambda: _in_place)],
    "a replay that changes nothing makes a version": [(replay, "_is_as_before", lambda: lambda *_: False)],
    "an outdated correction is still open": [
        (corrections, "_CORRECTIONS", lambda: corrections._CORRECTIONS.replace("then 'outdated'", "then 'proposed'"))
    ],
    "a closed period is no bar to an answer": [
        (loading, "hold_answers", lambda: lambda *_: []),
        (replay, "hold_answers", lambda: lambda *_: []),
    ],
    "a backfill does not mind what moved": [
        ("connectors.warehouse.backfill.bringing_in", "moved", lambda: lambda *_: [])
    ],
    "an event is forgotten": [("connectors.warehouse.withdrawal", "append_events", lambda: lambda *_: 0)],
    "a change of a release is not told": [(publish, "write_changes", lambda: lambda *_: None)],
    "the build is not done where only the date is new": [
        (
            "connectors.warehouse.build_inputs",
            "standing_release",
            lambda: lambda conn, _inputs: publish.current_release(conn),
        )
    ],
}
"""Patches of the warehouse's own functions: where, which, and what makes the one that stands in its place."""

KINDS = (*VIEWS, *PATCHES)
CHEAP = (
    "a resubmission does not supersede",
    "a nil return is no answer",
    "a crash loses what was collected",
    "as of a release gives the current value",
)
"""Those that are tried in `make test`; they are found soon."""


def patches(fault: str) -> list[Any]:
    """The patches of a fault, ready to be entered."""
    found = []
    for holder, name, make in PATCHES.get(fault, ()):
        place = __import__(holder, fromlist=["_"]) if isinstance(holder, str) else holder
        found.append(mock.patch.object(place, name, make()))
    return found
