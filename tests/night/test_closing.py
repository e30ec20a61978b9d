"""A period is closed, late data and a changed register and code come, it is reopened and restated, and closed again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.settings import PROJECT_FOLDER, Settings
from tests.connectors.warehouse.desk import call
from tests.night import inbox
from tests.night.conftest import Province

MARCH = "2021-03"
LATE = datetime(2021, 5, 9, 9, tzinfo=inbox.SHANGHAI)
MORE = Decimal("9250.50") - 2 * Decimal("5250.50")
"""What the late answer (one line) adds to the first (two lines)."""
FACTS = "indicator_id, org_level, org_id, period_type, period, value, numerator, denominator, completeness"


def use_project(folder: Path) -> None:
    """Let this process build another dbt project: the same with changed code."""
    Settings.dbt_project_dir = folder  # type: ignore[method-assign, assignment]


def rows(conn: psycopg.Connection[Any], query: str, *params: object) -> list[tuple[Any, ...]]:
    return conn.execute(query, params).fetchall()  # type: ignore[call-overload, no-any-return]


def figures(conn: psycopg.Connection[Any], table: str = "bi.indicator_value") -> list[tuple[Any, ...]]:
    """The figures of March, without their status."""
    return rows(conn, f"select {FACTS} from {table} where period = %s order by 1, 2, 3, 4, 5", MARCH)


def other_tables(conn: psycopg.Connection[Any]) -> list[list[tuple[Any, ...]]]:
    """The rows of March in the tables that hold its figures under another heading."""
    return [
        rows(conn, f"select * from bi.{table} where period = %s order by 1, 2, 3, 4", MARCH)
        for table in ("relief_summary", "coverage_summary", "target_progress")
    ]


def figure(conn: psycopg.Connection[Any], period: str, org_id: str = "A0101") -> tuple[Any, ...]:
    [found] = rows(
        conn,
        "select value, status from bi.indicator_value where (indicator_id, org_id, period) = ('relief_paid', %s, %s)",
        *(org_id, period),
    )
    return found


def changed_project(folder: Path) -> Path:
    """The dbt project with one indicator that counts something else."""
    shutil.copytree(PROJECT_FOLDER / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    seed = folder / "seeds" / "indicators.csv"
    text = seed.read_text(encoding="utf-8")
    assert ",daily_relief_cny," in text
    seed.write_text(text.replace(",daily_relief_cny,", ",relief_cny,"), encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Story:
    """The small province with an inbox of its own, the desk's command line over it, and another project for its later nights."""

    province: Province
    desk: Callable[..., int]
    project: Path
    conn: psycopg.Connection[Any]
    capsys: pytest.CaptureFixture[str]

    def run(self) -> None:
        """A later night, by changed code."""
        later = Province(self.province.settings, date(2021, 5, 20))
        assert later.run(prepare=partial(use_project, self.project)) in (0, 1)

    def told(self, *arguments: str) -> dict[str, Any]:
        """What a command says as JSON; it must succeed."""
        self.capsys.readouterr()
        assert self.desk(*arguments, "--json") == 0
        found: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return found


def put_late(folder: Path, name: str, cash: str, arrived: datetime = LATE) -> None:
    line = inbox.relief_row(cash_cny=Decimal(cash))
    inbox.put(folder, name, "relief", "A0101", MARCH, [line], arrived=arrived)


INCOMPLETE = ("close", MARCH, "--author", "王处", "--incomplete", "--reason", "三家停产")


@pytest.fixture
def story(
    copy_undisturbed: Callable[[], Province],
    small_inbox: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Story]:
    """The undisturbed province as it is after its night, copied."""
    shutil.copytree(small_inbox, tmp_path / "inbox")
    copied = replace(copy_undisturbed().settings, inbox=tmp_path / "inbox")
    province = Province(copied)
    monkeypatch.setenv("WAREHOUSE_KEYS_DIR", str(copied.keys_dir))
    with province.connect() as conn:
        desk = partial(call, copied, monkeypatch)
        yield Story(province, desk, changed_project(tmp_path / "dbt_project"), conn, capsys)


