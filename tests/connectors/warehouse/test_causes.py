"""The cause of every changed figure, held against an independent recount in plain Python over random histories.

A history is told straight to the ledger: relief ledgers (rows that add up, and beneficiaries that are counted once), unit profiles (a
state that holds until the next answer), registers, withdrawals, corrections, replays, other programs, passing days. The figures are
the recount's own, put where dbt would put them, so no build is needed; which causes a figure must have is worked out from the list of
what happened, never from the database.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.settings import Settings
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.causes import PRECEDENCE
from connectors.warehouse.engine import connect
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.lease import Lease, hold
from connectors.warehouse.publish import publish
from connectors.warehouse.releases import read_release, read_release_difference
from connectors.warehouse.withdrawal import withdraw
from expectations.contract import forms
from flows.releases import draw_release
from flows.speech import Speaker
from tests.connectors.warehouse.stories import usual_row
from tests.connectors.warehouse.test_publish import CANDIDATE

UNITS = ("A0101", "A0102", "A0201", "A0202")
GROUPS = ("A01", "A02")
MONTHS = ("2021-01", "2021-02", "2021-03")
QUARTERS = ("2021-Q1", "2021-Q2")
ENDS = {
    **{"2021-01": date(2021, 1, 31), "2021-02": date(2021, 2, 28), "2021-03": date(2021, 3, 31)},
    **{
        "2021-Q1": date(2021, 3, 31),
        "2021-06": date(2021, 6, 30),
        "2021-Q2": date(2021, 6, 30),
        "2021": date(2021, 12, 31),
    },
}
PERIODS = {**dict.fromkeys((*MONTHS, "2021-06"), "month"), "2021-Q1": "quarter", "2021": "year"}
MONTHS_OF = {**{month: (month,) for month in (*MONTHS, "2021-06")}, "2021-Q1": MONTHS, "2021": MONTHS}
NIGHT = date(2021, 6, 27)
"""Days pass from here, and with them the end of the second quarter."""

MONEY, REACHED, COVERAGE = "relief_paid", "relief_units_reached", "collective_contract_coverage"

Key = tuple[str, str, str]
Row = tuple[int, str, str]
"""A row of relief: its money, the beneficiary, and the day on which it was given."""


@dataclass(frozen=True)
class Answer:
    """One accepted version: relief rows, or the employees and covered employees of a profile."""

    rows: tuple[Row, ...]
    cause: str
    delivery: int
    is_late: bool
    number: int = 0


@dataclass
class World:
    """What has happened so far, as plain values."""

    versions: dict[Key, list[Answer]] = field(default_factory=dict)
    withdrawn: set[Key] = field(default_factory=set)
    parents: dict[str, str] = field(default_factory=dict)
    code: str = "first"
    night: date = NIGHT

    def in_force(self, key: Key) -> Answer | None:
        """The newest version, unless it was withdrawn."""
        return None if key in self.withdrawn or key not in self.versions else self.versions[key][-1]

    def copy(self) -> World:
        """As it is now, whatever happens later."""
        return World(
            {k: list(v) for k, v in self.versions.items()},
            set(self.withdrawn),
            dict(self.parents),
            self.code,
            self.night,
        )

    def members(self, org: str) -> set[str]:
        """The units that an organisation has."""
        return {u for u, parent in self.parents.items() if org in (u, parent, "SN")}


def relief_in(world: World, org: str, period: str, indicator: str) -> dict[Key, tuple[Any, ...]]:
    """What each answer in force adds to a figure: by month the sum of its money, or the beneficiaries that it reached."""
    members, found = world.members(org), {}
    for key in world.versions:
        answer = world.in_force(key)
        if key[0] != "relief" or answer is None:
            continue
        if indicator == MONEY:
            months = {
                m: sum(cny for cny, _, day in answer.rows if day[:7] == m)
                for m in MONTHS_OF[period]
                if key[1] in members
            }
            found[key] = tuple(sorted((m, total) for m, total in months.items() if total))
        else:
            found[key] = tuple(
                sorted({(day[:7], u) for _, u, day in answer.rows if u in members and day[:7] in MONTHS_OF[period]})
            )
    return found


def holding(world: World, unit: str, day: date) -> tuple[Key, Answer] | None:
    """The profile of a unit that holds on a day: that of the last quarter it answered for."""
    answered = [
        (("unit_profile", unit, q), world.in_force(("unit_profile", unit, q))) for q in QUARTERS if ENDS[q] <= day
    ]
    return next(((key, answer) for key, answer in reversed(answered) if answer), None)


def answered_for(world: World, org: str, period: str) -> bool:
    """Whether anybody in the organisation handed in a relief ledger for the period."""
    return any(
        world.in_force(key)
        for key in world.versions
        if key[0] == "relief" and key[1] in world.members(org) and key[2] in MONTHS_OF[period]
    )


def figures(world: World) -> dict[tuple[str, str, str], float | None]:
    """Every figure by indicator, organisation and period."""
    found: dict[tuple[str, str, str], float | None] = {}
    for org in organisations(world):
        for period in PERIODS:
            parts = relief_in(world, org, period, MONEY).values()
            has_data = answered_for(world, org, period)
            money = sum(total for part in parts for _, total in part)
            found[MONEY, org, period] = money if has_data or money else None
            reached = {u for part in relief_in(world, org, period, REACHED).values() for _, u in part}
            found[REACHED, org, period] = len(reached) if has_data or reached else None
            day = min(ENDS[period], world.night)
            held = [h for u in world.members(org) if (h := holding(world, u, day))]
            employees = sum(answer.rows[0][0] for _, answer in held)
            covered = sum(int(answer.rows[0][1]) for _, answer in held)
            found[COVERAGE, org, period] = round(covered / employees, 8) if employees else None
    return found


def organisations(world: World) -> list[str]:
    """Every unit, group and the province."""
    return [*world.parents, *GROUPS, "SN"]


def causes_of(then: World, now: World, figure: tuple[str, str, str], old: float | None, new: float | None) -> set[str]:
    """What must be named for a figure that changed between two states of the world."""
    indicator, org, _ = figure
    found: set[str] = set()
    for key in now.versions:
        before, after = then.in_force(key), now.in_force(key)
        if before is after:
            continue
        if touches(then, now, key, figure) or is_first_word(key, figure, then, now, old, new):
            found |= causes_of_answer(then, now, key)
    if then.parents and then.members(org) != now.members(org):
        found.add("register_change")
    if then.parents and then.code != now.code:
        found.add("code_change")
    if not then.parents and indicator == COVERAGE and not found:
        found.add("new_data")
    return found


def touches(then: World, now: World, key: Key, figure: tuple[str, str, str]) -> bool:
    """Whether the two answers differ in what they add to a figure, its organisation being who belonged to it then or does now."""
    indicator, org, period = figure
    before, after = then.in_force(key), now.in_force(key)
    members = then.members(org) | now.members(org)
    if indicator == COVERAGE:
        day = min(ENDS[period], now.night)
        if key[0] != "unit_profile" or key[1] not in members or ENDS[key[2]] > day:
            return False
        later = [q for q in QUARTERS if ENDS[key[2]] < ENDS[q] <= day]
        if any(then.in_force((*key[:2], q)) and now.in_force((*key[:2], q)) for q in later):
            return False
        # Where a later answer came or went meanwhile, the span of this one is as long as the longer of the two.
        return before is None or after is None or before.rows != after.rows
    wide = replace_parents(then, members, org), replace_parents(now, members, org)
    parts = [relief_in(world, org, period, indicator).get(key, ()) for world in wide]
    return parts[0] != parts[1]


def replace_parents(world: World, members: set[str], org: str) -> World:
    """The same answers, with these units in the organisation."""
    return replace(
        world,
        parents={u: "SN" if org == "SN" else (org if u in members else "-") for u in UNITS}
        if org not in UNITS
        else dict.fromkeys(UNITS, "-"),
    )


def is_first_word(
    key: Key, figure: tuple[str, str, str], then: World, now: World, old: float | None, new: float | None
) -> bool:
    """Whether an answer that came or went gave a figure its 0, or took it away."""
    indicator, org, period = figure
    if indicator == COVERAGE or key[0] != "relief" or (old is not None and new is not None):
        return False
    came_or_went = (then.in_force(key) is None) != (now.in_force(key) is None)
    return came_or_went and key[1] in then.members(org) | now.members(org) and key[2] in MONTHS_OF[period]


def causes_of_answer(then: World, now: World, key: Key) -> set[str]:
    """Why the answer in force is another."""
    after = now.in_force(key)
    if after is None:
        return {"withdrawal"}
    known = len(then.versions.get(key, ())) if then.in_force(key) else 0
    found = set()
    for number, version in enumerate(now.versions[key]):
        if version.delivery != after.delivery or number < known:
            continue
        if version.cause == "correction":
            found.add("correction")
        elif version.cause == "replay":
            found.add("rule_change")
        elif number:
            found.add("resubmission")
        else:
            found.add("late_data" if version.is_late else "new_data")
    return found


class Teller:
    """Makes a history happen, in the ledger and in the plain world at once."""

    def __init__(self, settings: Settings, conn: psycopg.Connection[Any], lease: Lease, seed: int) -> None:
        self.settings, self.conn, self.lease, self.chance = settings, conn, lease, random.Random(seed)
        self.world, self.run_id, self.registers = World(), 0, 0

    def register(self, parents: dict[str, str]) -> None:
        """The provincial office hands in a register."""
        rows = [("SN", "province", None), ("S0001", "provincial_office", "SN")]
        rows += [(group, "group", "SN") for group in GROUPS] + [(u, "enterprise", p) for u, p in parents.items()]
        self.registers += 1
        told = [
            {
                **{"unit_code": code, "unit_name": code, "short_name": code, "unit_kind": kind, "parent_code": parent},
                **{"credit_code": None, "valid_from": date(2018, 1, 1), "valid_to": None},
            }
            for code, kind, parent in rows
        ]
        self._write("unit_register", "S0001", "2021", self.registers, "delivery", None, is_late=False, rows=told)
        self.world.parents = dict(parents)

    def answer(self, key: Key, cause: str = "delivery") -> None:
        """Another version of a unit's answer."""
        form_id, unit, period = key
        before = self.world.versions.get(key, [])
        if cause != "delivery" and self.world.in_force(key) is None:
            return
        is_late = self.chance.random() < 0.4
        rows = (
            self._relief(unit, period)
            if form_id == "relief"
            else ((self.chance.randint(5, 9), str(self.chance.randint(0, 4)), ""),)
        )
        delivery = before[-1].delivery if cause != "delivery" else None
        told = [
            {"cash_cny": row[0], "goods_cny": 0, "beneficiary_unit": row[1], "given_on": date.fromisoformat(row[2])}
            if form_id == "relief"
            else {"employees": row[0], "contract_covered_employees": int(row[1])}
            for row in rows
        ]
        used = self._write(form_id, unit, period, len(before) + 1, cause, delivery, is_late=is_late, rows=told)
        made = Answer(rows, cause, used, is_late)
        self.world.versions.setdefault(key, []).append(made)
        self.world.withdrawn.discard(key)

    def withdraw(self, key: Key) -> None:
        """The unit takes its answer back."""
        if withdraw(self.conn, *key, reason="报错单位", author="王处"):
            self.world.withdrawn.add(key)

    def publish(self) -> int | None:
        """Put the recount's figures where dbt would, and publish; gives the new release, if there is one."""
        self.run_id += 1
        with self.conn.transaction():
            self.conn.execute("truncate bi_candidate.indicator_value, bi_candidate.relief_summary")
            with self.conn.cursor() as cursor, cursor.copy("copy bi_candidate.indicator_value from stdin") as copy:
                for (indicator, org, period), value in figures(self.world).items():
                    level = "province" if org == "SN" else "group" if org in GROUPS else "unit"
                    copy.write_row(
                        (indicator, level, org, PERIODS[period], period, value, value, None, 1, "provisional")
                    )
            self.conn.execute(
                "insert into ops.dbt_build (run_id, business_date, fence, inputs, code_digest, started_at, finished_at, passed,"
                " last_submission_id, last_event_id) select %s, %s, %s, '', %s, now(), now(), true,"
                " (select coalesce(max(submission_id), 0) from ops.submission), event_id from ops.event_head",
                (self.run_id, self.world.night, self.lease.fence, self.world.code),
            )
        published = publish(self.settings, self.lease, self.run_id, self.world.night, "night")
        return published.release_id if published.is_new else None

    def _relief(self, unit: str, period: str) -> tuple[Row, ...]:
        days = [f"{period}-05", f"{period}-20"]
        if self.chance.random() < 0.2:
            # A row of another month than the ledger's.
            days.append(f"{self.chance.choice(MONTHS)}-10")
        return tuple(
            (self.chance.choice((10, 20, 30)), self.chance.choice((unit, unit, *UNITS)), day)
            for day in days
            if self.chance.random() < 0.7
        )

    def _write(
        self,
        form_id: str,
        unit: str,
        period: str,
        version: int,
        cause: str,
        delivery: int | None,
        *,
        is_late: bool,
        rows: list[Any],
    ) -> int:
        received = (
            datetime(2021, 12 if is_late else 1, 1, tzinfo=UTC)
            if form_id != "unit_register"
            else datetime(2021, 1, 1, tzinfo=UTC)
        )
        form = forms()[form_id]
        with self.conn.transaction():
            if delivery is None:
                [(delivery,)] = self.conn.execute(
                    "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at,"
                    " run_id) values ('inbox', 'x.xlsx', 1, 1, '', %s, now(), 1) returning delivery_id",
                    (received,),
                ).fetchall()
            [(submission,)] = self.conn.execute(
                "insert into ops.submission (delivery_id, form_id, edition, unit_id, period, version, outcome, is_nil, columns, content_token,"
                " rows_read, rows_loaded, rows_quarantined, rows_ignored, received_at, decided_at, run_id, cause)"
                " values (%s, %s, '1', %s, %s, %s, 'accepted', %s, %s, '', %s, %s, 0, 0, %s, now(), 1, %s) returning submission_id",
                (delivery, form_id, unit, period, version, not rows, Jsonb({}), len(rows), len(rows), received, cause),
            ).fetchall()
            for number, row in enumerate(rows, start=6):
                landed = {"submission_id": submission, "unit_id": unit, "period": period, "row_number": number}
                landed |= {**usual_row(form_id), **row}
                self.conn.execute(
                    sql.SQL("insert into {} ({}) values ({})").format(
                        sql.Identifier("landing", form.form_id),
                        sql.SQL(", ").join(map(sql.Identifier, landed)),
                        sql.SQL(", ").join([sql.Placeholder()] * len(landed)),
                    ),
                    list(landed.values()),
                )
            append_events(
                self.conn,
                [Event("accepted", "run 1", submission_id=submission, form_id=form_id, unit_id=unit, period=period)],
            )
        return int(delivery)


