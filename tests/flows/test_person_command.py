"""`warehouse person`: everything about one person is found and given out, about nobody else, and not before it was written down."""

from __future__ import annotations

import io
import json
import os
import pwd
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse import unmasking
from connectors.warehouse.audit import audit
from connectors.warehouse.engine import connect
from expectations.contract import forms
from tests.connectors.warehouse.desk import REGISTER, book, call, take_books
from tests.expectations.examples import example_row
from tests.night import inbox

OTHER = inbox.citizen_id("61019919810202002")
PAIR = {
    **{"mentor_name": inbox.WORKER_NAME, "mentor_citizen_id": inbox.PERSON},
    **{"apprentice_name": "诸葛旁人", "apprentice_citizen_id": OTHER},
}
SIGNED = ("--reason", "本人申请", "--author", "王处")

Ask = Callable[..., int]


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse in which one person is aided twice (superseded, then in force, with a row that waits) and is somebody's mentor."""
    with connect(settings) as connection:
        take_books(settings, connection, REGISTER)
        take_books(settings, connection, book("hardship_aid", "A0101", "2021-03", inbox.hardship_row()))
        waiting = inbox.hardship_row(amount_cny="多少", paid_on=date(2021, 3, 11))
        stranger = inbox.hardship_row(worker_name="诸葛旁人", worker_citizen_id=OTHER)
        take_books(
            settings, connection, book("hardship_aid", "A0101", "2021-03", inbox.hardship_row(), stranger, waiting)
        )
        take_books(settings, connection, book("apprenticeship", "A0101", "2021-Q1", _apprenticeship() | PAIR))
        yield connection


def _apprenticeship() -> dict[str, object]:
    form = forms()["apprenticeship"]
    return {name: value for name, value in example_row(form).items() if value is not None}


