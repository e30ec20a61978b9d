"""Closing and reopening: which periods they cover, what waits, and that a pack and its closing are there together or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.errors import PeriodClosed, PublishRefused
from connectors.replies.signing import SigningKey
from connectors.settings import Settings
from connectors.warehouse import close_period
from connectors.warehouse.close_period import close, tidy_packs
from connectors.warehouse.closing import closed_ids, closed_periods, covers, ids_within, reopen
from connectors.warehouse.closing_pack import verify_pack
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import Lease, hold
from connectors.warehouse.ledger import read_submissions
from connectors.warehouse.withdrawal import withdraw
from expectations.periods import parse_period
from tests.connectors.warehouse.desk import REGISTER, call, put_closing, relief_book, take_books


def states(conn: psycopg.Connection[Any]) -> list[tuple[int, str]]:
    return sorted((row["version"], row["state"]) for row in read_submissions(conn, form_id="relief"))


def in_force(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return conn.execute("select persons from checks.relief order by 1").fetchall()


def test_a_year_covers_its_quarters_and_months_and_a_month_covers_nothing_else(settings: Settings) -> None:
    year = parse_period("2021")
    assert len(ids_within(year.first_day, year.last_day)) == 12 + 4 + 1
    with connect(settings) as conn:
        put_closing(conn, "2021")
        put_closing(conn, "2022-02", 2)
        closed = closed_periods(conn)
    named = {
        p: found.period if (found := covers(closed, p)) else None for p in ("2021-Q4", "2021-12", "2021", "2022-02")
    }
    assert named == {"2021-Q4": "2021", "2021-12": "2021", "2021": "2021", "2022-02": "2022-02"}
    assert [covers(closed, p) for p in ("2022-01", "2022-Q1", "2022", "2021-2025", "2020-12")] == [None] * 5
    assert len(closed_ids(closed)) == 18


def test_an_answer_for_a_closed_period_waits_and_counts_when_it_is_reopened(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"persons": 1}))
        put_closing(conn, "2021-Q1")
        # A later word, the same word once more, and a return to what is in force: the last word is what counts later.
        take_books(settings, conn, relief_book({"persons": 2}), relief_book({"persons": 2}, spare_rows=4))
        assert states(conn) == [(1, "in_force"), (2, "held")]
        assert in_force(conn) == [(1,)]
        outcomes = "select outcome from ops.delivery_outcome order by delivery_id desc limit 2"
        assert sorted(conn.execute(outcomes).fetchall()) == [("accepted",), ("duplicate_content",)]
        take_books(settings, conn, relief_book({"persons": 1}, spare_rows=5), modified_ns=2)
        assert states(conn) == [(1, "in_force"), (2, "held"), (3, "held")]
        with pytest.raises(PeriodClosed) as refused:
            withdraw(conn, "relief", "A0101", "2021-03", reason="报错", author="王处")
        assert "warehouse reopen 2021-Q1" in refused.value.sentence()
        reopened = reopen(conn, "2021-Q1", reason="补报", author="李处")
        assert reopened is not None
        assert (reopened.closings, reopened.let_in) == (("2021-Q1",), 2)
        assert states(conn) == [(1, "superseded"), (2, "superseded"), (3, "in_force")]
        assert in_force(conn) == [(1,)]
        assert reopen(conn, "2021-Q1", reason="补报", author="李处") is None
        events = conn.execute(
            "select kind, author, period, submission_id is null from ops.event order by event_id"
        ).fetchall()
        told = [e for e in events if e[0] in ("held", "reopened", "let_in")]
        assert told == [
            *[("held", "run 1", "2021-03", False)] * 2,
            ("reopened", "李处", "2021-Q1", True),
            *[("let_in", "李处", "2021-03", False)] * 2,
        ]


def test_a_register_never_waits(settings: Settings) -> None:
    with connect(settings) as conn:
        put_closing(conn, "2021")
        take_books(settings, conn, REGISTER)
        assert conn.execute("select count(*) from ops.submission_held").fetchall() == [(0,)]
        assert [row["state"] for row in read_submissions(conn, form_id="unit_register")] == ["in_force"]


def test_a_longer_period_is_reopened_with_those_inside_and_never_through_them(settings: Settings) -> None:
    with connect(settings) as conn:
        put_closing(conn, "2021-03")
        put_closing(conn, "2021", 2)
        with pytest.raises(PeriodClosed) as refused:
            reopen(conn, "2021-03", reason="补报", author="李处")
        assert (refused.value.period, refused.value.closed_with) == ("2021-03", "2021")
        reopened = reopen(conn, "2021", reason="补报", author="李处")
        assert reopened is not None
        assert reopened.closings == ("2021", "2021-03")
        assert closed_periods(conn) == []


def test_everything_that_stands_against_closing_is_told_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        conn.execute("insert into bi.release values (1, now(), '2021-03-20', 'night', '{}')")
        conn.execute("create table bi.completeness (form_id text, form_title text, unit_id text, period text, expected boolean,"
                     " accepted boolean, state text)")  # fmt: skip
        conn.execute(
            "insert into bi.completeness values ('relief', '慰问救助台账', 'A0101', '2021-03', true, false, 'overdue')"
        )
        conn.execute(
            "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
            " values ('inbox', 'x.xlsx', 1, 1, 'x', now(), now(), 1)"
        )
        conn.execute(
            "insert into ops.dbt_build (run_id, business_date, fence, started_at, finished_at, passed, inputs)"
            " values (1, '2021-03-20', 1, now() - interval '3 days', now() - interval '2 days', true, 'others')"
        )
    assert call(settings, monkeypatch, "close", "2021-03", "--author", "王处") == 1
    said = capsys.readouterr().out
    for told in (
        "业务日期是 2021-03-20",
        "1 个收到的文件没有处理",
        "当前发布之后又有",
        "检验是",
        "还缺 1 份",
        "慰问救助台账》（逾期未报）：A0101",
    ):
        assert told in said
    assert call(settings, monkeypatch, "close", "2021-03", "--author", "王处", "--incomplete") == 2
    assert call(settings, monkeypatch, "reopen", "2021-03", "--author", "王处", "--reason", "补报") == 0
    assert "没有结账" in capsys.readouterr().out


@pytest.fixture
def ready(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse in which nothing stands against closing March, with one figure."""
    monkeypatch.setattr(close_period, "read_state", _fine)
    with connect(settings) as conn:
        conn.execute("create table bi.indicator (indicator_id text, name_zh text)")
        conn.execute("insert into bi.indicator values ('relief_paid', '救助慰问资金总额')")
        conn.execute("create table bi.completeness (form_id text, form_title text, unit_id text, period text, expected boolean,"
                     " accepted boolean, on_time boolean, nil_return boolean, due_date date, version int, state text)")  # fmt: skip
        conn.execute(
            "insert into bi.release (release_id, published_at, night, cause, row_counts)"
            " values (1, now(), '2021-04-20', 'night', '{}')"
        )
        conn.execute(
            "insert into bi.indicator_value_history values ('relief_paid', 'province', 'SN', 'month', '2021-03', 5, 5, null, 1,"
            " 'provisional', 1, null)"
        )
    return settings