# Four builds of dbt and five nights: half a minute alone, many where the machine is busy.
@pytest.mark.timeout(1200)
def test_a_closed_period_stays_until_it_is_reopened_and_then_says_why_it_changed(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_what_is_incomplete(story)
    before = [figures(story.conn), figures(story.conn, "bi.indicator_value_as_now"), *other_tables(story.conn)]
    march, year = figure(story.conn, MARCH)[0], figure(story.conn, "2021")[0]

    let_everything_change(story.province.settings.inbox)
    story.run()
    after = [figures(story.conn), figures(story.conn, "bi.indicator_value_as_now"), *other_tables(story.conn)]
    assert after == before
    see_what_waits(story, year)

    assert story.told("reopen", MARCH, "--reason", "三厂补报", "--author", "李处")["let_in"] == 1
    story.run()
    assert figure(story.conn, MARCH) == (march + MORE, "restated")
    assert figure(story.conn, "2021") == (year + MORE, "provisional")
    assert rows(story.conn, "select count(*) from bi.waiting_change") == [(0,)]
    by_status = see_the_restatement(story, march)

    monkeypatch.setattr(Settings, "dbt_project_dir", story.project)
    assert story.told(*INCOMPLETE)["release_id"] == 3
    restated = figures(story.conn)
    story.run()
    assert figures(story.conn) == restated
    assert statuses(story.conn) == {"restated": by_status["restated"], "closed": by_status["provisional"]}
    kinds = rows(story.conn, "select kind from ops.event where kind = any(%s) order by event_id", KINDS)
    assert [kind for (kind,) in kinds] == ["closed", "held", "reopened", "let_in", "closed"]


KINDS = ["closed", "reopened", "held", "let_in"]


def statuses(conn: psycopg.Connection[Any], table: str = "bi.indicator_value") -> dict[str, int]:
    return dict(rows(conn, f"select status, count(*) from {table} where period = %s group by 1", MARCH))


def close_what_is_incomplete(story: Story) -> None:
    """What is missing is told at once, and nothing is closed; with a reason it is, once."""
    assert story.desk("close", MARCH, "--author", "王处") == 1
    said = story.capsys.readouterr().out
    assert "还缺" in said
    assert "A0201" in said
    closed = story.told(*INCOMPLETE)
    assert (closed["release_id"], closed["is_new"]) == (1, True)
    assert closed["missing"]
    assert story.told("closings", "--verify", closed["pack"])["is_genuine"]
    assert story.told("close", MARCH, "--author", "李处")["is_new"] is False


def let_everything_change(folder: Path) -> None:
    """Late data, the same once more, and another register of all time; the later nights run by other code."""
    put_late(folder, "A0101_慰问_3月_晚报.xlsx", "9000")
    put_late(folder, "A0101_慰问_3月_晚报再发.xlsx", "9000.00", LATE.replace(hour=10))
    moved = {"A0102": {"parent_code": "A02"}}
    register = [row | moved.get(str(row["unit_code"]), {}) for row in inbox.register_rows()]
    inbox.put(folder, "名册2.xlsx", "unit_register", "S0001", "2021", register, arrived=LATE)


def see_what_waits(story: Story, year: Decimal) -> None:
    conn = story.conn
    assert set(statuses(conn)) == set(statuses(conn, "bi.indicator_value_as_now")) == {"closed"}
    # The year is open: it goes on with what is in force, and the late answer is not.
    assert figure(conn, "2021") == (year, "provisional")
    waiting = rows(
        conn,
        "select indicator_id, org_id, since_release from bi.waiting_change where period = %s and closed_value is distinct from new_value",
        MARCH,
    )
    assert {("relief_paid", "A01"), ("relief_paid", "A02"), ("daily_relief_money", "A0101")} <= {w[:2] for w in waiting}
    assert {w[2] for w in waiting} == {2}
    held = "select unit_id, version from ops.submission_held join ops.submission using (submission_id)"
    assert rows(conn, held) == [("A0101", 2)]
    [(account,)] = rows(conn, "select account from ops.run order by run_id desc limit 1")
    assert (account["held"], account["duplicate"], account["is_balanced"]) == (1, 1, True)
    answered = "select accepted, is_held, version from bi.completeness where (form_id, unit_id, period) = ('relief', 'A0101', %s)"
    assert rows(conn, answered, MARCH) == [(True, True, 1)]
    [(receipts,)] = rows(conn, "select string_agg(receipt ->> 'text', '') from ops.reply")
    assert "2021-03 已结账，先不计入数字" in receipts
    # Nothing new: what waits makes no release by itself.
    story.run()
    assert rows(conn, "select max(release_id) from bi.release") == [(2,)]
    shown = story.told("closings", MARCH)
    assert [h["unit_id"] for h in shown["held"]] == ["A0101"]
    assert {(w["indicator_id"], w["org_id"]) for w in shown["waiting"]} >= {("relief_paid", "A01")}


def see_the_restatement(story: Story, march: Decimal) -> dict[str, int]:
    """The release and the note say what was restated and why; gives how many figures of March have which status."""
    by_status = statuses(story.conn)
    assert set(by_status) == {"restated", "provisional"}
    cause = "restatement 2021-03; night 2021-05-20"
    assert rows(story.conn, "select cause from bi.release where release_id = 3") == [(cause,)]
    page = story.province.settings.reports_dir / "restatement-2021-03-release-3.html"
    assert "三厂补报" in page.read_text()
    note = json.loads(page.with_suffix(".json").read_text())
    assert (note["reason"], note["author"], [a["unit_id"] for a in note["let_in"]]) == ("三厂补报", "李处", ["A0101"])
    noted = {
        (f["indicator_id"], f["org_id"]): (Decimal(f["old_value"] or 0), Decimal(f["new_value"] or 0))
        for f in note["figures"]
    }
    assert len(noted) == by_status["restated"]
    assert noted["relief_paid", "A0101"] == (march, march + MORE)
    assert all(f["cause"] for f in note["figures"])
    return by_status
