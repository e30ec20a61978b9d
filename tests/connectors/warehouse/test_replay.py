"""Replay: what waits is judged once more by its archived original, once, and nothing is lost or counted twice."""

from __future__ import annotations

import json
from datetime import date
from threading import Thread
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse import replay as replaying
from connectors.warehouse.build_inputs import build_inputs
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import count_waiting_rows, read_findings, read_run
from connectors.warehouse.quarantine import read_quarantine
from connectors.warehouse.replay import Candidate, Replayed, read_candidates, replay
from connectors.warehouse.waivers import add_waiver
from tests.connectors.warehouse.desk import REGISTER, PoolHere, book, call, relief_book, take_books
from tests.night import inbox

RULE = "relief.paid_reaches_people"
REACHED_NOBODY = {"persons": 0, "given_on": date(2021, 3, 9)}
LATE_UNIT = "A0301"
"""A unit that the first register does not know."""

LATER_REGISTER = book(
    "unit_register", "S0001", "2021",
    *inbox.register_rows(),
    inbox.register_rows()[-1] | {"unit_code": LATE_UNIT, "unit_name": "样例四厂", "short_name": "样例四厂"},
)  # fmt: skip


def waive(conn: psycopg.Connection[Any]) -> None:
    add_waiver(conn, RULE, "A0101", date(2021, 1, 1), date(2021, 12, 31), reason="经批准", author="王处")


def replay_all(settings: Settings, conn: psycopg.Connection[Any], **chosen: str) -> list[Replayed]:
    return replay_these(settings, conn, read_candidates(conn, **chosen))


def replay_these(settings: Settings, conn: psycopg.Connection[Any], candidates: list[Candidate]) -> list[Replayed]:
    pool: Any = PoolHere()
    keyring = Keyring.load(settings)
    return replay(conn, Archive(settings, keyring), keyring, pool, candidates, 9)


def endings(replayed: list[Replayed]) -> list[tuple[str, str]]:
    return sorted((r.candidate.unit_id, r.ending) for r in replayed)


def versions(conn: psycopg.Connection[Any], unit_id: str) -> list[tuple[Any, ...]]:
    """Version, cause, outcome, rows loaded and rows that wait of the relief ledgers of a unit."""
    return conn.execute(
        "select version, cause, outcome, rows_loaded, rows_quarantined from ops.submission"
        " where form_id = 'relief' and unit_id = %s order by version",
        (unit_id,),
    ).fetchall()


def is_balanced(conn: psycopg.Connection[Any]) -> bool:
    """Whether every row that was read is where the accounts of deliveries and replays say."""
    found = conn.execute(
        "select bool_and(rows_read = rows_loaded + rows_quarantined + rows_ignored"
        " and (form_id <> 'relief' or rows_loaded = (select count(*) from landing.relief r where r.submission_id = s.submission_id))"
        " and rows_quarantined = (select count(*) from quarantine.submitted_row q where q.submission_id = s.submission_id))"
        " from ops.submission s"
    ).fetchone()
    return bool(found and found[0])


def test_after_a_waiver_the_rows_load_once_however_often_it_is_replayed(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, REACHED_NOBODY))
        assert endings(replay_all(settings, conn)) == [("A0101", "unchanged")]
        before = build_inputs(conn, settings.dbt_project_dir, inbox.NIGHT)
        waive(conn)
        assert endings(replay_all(settings, conn)) == [("A0101", "replaced")]
        assert replay_all(settings, conn) == []
        assert versions(conn, "A0101") == [(1, "delivery", "accepted", 1, 1), (2, "replay", "accepted", 2, 0)]
        assert count_waiting_rows(conn) == 0
        assert is_balanced(conn)
        assert build_inputs(conn, settings.dbt_project_dir, inbox.NIGHT) != before
        assert [f["severity"] for f in read_findings(conn, code=RULE)] == ["info"]


def test_after_the_register_is_mended_what_was_refused_is_accepted_and_ignores_nothing(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, unit_id=LATE_UNIT))
        assert versions(conn, LATE_UNIT) == [(1, "delivery", "refused", 0, 0)]
        take_books(settings, conn, LATER_REGISTER)
        assert endings(replay_all(settings, conn, rule_code="form.unit_unknown")) == [(LATE_UNIT, "replaced")]
        assert versions(conn, LATE_UNIT)[1:] == [(2, "replay", "accepted", 1, 0)]
        account = conn.execute("select rows_read, rows_loaded, rows_ignored from ops.replay").fetchall()
        assert account == [(2, 1, 1)]
        assert is_balanced(conn)


