"""What is held about one person: found by the token of the citizen ID, over every version of every answer, waiting rows too.

People without a citizen ID that could be read have no token, and cannot be found this way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from connectors.warehouse.personal import seal_context
from expectations.contract import Field, Form, forms

if TYPE_CHECKING:
    from connectors.keys import Keyring


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row that names the person: where it stands, with nothing personal. `is_in_force` is that of its answer, `is_waiting` its own."""

    form_id: str
    unit_id: str
    period: str
    version: int
    row_number: int
    is_in_force: bool
    is_waiting: bool
    submission_id: int
    object_name: str
    sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A row with what is held in it about the person, opened, and the facts that go with it; of other people of the row, nothing.

    `personal` is None where it cannot be opened any more, its key being retired.
    """

    row: PersonRow
    personal: Mapping[str, Any] | None
    facts: Mapping[str, Any]


def find_rows(conn: psycopg.Connection[Any], token: str) -> list[PersonRow]:
    """Every row that names the person, by form, unit, period and version."""
    with conn.cursor(row_factory=class_row(PersonRow)) as cursor:
        return cursor.execute(
            "select s.form_id, s.unit_id, s.period, s.version, p.row_number, p.submission_id, d.object_name, d.sha256, s.received_at,"
            " exists (select from ops.submission_in_force f where f.submission_id = s.submission_id) as is_in_force,"
            " exists (select from quarantine.submitted_row q"
            "   where (q.submission_id, q.row_number) = (p.submission_id, p.row_number)) as is_waiting"
            " from pii.personal_row p join ops.submission s using (submission_id) join archive.delivery d using (delivery_id)"
            " where p.person_tokens @> array[%s] order by s.form_id, s.unit_id, s.period, s.version, p.row_number",
            (token,),
        ).fetchall()


def open_rows(conn: psycopg.Connection[Any], keyring: Keyring, token: str, rows: Sequence[PersonRow]) -> list[Opened]:
    """These rows of the person, opened."""
    return [_open_row(conn, keyring, token, row) for row in rows]


def fields_of_person(keyring: Keyring, form: Form, content: Mapping[str, Any], token: str) -> list[Field]:
    """The fields of an opened row that are about the person of this token; who is both mentor and apprentice has both."""
    named = [f for f in form.token_fields if content.get(f.name) and keyring.token(content[f.name]) == token]
    return [field for citizen_id in named for field in form.fields_about(str(citizen_id.token))]


def _open_row(conn: psycopg.Connection[Any], keyring: Keyring, token: str, row: PersonRow) -> Opened:
    form = forms()[row.form_id]
    [(key_id, nonce, ciphertext)] = conn.execute(
        "select key_id, nonce, ciphertext from pii.personal_row where (submission_id, row_number) = (%s, %s)",
        (row.submission_id, row.row_number),
    ).fetchall()
    facts = _facts_of(conn, form, row)
    if key_id in keyring.retired:
        return Opened(row, None, facts)
    context = seal_context(row.form_id, row.unit_id, row.submission_id, row.row_number)
    content = json.loads(keyring.decrypt(key_id, nonce, ciphertext, context))
    personal = {f.heading: content[f.name] for f in fields_of_person(keyring, form, content, token)}
    if len(form.token_fields) == 1:
        # In a row of two people a word out of its column may be the other's name: there it stays masked.
        facts |= {f.heading: content[f.name] for f in form.open_fields if f.name in content}
    return Opened(row, personal, facts)


def _facts_of(conn: psycopg.Connection[Any], form: Form, row: PersonRow) -> dict[str, Any]:
    """The open fields of a row by their headings: as read where it counts; as typed, with masks, where it waits."""
    place = (row.submission_id, row.row_number)
    if row.is_waiting:
        [(texts,)] = conn.execute(
            "select texts from quarantine.submitted_row where (submission_id, row_number) = (%s, %s)", place
        ).fetchall()
    else:
        columns = sql.SQL(", ").join(sql.Identifier(f.name) for f in form.open_fields)
        query = sql.SQL("select {} from {} where (submission_id, row_number) = (%s, %s)")
        with conn.cursor(row_factory=dict_row) as cursor:
            [texts] = cursor.execute(query.format(columns, sql.Identifier("landing", form.form_id)), place).fetchall()
    return {f.heading: texts.get(f.name) for f in form.open_fields}
