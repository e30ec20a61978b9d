"""Random histories of a small province, built by increments: what happens to it, the nights that see it, and what a full refresh makes of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks.night.ledger import Answer, newest_version, put_answers
from connectors.dbt import CHANGES, build, run_dbt
from connectors.settings import Settings
from connectors.warehouse.build_inputs import build_foundation
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import Lease
from connectors.warehouse.publish import Published, publish
from connectors.warehouse.scope import Digests, open_build
from connectors.warehouse.withdrawal import withdraw
from expectations.contract import forms
from expectations.periods import periods_between
from tests.dbt.small_year import register, submit

UNITS = ("A0101", "A0102", "A0201", "A0202")
OFFICE = "S0001"
FIRST_NIGHT = date(2021, 5, 11)

OF_ONE_BUILD = {"int_indicator_completeness", "int_indicator_values", "int_submissions_in_scope"}
"""Tables that hold what one build computed, and that nobody reads but this build; so do those that say what changed."""


@dataclass
class History:
    """A province and its nights. `told` says what happened, for the one who reads a failure."""

    settings: Settings
    lease: Lease
    chance: random.Random
    night: date = FIRST_NIGHT
    told: list[str] = field(default_factory=list)
    increments: int = 0

    def begin(self) -> None:
        """Some months of answers, the first build of everything and the first release."""
        with connect(self.settings) as conn:
            rows = register()
            rows.append({**rows[-1], "unit_code": "A0202", "unit_name": "A0202 工会", "short_name": "A0202"})
            submit(conn, "unit_register", OFFICE, "2021", rows)
            every = self._answers()
            put_answers(conn, self.chance.sample(every, len(every) * 2 // 3), None, self.chance, UNITS)
        self.build_and_publish()

    def live(self) -> None:
        """Let one thing happen, or some."""
        for _ in range(self.chance.choice((1, 1, 2, 5))):
            [happen] = self.chance.choices(
                (self.answer, self.answer_again, self.withdraw, self.wait, self.register_anew), (6, 6, 4, 4, 0.3)
            )
            happen()

    def answer(self) -> None:
        """A unit hands something in, for the first time or not."""
        self._put(self.chance.choice(self._answers()))

    def answer_again(self) -> None:
        """A unit replaces what is in force, with other rows or with none."""
        found = self._in_force()
        if found:
            self._put(self.chance.choice(found))

    def withdraw(self) -> None:
        """A unit takes back what is in force."""
        found = self._in_force()
        if found:
            gone = self.chance.choice(found)
            with connect(self.settings) as conn:
                withdraw(conn, gone.form_id, gone.unit_id, gone.period.id, reason="报错", author="王处")
            self.told.append(f"withdrawn {gone}")

    def wait(self) -> None:
        """Days pass, mostly within the month."""
        self.night += timedelta(days=self.chance.choice((1, 1, 2, 3, 9)))
        self.told.append(f"night {self.night}")

    def register_anew(self) -> None:
        """The register comes again, with another closing day of A0102."""
        with connect(self.settings) as conn:
            [(version,)] = conn.execute(
                "select max(version) from ops.submission where form_id = 'unit_register'"
            ).fetchall()
            rows = [dict(row) for row in register()]
            rows.append({**rows[-1], "unit_code": "A0202", "unit_name": "A0202 工会", "short_name": "A0202"})
            rows[5]["valid_to"] = date(2021, 6, 1) + timedelta(days=self.chance.randint(0, 29))
            submit(conn, "unit_register", OFFICE, "2021", rows, version + 1)
        self.told.append(f"register, A0102 ends {rows[5]['valid_to']}")

    def build(self) -> None:
        """Build for the night, and count it if it was an increment."""
        with connect(self.settings) as conn:
            sync_calendar(conn, self.night, self.settings.dbt_project_dir / "seeds" / "plans.csv")
        result = build(self.settings, 1, self.night, self.lease.fence, "inputs")
        assert result.failures == (), (result.failures, self.told)
        with connect(self.settings) as conn:
            [(base,)] = conn.execute(
                "select base_build_id from ops.dbt_build order by build_id desc limit 1"
            ).fetchall()
        self.told.append(f"built from {base}")
        self.increments += base is not None

    def build_half(self) -> None:
        """A build that dies when the rows of measures are new and the figures are not."""
        with connect(self.settings) as conn:
            digests = Digests("inputs", build_foundation(conn, self.settings.dbt_project_dir), "")
            opened = open_build(conn, 1, self.night, self.lease.fence, digests)
        if opened.base_build_id is not None:
            # Without tests, as if killed before them.
            run_dbt(self.settings, "run", *CHANGES, "--exclude", "int_changed_measure_values+")
        self.told.append(f"half built from {opened.base_build_id}")

    def publish(self) -> Published:
        """Publish what was built last."""
        published = publish(self.settings, self.lease, 1, self.night, "test")
        self.told.append(f"published {published}")
        return published

    def build_and_publish(self) -> Published:
        """A whole night."""
        self.build()
        return self.publish()

    def refresh(self) -> None:
        """Build everything, as if nothing had been built before."""
        with connect(self.settings) as conn:
            conn.execute("update ops.dbt_build set release_id = null")
        before = self.increments
        self.build()
        assert self.increments == before

    def tables(self, *schemas: str) -> dict[str, list[str]]:
        """Every row of every table that somebody reads, as text, sorted."""
        with connect(self.settings) as conn:
            names = conn.execute(
                "select schemaname::text, tablename::text from pg_tables where schemaname = any(%s)", (list(schemas),)
            ).fetchall()
            return {
                f"{schema}.{name}": [
                    row[0] for row in conn.execute(f"select t::text from {schema}.{name} t order by 1")
                ]
                for schema, name in names
                if name not in OF_ONE_BUILD and not name.startswith("int_changed_")
            }

    def _put(self, answer: Answer) -> None:
        with connect(self.settings) as conn:
            versions = newest_version(conn, [answer])
            version = 1 + versions.get((answer.form_id, answer.unit_id, answer.period.id), 0)
            put_answers(
                conn, [Answer(answer.form_id, answer.unit_id, answer.period, version)], self.night, self.chance, UNITS
            )
        self.told.append(f"{answer.form_id} {answer.unit_id} {answer.period.id} version {version}")

    def _answers(self) -> list[Answer]:
        return [
            Answer(form.form_id, unit_id, period)
            for form in forms().values()
            if not form.is_register
            for period in periods_between(form.frequency, date(2021, 1, 1), self.night)
            for unit_id in (*UNITS, OFFICE)
            if ("provincial_office" if unit_id == OFFICE else "enterprise") in form.submitted_by
        ]

    def _in_force(self) -> list[Answer]:
        with connect(self.settings) as conn:
            found = conn.execute("select form_id, unit_id, period from ops.submission_in_force").fetchall()
        known = {(a.form_id, a.unit_id, a.period.id): a for a in self._answers()}
        return [known[key] for key in sorted(found) if key in known]
