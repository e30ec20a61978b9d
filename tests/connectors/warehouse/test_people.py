"""Rows that name several people, or one without an ID: whom facts know by a token, and what the locked room holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
import pytest

from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse import landing, loading
from connectors.warehouse.decision import Decision
from connectors.warehouse.engine import connect, engine, migrate
from connectors.warehouse.landing import ensure_tables, landing_columns
from connectors.warehouse.loading import load
from connectors.warehouse.migrations import upgrade
from connectors.warehouse.personal import seal_context
from connectors.workbooks.reading import Reading
from expectations.contract import Form, forms
from tests.conftest import settings_in
from tests.expectations.examples import example_row, normalised

MENTOR, APPRENTICE = "11010519491231002X", "110105198801010014"


def pair_form() -> Form:
    """Hardship aid with a mentor beside the worker."""
    aid = forms()["hardship_aid"]
    name, citizen_id = aid.field("worker_name"), aid.field("worker_citizen_id")
    mentor = (
        replace(name, name="mentor_name", heading="师傅姓名"),
        replace(citizen_id, name="mentor_citizen_id", heading="师傅身份证号", token="mentor_token"),
    )
    return replace(aid, form_id="pairs", fields=(*mentor, *aid.fields), rules=())


def nameless_form() -> Form:
    """Hardship aid with the worker's name alone, which makes nobody known."""
    aid = forms()["hardship_aid"]
    fields = tuple(field for field in aid.fields if field.name != "worker_citizen_id")
    return replace(aid, form_id="names", fields=fields, rules=())


@pytest.fixture
def conn(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a warehouse that has these two forms."""
    declared = {form.form_id: form for form in (pair_form(), nameless_form())}
    monkeypatch.setattr(landing, "forms", lambda: declared)
    monkeypatch.setattr(loading, "forms", lambda: declared)
    with connect(settings) as connection:
        ensure_tables(connection)
        yield connection


def load_rows(
    conn: psycopg.Connection[Any], keyring: Keyring, form: Form, *rows: Mapping[str, str | None], waiting: int = 0
) -> None:
    """Load one accepted submission of these rows, from sheet row 6 on; the first `waiting` rows are quarantined."""
    [(delivery_id,)] = conn.execute(
        "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
        " values ('inbox', 'a.xlsx', 1, 1, '', now(), now(), 1) returning delivery_id"
    ).fetchall()
    frame = normalised(form, [rows]).rows.with_columns(delivery_id=pl.lit(delivery_id, pl.Int64))
    reading = Reading(
        delivery_id,
        "read",
        form.form_id,
        "2021.1",
        "A0101",
        "2021-02",
        sheet="表",
        rows_read=len(rows),
        content_sha256="x",
    )
    quarantined = frozenset(range(6, 6 + waiting))
    decision = Decision(delivery_id, "accepted", reading, frame, quarantined)
    load(conn, keyring, [decision], {delivery_id: datetime(2021, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))}, 1)


def sealed_rows(conn: psycopg.Connection[Any], keyring: Keyring) -> list[tuple[list[str], dict[str, Any]]]:
    """The tokens and the opened content of each row of the locked room."""
    return [
        (
            tokens,
            json.loads(keyring.decrypt(key_id, nonce, text, seal_context(form_id, unit_id, submission_id, number))),
        )
        for form_id, unit_id, submission_id, number, tokens, key_id, nonce, text in conn.execute(
            "select form_id, unit_id, submission_id, row_number, person_tokens, key_id, nonce, ciphertext"
            " from pii.personal_row order by row_number"
        )
    ]


def test_two_people_of_a_row_are_two_tokens_and_one_sealed_object(
    conn: psycopg.Connection[Any], settings: Settings
) -> None:
    form, keyring = pair_form(), Keyring.load(settings)
    row = example_row(form, mentor_name="李四", mentor_citizen_id=MENTOR, worker_citizen_id=APPRENTICE)
    load_rows(conn, keyring, form, row)
    mentor, apprentice = keyring.token(MENTOR), keyring.token(APPRENTICE)
    assert conn.execute("select mentor_token, worker_token from landing.pairs").fetchall() == [(mentor, apprentice)]
    [(tokens, content)] = sealed_rows(conn, keyring)
    assert tokens == [mentor, apprentice]
    assert content == {
        **{"mentor_name": "李四", "mentor_citizen_id": MENTOR},
        **{"worker_name": "张三", "worker_citizen_id": APPRENTICE},
    }
    found = conn.execute("select count(*) from pii.personal_row where person_tokens @> array[%s]", (apprentice,))
    assert found.fetchone() == (1,)


def test_one_who_is_both_has_one_token_and_an_unreadable_id_none(
    conn: psycopg.Connection[Any], settings: Settings
) -> None:
    form, keyring = pair_form(), Keyring.load(settings)
    unreadable = example_row(form, mentor_citizen_id="不详", worker_citizen_id=None)
    himself = example_row(form, mentor_citizen_id=MENTOR, worker_citizen_id=MENTOR)
    load_rows(conn, keyring, form, unreadable, himself, waiting=1)
    (nobody, content), (both, _) = sealed_rows(conn, keyring)
    assert nobody == []
    assert content["mentor_citizen_id"] == "不详"
    assert both == [keyring.token(MENTOR)]
    assert conn.execute("select row_number from landing.pairs").fetchall() == [(7,)]


def test_a_name_without_an_id_is_sealed_and_makes_nobody_known(
    conn: psycopg.Connection[Any], settings: Settings
) -> None:
    form, keyring = nameless_form(), Keyring.load(settings)
    load_rows(conn, keyring, form, example_row(form))
    assert sealed_rows(conn, keyring) == [([], {"worker_name": "张三"})]
    assert not {name for name in landing_columns(form) if name.endswith(("_name", "_token"))}
    assert conn.execute("select count(*) from landing.names").fetchone() == (1,)


def test_the_one_person_of_former_rows_is_kept(empty_database: str, settings: Settings) -> None:
    former = settings_in(settings.home, empty_database)
    with engine(former).begin() as connection:
        upgrade(connection, "0003")
    with connect(former) as conn:
        conn.execute(
            "insert into pii.personal_row select n, 'A0101', 'hardship_aid', 6, token, 'k0001', '', ''"
            " from (values (1, 'abc'), (2, null)) as v (n, token)"
        )
    migrate(former)
    with connect(former) as conn:
        kept = conn.execute("select submission_id, person_tokens from pii.personal_row order by 1").fetchall()
    assert kept == [(1, ["abc"]), (2, [])]