@pytest.fixture
def ask(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Calls `warehouse person` with a citizen ID on its stdin."""

    def asked(*arguments: str, citizen_id: str = inbox.PERSON) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(citizen_id + "\n"))
        return call(settings, monkeypatch, "person", *arguments)

    return asked


def test_every_row_of_a_person_is_found_without_a_clear_word(
    conn: psycopg.Connection[Any], ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("find", *SIGNED, "--json") == 0
    out = capsys.readouterr().out
    assert not [word for word in (inbox.PERSON, inbox.WORKER_NAME, OTHER, "诸葛旁人") if word in out]
    found = {(r["form_id"], r["version"], r["row_number"], r["is_in_force"], r["is_waiting"]) for r in json.loads(out)}
    first = min(row for form, _, row, _, _ in found if form == "hardship_aid")
    aid = {(version, row - first, force, waits) for form, version, row, force, waits in found if form == "hardship_aid"}
    assert aid == {(1, 0, False, False), (2, 0, True, False), (2, 2, True, True)}
    assert [f[3] for f in found if f[0] == "apprenticeship"] == [True]
    assert ask("find", *SIGNED, citizen_id=inbox.citizen_id("61019919900303003")) == 0
    assert "共 0 行" in capsys.readouterr().err


def test_an_export_opens_what_is_about_the_person_and_nothing_about_others(
    conn: psycopg.Connection[Any], ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "本人.json"
    assert ask("export", "-o", str(path), *SIGNED) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text(encoding="utf-8")
    assert not [word for word in (OTHER, "诸葛旁人") if word in text]
    rows = json.loads(text)["rows"]
    assert len(rows) == 4
    assert all(inbox.WORKER_NAME in r["personal"].values() and inbox.PERSON in r["personal"].values() for r in rows)
    assert {len(r["personal"]) for r in rows} == {2}
    [waiting] = [r for r in rows if r["is_waiting"]]
    assert "多少" in waiting["facts"].values(), "masked wherever staff look, and not to the one whose it is"
    assert ask("export", "-o", str(path), *SIGNED) == 2, "what is there is not written over"


def test_a_word_out_of_its_column_in_a_row_of_two_people_stays_masked(
    conn: psycopg.Connection[Any], settings: Settings, ask: Ask, tmp_path: Path
) -> None:
    slid = _apprenticeship() | PAIR | {"signed_on": "诸葛旁人"}
    take_books(settings, conn, book("apprenticeship", "A0102", "2021-Q1", slid))
    path = tmp_path / "本人.json"
    assert ask("export", "-o", str(path), *SIGNED) == 0
    text = path.read_text(encoding="utf-8")
    assert "诸葛旁人" not in text
    [row] = [r for r in json.loads(text)["rows"] if r["unit_id"] == "A0102"]
    assert row["is_waiting"]
    assert "***" in row["facts"].values()


def test_each_asking_is_written_down_before_anything_is_shown(
    conn: psycopg.Connection[Any],
    settings: Settings,
    ask: Ask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "x.json"
    assert ask("export", "-o", str(path), *SIGNED) == 0
    account = pwd.getpwuid(os.getuid()).pw_name
    token = Keyring.load(settings).token(inbox.PERSON)
    told = conn.execute("select author, account, command, reason, person_token, rows from ops.unmasking").fetchall()
    assert told == [("王处", account, "person export", "本人申请", token, 4)]
    capsys.readouterr()
    assert call(settings, monkeypatch, "person", "log", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["reason"] == "本人申请"
    assert audit(conn, {}).faults == ()
    conn.execute("update ops.unmasking set author = '别人'")
    assert "个人信息查看记录 1" in audit(conn, {}).faults[0].zh
    [(may,)] = conn.execute("select has_table_privilege('warehouse_auditor', 'ops.unmasking', 'select')").fetchall()
    assert may
    path.unlink()

    def broken(*_: object) -> int:
        raise psycopg.OperationalError

    monkeypatch.setattr(unmasking, "append_events", broken)
    assert ask("export", "-o", str(path), *SIGNED) == 3
    assert ask("find", *SIGNED, "--json") == 3
    assert not path.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("citizen_id", "signed"),
    [("61019919800101001X", SIGNED), ("", SIGNED), (inbox.PERSON, ("--reason", inbox.PERSON, "--author", "王处"))],
)
def test_what_is_no_citizen_id_or_stands_in_the_reason_is_refused_and_not_repeated(
    conn: psycopg.Connection[Any],
    ask: Ask,
    capsys: pytest.CaptureFixture[str],
    citizen_id: str,
    signed: tuple[str, ...],
) -> None:
    assert ask("find", *signed, citizen_id=citizen_id) == 2
    said = capsys.readouterr()
    assert not citizen_id or citizen_id not in said.out + said.err
    assert conn.execute("select count(*) from ops.unmasking").fetchone() == (0,)


def test_an_id_may_come_from_a_file_as_people_type_it(
    conn: psycopg.Connection[Any], ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "id"
    given.write_text(f"\ufeff{inbox.PERSON[:6]} {inbox.PERSON[6:].lower()}\r\n", encoding="utf-8")
    assert ask("find", "--id-file", str(given), *SIGNED, "--json", citizen_id="") == 0
    assert len(json.loads(capsys.readouterr().out)) == 4


def test_every_personal_field_of_a_form_that_knows_people_is_about_one_of_them() -> None:
    for form in forms().values():
        if form.token_fields:
            about = [f.name for citizen_id in form.token_fields for f in form.fields_about(str(citizen_id.token))]
            assert sorted(about) == sorted(f.name for f in form.personal_fields), form.form_id


def test_a_person_is_erased_after_it_was_written_down_shown_and_said_yes_to(
    conn: psycopg.Connection[Any], settings: Settings, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("erase", *SIGNED) == 2, "nobody was there to say yes"
    said = capsys.readouterr()
    assert "4 行" in said.err
    assert "--yes" in said.err
    assert not [word for word in (inbox.PERSON, inbox.WORKER_NAME, OTHER, "诸葛旁人") if word in said.out + said.err]
    logged = "select command, rows from ops.unmasking order by unmasking_id"
    assert conn.execute(logged).fetchall() == [("person erase", 4)]
    assert conn.execute("select count(*) from pii.erasure").fetchone() == (0,)
    conn.close()
    assert ask("erase", *SIGNED, "--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("erasure_id", "rows", "rewritten", "destroyed", "keys")} == {
        **{"erasure_id": 1, "rows": 4, "rewritten": 3, "destroyed": 0, "keys": ["k0001"]},
    }
    assert ask("find", *SIGNED, "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert ask("find", *SIGNED, "--json", citizen_id=OTHER) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert ask("erase", *SIGNED, "--yes") == 0
    assert "没有找到此人" in capsys.readouterr().out
    with connect(settings) as after:
        kinds = after.execute("select kind, status from ops.run order by run_id").fetchall()
        assert kinds == [("erase", "succeeded")] * 2
        assert audit(after, {}).faults == ()


def test_what_was_kept_long_enough_is_shown_then_destroyed_and_proved(
    conn: psycopg.Connection[Any],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    expire = ("person", "expire", "--reason", "保存期满", "--author", "王处", "--json")
    conn.close()
    assert call(settings, monkeypatch, *expire) == 2
    assert "WAREHOUSE_RETENTION_YEARS" in capsys.readouterr().err
    assert call(settings, monkeypatch, *expire, "--years", "99", "--preview") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 0
    assert call(settings, monkeypatch, *expire, "--years", "1", "--preview") == 0
    due = json.loads(capsys.readouterr().out)
    assert (due["rows"], due["originals"], due["proofs"]) == (5, 3, [])
    assert call(settings, monkeypatch, *expire, "--years", "1") == 2, "nobody was there to say yes"
    capsys.readouterr()
    assert call(settings, monkeypatch, *expire, "--years", "1", "--yes") == 0
    [proof] = json.loads(capsys.readouterr().out)["proofs"]
    assert call(settings, monkeypatch, "receipt", "verify", proof) == 0
    assert "为真" in capsys.readouterr().out
    monkeypatch.setenv("WAREHOUSE_RETENTION_YEARS", "1")
    assert call(settings, monkeypatch, *expire, "--yes") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 0
