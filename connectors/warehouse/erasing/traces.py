"""What the database holds of a person, replaced in one transaction: rows, tokens, findings, and the digests of what was typed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from connectors.warehouse.confirmations import fingerprinted
from connectors.warehouse.corrections import read_approved
from connectors.warehouse.decision import decide
from connectors.warehouse.erasing.originals import FILES, part_of, rows_of_person
from connectors.warehouse.erasing.person import NAME, Person
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.loading import content_token
from connectors.warehouse.overlay import overlaid
from connectors.warehouse.people import PersonRow, fields_of_person, find_rows
from connectors.warehouse.personal import seal_context
from connectors.warehouse.recorded import digests
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.roles import OUR_SCHEMAS
from connectors.warehouse.waivers import read_waivers
from connectors.workbooks.reading import ReadBatch
from expectations.contract import forms
from expectations.masks import HIDDEN

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.keys import Keyring
    from connectors.warehouse.erasing.records import Erasure
    from connectors.workbooks.pool import Readers

Place = tuple[str | None, ...]
"""Of a finding: code, sheet, cell, row and field."""


@dataclass(slots=True)
class _Ledger:
    """What the copies come to: by submission its content token; by delivery the rows of the person, and what is found at each place."""

    contents: dict[int, str] = field(default_factory=dict)
    mine: dict[int, set[int]] = field(default_factory=dict)
    told: dict[int, dict[Place, tuple[str | None, str | None]]] = field(default_factory=dict)


def erase_rows(
    conn: psycopg.Connection[Any],
    archive: Archive,
    keyring: Keyring,
    pool: Readers,
    erasure: Erasure,
    person: Person,
) -> None:
    """Leave nothing of the person in the database, after their originals were replaced; in one transaction, with its event.

    `keyring` seals with the key of this erasure.
    """
    assert erasure.person_token is not None  # noqa: S101 - of one that is not finished
    with conn.transaction():
        rows = find_rows(conn, erasure.person_token)
        for row in rows:
            _reseal(conn, keyring, row, erasure.person_token, person)
            _hide_words(conn, row, person)
        ledger = _read_ledger(conn, archive, keyring, pool, erasure, person, rows)
        unmaskings = [
            row[0]
            for row in conn.execute(
                "select unmasking_id from ops.unmasking where person_token = %s", (erasure.person_token,)
            )
        ]
        replace_token(conn, erasure.person_token, erasure.substitute_token)
        confirmed = _rewrite_findings(conn, ledger, person)
        with conn.cursor() as cursor:
            cursor.executemany(
                "update ops.submission set content_token = %s where submission_id = %s",
                [(content, submission_id) for submission_id, content in ledger.contents.items()],
            )
        conn.execute("update pii.erasure set rows_erased_at = now() where erasure_id = %s", (erasure.erasure_id,))
        told: dict[str, dict[str, str | None]] = {
            table: {str(key): digest for key, digest in digests(conn, table, keys).items()}
            for table, keys in (
                ("ops.submission", [*ledger.contents]),
                ("ops.unmasking", unmaskings),
                ("ops.confirmation", [*confirmed.values()]),
            )
        }
        told["ops.confirmation"] |= dict.fromkeys(confirmed)
        details = {"erasure_id": erasure.erasure_id, "count": len(rows), "rows": told}
        append_events(conn, [Event("erased", erasure.author, erasure.reason, details=details)])


def replace_token(conn: psycopg.Connection[Any], token: str, substitute: str) -> None:
    """Put one token in the place of another in every column of text of every table of ours, but in the record of erasures; events have none."""
    columns: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
    for schema, table, column, is_list in conn.execute(
        "select n.nspname::text, c.relname::text, a.attname::text, a.atttypid = 'text[]'::regtype from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p') and c.oid <> all(array['pii.erasure', 'ops.event']::regclass[]) and a.attnum > 0"
        " and not a.attisdropped and a.attgenerated = '' and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'text[]'::regtype)",
        (list(OUR_SCHEMAS),),
    ):
        columns[schema, table].append((column, is_list))
    for name, of_table in columns.items():
        sets = sql.SQL(", ").join(
            sql.SQL(
                "{0} = array_replace({0}, {1}, {2})" if is_list else "{0} = case {0} when {1} then {2} else {0} end"
            ).format(sql.Identifier(column), sql.Placeholder("token"), sql.Placeholder("substitute"))
            for column, is_list in of_table
        )
        where = sql.SQL(" or ").join(
            sql.SQL("{} = any({})" if is_list else "{} = {}").format(sql.Placeholder("token"), sql.Identifier(column))
            for column, is_list in of_table
        )
        query = sql.SQL("update {} set {} where {}").format(sql.Identifier(*name), sets, where)
        conn.execute(query, {"token": token, "substitute": substitute})


def _reseal(conn: psycopg.Connection[Any], keyring: Keyring, row: PersonRow, token: str, person: Person) -> None:
    """Seal the personal part of a row anew without the person, and without what is masked outside, which nobody can tell whose it is."""
    form, place = forms()[row.form_id], (row.submission_id, row.row_number)
    [(key_id, nonce, ciphertext)] = conn.execute(
        "select key_id, nonce, ciphertext from pii.personal_row where (submission_id, row_number) = (%s, %s)", place
    ).fetchall()
    if key_id in keyring.retired:
        return
    context = seal_context(row.form_id, row.unit_id, *place)
    content = json.loads(keyring.decrypt(key_id, nonce, ciphertext, context))
    for f in fields_of_person(keyring, form, content, token):
        if content[f.name]:
            content[f.name] = person.substitute_id if f.token else NAME
    kept = {f.name: content[f.name] for f in form.personal_fields if f.name in content}
    sealed = keyring.encrypt(json.dumps(kept, ensure_ascii=False).encode(), context)
    conn.execute(
        "update pii.personal_row set key_id = %s, nonce = %s, ciphertext = %s where (submission_id, row_number) = (%s, %s)",
        (*sealed, *place),
    )


def _hide_words(conn: psycopg.Connection[Any], row: PersonRow, person: Person) -> None:
    """Take the person's name out of the free text of their row, as it is taken out of the copy of its original."""
    form, place = forms()[row.form_id], (row.submission_id, row.row_number)
    if row.is_waiting:
        [(texts,)] = conn.execute(
            "select texts from quarantine.submitted_row where (submission_id, row_number) = (%s, %s)", place
        ).fetchall()
        hidden = {name: text and person.hidden(text) for name, text in texts.items()}
        if hidden != texts:
            conn.execute(
                "update quarantine.submitted_row set texts = %s where (submission_id, row_number) = (%s, %s)",
                (json.dumps(hidden, ensure_ascii=False), *place),
            )
        return
    names = [f.name for f in form.open_fields if f.kind == "text"]
    table = sql.Identifier("landing", row.form_id)
    for name in names:
        for word in person.names:
            conn.execute(
                sql.SQL(
                    "update {0} set {1} = replace({1}, %s, %s) where (submission_id, row_number) = (%s, %s) and strpos({1}, %s) > 0"
                ).format(table, sql.Identifier(name)),
                (word, NAME, *place, word),
            )


