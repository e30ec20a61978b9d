"""Random histories: what a province, the desk, the calendar and bad luck may do in any order, done to the warehouse and to the model.

The ledger is compared after every step; figures, changes and every past release after every night. Add a rule here for each new
thing that changes state, and the same to the model.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model import comparison
from tests.model.model import Key, Model
from tests.model.product import POINTS, Product
from tests.model.words import (
    LAST_NIGHT,
    LINE_FAULTS,
    MONTHS,
    NEW_UNIT,
    QUARTERS,
    REGISTERS,
    REPORTERS,
    Backfill,
    Book,
    Correction,
    Line,
    Payment,
    Profile,
    last_day,
)
from tests.model.world import World

UNITS = st.sampled_from((*REPORTERS, NEW_UNIT, "A01"))
"""Who hands in: those who may, one that not every register knows, and a group, which may not."""

FAULTS = st.sampled_from(("", "", "", "", *LINE_FAULTS))
LINES = st.lists(
    st.builds(
        Line,
        day=st.integers(1, 28),
        cash=st.sampled_from((3000, 5000, 8000)),
        persons=st.sampled_from((5, 10)),
        beneficiary=st.sampled_from((*REPORTERS[:3], NEW_UNIT, "Z9999")),
        fault=FAULTS,
    ),
    max_size=3,
    unique_by=lambda line: line.day,
)
PAYMENTS = st.lists(
    st.builds(
        Payment,
        day=st.integers(1, 28),
        person=st.integers(0, 2),
        amount=st.sampled_from((1000, 2000)),
        kind=st.sampled_from(("日常救助", "临时救助")),
        fault=st.sampled_from(("", "", "", "outside")),
    ),
    max_size=3,
    unique_by=lambda payment: payment.day,
)
PROFILES = st.builds(Profile, employees=st.sampled_from((1000, 1200)), covered=st.sampled_from((600, 900, 1300)))
HOURS = st.integers(-72, 24)
"""How long before or after the clock's time a file was changed."""

SPANS = (("2021-01", "2021-01"), ("2021-02", "2021-03"), ("2020-Q4", "2021"))
"""From which period to which a backfill goes."""

PICK = st.integers(0, 30)
"""Which of what there is, counted round and round."""

AGAIN = ("copy", "later copy", "earlier copy", "re-saved", "touched", "replaced")
"""How a file that lies in the inbox comes once more."""


