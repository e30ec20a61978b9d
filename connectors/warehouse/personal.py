"""The personal part of rows, sealed for the locked room (schema `pii`).

One sealed JSON object a row holds every field that the contract calls personal, as read where it could be read and as typed
where it could not. The seal is bound to form, unit, submission and row, so that a sealed value moved elsewhere does not open.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from expectations.contract import Form


def seal_context(form_id: str, unit_id: str, submission_id: int, row_number: int) -> bytes:
    """What a sealed row is bound to (the additional authenticated data of AES-GCM)."""
    return f"{form_id}|{unit_id}|{submission_id}|{row_number}".encode()


def person_tokens(keyring: Keyring, form: Form, rows: pl.DataFrame) -> pl.Series:
    """The keyed token of the person of each row; null where the citizen ID could not be read. Shape: one value per row."""
    if form.token_field is None:
        return pl.Series("person_token", [None] * rows.height, dtype=pl.String)
    ids = rows[form.token_field.name]
    known = {citizen_id: keyring.token(citizen_id) for citizen_id in ids.drop_nulls().unique()}
    return pl.Series("person_token", [known.get(citizen_id) for citizen_id in ids], dtype=pl.String)


def personal_rows(keyring: Keyring, form: Form, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of `pii.personal_row` for these rows.

    Shape: in, the form's rows with submission_id and person_token; out, submission_id, unit_id, form_id, row_number,
    person_token, key_id, nonce and ciphertext (both as Postgres bytea text), one row per row.
    """
    names = [f.name for f in form.personal_fields]
    sealed: list[tuple[str, str, str]] = []
    columns = [*names, *(f"{name}__text" for name in names), "submission_id", "unit_id", "row_number"]
    for row in rows.select(columns).iter_rows(named=True):
        content = {name: row[name] if row[name] is not None else row[f"{name}__text"] for name in names}
        context = seal_context(form.form_id, row["unit_id"], row["submission_id"], row["row_number"])
        key_id, nonce, ciphertext = keyring.encrypt(
            json.dumps(content, ensure_ascii=False, default=str).encode(), context
        )
        sealed.append((key_id, f"\\x{nonce.hex()}", f"\\x{ciphertext.hex()}"))
    seals = pl.DataFrame(
        sealed, schema={"key_id": pl.String, "nonce": pl.String, "ciphertext": pl.String}, orient="row"
    )
    return rows.select(
        "submission_id", "unit_id", pl.lit(form.form_id).alias("form_id"), "row_number", "person_token"
    ).hstack(seals)