def _fine(*_: object, **__: object) -> Any:
    from connectors.warehouse.closing_checks import State

    return State((), 1, 0, (), 0, 0, 0)


def files(settings: Settings) -> list[str]:
    return [path.name for path in settings.closings_dir.iterdir()]


def close_march(settings: Settings) -> Path:
    with connect(settings) as conn, hold(settings, "publish", "test") as lease:
        closing = close(settings, conn, lease, parse_period("2021-03"), author="王处")
    assert closing.pack is not None
    return closing.pack


def test_a_pack_is_verified_and_names_what_was_changed(ready: Settings, tmp_path: Path) -> None:
    pack = close_march(ready)
    assert pack.name == "2021-03-1.zip"
    key = SigningKey.load(ready).public
    assert verify_pack(pack, key).is_genuine
    with zipfile.ZipFile(pack) as whole:
        assert (
            whole.read("indicator_value.csv")
            .decode("utf-8-sig")
            .splitlines()[1]
            .startswith("relief_paid,救助慰问资金总额,province,SN,month,2021-03,5")
        )
        parts = {name: whole.read(name) for name in whole.namelist()}
    changes = {
        "indicator_value.csv": (b",5,5,", b",6,5,"),
        "manifest.json": ("王处".encode(), "李处".encode()),
    }
    for name, (old, new) in changes.items():
        forged = tmp_path / name
        with zipfile.ZipFile(forged, "w") as zipped:
            for part, data in parts.items():
                zipped.writestr(part, data.replace(old, new) if part == name else data)
        assert not verify_pack(forged, key).is_genuine
    assert verify_pack(tmp_path / "indicator_value.csv", key).differing == ("indicator_value.csv",)
    (tmp_path / "text").write_text("x")
    assert not verify_pack(tmp_path / "text", key).is_genuine


def test_who_lost_the_lease_closes_nothing(ready: Settings) -> None:
    with connect(ready) as conn, hold(ready, "publish", "a night") as lease:
        stale = Lease(lease.name, "closer", lease.fence - 1)
        with pytest.raises(PublishRefused):
            close(ready, conn, stale, parse_period("2021-03"), author="王处")
        assert closed_periods(conn) == []


@pytest.mark.parametrize("dies_at", ["append_events", "_name"])
def test_a_closing_that_dies_leaves_both_or_neither(
    ready: Settings, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(close_period, dies_at, die)
        with pytest.raises(SystemExit):
            close_march(ready)
    is_committed = dies_at == "_name"
    with connect(ready) as conn:
        assert len(closed_periods(conn)) == is_committed
        assert files(ready) == [".2021-03-1.zip"]
        # Whoever only looks names what is committed, and lets a draft be: its writer may be alive.
        tidy_packs(ready, conn)
        assert files(ready) == ["2021-03-1.zip" if is_committed else ".2021-03-1.zip"]
        if is_committed:
            assert verify_pack(ready.closings_dir / "2021-03-1.zip", SigningKey.load(ready).public).is_genuine
    if not is_committed:
        assert close_march(ready).name == "2021-03-2.zip"
        assert files(ready) == ["2021-03-2.zip"]