def _read_ledger(
    conn: psycopg.Connection[Any],
    archive: Archive,
    keyring: Keyring,
    pool: Readers,
    erasure: Erasure,
    person: Person,
    rows: Sequence[PersonRow],
) -> _Ledger:
    ledger = _Ledger()
    submissions = conn.execute(
        "select s.submission_id, s.delivery_id, s.version, d.sha256, r.is_destroyed from archive.redacted_file r"
        " join archive.delivery d using (sha256) join ops.submission s using (delivery_id) where r.erasure_id = %s order by 1",
        (erasure.erasure_id,),
    ).fetchall()
    deliveries = sorted({(delivery_id, sha256) for _, delivery_id, _, sha256, is_gone in submissions if not is_gone})
    for start in range(0, len(deliveries), FILES):
        _read_copies(conn, archive, keyring, pool, person, deliveries[start : start + FILES], submissions, ledger)
    for submission_id, delivery_id, _, _, is_destroyed in submissions:
        if is_destroyed:
            # Nothing can be compared with it any more, and a digest of what was typed is one of the person.
            ledger.contents[submission_id] = keyring.token(f"erased|{submission_id}")
            ledger.told[delivery_id] = {}
            ledger.mine[delivery_id] = {
                row.row_number for row in rows if row.submission_id == submission_id
            } | ledger.mine.get(delivery_id, set())
    return ledger


