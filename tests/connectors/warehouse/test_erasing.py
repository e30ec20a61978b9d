"""One person is erased: nothing of them is left in rows, originals, answers or backups, and everybody else is as before."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.backup.restoring import restore_backup
from connectors.backup.taking import take_backup
from connectors.errors import ErasureRefused, ErasureUnfinished
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.audit import audit
from connectors.warehouse.backfill.candidates import read_partitions
from connectors.warehouse.backfill.judging import judge_again
from connectors.warehouse.backfill.parameters import Parameters
from connectors.warehouse.engine import connect
from connectors.warehouse.erasing import erasure, originals, traces
from connectors.warehouse.erasing.erasure import Erased, alone, erase
from connectors.warehouse.erasing.person import NAME, Person, invented_id
from connectors.warehouse.erasing.redaction import redacted
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.key_register import open_keyring
from connectors.warehouse.lease import hold
from connectors.warehouse.loading import INTAKE_LOCK
from connectors.warehouse.people import find_rows, open_rows
from connectors.warehouse.personal import seal_context
from connectors.warehouse.recorded import rows_of
from connectors.warehouse.replay import read_newest, replay
from connectors.warehouse.runs import open_run
from connectors.warehouse.unmasking import Asked, record_unmasking
from expectations.citizen_id import parse_citizen_id
from expectations.contract import forms
from flows.doctor.registry import Grade
from flows.doctor.warehouse import erasures
from tests.canary.needles import Needles
from tests.canary.people import people as crowd_of
from tests.canary.sweep import Swept, sweep_database, sweep_files, sweep_originals
from tests.canary.workbooks import fill
from tests.conftest import settings_in
from tests.connectors.warehouse.desk import REGISTER, PoolHere, book, take_books
from tests.expectations.examples import example_row
from tests.night import inbox

PHONE, CARD = "13912345678", "6222020200112233445"
OTHER, OTHER_NAME = inbox.citizen_id("61019919810202002"), "诸葛旁人"
WHOLE = os.environ.get("WAREHOUSE_ERASE_CROWD") == "all"
"""Whether all of the canary's fifty are erased, one after another; `make soak` does that."""

WITHOUT_AN_ID = {
    4: "named alone, as the lead of a studio",
    31: "named with a phone below the table",
    32: "the check character of the ID is wrong",
    35: "Excel has lost the last digits of the ID",
    44: "a phone in the name of a sheet",
}
"""Of the crowd, who cannot be told by a citizen ID."""

NEEDLES = Needles({"id": inbox.PERSON, "name": inbox.WORKER_NAME, "phone": PHONE, "card": CARD})
ASKED = Asked("王处", "person erase", "本人申请")


class Killed(BaseException):
    """What a kill is here: nothing cleans up behind it."""


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def erase_person(settings: Settings, conn: psycopg.Connection[Any], citizen_id: str = inbox.PERSON) -> Erased:
    pool: Any = PoolHere()
    with alone(settings, conn, "publish", inbox.NIGHT):
        return erase(settings, conn, pool, citizen_id, ASKED, quiet)


def with_notes(data: bytes) -> bytes:
    """The workbook with what clerks add: a column with a phone and a card in the person's row, a note elsewhere, the name as its author."""
    from openpyxl import load_workbook
    from openpyxl.comments import Comment

    workbook = load_workbook(io.BytesIO(data))
    sheet = workbook[forms()["hardship_aid"].sheet]
    at = next(cell for row in sheet.iter_rows() for cell in row if cell.value == inbox.PERSON)
    sheet.cell(at.row, sheet.max_column + 2, f"电话{PHONE}")
    sheet.cell(at.row, sheet.max_column + 1, CARD)
    at.comment = Comment(f"{inbox.WORKER_NAME} {PHONE[:3]}", "x")
    other = workbook.create_sheet("底稿")
    other.append([inbox.WORKER_NAME, f"{inbox.PERSON[:6]} {inbox.PERSON[6:14]} {inbox.PERSON[14:]}", PHONE, CARD])
    workbook.properties.creator = inbox.WORKER_NAME
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def aid(*rows: dict[str, object], period: str = "2021-03") -> bytes:
    return book("hardship_aid", "A0101", period, *rows)


