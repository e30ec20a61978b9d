"""The personal part of rows, sealed for the locked room (schema `pii`).

One sealed JSON object a row holds every field that the contract calls personal, as read where it could be read and as typed
where it could not; and, of a row that waits, what was typed in open columns and is masked outside, as it may be a name or a number
of a person. The seal is bound to form, unit, submission and row, so that a sealed value moved elsewhere does not open.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from expectations.masks import open_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.keys import Keyring
    from expectations.contract import Form


def seal_context(form_id: str, unit_id: str, submission_id: int, row_number: int) -> bytes:
    """What a sealed row is bound to (the additional authenticated data of AES-GCM)."""
    return f"{form_id}|{unit_id}|{submission_id}|{row_number}".encode()


def person_tokens(keyring: Keyring, form: Form, rows: pl.DataFrame) -> pl.DataFrame:
    """The keyed tokens of the people of each row; null where the citizen ID could not be read.

    Shape: one row per row, one column per citizen ID of the form, named as facts name it.
    """
    ids = {str(field.token): rows[field.name] for field in form.token_fields}
    known = {
        citizen_id: keyring.token(citizen_id) for asked in ids.values() for citizen_id in asked.drop_nulls().unique()
    }
    return pl.DataFrame(
        {
            token: pl.Series([known.get(citizen_id) for citizen_id in asked], dtype=pl.String)
            for token, asked in ids.items()
        }
    )


def personal_rows(keyring: Keyring, form: Form, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of `pii.personal_row` for these rows.

    Shape: in, the form's rows with submission_id, is_waiting and the columns of `person_tokens`; out, submission_id, unit_id, form_id,
    row_number, person_tokens (as Postgres array text), key_id, nonce and ciphertext (both as Postgres bytea text), one row per row.
    """
    names = [f.name for f in form.personal_fields]
    masked = {
        (row["submission_id"], row["row_number"]): _masked_texts(form, row)
        for row in rows.filter("is_waiting").iter_rows(named=True)
    }
    sealed: list[tuple[str, str, str]] = []
    columns = [*names, *(f"{name}__text" for name in names), "submission_id", "unit_id", "row_number"]
    for row in rows.select(columns).iter_rows(named=True):
        content = {name: row[name] if row[name] is not None else row[f"{name}__text"] for name in names}
        content |= masked.get((row["submission_id"], row["row_number"]), {})
        context = seal_context(form.form_id, row["unit_id"], row["submission_id"], row["row_number"])
        key_id, nonce, ciphertext = keyring.encrypt(
            json.dumps(content, ensure_ascii=False, default=str).encode(), context
        )
        sealed.append((key_id, f"\\x{nonce.hex()}", f"\\x{ciphertext.hex()}"))
    seals = pl.DataFrame(
        sealed, schema={"key_id": pl.String, "nonce": pl.String, "ciphertext": pl.String}, orient="row"
    )
    tokens = [str(field.token) for field in form.token_fields]
    # A token is hexadecimal, so nothing in it needs the quotes of an array; an ID that could not be read has none.
    listed = pl.concat_list(tokens).list.unique(maintain_order=True).list.join(",") if tokens else pl.lit("")
    return rows.select(
        "submission_id",
        "unit_id",
        pl.lit(form.form_id).alias("form_id"),
        "row_number",
        pl.concat_str(pl.lit("{"), listed, pl.lit("}")).alias("person_tokens"),
    ).hstack(seals)


def _masked_texts(form: Form, row: Mapping[str, str | None]) -> dict[str, str]:
    """What was typed in open columns of a row and may not stand outside as it was typed."""
    typed = ((field, row[f"{field.name}__text"]) for field in form.open_fields)
    return {f.name: text for f, text in typed if text is not None and open_text(form, f, text) != text}
