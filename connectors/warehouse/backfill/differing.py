"""Which answers, judged again, come out differently: anything that the ledger would say otherwise makes another version.

That is the outcome, what was typed, the values that were made of it, the rows that wait, the account of the rows, and what was found.
Values are compared by Postgres, in a temporary table of the landing table's types, so that 5000 and 5000.00 are the same.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from connectors.warehouse.loading import (
    Numbered,
    accepted_rows,
    content_token,
    copy_frame,
    counts,
    landed_rows,
    waiting_rows,
)

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.warehouse.confirmations import Told
    from connectors.warehouse.decision import Decision
    from connectors.warehouse.replay import Candidate
    from connectors.workbooks.reading import Reading
    from expectations.contract import Form


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate judged again: its reading, the decision, and what was found as it is told."""

    candidate: Candidate
    reading: Reading
    decision: Decision
    told: Sequence[Told]


def differing(conn: psycopg.Connection[Any], keyring: Keyring, form: Form, judged: Sequence[Judged]) -> set[int]:
    """The submissions among these candidates, all of one form, that would be another now. Changes nothing."""
    before = {row[0]: row[1:] for row in _facts(conn, [j.candidate.submission_id for j in judged])}
    found = _findings(conn, [j.candidate.submission_id for j in judged])
    different = {
        j.candidate.submission_id
        for j in judged
        if before[j.candidate.submission_id] != _facts_of(keyring, j)
        or found[j.candidate.submission_id] != Counter(_finding_of(told) for told in j.told)
    }
    same = [j for j in judged if j.candidate.submission_id not in different]
    return different | _other_rows(conn, keyring, form, same)


def _facts(conn: psycopg.Connection[Any], submission_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select submission_id, outcome, is_nil, content_token, rows_read, rows_loaded, rows_quarantined, rows_ignored"
        " from ops.submission where submission_id = any(%s)",
        (list(submission_ids),),
    ).fetchall()


def _facts_of(keyring: Keyring, judged: Judged) -> tuple[Any, ...]:
    token = content_token(keyring, judged.reading)
    return judged.decision.outcome, judged.reading.is_nil, token, *counts(judged.decision, is_copy=False)


def _findings(conn: psycopg.Connection[Any], submission_ids: Sequence[int]) -> Mapping[int, Counter[tuple[Any, ...]]]:
    found: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for submission_id, *said in conn.execute(
        "select submission_id, code, severity, sheet, cell, row_number, field, value from ops.finding where submission_id = any(%s)",
        (list(submission_ids),),
    ):
        found[submission_id][tuple(said)] += 1
    return found


def _finding_of(told: Told) -> tuple[Any, ...]:
    f, _ = told
    return f.code, str(f.severity), f.sheet, f.cell, f.row_number, f.field, f.value


def _other_rows(conn: psycopg.Connection[Any], keyring: Keyring, form: Form, judged: Sequence[Judged]) -> set[int]:
    """Those whose rows, loaded or waiting, are not the same."""
    # Under the numbers that they have, so that they compare.
    numbered = [
        Numbered(j.decision, j.reading, form, j.candidate.submission_id, j.candidate.version, "") for j in judged
    ]
    rows = accepted_rows(keyring, form, numbered)
    if rows is None:
        return set()
    wait_anew = {
        (row["submission_id"], row["row_number"]): json.loads(row["texts"])
        for row in waiting_rows(form, rows).iter_rows(named=True)
    }
    waited = {
        (submission_id, row_number): texts
        for submission_id, row_number, texts in conn.execute(
            "select submission_id, row_number, texts from quarantine.submitted_row where submission_id = any(%s)",
            ([n.submission_id for n in numbered],),
        )
    }
    different = {key[0] for key in {*waited, *wait_anew} if waited.get(key) != wait_anew.get(key)}
    landing, temporary = sql.Identifier("landing", form.form_id), sql.Identifier("judged_again")
    with conn.transaction():
        conn.execute(sql.SQL("create temporary table {} (like {}) on commit drop").format(temporary, landing))
        copy_frame(conn, temporary, landed_rows(form, rows))
        ids = [n.submission_id for n in numbered]
        other = conn.execute(
            sql.SQL(
                "select distinct coalesce(n.submission_id, o.submission_id) from {} as n full join"
                " (select * from {} where submission_id = any(%s)) as o"
                " on (n.submission_id, n.row_number) = (o.submission_id, o.row_number)"
                " where to_jsonb(n) is distinct from to_jsonb(o)"
            ).format(temporary, landing),
            (ids,),
        ).fetchall()
        conn.execute("drop table judged_again")
    return different | {row[0] for row in other}
