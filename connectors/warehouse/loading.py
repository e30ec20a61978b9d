"""Load decisions: the one transaction in which a chunk of submissions becomes part of the warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg
from psycopg import sql

from connectors.warehouse.confirmations import Told, confirm_findings
from connectors.warehouse.events import append_events
from connectors.warehouse.holding import WAITS, hold_answers
from connectors.warehouse.life import Made, confirmed_events, load_events
from connectors.warehouse.personal import person_tokens, personal_rows
from connectors.warehouse.sequences import next_ids
from expectations.contract import Form, forms
from expectations.masks import open_text

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.warehouse.decision import Decision
    from connectors.workbooks.reading import Reading

Key = tuple[str, str, str]
"""What a submission answers: form, unit, period."""

WRONG_TOTALS = ("form.total_differs", "form.total_unreadable")
"""Findings about a total row: a workbook that mends one of them is a new answer, though its rows are the same."""

INTAKE_LOCK = "intake"
"""One load at a time: two runs that read the same delivery decide it once."""


@dataclass(slots=True)
class _Standing:
    """Where a form, unit and period stand: the last version, the delivery and the submission in force, and what they say: as sent, and
    as corrected."""

    version: int = 0
    contents: frozenset[str] = frozenset()
    delivery_id: int | None = None
    submission_id: int | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """A decision that became a submission: its id and version, and the token of its content."""

    decision: Decision
    reading: Reading
    form: Form
    submission_id: int
    version: int
    content: str


def load(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    decisions: Sequence[Decision],
    received_at: Mapping[int, datetime],
    run_id: int,
) -> None:
    """Load these decisions, all or none. Deliveries that another run decided meanwhile are left out.

    Raises: psycopg.DataError, psycopg.IntegrityError for what Postgres cannot hold.
    """
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        decided = _decided(conn, [d.delivery_id for d in decisions])
        open_decisions = [d for d in decisions if d.delivery_id not in decided]
        confirmed = confirm_findings(conn, keyring, open_decisions, run_id)
        standing = _standing(conn, open_decisions)
        in_force = {key: place.submission_id for key, place in standing.items()}
        numbered, copies = _number(conn, keyring, open_decisions, standing)
        write_submissions(conn, numbered, received_at, run_id)
        for form_id in {n.form.form_id for n in numbered}:
            write_rows(conn, keyring, forms()[form_id], [n for n in numbered if n.form.form_id == form_id])
        submission_ids = {n.decision.delivery_id: n.submission_id for n in numbered}
        outcomes = _write_outcomes(conn, open_decisions, copies, submission_ids, run_id)
        write_findings(conn, open_decisions, confirmed.told, copies, submission_ids, run_id)
        held = hold_answers(conn, numbered, run_id)
        came_in = [n for n in numbered if n.submission_id not in {event.submission_id for event in held}]
        by_delivery = {n.decision.delivery_id: n for n in numbered}
        made = Made(open_decisions, outcomes, by_delivery, copies, _replaced(came_in, in_force))
        events = load_events(conn, made, run_id)
        append_events(conn, [*events, *held, *confirmed_events(conn, open_decisions, confirmed.new, run_id)])


def _decided(conn: psycopg.Connection[Any], delivery_ids: Sequence[int]) -> set[int]:
    found = conn.execute(
        "select delivery_id from ops.delivery_outcome where delivery_id = any(%s)", (list(delivery_ids),)
    )
    return {row[0] for row in found}


def content_token(keyring: Keyring, reading: Reading) -> str:
    """What tells two answers apart: the rows as typed, and what their total row says where it does not add up.

    Keyed, because a form of one row has a citizen ID and little else, which a plain hash would give away to whoever guesses.
    """
    wrong_totals = sorted(f"{f.field}={f.value}" for f in reading.findings if f.code in WRONG_TOTALS)
    return keyring.token("|".join(("content", reading.content_sha256 or "", *wrong_totals)))


def _key(reading: Reading | None) -> Key | None:
    if reading is None or not (reading.form_id and reading.unit_id and reading.period):
        return None
    return reading.form_id, reading.unit_id, reading.period


def _standing(conn: psycopg.Connection[Any], decisions: Iterable[Decision]) -> dict[Key, _Standing]:
    keys = sorted({key for d in decisions if d.outcome in ("accepted", "refused") and (key := _key(d.reading))})
    standing = {key: _Standing() for key in keys}
    rows = conn.execute(
        "select s.form_id, s.unit_id, s.period, s.version, s.outcome, s.content_token, s.delivery_id, s.submission_id,"  # noqa: S608 - our own words
        " exists (select from ops.withdrawal w where w.submission_id = s.submission_id),"
        f" {WAITS}"
        " from unnest(%s::text[], %s::text[], %s::text[]) as k (form_id, unit_id, period)"
        " join ops.submission s using (form_id, unit_id, period) order by s.version",
        ([k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys]),
    )
    for form_id, unit_id, period, version, outcome, content, delivery_id, submission_id, is_withdrawn, is_held in rows:
        place = standing[form_id, unit_id, period]
        place.version = version
        if outcome == "accepted":
            before = place.contents if delivery_id == place.delivery_id else frozenset[str]()
            # What was withdrawn may be sent again and is an answer again.
            withdrawn: tuple[frozenset[str], None] = frozenset(), None
            place.contents, place.delivery_id = withdrawn if is_withdrawn else (before | {content}, delivery_id)
            if not is_held:
                place.submission_id = None if is_withdrawn else submission_id
    return standing


def _replaced(numbered: Sequence[Numbered], in_force: Mapping[Key, int | None]) -> dict[int, int]:
    """By submission that came into force, the one that was in force before it; `in_force` is what was when the load began."""
    standing, replaced = dict(in_force), dict[int, int]()
    for n in numbered:
        key = _key(n.reading)
        if key is None or n.decision.outcome != "accepted":
            continue
        if (before := standing.get(key)) is not None:
            replaced[n.submission_id] = before
        standing[key] = n.submission_id
    return replaced


def _number(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    decisions: Sequence[Decision],
    standing: Mapping[Key, _Standing],
) -> tuple[list[Numbered], dict[int, int]]:
    """Give versions and ids in order of arrival; what says the same as the version in force is a copy of its delivery."""
    copies: dict[int, int] = {}
    chosen: list[tuple[Decision, Reading, int, str]] = []
    for decision in decisions:
        key = _key(decision.reading)
        if decision.outcome not in ("accepted", "refused") or key is None or decision.reading is None:
            continue
        place, content = standing[key], content_token(keyring, decision.reading)
        if decision.outcome == "accepted" and content in place.contents and place.delivery_id is not None:
            copies[decision.delivery_id] = place.delivery_id
            continue
        place.version += 1
        if decision.outcome == "accepted":
            place.contents, place.delivery_id = frozenset((content,)), decision.delivery_id
        chosen.append((decision, decision.reading, place.version, content))
    ids = next_ids(conn, "ops.submission", "submission_id", len(chosen))
    numbered = [
        Numbered(decision, reading, forms()[reading.form_id or ""], submission_id, version, content)
        for (decision, reading, version, content), submission_id in zip(chosen, ids, strict=True)
    ]
    return numbered, copies


def counts(decision: Decision, is_copy: bool) -> tuple[int, int, int, int]:
    """Rows read, loaded, quarantined, ignored. A copy and a refused submission are read and ignored as a whole."""
    if decision.reading is None:
        return 0, 0, 0, 0
    read = decision.reading.rows_read
    if is_copy or decision.outcome != "accepted":
        return read, 0, 0, read
    ignored = len(decision.reading.rows_ignored)
    waiting = len(decision.quarantined)
    return read, (0 if decision.rows is None else decision.rows.height) - waiting, waiting, ignored


def write_submissions(
    conn: psycopg.Connection[Any],
    numbered: Sequence[Numbered],
    received_at: Mapping[int, datetime],
    run_id: int,
    cause: str = "delivery",
) -> None:
    """The ledger rows of decisions that became submissions, by `cause` of a delivery, a replay or a correction."""
    columns = (
        "submission_id, delivery_id, form_id, edition, unit_id, period, version, outcome, is_nil, sheet, columns, content_token,"
        " rows_read, rows_loaded, rows_quarantined, rows_ignored, received_at, decided_at, run_id, cause"
    )
    now = conn.execute("select now()").fetchone()
    decided_at = now[0] if now else None
    with conn.cursor() as cursor, cursor.copy(f"copy ops.submission ({columns}) from stdin") as copy:
        for n in numbered:
            r = n.reading
            copy.write_row((
                n.submission_id, n.decision.delivery_id, r.form_id, r.edition, r.unit_id, r.period, n.version,
                n.decision.outcome, r.is_nil, r.sheet, json.dumps(r.columns), n.content,
                *counts(n.decision, is_copy=False), received_at[n.decision.delivery_id], decided_at, run_id, cause,
            ))  # fmt: skip


def write_rows(conn: psycopg.Connection[Any], keyring: Keyring, form: Form, numbered: Sequence[Numbered]) -> None:
    """Accepted rows to landing, waiting rows to quarantine, and the personal part of both to the locked room."""
    rows = accepted_rows(keyring, form, numbered)
    if rows is None:
        return
    if form.personal_fields:
        copy_frame(conn, sql.Identifier("pii", "personal_row"), personal_rows(keyring, form, rows))
    copy_frame(conn, sql.Identifier("landing", form.form_id), landed_rows(form, rows))
    copy_frame(conn, sql.Identifier("quarantine", "submitted_row"), waiting_rows(form, rows))


def accepted_rows(keyring: Keyring, form: Form, numbered: Sequence[Numbered]) -> pl.DataFrame | None:
    """The rows of the accepted among these submissions, with submission_id, is_waiting and the tokens of their people."""
    parts = [
        n.decision.rows.with_columns(
            submission_id=pl.lit(n.submission_id, pl.Int64),
            is_waiting=pl.col("row_number").is_in(list(n.decision.quarantined)),
        )
        for n in numbered
        if n.decision.outcome == "accepted" and n.decision.rows is not None and n.decision.rows.height
    ]
    if not parts:
        return None
    rows = pl.concat(parts)
    return rows.hstack(person_tokens(keyring, form, rows)) if form.personal_fields else rows


def landed_rows(form: Form, rows: pl.DataFrame) -> pl.DataFrame:
    """What of `accepted_rows` goes to the form's landing table."""
    return rows.filter(~pl.col("is_waiting")).select(
        "submission_id",
        "unit_id",
        "period",
        "row_number",
        *(f.name for f in form.open_fields),
        *(str(f.token) for f in form.token_fields),
    )


