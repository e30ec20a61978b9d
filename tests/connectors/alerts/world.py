"""A small province in which things go wrong, night after night: answers put straight into the ledger, alerts and messages for real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.alerts.condition import Condition
from connectors.alerts.ledger import Night
from connectors.alerts.owners_file import load_owners
from connectors.alerts.reminding import write_reminders
from connectors.alerts.telling import Seen, Told, read_names, tell_staff
from connectors.settings import PROJECT_FOLDER
from connectors.warehouse.engine import database_clock
from tests.connectors.warehouse.stories import put_register

COMPLETENESS = """
    create table bi.completeness (form_id text, unit_id text, period text, expected boolean, accepted boolean, due_date date,
        state text, primary key (form_id, unit_id, period))
"""

OWNERS = """
channels:
  li-group: {kind: wecom, url: {file: li.url}}
  wang-group: {kind: feishu, url: {file: wang.url}}
people:
  li: {name: 李处, channels: [li-group]}
  wang: {name: 王工, channels: [wang-group]}
routes:
  - {kinds: [night_failed, checks_failed], owner: wang}
  - {units: [A02], owner: wang}
contacts: {A0201: wang}
default: li
"""

Row = dict[str, Any]


@dataclass
class World:
    """The province, its database, and where its register of owners lies."""

    conn: psycopg.Connection[Any]
    owners: Path
    runs: int = 0

    def begin(self) -> World:
        """The register of units, and an empty table of what is owed."""
        put_register(self.conn)
        self.conn.execute(COMPLETENESS)
        return self

    def answer(
        self,
        form: str,
        unit: str,
        period: str,
        *,
        refused: Mapping[str, int] | None = None,
        waiting: Mapping[str, int] | None = None,
        value: str | None = None,
    ) -> int:
        """An answer as the newest version: refused for these codes, or accepted with rows that wait for these; gives its id."""
        [(delivery_id,)] = self.conn.execute(
            "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
            " values ('inbox', %s, 1, 1, '', now(), now(), 1) returning delivery_id",
            (f"{unit}_{form}_{period}.xlsx",),
        ).fetchall()
        rows = sum((waiting or {}).values())
        [(submission_id,)] = self.conn.execute(
            "insert into ops.submission (delivery_id, form_id, edition, unit_id, period, version, outcome, is_nil, columns,"
            " content_token, rows_read, rows_loaded, rows_quarantined, rows_ignored, received_at, decided_at, run_id)"
            " select %(d)s, %(f)s, '', %(u)s, %(p)s, 1 + count(*), %(o)s, false, '{}', '', %(n)s, 0, %(n)s, 0, now(), now(), 1"
            " from ops.submission where (form_id, unit_id, period) = (%(f)s, %(u)s, %(p)s) returning submission_id",
            {"d": delivery_id, "f": form, "u": unit, "p": period, "o": "refused" if refused else "accepted", "n": rows},
        ).fetchall()
        for severity, findings in (("critical", refused), ("error", waiting)):
            for code, count in (findings or {}).items():
                for number in range(count):
                    self.conn.execute(
                        "insert into ops.finding (delivery_id, submission_id, unit_id, form_id, period, code, severity, row_number,"
                        " value, params, run_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{}', 1)",
                        (delivery_id, submission_id, unit, form, period, code, severity, number, value),
                    )
        self.conn.execute("update bi.completeness set accepted = %s, state = %s where (form_id, unit_id, period) = (%s, %s, %s)",
                          (not refused, "refused" if refused else "accepted", form, unit, period))  # fmt: skip
        return int(submission_id)

    def owes(self, form: str, unit: str, period: str, due: date, state: str = "overdue") -> None:
        """An answer that was expected and is not there."""
        self.conn.execute(
            "insert into bi.completeness values (%s, %s, %s, true, false, %s, %s)", (form, unit, period, due, state)
        )

    def night(self, day: date, *conditions: Condition, is_whole: bool = True, now: datetime | None = None) -> Told:
        """What a night tells the staff, in a transaction of its own."""
        self.runs += 1
        seen = Seen(Night(self.runs, day), PROJECT_FOLDER / "dbt_project", conditions, is_whole)
        with self.conn.transaction():
            return tell_staff(self.conn, seen, self.owners, now)

    def remind(self, day: date, conn: psycopg.Connection[Any] | None = None) -> int:
        """Ask who owes on a day, in a transaction of its own, over another connection if given; gives the people asked."""
        conn, owners = conn or self.conn, load_owners(self.owners)
        assert owners is not None
        with conn.transaction():
            names = read_names(conn, day, PROJECT_FOLDER / "dbt_project")
            return write_reminders(conn, day, owners, names, database_clock(conn))

    def alerts(self) -> list[tuple[str, str, str]]:
        """Kind, about whom, and state of every opening, in order."""
        rows = self.conn.execute(
            "select kind, coalesce(unit_id, ''), state from ops.alert order by alert_id"
        ).fetchall()
        return [(kind, unit, state) for kind, unit, state in rows]

    def messages(self, channel_id: str | None = None) -> list[Row]:
        """The messages of the outbox, in order."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select * from ops.outbox where %(c)s::text is null or channel_id = %(c)s order by outbox_id",
                {"c": channel_id},
            ).fetchall()

    def sections(self, channel_id: str) -> list[dict[str, Sequence[str]]]:
        """What each message over a channel says, by heading."""
        return [
            {section["heading"]: section["lines"] for section in message["content"]["sections"]}
            for message in self.messages(channel_id)
        ]