def _read_copies(
    conn: psycopg.Connection[Any],
    archive: Archive,
    keyring: Keyring,
    pool: Readers,
    person: Person,
    deliveries: Sequence[tuple[int, str]],
    submissions: Sequence[tuple[int, int, int, str, bool]],
    ledger: _Ledger,
) -> None:
    batch = pool.read([(i, archive.get(sha256, pool.longest_file_bytes + 1)) for i, sha256 in deliveries])
    corrections = read_approved(conn, [i for i, _ in deliveries])
    readings = {r.delivery_id: r for r in batch.readings}
    for submission_id, delivery_id, version, _, _ in submissions:
        if delivery_id in readings:
            # The version that the approval made, and those after it, lie under a correction.
            over = [c for c in corrections if c.delivery_id == delivery_id and (c.approved_version or 0) <= version]
            alone = ReadBatch([readings[delivery_id]], batch.rows)
            [reading] = overlaid(alone, over).readings if over else alone.readings
            ledger.contents[submission_id] = content_token(keyring, reading)
    corrected = overlaid(batch, corrections)
    register = read_unit_register(conn, judging=[r.form_id for r in corrected.readings])
    for decision in decide(corrected.readings, corrected.rows, register, read_waivers(conn)):
        reading = readings[decision.delivery_id]
        part = part_of(batch, reading)
        named = {} if part is None else rows_of_person(forms()[reading.form_id or ""], part, person.substitute_id)
        ledger.mine[decision.delivery_id] = set(named)
        ledger.told[decision.delivery_id] = {
            (f.code, f.sheet, f.cell, str(f.row_number), f.field): (f.value, fingerprint)
            for f, fingerprint in fingerprinted(keyring, decision)
        }


def _rewrite_findings(conn: psycopg.Connection[Any], ledger: _Ledger, person: Person) -> dict[str, str]:
    """Give findings about rows of the person the values and fingerprints that they have in the copies, and hide what is found there no more.

    Gives the confirmations that have another fingerprint now: the former and the new one.
    """
    moved = dict[str, str]()
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            "select finding_id, delivery_id, form_id, code, sheet, cell, row_number, field, value, params, fingerprint"
            " from ops.finding where delivery_id = any(%s)",
            ([*ledger.told],),
        ).fetchall()
    for f in found:
        new = _told_now(f, ledger, person)
        if new != (f["value"], f["fingerprint"], f["params"]):
            value, fingerprint, params = new
            conn.execute(
                "update ops.finding set value = %s, fingerprint = %s, params = %s where finding_id = %s",
                (value, fingerprint, json.dumps(params, ensure_ascii=False), f["finding_id"]),
            )
            if f["fingerprint"] and fingerprint and f["fingerprint"] != fingerprint:
                moved[f["fingerprint"]] = fingerprint
    return {
        former: moved[former]
        for former in moved
        if conn.execute(
            "update ops.confirmation set fingerprint = %s where fingerprint = %s", (moved[former], former)
        ).rowcount
    }


def _told_now(
    f: Mapping[str, Any], ledger: _Ledger, person: Person
) -> tuple[str | None, str | None, Mapping[str, Any]]:
    value, fingerprint = f["value"], f["fingerprint"]
    if f["row_number"] in ledger.mine[f["delivery_id"]]:
        place = (f["code"], f["sheet"], f["cell"], str(f["row_number"]), f["field"])
        is_there = place in ledger.told[f["delivery_id"]]
        now = ledger.told[f["delivery_id"]].get(place, (None, None))
        fingerprint = fingerprint and now[1]
        field = next((x for x in forms()[f["form_id"]].fields if x.name == f["field"]), None) if f["form_id"] else None
        if value is not None and (field is None or field.is_personal):
            value = now[0] if is_there else HIDDEN
    hidden = {name: person.hidden(text) if isinstance(text, str) else text for name, text in f["params"].items()}
    return value and person.hidden(value), fingerprint, hidden
