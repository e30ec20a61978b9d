"""The warehouse as a few lists: what arrived, what was decided about it, which answers count, what was published. No product code.

What is true is said in the words of the promises and worked out the slow way, from all that has happened. Order is that of
arrival, as the archive counts it; no clock decides anything but which day something came.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tests.model.figures import Facts, Figure, State, completeness, figures
from tests.model.words import (
    BEFORE_ALL,
    FIRST_EVENING,
    FIRST_NIGHT,
    FIRST_ROW,
    LINE_FAULTS,
    REGISTERS,
    SUBMITTERS,
    Backfill,
    Book,
    Correction,
    Line,
    Payment,
    Profile,
    Row,
    Span,
    Version,
    first_day,
    last_day,
)

Key = tuple[str, str, str]
CHUNK = 4
"""Deliveries that one transaction loads."""


@dataclass(slots=True)
class Delivery:
    """Bytes that arrived; `original` is the delivery that it is a copy of. `was_read`: whether its bytes were looked into."""

    name: str
    book: Book
    modified: datetime
    received: datetime
    outcome: str | None = None
    original: int | None = None
    was_read: bool = False


@dataclass(slots=True, eq=False)
class Proposal:
    """A correction that one person proposed: of which answer and delivery, after which version. Two that say the same are two."""

    key: Key
    delivery: int
    after: int
    correction: Correction


@dataclass(slots=True)
class Closing:
    """A period that was closed, and perhaps opened again."""

    period: str
    is_open: bool = False

    def has(self, period: str) -> bool:
        """Whether it keeps that period closed."""
        within = first_day(self.period) <= first_day(period) and last_day(period) <= last_day(self.period)
        return within and not self.is_open


@dataclass(slots=True)
class Model:
    """Everything that should be true. `deliveries` and `versions` are in the order of their numbers; a delivery's is its place."""

    business_date: date = FIRST_NIGHT
    now: datetime = FIRST_EVENING
    last_look: datetime = BEFORE_ALL
    inbox: dict[str, tuple[Book, datetime]] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    approved: list[Proposal] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    backfills: int = 0
    releases: list[dict[Figure, Facts]] = field(default_factory=list)

    # What arrives.

    def collect(self) -> None:
        """Everything in the inbox that is new or changed arrives, in the order in which it was changed."""
        known = {d.name: d.modified for d in self.deliveries}
        came = [
            Delivery(name, book, modified, self._received(modified))
            for name, (book, modified) in self.inbox.items()
            if known.get(name) != modified
        ]
        self.deliveries += sorted(came, key=lambda d: (d.received, d.name))
        if came:
            self.last_look = max(self.last_look, self.now)

    def _received(self, modified: datetime) -> datetime:
        """When a file came: when it was changed, but not before the last look nor after this one; a look in the future bounds nothing."""
        earliest = max(modified, self.last_look) if self.last_look < self.now else modified
        return min(earliest, self.now)

    def loads(self) -> Iterator[None]:
        """Decide what is undecided; each step is what one transaction holds."""
        waiting = self._undecided()
        for start in range(0, len(waiting), CHUNK):
            yield from self._load_chunk(waiting[start : start + CHUNK])

    def after_taking_in(self) -> Model:
        """What would be true once everything that lies in the inbox has come in and was decided."""
        later = deepcopy(self)
        later.collect()
        for _ in later.loads():
            pass
        return later

    def first_chunk(self) -> list[int]:
        """The deliveries that a night takes in first."""
        return self._undecided()[:CHUNK]

    def _undecided(self) -> list[int]:
        waiting = [n for n, d in enumerate(self.deliveries) if d.outcome is None]
        # Registers first; then each form's together, in order of arrival.
        return sorted(waiting, key=lambda n: ((form := self.deliveries[n].book.form) != "unit_register", form))

    def _load_chunk(self, chunk: list[int]) -> Iterator[None]:
        copies = self._copies(chunk)
        fresh = [n for n in chunk if n not in copies]
        registers = [n for n in fresh if self.deliveries[n].book.form == "unit_register"]
        parts = [part for part in (registers, [n for n in fresh if n not in registers]) if part] or [[]]
        for place, part in enumerate(parts):
            for number, original in copies.items() if place == 0 else ():
                self.deliveries[number].outcome, self.deliveries[number].original = "duplicate_bytes", original
            spans = self.register
            for number in part:
                self._decide(number, spans)
            yield

    def _copies(self, chunk: list[int]) -> dict[int, int]:
        """Bytes that were accepted before, or came earlier in the chunk, changed no later than those: nothing new."""
        known: dict[Book, tuple[int, datetime]] = {}
        for number, d in enumerate(self.deliveries):
            first = d if d.original is None else self.deliveries[d.original]
            if d.outcome is not None and "refused" not in (d.outcome, first.outcome):
                original, modified = known.get(d.book, (number, d.modified))
                known[d.book] = original, max(modified, d.modified)
        copies = {}
        for number in chunk:
            d = self.deliveries[number]
            if d.book in known and d.modified <= known[d.book][1]:
                copies[number] = known[d.book][0]
            original, modified = known.get(d.book, (number, d.modified))
            known[d.book] = original, max(modified, d.modified)
        return copies

    def _decide(self, number: int, spans: tuple[Span, ...]) -> None:
        d = self.deliveries[number]
        book, d.was_read = d.book, True
        key = (book.form, book.unit, book.period)
        if self._is_refused(book, spans):
            d.outcome = "refused"
        else:
            contents, answered_by = self._standing(key)
            if book.content in contents:
                assert answered_by is not None
                are_same_bytes = self.deliveries[answered_by].book == book
                d.outcome, d.original = "duplicate_bytes" if are_same_bytes else "duplicate_content", answered_by
                return
            d.outcome = "accepted"
        made = self._version(number, d, book.content, book.rows, spans)
        if d.outcome == "refused":
            self._refuse(made)
        made.is_held = made.was_held = made.outcome == "accepted" and self._waits(key)
        self.versions.append(made)

    @staticmethod
    def _refuse(made: Version) -> None:
        """It is read and not judged: only what could not be read at all is told."""
        made.outcome, unread = "refused", frozenset({LINE_FAULTS["text"]})
        made.faults = {n: codes & unread for n, codes in made.faults.items() if codes & unread}

    def _version(
        self, number: int, d: Delivery, content: tuple[object, ...], rows: tuple[Row, ...], spans: tuple[Span, ...]
    ) -> Version:
        book = d.book
        newest = max((v.version for v in self.answers(book.form, book.unit, book.period)), default=0)
        made = Version(
            book.form, book.unit, book.period, newest + 1, number, content, rows, book.register, d.received
        )  # fmt: skip
        made.faults = {n: codes for n, row in made.numbered.items() if (codes := faults(row, book.period, spans))}
        return made

    def _is_refused(self, book: Book, spans: tuple[Span, ...]) -> bool:
        if book.register and not self._reporting() <= {span.code for span in REGISTERS[book.register]}:
            return True
        if book.form == "unit_register" and not spans:
            return False
        first, last = first_day(book.period), last_day(book.period)
        kinds = [span.kind for span in spans if span.code == book.unit and span.meets(first, last)]
        return not kinds or kinds[-1] not in SUBMITTERS[book.form]

    def _reporting(self) -> set[str]:
        """The units that a register has to have: those whose newest accepted answer, waiting or not, was not taken back."""
        newest = {(v.form, v.unit, v.period): v for v in self.versions if v.outcome == "accepted"}
        return {v.unit for v in newest.values() if not v.is_withdrawn}

    def _standing(self, key: Key) -> tuple[set[object], int | None]:
        """What was said last, as sent and as corrected, and its delivery; nothing where it was taken back."""
        mine: set[object] = set()
        sent = [v for v in self.answers(*key) if v.outcome == "accepted"]
        if not sent or sent[-1].is_withdrawn:
            return mine, None
        for v in reversed(sent):
            if v.delivery != sent[-1].delivery or v.is_withdrawn:
                break
            mine.add(v.content)
        return mine, sent[-1].delivery

    # What counts.

    def answers(self, form: str, unit: str, period: str) -> list[Version]:
        """All versions of one answer, the newest last."""
        return [v for v in self.versions if (v.form, v.unit, v.period) == (form, unit, period)]

    @property
    def in_force(self) -> dict[Key, Version]:
        """The newest accepted version of each answer that does not wait for its period, and none where that one was withdrawn."""
        newest = {(v.form, v.unit, v.period): v for v in self.versions if v.outcome == "accepted" and not v.is_held}
        return {key: v for key, v in newest.items() if not v.is_withdrawn}

    @property
    def register(self) -> tuple[Span, ...]:
        """The units of the register in force."""
        counts = self.in_force.get(("unit_register", "S0001", "2021"))
        return REGISTERS[counts.register] if counts else ()

    def state(self, v: Version) -> str:
        """What has become of a version."""
        if v.outcome == "refused" or v.is_withdrawn:
            return "refused" if v.outcome == "refused" else "withdrawn"
        if v.is_held:
            return "held"
        answers = self.answers(v.form, v.unit, v.period)
        later = [o for o in answers if o.outcome == "accepted" and not o.is_held and o.version > v.version]
        return "in_force" if not later else "corrected" if later[0].cause == "correction" else "superseded"

    def events(self) -> Iterator[tuple[object, ...]]:
        """What the chain of events tells of all this: kind, form, unit, period, version."""
        for d in self.deliveries:
            yield "received", None, None, None, None
            if d.original is not None:
                # Bytes that are known are not read again, so nobody knows what they answer.
                named = (d.book.form, d.book.unit, d.book.period) if d.was_read else (None, None, None)
                yield "copied", *named, None
        for v in self.versions:
            yield from ((kind, *v.name) for kind in self._told_of(v))
        for p in self.proposals:
            yield "correction_proposed", *self.versions[p.after].name
        for _ in range(self.backfills):
            yield "backfilled", None, None, None, None
        for _ in self.releases:
            yield "published", None, None, None, None
        for c in self.closings:
            yield "closed", None, None, c.period, None
            if c.is_open:
                yield "reopened", None, None, c.period, None

    def _told_of(self, v: Version) -> Iterator[str]:
        yield v.outcome
        if self.state(v) in ("superseded", "corrected"):
            yield "superseded"
        if v.is_withdrawn:
            yield "withdrawn"
        if v.was_held:
            yield "held"
            if not v.is_held:
                yield "let_in"
        if v.cause != "delivery":
            yield "correction_approved" if v.cause == "correction" else "replayed"

    # What people decide.

    def withdraw(self, key: Key) -> str:
        """Take an answer back; nothing older comes back."""
        counts = self.in_force.get(key)
        if counts is None:
            return "nothing"
        if self._waits(key):
            return "closed"
        counts.is_withdrawn = True
        return "withdrawn"

    def is_closed(self, period: str) -> bool:
        """Whether a period may not change."""
        return any(c.has(period) for c in self.closings)

    def close(self, period: str) -> bool:
        """Close a period; false where it is closed."""
        if self.is_closed(period):
            return False
        self.closings.append(Closing(period))
        return True

    def reopen(self, period: str) -> str:
        """Open a period again with what lies in it, and let in what waited; not where a longer one keeps it closed."""
        around = [c.period for c in self.closings if c.has(period)]
        if not around or any(last_day(p) > last_day(period) or first_day(p) < first_day(period) for p in around):
            return "closed" if around else "nothing"
        for c in self.closings:
            if first_day(period) <= first_day(c.period) and last_day(c.period) <= last_day(period):
                c.is_open = True
        for v in self.versions:
            v.is_held = v.is_held and self.is_closed(v.period)
        return "reopened"

    def _waits(self, key: Key) -> bool:
        return key[0] != "unit_register" and self.is_closed(key[2])

    def newest(self, key: Key) -> Version | None:
        """The newest answer, accepted or refused; None where it was withdrawn, in this version or another of the same delivery."""
        answers = self.answers(*key)
        taken_back = {v.delivery for v in answers if v.is_withdrawn}
        return answers[-1] if answers and answers[-1].delivery not in taken_back else None

    def propose(self, key: Key, correction: Correction) -> None:
        """One person says what a cell of the newest answer should say."""
        newest = self.newest(key)
        assert newest is not None
        self.proposals.append(Proposal(key, newest.delivery, self.versions.index(newest), correction))

    def state_of(self, p: Proposal) -> str:
        """What has become of a correction."""
        return "approved" if p in self.approved else "outdated" if self.is_outdated(p) else "proposed"

    def is_outdated(self, p: Proposal) -> bool:
        """Whether the unit answered anew, or the answer was withdrawn."""
        later = [v for n, v in enumerate(self.versions) if n > p.after and (v.form, v.unit, v.period) == p.key]
        return any(v.delivery != p.delivery for v in later) or any(
            v.is_withdrawn and v.delivery == p.delivery for v in self.versions
        )

    def approve(self, p: Proposal) -> bool:
        """A second person agrees: another version of the same delivery, and whether there is one."""
        made = self._again(p.delivery, [*self._approved(p.delivery), p.correction])
        if made is not None:
            made.cause = "correction"
            self.versions.append(made)
            self.approved.append(p)
        return made is not None

    def replay(self) -> list[tuple[Key, str]]:
        """Judge once more what was refused or has rows that wait; a better outcome is another version. Gives what became of each."""
        endings = []
        for key in sorted({(v.form, v.unit, v.period) for v in self.versions}):
            newest = self.newest(key)
            if newest is None or (newest.outcome == "accepted" and not newest.faults):
                continue
            made = self._again(newest.delivery, self._approved(newest.delivery))
            as_before = newest.outcome == "accepted" and made is not None and set(made.faults) == set(newest.faults)
            if made is not None and not as_before:
                made.cause = "replay"
                self.versions.append(made)
            endings.append((key, "replaced" if made is not None and not as_before else "unchanged"))
        return endings

    def backfill(self, asked: Backfill) -> str | list[tuple[str, str, str, str]]:
        """Judge everything in a range again: what counts, and what was refused after it; whatever is another now is another version.

        Gives what became of each; "closed", and nothing happens, where a closed period is touched that is not to be restated.
        """
        touched = {v.period for v in self._asked(asked)}
        around = {
            max((c.period for c in self.closings if c.has(period)), key=lambda p: last_day(p) - first_day(p))
            for period in touched
            if self.is_closed(period)
        }
        if around and not asked.restates:
            return "closed"
        for period in around:
            self.reopen(period)
        self.backfills += 1
        endings, moving = [], set[Key]()
        for before in self._asked(asked):
            key = (before.form, before.unit, before.period)
            made = self._anew(before.delivery, self._approved(before.delivery))
            told = [(v.outcome, v.content, v.faults, v.rows) for v in (before, made)]
            if told[0] != told[1]:
                # What is newer stays the newer.
                moving.add(key)
            if key in moving:
                made.cause = "backfill"
                self.versions.append(made)
            endings.append((*key, _ending(before, made) if key in moving else "unchanged"))
        return sorted(endings)

    def _asked(self, asked: Backfill) -> list[Version]:
        """The last version of each delivery that counts in the range, or is the newest word on something; the older first."""
        found = {}
        for key in {(v.form, v.unit, v.period) for v in self.versions}:
            counts = self.in_force.get(key)
            for v in (counts, self.newest(key)):
                if v is not None and asked.covers(key[0], key[2]) and not (asked.only_missing and counts):
                    found[key, v.delivery] = [o for o in self.answers(*key) if o.delivery == v.delivery][-1]
        return sorted(found.values(), key=lambda v: (v.form != "unit_register", v.form, v.period, v.unit, v.version))

    def _approved(self, delivery: int) -> list[Correction]:
        return [p.correction for p in self.approved if p.delivery == delivery]

    def _again(self, delivery: int, corrections: list[Correction]) -> Version | None:
        """The answer of a delivery as it would be decided now; None if it would be refused."""
        if self._is_refused(self.deliveries[delivery].book, self.register):
            return None
        return self._anew(delivery, corrections)

    def _anew(self, delivery: int, corrections: list[Correction]) -> Version:
        """The same, accepted or refused."""
        d = self.deliveries[delivery]
        rows = list(d.book.rows)
        first = FIRST_ROW.get(d.book.form, 0)
        for c in corrections:
            rows[c.row_number - first] = corrected(rows[c.row_number - first], c)
        content = (*d.book.content, *corrections) if corrections else d.book.content
        made = self._version(delivery, d, content, tuple(rows), self.register)
        if self._is_refused(d.book, self.register):
            self._refuse(made)
        made.is_held = made.was_held = made.outcome == "accepted" and self._waits((made.form, made.unit, made.period))
        return made

    # What is published.

    def figures(self) -> dict[Figure, Facts]:
        """The figures that follow from what counts now."""
        return figures(self._picture())

    def figures_to_publish(self) -> dict[Figure, Facts]:
        """The same, with those of closed periods as readers see them already."""
        seen, told = self.releases[-1], self.figures()
        return {
            **{key: facts for key, facts in told.items() if not self.is_closed(key[-1])},
            **{key: facts for key, facts in seen.items() if self.is_closed(key[-1])},
        }

    def waiting(self) -> set[tuple[object, ...]]:
        """The figures of closed periods that would be others: key, value as closed, value as it would be."""
        seen, told = self.releases[-1], self.figures()
        keys = {key for key in seen.keys() | told.keys() if self.is_closed(key[-1]) and seen.get(key) != told.get(key)}
        return {(*key, seen.get(key, (None,))[0], told.get(key, (None,))[0]) for key in keys}

    def completeness(self) -> dict[Key, tuple[object, ...]]:
        """Who had to answer what, and has."""
        return completeness(self._picture())

    def _picture(self) -> State:
        received = {}
        for v in self.versions:
            if v.outcome == "accepted":
                key = (v.form, v.unit, v.period)
                received[key] = min(received.get(key, v.received), v.received)
        refused = {(v.form, v.unit, v.period) for v in self.versions if v.outcome == "refused"}
        held = {(v.form, v.unit, v.period) for v in self.versions if v.is_held}
        return State(self.business_date, self.register, self.in_force, received, refused, held)