class Histories(RuleBasedStateMachine):
    """One history of a warehouse, with light nights."""

    world: ClassVar[World]
    is_light: ClassVar[bool] = True
    steps: ClassVar[dict[str, int]] = {}
    """How often each rule has been run, for the report of a long run."""

    def __init__(self) -> None:
        super().__init__()
        self.product: Product
        self.model: Model
        self.files = 0
        self.is_even = True
        self.has_ended = False

    @initialize(lines=LINES, payments=PAYMENTS)
    def begin(self, lines: list[Line], payments: list[Payment]) -> None:
        """After a first night, in which the register came; two answers lie in the inbox."""
        self.product, self.model = self.world.begin()
        if self.is_light:
            self.product.figures = lambda: self.model.after_taking_in().figures()
        self.product.set_clock(self.model.now)
        self._count("history")
        if progress := os.environ.get("WAREHOUSE_TEST_PROGRESS"):
            Path(f"{progress}.{os.getpid()}").write_text(f"{self.steps}\n")
        self._put(Book("relief", "A0101", MONTHS[0], tuple(lines)), -30)
        self._put(Book("hardship_aid", "A0102", MONTHS[0], tuple(payments)), -20)

    # What arrives.

    @rule(unit=UNITS, month=st.sampled_from(MONTHS), lines=LINES, hours=HOURS)
    def report_relief(self, unit: str, month: str, lines: list[Line], hours: int) -> None:
        """A relief ledger, or that there was none."""
        self._put(Book("relief", unit, month, tuple(lines)), hours)

    @rule(unit=UNITS, month=st.sampled_from(MONTHS), payments=PAYMENTS, hours=HOURS)
    def report_hardship(self, unit: str, month: str, payments: list[Payment], hours: int) -> None:
        """Payments to people in hardship, or none."""
        self._put(Book("hardship_aid", unit, month, tuple(payments)), hours)

    @rule(unit=UNITS, quarter=st.sampled_from(QUARTERS), profile=PROFILES, hours=HOURS)
    def report_profile(self, unit: str, quarter: str, profile: Profile, hours: int) -> None:
        """A unit at the end of a quarter."""
        self._put(Book("unit_profile", unit, quarter, (profile,)), hours)

    @rule(variant=st.sampled_from(list(REGISTERS)), hours=HOURS)
    def change_register(self, variant: str, hours: int) -> None:
        """The office hands in another register, or the same."""
        self._put(Book("unit_register", "S0001", "2021", register=variant), hours)

    @rule(pick=PICK, how=st.sampled_from(AGAIN), hours=HOURS)
    def send_again(self, pick: int, how: str, hours: int) -> None:
        """A file comes once more: its bytes, or its content in other bytes, under its own name or another."""
        names = sorted(self.model.inbox)
        name = names[pick % len(names)]
        book, modified = self.model.inbox[name]
        if how in ("re-saved", "replaced") and book.form != "unit_profile":
            book = replace(book, edition=book.edition + 1)
        if how == "copy":
            self._lay(self._new_name(), book, modified)
        elif how in ("later copy", "earlier copy"):
            self._lay(self._new_name(), book, modified + timedelta(hours=5 if how == "later copy" else -5))
        elif how == "re-saved":
            self._put(book, hours)
        else:
            self._lay(name, book, modified + timedelta(hours=abs(hours) + 1))

    # What the desk decides.

    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        """A unit takes an answer back."""
        keys = sorted({(v.form, v.unit, v.period) for v in self.model.versions if not v.register})
        if keys:
            key = keys[pick % len(keys)]
            self._same("withdrawn", self.product.withdraw(*key), self.model.withdraw(key))
            self._count("withdraw")

    @precondition(lambda self: self._correctable())
    @rule(pick=PICK, row=st.integers(0, 2), value=st.sampled_from((1, 40, 700, 6000)), at_once=st.booleans())
    def correct(self, pick: int, row: int, value: int, at_once: bool) -> None:
        """One person corrects a cell; sometimes another agrees at once."""
        keys = self._correctable()
        key = keys[pick % len(keys)]
        version = self.model.in_force[key]
        number = list(version.numbered)[row % len(version.rows)]
        word = "amount" if key[0] == "hardship_aid" else "persons" if value < 100 else "cash"
        correction = Correction(number, word, value)
        self.product.propose(*key, correction)
        self.model.propose(key, correction)
        self.is_even = False
        self._count("propose")
        if at_once:
            self._approve(len(self.model.proposals) - 1)

    @precondition(lambda self: self.model.proposals)
    @rule(pick=PICK)
    def approve(self, pick: int) -> None:
        """A second person looks at a correction."""
        self._approve(pick % len(self.model.proposals))

    @rule()
    def replay(self) -> None:
        """The desk has everything that waits judged once more."""
        self._same("replayed", self.product.replay(), self.model.replay())
        self._count("replay")

    # Closing.

    @precondition(lambda self: self.model.business_date > last_day(MONTHS[0]))
    @rule(pick=PICK)
    def close(self, pick: int) -> None:
        """A period that has ended is closed after a night in which everything was looked at."""
        ended = [period for period in (*MONTHS, "2021-Q1") if last_day(period) < self.model.business_date]
        period = ended[pick % len(ended)]
        self._night("", asks_cross_rules=True)
        self._same("closed", self.product.close(period), self.model.close(period))
        self._count("close")

    @precondition(lambda self: self.model.closings)
    @rule(pick=PICK)
    def reopen(self, pick: int) -> None:
        """A closed period, or one within, is opened again."""
        period = self.model.closings[pick % len(self.model.closings)].period
        self._same("reopened", self.product.reopen(period), self.model.reopen(period))
        self._count("reopen")

    # Backfills.

    @rule(
        span=st.sampled_from(SPANS),
        forms=st.sampled_from(((), ("relief",), ("hardship_aid", "unit_profile"))),
        only_missing=st.sampled_from((False, False, False, True)),
        restates=st.booleans(),
        register=st.sampled_from(("", "new", "merged", "merged and new")),
        meanwhile=st.sampled_from(("", "", "withdraw", "night")),
        pick=PICK,
    )
    def backfill(
        self,
        span: tuple[str, str],
        forms: tuple[str, ...],
        only_missing: bool,
        restates: bool,
        register: str,
        meanwhile: str,
        pick: int,
    ) -> None:
        """A range is judged again, mostly after another register came; where anything happened since its preview, nothing is done."""
        if register:
            self.change_register(register, 0)
            self._night("")
        asked = Backfill(*span, forms, only_missing, restates)
        before = Counter(self.model.events())

        def happen() -> None:
            if meanwhile == "withdraw":
                self.withdraw(pick)
            elif meanwhile == "night":
                self._night("")

        said = self.product.backfill(asked, self.model.business_date, happen)
        has_moved = Counter(self.model.events()) != before
        expected: object = "moved" if has_moved else self.model.backfill(asked)
        self._same("backfill", said, expected)
        self._count(f"backfill: {said}" if isinstance(said, str) else "backfill")
        for *_, ending in () if isinstance(said, str) else said:
            self._count(f"backfilled: {ending}")

    # Time, and nights.

    @rule(days=st.integers(0, 25), hours=st.integers(-40, 3))
    def let_time_pass(self, days: int, hours: int) -> None:
        """Days pass, or none; the clock may stand still, or be set back."""
        date = min(self.model.business_date + timedelta(days), LAST_NIGHT)
        self.model.business_date = date
        self.model.now = datetime.combine(date, time(20)) + timedelta(hours=hours)
        self.product.set_clock(self.model.now)
        self._count("time")

    @rule(kill_at=st.sampled_from(list(POINTS)))
    def kill_a_night(self, kill_at: str) -> None:
        """A night is killed at a point, if it comes to it."""
        self._night(kill_at)

    @rule(day=st.integers(1, 28), back=st.integers(1, 40))
    def answer_twice_about_a_kill(self, day: int, back: int) -> None:
        """An answer is collected by a night that is killed, the clock is set back, and the unit sends another one before the next night."""
        first, second = (Book("relief", REPORTERS[0], MONTHS[0], (Line(day, cash=cash),)) for cash in (3000, 5000))
        self._put(first, 0)
        self._night("collected")
        self.model.now -= timedelta(hours=back)
        self.product.set_clock(self.model.now)
        self._put(second, 0)
        self._night("")
        self._count("answered twice about a kill")

    @rule()
    def run_night(self) -> None:
        """An undisturbed night."""
        self._night("")

    @precondition(lambda self: self.is_light)
    @rule()
    def run_night_that_fails_its_checks(self) -> None:
        """dbt's tests fail: readers keep the last release."""
        self._night("", checks_fail=True)

    # What must always hold.

    @invariant()
    def ledger_is_as_the_model_has_it(self) -> None:
        """Deliveries, versions, states and rows, after every step that could have changed them."""
        if not hasattr(self, "product") or self.is_even:
            return
        self.is_even = True
        with self._comparing(), closing(self.product.connect()) as conn:
            comparison.compare(comparison.ledger_of_product(conn), comparison.ledger_of_model(self.model))

    def teardown(self) -> None:
        """Whatever has happened, one undisturbed night sets everything right."""
        if hasattr(self, "product") and not self.has_ended:
            self._night("")
            self.is_even = False
            self.ledger_is_as_the_model_has_it()
            with closing(self.product.connect()) as conn:
                comparison.chain_is_whole(conn)

    def _night(self, kill_at: str, **how: bool) -> None:
        with self._comparing():
            ended = self.product.night(self.model.business_date, kill_at, **how)
        self.is_even = False
        self._count(f"night killed: {kill_at}" if ended.was_killed else "night")
        died_at = kill_at if ended.was_killed else ""
        if died_at == "archived":
            return
        self.model.collect()
        if died_at == "collected":
            return
        # A load that dies leaves those before it; a generator that is not asked again has decided no more.
        left = {"loading": 0, "loading the second part": 1}.get(died_at)
        loads = self.model.loads()
        if left is None and died_at != "taken in":
            for _ in loads:
                pass
        else:
            self._load_some(loads, left)
        if died_at not in ("loading", "loading the second part", "taken in"):
            self._publish(is_seen=died_at in ("", "published") and not ended.was_refused)

    def _load_some(self, loads: Any, left: int | None) -> None:
        if left is None:
            # The first chunk was taken in, in one part or two.
            first = self.model.first_chunk()
            while any(self.model.deliveries[n].outcome is None for n in first):
                next(loads)
            return
        for _ in range(left):
            next(loads)

    def _publish(self, *, is_seen: bool) -> None:
        told, releases = self.model.figures_to_publish(), self.model.releases
        # Readers see more than the model knows: other figures, who answered, what is closed.
        may_see_more = not self.is_light or bool(self.model.closings)
        with self._comparing(), closing(self.product.connect()) as conn:
            number = comparison.release(conn)
            if is_seen and (told != releases[-1] or (may_see_more and number == len(releases) + 1)):
                releases.append(told)
            if number != len(releases):
                raise comparison.Difference(f"release {number} in the warehouse, {len(releases)} in the model")
            for release_id, figures in enumerate(releases, start=1):
                comparison.compare(
                    {f"release {release_id}": set(comparison.as_of(conn, release_id).items())},
                    {f"release {release_id}": set(figures.items())},
                )
            comparison.compare(
                {"figure": set(comparison.published(conn).items()), "change": comparison.changes(conn)},
                {"figure": set(releases[-1].items()), "change": self._changes()},
            )
            if is_seen and self.model.closings:
                waiting = {"waiting": self.model.waiting()}
                comparison.compare({"waiting": comparison.waiting(conn)}, waiting)
            elif is_seen:
                comparison.same_as_candidate(conn)
            if is_seen and not self.is_light:
                comparison.compare(
                    {"answer": comparison.completeness(conn)},
                    {"answer": {(*key, *facts) for key, facts in self.model.completeness().items()}},
                )

    def _changes(self) -> set[tuple[Any, ...]]:
        changed = set()
        for release_id, (old, new) in enumerate(
            zip([{}, *self.model.releases], self.model.releases, strict=False), start=1
        ):
            for key in old.keys() | new.keys():
                before, after = (side.get(key, (None,))[0] for side in (old, new))
                if before != after:
                    changed.add((release_id, *key, before, after))
        return changed

    def _approve(self, number: int) -> None:
        proposal = self.model.proposals[number]
        if proposal in self.model.approved:
            return
        if not self.model.is_outdated(proposal):
            ending = "replaced" if self.model.approve(proposal) else "unchanged"
            self._same("approved", self.product.approve(number), ending)
            self._count("approve")

    def _correctable(self) -> list[Key]:
        return sorted(
            key
            for key, v in self.model.in_force.items()
            if v.form in ("relief", "hardship_aid") and v.rows and self.model.newest(key) is v
        )

    def _put(self, book: Book, hours: int) -> None:
        self._lay(self._new_name(), book, self.model.now + timedelta(hours=hours))

    def _lay(self, name: str, book: Book, modified: datetime) -> None:
        self.files += 1
        self.product.put(name, book, modified)
        self.model.inbox[name] = book, modified
        self._count("file")

    def _new_name(self) -> str:
        # Names are in no order of time.
        return f"{'重乙丙甲丁'[self.files % 5]}{self.files:03}.xlsx"

    def _same(self, subject: str, product: object, model: object) -> None:
        self.is_even = False
        if product != model:
            self.has_ended = True
            raise comparison.Difference(f"{subject}: the warehouse says {product}, the model {model}")

    def _comparing(self) -> Any:
        return _Ending(self._end)

    def _end(self) -> None:
        self.has_ended = True

    def _count(self, what: str) -> None:
        self.steps[what] = self.steps.get(what, 0) + 1


class WholeHistories(Histories):
    """The same with dbt in every night."""

    is_light = False
    steps: ClassVar[dict[str, int]] = {}


class _Ending:
    """Notes that a history ended badly, so that no last night is run on top of it."""

    def __init__(self, end: Callable[[], None]) -> None:
        self.end = end

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.end()
