"""The digest: what each owner is told after a night, new, still open and resolved, once per change and channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.alerts.ledger import Night, Row, read_alerts_of
from connectors.alerts.lines import Names, lines, resolved_lines
from connectors.alerts.outbox import count_of, put_items, put_message
from connectors.alerts.owners import Owners, Person
from connectors.channels.message import Content, Section

REMEMBERED_DAYS = 30
"""How long after its resolution an alert may still be told as resolved, to a channel that had none of it since."""

MOST_LINES = 200
"""Lines that a section has; beyond, people use `warehouse alerts`."""

_TELLABLE = """
    select c.alert_id, c.change_no, c.kind, coalesce(array_agg(i.channel_id) filter (where i.channel_id is not null), '{}') as told
    from ops.alert_change c
    join ops.alert a using (alert_id)
    left join ops.outbox_item i using (alert_id, change_no)
    where c.kind in ('opened', 'woken', 'resolved') and (a.state <> 'resolved' or a.resolved_night > %(since)s::date - %(days)s)
    group by c.alert_id, c.change_no, c.kind
"""


@dataclass(frozen=True, slots=True)
class _Change:
    alert_id: int
    change_no: int
    kind: str
    told: frozenset[str]


def write_digests(conn: psycopg.Connection[Any], night: Night, owners: Owners, names: Names, now: datetime) -> int:
    """Write what each owner has not been told, and once a night what is still open; gives the messages written.

    In the caller's transaction, after the alerts have moved. Repeated, it writes nothing: each change is told once a channel.
    """
    changes = _read_changes(conn, night.business_date)
    mine: dict[str, list[Row]] = {}
    for row in read_alerts_of(conn, changes):
        owner = owners.owner_of(row["kind"], row["severity"], row["form_id"], row["unit_id"], names.parents)
        mine.setdefault(owner.person_id, []).append(row)
    written = 0
    for person_id, own in mine.items():
        person = owners.people[person_id]
        for channel_id in dict.fromkeys(person.channels):
            written += _tell(conn, night, _View(person, channel_id, own, changes), names, now)
    return written


@dataclass(frozen=True, slots=True)
class _View:
    """The alerts of an owner as one channel knows them."""

    person: Person
    channel_id: str
    rows: Sequence[Row]
    changes: dict[int, list[_Change]]

    def untold(self, row: Row, *kinds: str) -> list[tuple[int, int]]:
        return [
            (c.alert_id, c.change_no)
            for c in self.changes[row["alert_id"]]
            if c.kind in kinds and self.channel_id not in c.told
        ]

    def knows(self, row: Row) -> bool:
        return any(self.channel_id in c.told for c in self.changes[row["alert_id"]])

    def new(self) -> list[Row]:
        return [row for row in self._speaking() if self.untold(row, "opened", "woken")]

    def still_open(self) -> list[Row]:
        return [row for row in self._speaking() if not self.untold(row, "opened", "woken")]

    def resolved(self) -> list[Row]:
        return [
            row for row in self.rows if row["state"] == "resolved" and self.knows(row) and self.untold(row, "resolved")
        ]

    def silenced(self) -> int:
        return sum(row["state"] == "silenced" for row in self.rows)

    def _speaking(self) -> list[Row]:
        return [row for row in self.rows if row["state"] in ("open", "acknowledged") and row["cause_id"] is None]


def _tell(conn: psycopg.Connection[Any], night: Night, view: _View, names: Names, now: datetime) -> int:
    prefix = f"digest/{view.person.person_id}/{night.business_date}/"
    number = count_of(conn, prefix, view.channel_id) + 1
    new, resolved = view.new(), view.resolved()
    # Once a night; a second run of the same night tells only what is news.
    still = view.still_open() if number == 1 else []
    if not (new or resolved or still):
        return 0
    content = _content(night.business_date, names, (new, still, resolved), view)
    outbox_id = put_message(
        conn, f"{prefix}{number}", view.channel_id, view.person.person_id, content, night.business_date,
        view.person.not_before(now),
    )  # fmt: skip
    if outbox_id is None:
        return 0
    told = [pair for row in new for pair in view.untold(row, "opened", "woken")]
    # What was resolved before its waking was told needs no telling of the waking.
    told += [pair for row in resolved for pair in view.untold(row, "opened", "woken", "resolved")]
    put_items(conn, outbox_id, view.channel_id, told)
    return 1


def _content(night: date, names: Names, parts: tuple[list[Row], list[Row], list[Row]], view: _View) -> Content:
    new, still, resolved = parts
    caused = Counter(row["cause_id"] for row in view.rows if row["cause_id"] and row["state"] != "resolved")
    counted = "，".join(
        f"{word} {len(rows)} 件" for word, rows in (("新出现", new), ("仍未解决", still), ("已解决", resolved)) if rows
    )
    sections = [
        _section(heading, said)
        for heading, said in (
            ("新出现", lines(new, names, night, caused)),
            ("仍未解决", lines(still, names, night, caused)),
            ("已解决", resolved_lines(resolved, names)),
        )
        if said
    ]
    silenced = f"另有 {view.silenced()} 件已静默。" if view.silenced() else ""
    return Content(
        f"报表仓库 {night}：{counted}",
        tuple(sections),
        f"{silenced}认领：warehouse alerts ack 编号 --by 姓名；查看：warehouse alerts",
    )


def _section(heading: str, said: list[str]) -> Section:
    return Section(heading, tuple(said[:MOST_LINES]), max(0, len(said) - MOST_LINES))


def _read_changes(conn: psycopg.Connection[Any], since: date) -> dict[int, list[_Change]]:
    found: dict[int, list[_Change]] = {}
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_TELLABLE, {"since": since, "days": REMEMBERED_DAYS}):
            change = _Change(row["alert_id"], row["change_no"], row["kind"], frozenset(row["told"]))
            found.setdefault(change.alert_id, []).append(change)
    return found