def test_a_row_that_another_rule_still_keeps_waits_on_and_changes_nothing(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, REACHED_NOBODY | {"goods_cny": "若干"}))
        waive(conn)
        assert endings(replay_all(settings, conn)) == [("A0101", "unchanged")]
        assert len(versions(conn, "A0101")) == 1


def test_what_was_answered_meanwhile_is_left_alone(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, REACHED_NOBODY))
        waive(conn)
        stale = read_candidates(conn)
        take_books(settings, conn, relief_book({"persons": 3}))
        assert endings(replay_these(settings, conn, stale)) == [("A0101", "answered_meanwhile")]
        assert [v[:2] for v in versions(conn, "A0101")] == [(1, "delivery"), (2, "delivery")]


def test_two_replays_at_once_make_one_version(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, REACHED_NOBODY))
        waive(conn)
        seen: list[tuple[str, str]] = []

        def run() -> None:
            with connect(settings) as own:
                seen.extend(endings(replay_all(settings, own)))

        both = [Thread(target=run) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert ("A0101", "replaced") in seen
        assert [ending for _, ending in seen].count("replaced") == 1
        assert len(versions(conn, "A0101")) == 2


def test_killed_in_the_middle_nothing_has_happened_and_the_next_replay_ends_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, REACHED_NOBODY))
        waive(conn)

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(replaying, "write_findings", die)
            with pytest.raises(KeyboardInterrupt):
                replay_all(settings, conn)
        assert len(versions(conn, "A0101")) == 1
        assert is_balanced(conn)
        assert endings(replay_all(settings, conn)) == [("A0101", "replaced")]
        assert is_balanced(conn)


def test_the_same_file_sent_again_after_its_replay_is_a_copy(settings: Settings) -> None:
    data = relief_book({}, unit_id=LATE_UNIT)
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, data)
        take_books(settings, conn, LATER_REGISTER)
        replay_all(settings, conn)
        [again] = take_books(settings, conn, data, modified_ns=2)
        outcome = conn.execute("select outcome from ops.delivery_outcome where delivery_id = %s", (again,)).fetchall()
        assert outcome == [("duplicate_bytes",)]
        assert len(versions(conn, LATE_UNIT)) == 2


def test_only_what_is_asked_for_is_replayed(settings: Settings) -> None:
    with connect(settings) as conn:
        both = [relief_book({}, REACHED_NOBODY, unit_id=unit) for unit in ("A0101", "A0102")]
        take_books(settings, conn, REGISTER, *both)
        waive(conn)
        assert read_candidates(conn, form_id="training") == []
        assert read_candidates(conn, rule_code="relief.key_unique") == []
        assert endings(replay_all(settings, conn, unit_id="A0102")) == [("A0102", "unchanged")]
        assert endings(replay_all(settings, conn, form_id="relief", rule_code=RULE)) == [
            ("A0101", "replaced"),
            ("A0102", "unchanged"),
        ]


def test_the_quarantine_is_listed_and_replayed_at_the_desk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, REACHED_NOBODY))
        assert call(settings, monkeypatch, "quarantine", "list", "--json") == 0
        [row] = json.loads(capsys.readouterr().out)
        told = (row["form_id"], row["unit_id"], row["period"], row["row_number"], row["cell"], row["code"])
        assert told == ("relief", "A0101", "2021-03", 7, "G7", RULE)
        assert row["since"]
        assert call(settings, monkeypatch, "quarantine", "replay") == 1
        assert "结果不变" in capsys.readouterr().out
        waive(conn)
        assert call(settings, monkeypatch, "quarantine", "replay", "--json") == 0
        [told] = json.loads(capsys.readouterr().out)
        assert (told["ending"], told["version"], told["rows_loaded"], told["rows_quarantined"]) == ("replaced", 2, 2, 0)
        assert read_quarantine(conn) == []
        assert call(settings, monkeypatch, "quarantine", "list") == 0
        # The night's own summary is not hidden by a replay.
        assert read_run(conn) is None