def waiting_rows(form: Form, rows: pl.DataFrame) -> pl.DataFrame:
    """What of `accepted_rows` goes to `quarantine.submitted_row`: what was typed in open columns, as far as it may stand there."""
    waiting = rows.filter("is_waiting").with_columns(
        pl.col(f"{f.name}__text").map_elements(partial(open_text, form, f), pl.String) for f in form.open_fields
    )
    texts = pl.struct(pl.col(f"{f.name}__text").alias(f.name) for f in form.open_fields)
    return waiting.select(
        "submission_id", "unit_id", pl.lit(form.form_id).alias("form_id"), "period", "row_number",
        texts.struct.json_encode().alias("texts"),
    )  # fmt: skip


def _write_outcomes(
    conn: psycopg.Connection[Any],
    decisions: Sequence[Decision],
    copies: Mapping[int, int],
    submission_ids: Mapping[int, int],
    run_id: int,
) -> dict[int, str]:
    """Write down what became of each delivery, and give it."""
    same_bytes = conn.execute(
        "select c.delivery_id from unnest(%s::bigint[], %s::bigint[]) as c (delivery_id, original_id)"
        " join archive.delivery a using (delivery_id) join archive.delivery o on o.delivery_id = c.original_id"
        " where a.sha256 = o.sha256",
        (list(copies), list(copies.values())),
    ).fetchall()
    of_same_bytes = {row[0] for row in same_bytes}
    outcomes: dict[int, str] = {
        d.delivery_id: d.outcome
        if d.delivery_id not in copies
        else "duplicate_bytes"
        if d.delivery_id in of_same_bytes
        else "duplicate_content"
        for d in decisions
    }
    with conn.cursor() as cursor:
        with cursor.copy(
            "copy ops.delivery_outcome (delivery_id, outcome, duplicate_of, submission_id,"
            " rows_read, rows_loaded, rows_quarantined, rows_ignored, run_id, decided_at) from stdin"
        ) as copy:
            now = datetime.now().astimezone()
            for d in decisions:
                copy.write_row((
                    d.delivery_id, outcomes[d.delivery_id], copies.get(d.delivery_id, d.original),
                    submission_ids.get(d.delivery_id), *counts(d, d.delivery_id in copies), run_id, now,
                ))  # fmt: skip
        with cursor.copy("copy ops.ignored_row (delivery_id, row_number, reason) from stdin") as copy:
            for d in decisions:
                for row_number, reason in _ignored(d, d.delivery_id in copies):
                    copy.write_row((d.delivery_id, row_number, reason))
    return outcomes


