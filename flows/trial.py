"""Trying workbooks: what the warehouse would decide about them now, without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from connectors.settings import Settings
from flows.tables import visible

if TYPE_CHECKING:
    from connectors.replies.answer import Answer
    from connectors.warehouse.decision import Decision
    from connectors.warehouse.registers import UnitRegister
    from connectors.warehouse.waivers import Waiver
    from connectors.workbooks.pool import ReaderPool
    from connectors.workbooks.reading import ReadBatch


@dataclass(frozen=True, slots=True)
class Tried:
    """A file that was tried, or one out of a zip, behind it: its name (`a.zip/b.xlsx`), its bytes, and what would be decided."""

    name: PurePath
    data: bytes
    decision: Decision


def try_workbooks(
    pool: ReaderPool,
    files: Sequence[tuple[PurePath, bytes]],
    register: UnitRegister | None,
    waivers: Sequence[Waiver],
    judging: AbstractContextManager[object] | None = None,
) -> list[Tried]:
    """What would be decided about these files and those in them; without a register every unit is believed.

    `judging` is held while they are judged: Great Expectations judges in one context for the whole process.
    A file that is too large to be read is not looked into. Raises: ReaderUnavailable.
    """
    from connectors.warehouse.decision import decide

    named, zips = _taken_out(files, pool.longest_file_bytes)
    batch = pool.read(list(enumerate(data for _, data in named)))
    readings = [reading.if_taken_out(reading.delivery_id in zips) for reading in batch.readings]
    with judging or nullcontext():
        decisions = decide(readings, batch.rows, register or credulous_register(batch), waivers)
    return [Tried(name, data, decision) for (name, data), decision in zip(named, decisions, strict=True)]


def _taken_out(files: Sequence[tuple[PurePath, bytes]], longest: int) -> tuple[list[tuple[PurePath, bytes]], set[int]]:
    """The files, behind each zip of many the files in it; and the places of those zips among them."""
    from connectors.workbooks.packed import unpack

    named: list[tuple[PurePath, bytes]] = []
    zips: set[int] = set()
    for name, data in files:
        members = list(unpack(data)) if len(data) <= longest else []
        if members:
            zips.add(len(named))
        # A member's name is shown and never opened; one that no terminal should see is not.
        named += [(name, data), *((name / visible(member.name), member.data) for member in members)]
    return named, zips


def answer_to(decision: Decision, file_name: str) -> Answer:
    """The answer to a workbook that was only tried."""
    from connectors.replies.answer import Answer, RowCounts

    reading = decision.reading
    assert reading is not None  # noqa: S101 - only copies have none, and a check knows no copies
    is_accepted, waiting = decision.outcome == "accepted", len(decision.quarantined)
    ignored = len(reading.rows_ignored) if is_accepted else reading.rows_read
    return Answer(
        delivery_id=decision.delivery_id,
        file_name=file_name,
        outcome=decision.outcome,
        form_id=reading.form_id,
        unit_id=reading.unit_id,
        period=reading.period,
        sheet=reading.sheet,
        rows=RowCounts(reading.rows_read, reading.rows_read - waiting - ignored, waiting, ignored),
        findings=decision.findings,
        is_trial=True,
    )


def register_at_hand(settings: Settings) -> tuple[UnitRegister | None, Sequence[Waiver]]:
    """The register of the warehouse and the waivers, where it runs already and has them."""
    from connectors.errors import DatabaseError
    from connectors.postgres import status

    try:
        if not status(settings).is_running:
            return None, ()
        from connectors.warehouse.engine import connect
        from connectors.warehouse.ledger import is_prepared
        from connectors.warehouse.registers import UNIT_REGISTER, read_unit_register
        from connectors.warehouse.waivers import read_waivers

        with connect(settings) as conn:
            if not is_prepared(conn):
                return None, ()
            register, waivers = read_unit_register(conn, judging=[UNIT_REGISTER]), read_waivers(conn)
    except DatabaseError:
        return None, ()
    return None if register.spans.is_empty() else register, waivers


def credulous_register(batch: ReadBatch) -> UnitRegister:
    """A register that believes every unit that the workbooks name, so that everything else can be judged without the real one."""
    from datetime import date

    import polars as pl

    from connectors.warehouse.registers import UnitRegister
    from expectations.contract import forms

    kinds = {r.unit_id: forms()[r.form_id].submitted_by[0] for r in batch.readings if r.unit_id and r.form_id}
    named = {
        code
        for form_id, rows in batch.rows.items()
        for field in forms()[form_id].fields
        if field.register == "unit"
        for code in rows[field.name].drop_nulls()
    }
    units = {code: kinds.get(code, "enterprise") for code in sorted({*named, *kinds})}
    return UnitRegister(
        pl.DataFrame(
            {
                "unit_id": list(units),
                "unit_kind": list(units.values()),
                "valid_from": [date.min] * len(units),
                "valid_to": [None] * len(units),
            },
            schema={"unit_id": pl.String, "unit_kind": pl.String, "valid_from": pl.Date, "valid_to": pl.Date},
        )
    )