@pytest.fixture
def stage(settings: Settings) -> Iterator[tuple[Settings, psycopg.Connection[Any], Lease]]:
    with ExitStack() as stack:
        lease = stack.enter_context(hold(settings, "publish", "run 1"))
        conn = stack.enter_context(connect(settings))
        conn.execute(CANDIDATE)
        conn.execute(
            "create table bi_candidate.indicator (indicator_id text primary key, name_zh text, name_en text);"
            "insert into bi_candidate.indicator values ('relief_paid', '救助慰问资金总额', 'Relief money total');"
            "grant select on bi_candidate.indicator to warehouse_loader, warehouse_publisher"
        )
        sync_calendar(conn, date(2021, 12, 31), settings.dbt_project_dir / "seeds" / "plans.csv")
        yield settings, conn, lease


def happen(teller: Teller) -> None:
    """One thing that may happen on a day."""
    chance, world = teller.chance, teller.world
    unit = chance.choice(UNITS)
    key: Key = (
        ("relief", unit, chance.choice(MONTHS))
        if chance.random() < 0.65
        else ("unit_profile", unit, chance.choice(QUARTERS))
    )
    match chance.choice(["answer"] * 5 + ["withdraw", "correction", "replay", "register", "code", "night"]):
        case "withdraw":
            teller.withdraw(key)
        case "register":
            teller.register({u: chance.choice(GROUPS) if u == unit else p for u, p in world.parents.items()})
        case "code":
            world.code = f"{world.code}+"
        case "night":
            world.night += timedelta(days=1)
        case "answer":
            teller.answer(key)
        case cause:
            teller.answer(key, cause)


