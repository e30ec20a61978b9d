"""What must come of the story, worked out by hand's rules: the calendar of the State Council, the due dates of the forms, the state of
each alert after each night. Nothing here asks the product; it knows the contracts' words (who hands in what, due when) and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from expectations.contract import forms
from tests.timewarp.story import BEGIN, DECISIONS, ENTERPRISES, FILES, OFFICE, Decision, File, begins

_HOLIDAYS = """
2024-01-01 2024-02-12 2024-02-13 2024-02-14 2024-02-15 2024-02-16 2024-04-04 2024-04-05 2024-05-01 2024-05-02 2024-05-03 2024-06-10
2024-09-16 2024-09-17 2024-10-01 2024-10-02 2024-10-03 2024-10-04 2024-10-07 2025-01-01
"""
"""Weekdays that are not worked. 国办发明电〔2023〕7号 for 2024, 〔2024〕12号 for the day of 2025."""
_WORKED = "2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12"
"""Saturdays and Sundays that are worked."""

HOLIDAYS = frozenset(map(date.fromisoformat, _HOLIDAYS.split()))
WORKED = frozenset(map(date.fromisoformat, _WORKED.split()))
Answer = tuple[str, str, str]
"""Form, unit, period."""
Change = tuple[str, str, str, date]
"""Kind and unit of an alert, what happened to it, and the business date."""


def due(form_id: str, last_day: date) -> date:
    """The last day on which a report is on time."""
    rule = forms()[form_id].due
    assert rule
    if rule.unit == "month_day":
        return date.fromisoformat(f"{last_day.year}-{rule.value}")
    if rule.unit == "days":
        return last_day + timedelta(days=int(rule.value))
    day, left = last_day, int(rule.value)
    while left:
        day += timedelta(days=1)
        left -= day in WORKED or (day.weekday() < 5 and day not in HOLIDAYS)
    return day


def _periods(frequency: str) -> Iterator[tuple[str, date]]:
    """The periods of 2023 and 2024 with their last days."""
    for year in (2023, 2024):
        for month in range(1, 13):
            last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            if frequency == "month":
                yield f"{last:%Y-%m}", last
            elif frequency == "quarter" and month % 3 == 0:
                yield f"{year}-Q{month // 3}", last
            elif frequency == "year" and month == 12:
                yield str(year), last


def owed() -> dict[Answer, tuple[date, date]]:
    """What is expected of the units at all: when it is due, and the day after which it is expected."""
    kinds = {"enterprise": ENTERPRISES, "provincial_office": (OFFICE,)}
    found = {}
    for form in forms().values():
        if form.due is None:
            continue
        for period, last in _periods(form.frequency):
            due_on = due(form.form_id, last)
            for kind in form.submitted_by:
                for unit in kinds[kind]:
                    if min(last, due_on) >= BEGIN:
                        found[form.form_id, unit, period] = (due_on, min(last, due_on))
    return found


@dataclass
class _Open:
    facts: dict[str, int]
    state: str = "open"
    until: date | None = None


@dataclass
class Year:
    """The story lived through: what the nights, one after the other, have to leave behind."""

    changes: list[Change] = field(default_factory=list)
    digests: dict[date, str] = field(default_factory=dict)
    overdue: dict[date, frozenset[Answer]] = field(default_factory=dict)
    _open: dict[tuple[str, str], _Open] = field(default_factory=dict)

    def live(self, nights: Sequence[date]) -> Year:
        """Live through these nights, and what staff decide between them."""
        for number, night in enumerate(nights):
            self._night(night)
            for decision in decisions_after(nights, number):
                self._decide(decision)
        return self

    def _night(self, night: date) -> None:
        came = [f for f in FILES if f.arrived < begins(night)]
        answered = {(f.form_id, f.unit_id, f.period) for f in came}
        expected = {answer: day for answer, (day, after) in owed().items() if after < night and answer not in answered}
        late = frozenset(answer for answer, day in expected.items() if day < night)
        self.overdue[night] = late
        holding = _quarantined(came)
        for form_id, unit, period in late:
            holding.setdefault(("overdue", unit), {})[f"{form_id} {period}"] = 1
        told: dict[str, int] = {"新出现": 0, "仍未解决": 0, "已解决": 0}
        for key in [key for key in self._open if key not in holding]:
            told["已解决"] += 1
            self.changes.append((*key, "resolved", night))
            del self._open[key]
        for key, facts in holding.items():
            told_as = self._hold(key, facts, night)
            if told_as:
                told[told_as] += 1
        counted = "，".join(f"{word} {count} 件" for word, count in told.items() if count)
        if counted:
            self.digests[night] = f"报表仓库 {night}：{counted}"

    def _hold(self, key: tuple[str, str], facts: dict[str, int], night: date) -> str | None:
        alert = self._open.get(key)
        if alert is None:
            self._open[key] = _Open(facts)
            self.changes.append((*key, "opened", night))
            return "新出现"
        if alert.facts != facts:
            alert.facts = facts
            self.changes.append((*key, "changed", night))
        if alert.state == "silenced" and alert.until and night > alert.until:
            alert.state = "open"
            self.changes.append((*key, "woken", night))
            return "新出现"
        return None if alert.state == "silenced" else "仍未解决"

    def _decide(self, decision: Decision) -> None:
        key = ("quarantined", decision.unit_id)
        alert = self._open[key]
        alert.state, alert.until = ("silenced", decision.until) if decision.until else ("acknowledged", None)
        self.changes.append((*key, alert.state, decision.made.date()))


def decisions_after(nights: Sequence[date], number: int) -> list[Decision]:
    """What staff decide between a night and the next one."""
    until = begins(nights[number + 1]) if number + 1 < len(nights) else None
    return [d for d in DECISIONS if begins(nights[number]) < d.made and (until is None or d.made < until)]


def _quarantined(came: Sequence[File]) -> dict[tuple[str, str], dict[str, int]]:
    newest = {(f.form_id, f.unit_id, f.period): f for f in sorted(came, key=lambda f: f.arrived)}
    return {("quarantined", f.unit_id): dict(f.waiting) for f in newest.values() if f.waiting}