def _ending(before: Version, made: Version) -> str:
    return {
        ("refused", "accepted"): "accepted_now",
        ("accepted", "refused"): "refused_now",
        ("refused", "refused"): "refused_still",
    }.get((before.outcome, made.outcome), "new_version")


def corrected(row: Row, c: Correction) -> Row:
    """The row with one cell of it corrected; what was wrong with that cell is right then."""
    if isinstance(row, Line):
        mended = {"cash": "text", "persons": "nobody"}[c.word]
        return replace(row, **{c.word: c.value}, fault="" if row.fault == mended else row.fault)  # type: ignore[arg-type]
    assert isinstance(row, Payment)
    return replace(row, amount=c.value)


def faults(row: Row, period: str, spans: tuple[Span, ...]) -> frozenset[str]:
    """The codes of everything that makes a row wait."""
    found = set()
    match row:
        case Line():
            first, last = first_day(period), last_day(period)
            if not any(s.code == row.beneficiary and s.meets(first, last) for s in spans):
                found.add("relief.beneficiary_unit_known")
            found |= {LINE_FAULTS[row.fault]} if row.fault else set()
        case Payment():
            found |= {"hardship_aid.date_in_period"} if row.fault else set()
        case Profile():
            found |= {"unit_profile.covered_within_employees"} if row.covered > row.employees else set()
    return frozenset(found)