STRANGER = inbox.hardship_row(worker_name=OTHER_NAME, worker_citizen_id=OTHER)
WAITING = inbox.hardship_row(amount_cny=inbox.WORKER_NAME, paid_on=date(2021, 3, 11))
PAIR = {
    **{"mentor_name": inbox.WORKER_NAME, "mentor_citizen_id": inbox.PERSON},
    **{"apprentice_name": OTHER_NAME, "apprentice_citizen_id": OTHER},
}
BOOKS = (
    REGISTER,
    aid(inbox.hardship_row()),
    with_notes(aid(inbox.hardship_row(), STRANGER, WAITING)),
    aid(STRANGER, period="2021-02"),
    book(
        "apprenticeship",
        "A0101",
        "2021-Q1",
        {k: v for k, v in example_row(forms()["apprenticeship"]).items() if v is not None} | PAIR,
    ),
    # Refused, and in no row: nobody registered this unit.
    book("hardship_aid", "X0101", "2021-03", inbox.hardship_row()),
    f"姓名,身份证号\n{inbox.WORKER_NAME},{inbox.PERSON}\n".encode("gb18030"),
)


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A person in a superseded answer, in one with a row that waits, as a mentor, in a refused workbook and in a text."""
    with connect(settings) as connection:
        take_books(settings, connection, *BOOKS)
        for path in (
            "2021-04-20/A0101/3_hardship_aid_2021-03_批注.xlsx",
            "2021-04-20/A0101/4_hardship_aid_2021-02_批注.xlsx",
        ):
            (settings.replies_dir / path).parent.mkdir(parents=True, exist_ok=True)
            (settings.replies_dir / path).write_bytes(BOOKS[2 if "3_" in path[:19] else 3])
        yield connection


def sweep(settings: Settings, conn: psycopg.Connection[Any], folder: Path, needles: Needles = NEEDLES) -> list[str]:
    """Every hit in the home, in what is sealed, opened, and in all rows."""
    keyring, swept, opened = Keyring.load(settings), Swept(), folder / "opened"
    opened.mkdir(exist_ok=True)
    rows = conn.execute(
        "select form_id, unit_id, submission_id, row_number, key_id, nonce, ciphertext from pii.personal_row"
    )
    sealed = [keyring.decrypt(*row[4:], seal_context(*row[:4])).decode() for row in rows.fetchall()]
    (opened / "rows").write_text("\n".join(sealed), encoding="utf-8")
    sweep_files(settings.home, needles, {}, swept)
    sweep_files(opened, needles, {}, swept)
    sweep_originals(settings, needles, swept)
    sweep_database(conn, needles, swept)
    assert swept.tables > 100
    return [str(hit) for hit in swept.hits]


def people(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """What figures are made of: rows of people with how many they are, without saying who."""
    return conn.execute(
        "select unit_id, period, submission_id, row_number, amount_cny,"
        " min(submission_id * 1000 + row_number) over (partition by worker_token) from landing.hardship_aid order by 3, 4"
    ).fetchall()


def test_nothing_of_a_person_is_left_anywhere_and_nothing_else_is_changed(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    token = Keyring.load(settings).token(inbox.PERSON)
    assert {hit.split(" (")[0].split(": ")[-1] for hit in sweep(settings, conn, tmp_path)} == {
        "id",
        "name",
        "phone",
        "card",
    }
    before, names = people(conn), list(Archive(settings, Keyring.load(settings)).names())
    stranger = opened_rows(settings, conn, OTHER)

    done = erase_person(settings, conn)

    assert done == Erased(1, 4, 1, 1, ("k0001",), ("inbox x.xlsx",))
    assert sweep(settings, conn, tmp_path) == sweep(settings, conn, tmp_path, Needles({"token": token})) == []
    keyring = Keyring.load(settings)
    archive = Archive(settings, keyring)
    assert list(archive.names()) == names, "under their names"
    assert people(conn) == before
    assert opened_rows(settings, conn, OTHER) == stranger
    assert find_rows(conn, token) == []
    [(left,)] = conn.execute("select count(*) from ops.unmasking where person_token = %s", (token,)).fetchall()
    assert left == 0
    [(substitute, substitute_id)] = conn.execute("select substitute_token, substitute_id from pii.erasure").fetchall()
    assert keyring.token(substitute_id) == substitute
    assert {tuple(o.personal.values()) for o in opened_rows(settings, conn, substitute_id) if o.personal} == {
        (NAME, substitute_id)
    }
    assert len(find_rows(conn, substitute)) == 4
    assert audit(conn, {}).faults == ()
    assert conn.execute("select sha256, reason from archive.lost_file").fetchall() == [
        (hashlib.sha256(BOOKS[-1]).hexdigest(), "erased")
    ]
    assert [path.name for path in settings.replies_dir.rglob("*.xlsx")] == ["4_hardship_aid_2021-02_批注.xlsx"]
    assert erase_person(settings, conn) == Erased(None), "nothing is left to erase, and no key is changed for it"


def opened_rows(settings: Settings, conn: psycopg.Connection[Any], citizen_id: str) -> list[Any]:
    keyring = Keyring.load(settings)
    token = keyring.token(citizen_id)
    return open_rows(conn, keyring, token, find_rows(conn, token))


def test_what_a_backup_of_before_holds_is_shut_and_one_of_after_does_not_know_the_person(
    settings: Settings, conn: psycopg.Connection[Any], empty_database: str, tmp_path: Path
) -> None:
    before = take_backup(settings, tmp_path / "backups", quiet)
    record_unmasking(conn, ASKED, Keyring.load(settings).token(inbox.PERSON), 4)
    erase_person(settings, conn)
    after = take_backup(settings, tmp_path / "backups", quiet)
    place = settings_in(tmp_path / "elsewhere", empty_database)
    shutil.copytree(settings.keys_dir, place.keys_dir)
    restored = restore_backup(place, before.path, quiet)
    assert (restored.lost_objects, restored.shut_rows) == (len(BOOKS), 6)
    sweep_files(place.home, NEEDLES, {}, swept := Swept())
    with connect(place) as there:
        assert swept.hits == []
        assert sweep_rows(there) == []
        assert erase_person(place, there).destroyed == 3, "the rows that came back; the files are gone"
        assert find_rows(there, Keyring.load(place).token(inbox.PERSON)) == []
    shutil.rmtree(place.home)
    shutil.copytree(settings.keys_dir, place.keys_dir)
    restored = restore_backup(place, after.path, quiet, may_replace=True)
    assert (restored.lost_objects, restored.shut_rows) == (0, 0)
    with connect(place) as there:
        assert sweep(place, there, tmp_path) == []
        assert people(there) == people(conn)
        assert audit(there, {}).faults == ()


def sweep_rows(conn: psycopg.Connection[Any]) -> list[str]:
    sweep_database(conn, NEEDLES, swept := Swept())
    return [str(hit) for hit in swept.hits]


KILLS = (
    (erasure, "write_key"),
    (Archive, "redact"),
    (originals, "write_lost"),
    (traces, "append_events"),
    (erasure, "remove_answers"),
    (erasure, "reseal"),
    (erasure, "retire"),
    (erasure, "finish_erasure"),
)
"""Where one is killed, in the order in which it comes there."""


def test_killed_anywhere_it_is_ended_by_doing_it_again_and_the_doctor_tells(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = people(conn)
    monkeypatch.setattr(originals, "FILES", 2)
    for place, name in KILLS:
        with monkeypatch.context() as patched:
            patched.setattr(place, name, killed)
            with pytest.raises(Killed):
                erase_person(settings, conn)
        [verdict] = erasures(settings)
        assert verdict.grade is Grade.BROKEN
        assert "warehouse person erase" in verdict.mend_zh
    assert erase_person(settings, conn).erasure_id == 1
    assert list(erasures(settings)) == []
    assert sweep(settings, conn, tmp_path) == []
    assert people(conn) == before
    assert audit(conn, {}).faults == ()
    kinds = [kind for (kind,) in conn.execute("select kind from ops.event where event_id > %s", (0,)).fetchall()]
    assert (kinds.count("erased"), find_rows(conn, Keyring.load(settings).token(inbox.PERSON))) == (1, [])


def killed(*_: object, **__: object) -> None:
    raise Killed


def test_beside_a_run_a_backfill_or_a_load_nobody_is_erased(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    def refused(why: str) -> None:
        with pytest.raises(ErasureRefused, match=why):
            erase_person(settings, conn)

    with connect(settings) as other:
        open_run(other, "night", inbox.NIGHT)
        refused(r"run 1 \(night\)")
    with connect(settings) as other, other.transaction():
        other.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        refused("is loading")
    with hold(settings, "publish", "close 2021"):
        refused("close 2021 is at work")
    with connect(settings) as holder:
        open_keyring(holder, settings)
        with pytest.raises(ErasureUnfinished, match="same command"):
            erase_person(settings, conn)
    while conn.execute(
        "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    ).fetchone():
        pass
    assert erase_person(settings, conn).keys == ("k0001",)


def test_judged_again_and_sent_again_the_answers_are_those_that_they_were(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    confirm(conn, "form.comments")
    erase_person(settings, conn)
    assert audit(conn, {}).faults == (), "the confirmation, under another fingerprint, among what the chain vouches for"
    keyring, pool = Keyring.load(settings), PoolHere()
    archive = Archive(settings, keyring)
    findings = conn.execute("select * from ops.finding order by finding_id").fetchall()
    for form_id, period in (("hardship_aid", "2021-03"), ("apprenticeship", "2021-Q1")):
        newest = read_newest(conn, form_id, "A0101", period)
        assert newest is not None
        [again] = replay(conn, archive, keyring, pool, [newest], 1)  # type: ignore[arg-type]
        assert again.ending == "unchanged"
    assert differing_again(conn, archive, keyring) == set()
    assert conn.execute("select * from ops.finding order by finding_id").fetchall() == findings
    ids = take_books(settings, conn, BOOKS[2], modified_ns=0)
    outcomes = "select outcome from ops.delivery_outcome where delivery_id = any(%s)"
    assert conn.execute(outcomes, (ids,)).fetchall() == [("duplicate_bytes",)]
    archive.put_pieces([BOOKS[4]])
    assert sweep(settings, conn, tmp_path) == [], "what comes again does not bring the original back"


def confirm(conn: psycopg.Connection[Any], code: str) -> None:
    """As a submitter confirms a warning about a row of the person."""
    [(fingerprint,)] = conn.execute("select fingerprint from ops.finding where code = %s", (code,)).fetchall()
    with conn.transaction():
        conn.execute(
            "insert into ops.confirmation (fingerprint, code, form_id, unit_id, period, delivery_id, confirmed_at, run_id)"
            " values (%s, %s, 'hardship_aid', 'A0101', '2021-03', 3, now(), 1)",
            (fingerprint, code),
        )
        confirmed = (
            "update ops.finding set severity = 'info', params = params || '{\"confirmed\": \"1\"}' where code = %s"
        )
        conn.execute(confirmed, (code,))
        append_events(
            conn, [Event("confirmed", "run 1", details={"rows": rows_of(conn, ops_confirmation=fingerprint)})]
        )


def differing_again(conn: psycopg.Connection[Any], archive: Archive, keyring: Keyring) -> set[int]:
    """The answers about people that a backfill would call others."""
    candidates = [
        c
        for of in read_partitions(conn, Parameters("2021-01", "2021-12")).values()
        for c in of
        if forms()[c.form_id].personal_fields and archive.get(c.sha256) != b""
    ]
    found = set[int]()
    for c in candidates:
        batch = PoolHere().read([(c.delivery_id, archive.get(c.sha256))])
        with conn.transaction(force_rollback=True):
            ended, _ = judge_again(conn, keyring, [c], batch, 1)
            found |= {e.candidate.submission_id for e in ended if e.ending not in ("unchanged", "refused_still")}
    assert len(candidates) > 3
    return found


def test_an_original_whose_copy_would_say_something_else_is_destroyed(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def careless(data: bytes, person: Person, table: Any) -> bytes:
        return redacted(data, Person(person.citizen_id, person.substitute_id, person.names | {OTHER_NAME}), None)

    monkeypatch.setattr(originals, "redacted", careless)
    done = erase_person(settings, conn)
    # Of the workbook of a unit that nobody registered no row was judged.
    assert (done.rewritten, done.destroyed) == (1, 4)
    assert sweep(settings, conn, tmp_path) == []
    assert len(find_rows(conn, Keyring.load(settings).token(inbox.PERSON))) == 0
    newest = read_newest(conn, "hardship_aid", "A0101", "2021-03")
    assert newest is not None
    archive = Archive(settings, Keyring.load(settings))
    [again] = replay(conn, archive, Keyring.load(settings), PoolHere(), [newest], 1)  # type: ignore[arg-type]
    assert again.ending == "identity_differs", "it stays as it is"


def test_wherever_clerks_wrote_a_person_nothing_is_left(settings: Settings, tmp_path: Path) -> None:
    crowd = crowd_of(50)
    fill(tmp_path / "inbox", crowd)
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, *(path.read_bytes() for path in sorted((tmp_path / "inbox").iterdir())))
        for number in range(50) if WHOLE else (0, 30, 45, 49):
            erase_person(settings, conn, crowd[number].citizen_id)
            needles = Needles(crowd[number].marks(number))
            if number not in WITHOUT_AN_ID:
                assert sweep(settings, conn, tmp_path, needles) == [], number
        assert audit(conn, {}).faults == ()


@pytest.mark.parametrize("citizen_id", [inbox.PERSON, inbox.citizen_id("61019920000229002")])
def test_the_invented_person_is_nobody_and_of_the_same_year(citizen_id: str) -> None:
    invented = {invented_id(citizen_id) for _ in range(50)}
    assert len(invented) == 50
    assert all(parse_citizen_id(i) and i[:2] == "99" and i[6:10] == citizen_id[6:10] for i in invented)


def test_a_citizen_id_is_found_however_it_is_spaced() -> None:
    person = Person(inbox.PERSON, invented_id(inbox.PERSON), frozenset({"欧阳测试"}))
    spaced = f"{inbox.PERSON[:6]} {inbox.PERSON[6:14]}-{inbox.PERSON[14:]}"
    old = f"{inbox.PERSON[:6]}{inbox.PERSON[8:17]}"
    wide = inbox.PERSON.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789X"})
    for text in (inbox.PERSON, spaced, old, wide):
        assert person.has_id_in(f"证号{text}。")
        assert not person.has_id_in(person.hidden(f"证号{text}。"))
        assert person.is_in(f"证号{text}。".encode())
    assert not person.has_id_in(f"1{inbox.PERSON}")
    assert person.hidden("由欧阳测试经办") == f"由{NAME}经办"