def changed_figures(conn: psycopg.Connection[Any], release_id: int) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    rows = conn.execute(
        "select indicator_id, org_id, period, old_value, new_value, cause, causes, submission_count, cardinality(submission_ids)"
        " from bi.release_change where release_id = %s",
        (release_id,),
    )
    return {row[:3]: row[3:] for row in rows}


@pytest.mark.parametrize("seed", range(int(os.environ.get("WAREHOUSE_CAUSE_HISTORIES", "1"))))
def test_every_changed_figure_has_exactly_the_causes_that_a_recount_finds(
    stage: tuple[Settings, psycopg.Connection[Any], Lease], seed: int
) -> None:
    teller = Teller(*stage[:2], stage[2], seed)
    teller.register(dict(zip(UNITS, ("A01", "A01", "A02", "A02"), strict=True)))
    then, told = World(), 0
    for _ in range(25):
        for _ in range(teller.chance.choice((1, 1, 2, 6))):
            happen(teller)
        release_id = teller.publish()
        if release_id is None:
            continue
        for figure, (old, new, cause, causes, count, listed) in changed_figures(stage[1], release_id).items():
            expected = causes_of(then, teller.world, figure, old, new) or {"calendar"}
            assert set(causes) == expected, (seed, release_id, figure, old, new)
            assert causes == sorted(causes, key=PRECEDENCE.index)
            assert cause == causes[0]
            assert count >= listed == min(count, 20)
            assert (count > 0) == bool(expected - {"code_change", "calendar"})
            told += 1
        then = teller.world.copy()
    assert told > 200
    # What lies between two releases is what their figures say, with the causes of everything in between.
    [(last,)] = stage[1].execute("select max(release_id) from bi.release").fetchall()
    for old, new in ((1, last), (last, 2), (0, 1)):
        told_rows = read_release_difference(stage[1], old, new, 10_000)
        assert {(r["indicator_id"], r["org_id"], r["period"]): (r["old_value"], r["new_value"]) for r in told_rows} == {
            row[:3]: row[3:]
            for row in stage[1].execute(
                "select indicator_id, org_id, period, o.value, n.value from bi.indicator_value_as_of(%s::bigint) o"
                " full join bi.indicator_value_as_of(%s::bigint) n using (indicator_id, org_level, org_id, period_type, period)"
                " where o.value is distinct from n.value",
                (old, new),
            )
        }
        assert all(r["causes"] and r["cause"] == r["causes"][0] for r in told_rows)
    assert any(len(r["release_ids"]) > 1 for r in read_release_difference(stage[1], 1, last, 10_000))
    for release_id in range(1, last + 1):
        shown = read_release(stage[1], release_id, 5)
        assert shown is not None
        assert sum(shown["causes"].values()) == shown["figures_changed"]
        text = draw_release(shown, Speaker())
        assert f"变动数字 {shown['figures_changed']} 个" in text
        assert ("… 另有" in text) == (shown["changes_total"] > 5 or shown["submissions_total"] > 5)
    assert read_release(stage[1], last + 1, 5) is None


def test_an_answer_of_a_unit_that_moved_is_told_of_the_group_that_it_left(
    stage: tuple[Settings, psycopg.Connection[Any], Lease],
) -> None:
    teller = Teller(*stage[:2], stage[2], seed=2)
    units = dict(zip(UNITS, ("A01", "A01", "A02", "A02"), strict=True))
    teller.register(units)
    key: Key = ("relief", "A0101", "2021-01")
    teller.answer(key)
    assert teller.publish() == 1
    teller.answer(key)
    teller.register(units | {"A0101": "A02"})
    assert teller.publish() == 2
    changed = changed_figures(stage[1], 2)
    assert [changed[MONEY, org, "2021-01"][3] for org in GROUPS] == [["resubmission", "register_change"]] * 2