def _ignored(decision: Decision, is_copy: bool) -> Iterable[tuple[int, str]]:
    if decision.reading is None:
        return
    yield from decision.reading.rows_ignored
    if decision.rows is not None and (is_copy or decision.outcome == "refused"):
        reason = "duplicate_content" if is_copy else "submission_refused"
        yield from ((row_number, reason) for row_number in decision.rows["row_number"])


def write_findings(
    conn: psycopg.Connection[Any],
    decisions: Sequence[Decision],
    told: Mapping[int, Sequence[Told]],
    copies: Mapping[int, int],
    submission_ids: Mapping[int, int],
    run_id: int,
) -> None:
    """The findings of these decisions; those of a copy were told when it came first."""
    with (
        conn.cursor() as cursor,
        cursor.copy(
            "copy ops.finding (delivery_id, submission_id, unit_id, form_id, period, code, severity,"
            " sheet, cell, row_number, field, value, params, run_id, fingerprint) from stdin"
        ) as copy,
    ):
        for d in decisions:
            if d.delivery_id in copies or d.reading is None:
                continue
            r = d.reading
            for f, fingerprint in told[d.delivery_id]:
                copy.write_row((
                    d.delivery_id, submission_ids.get(d.delivery_id), r.unit_id, r.form_id, r.period, f.code, str(f.severity),
                    f.sheet, f.cell, f.row_number, f.field, f.value, json.dumps(dict(f.params), ensure_ascii=False), run_id,
                    fingerprint,
                ))  # fmt: skip


def copy_frame(conn: psycopg.Connection[Any], table: sql.Identifier, frame: pl.DataFrame) -> None:
    """Append a frame to a table, column by name."""
    if frame.is_empty():
        return
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        table, sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(frame.write_csv(include_header=False))
