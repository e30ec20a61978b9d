"""An account of the BI tool notes all it may read at every release of a real warehouse; no small number follows from it."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import yaml

from connectors.settings import Settings
from connectors.superset.service import BI_FOLDER
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import hold
from connectors.warehouse.roles import BI_READER, STEWARD
from connectors.warehouse.small_numbers.rule import THRESHOLDS
from tests.attack.elimination import recovered
from tests.dbt.histories import History
from tests.night.rights import logged_in

HISTORIES = int(os.environ.get("WAREHOUSE_ATTACK_HISTORIES", "1"))
NIGHTS = 3

Place = tuple[str, str, str, str]
"""The measures that rows feed, unit, group and month."""

Unknown = tuple[Place, int]
"""What changed at a place in a release."""

Figure = tuple[str, str, str, str, str]
"""Indicator, level, organisation, kind of period, period."""

ROWS = """
select array_to_string(r.measures, ','), r.unit_id, coalesce(g.org_id, ''), to_char(r.month, 'YYYY-MM'), r.key, r.persons
from (select form_id, submission_id, row_number, unit_id, date_trunc('month', occurred_date)::date as month,
        array_agg(measure_id order by measure_id) as measures, max(distinct_key) as key,
        coalesce(max(value) filter (where measure_id = 'relief_person_times'), 1) as persons
      from marts.fct_measures
      where measure_id = any(%s) and row_number is not null and date_trunc('month', occurred_date) <= %s group by 1, 2, 3, 4, 5) r
left join intermediate.int_unit_months g
  on g.unit_id = r.unit_id and g.org_level = 'group' and g.basis <> 'as_now' and g.month_date = r.month
"""


@dataclass
class Attack:
    """What is true of a warehouse, release by release, and what a reader noted of it."""

    owner: psycopg.Connection[Any]
    measures: dict[str, set[str]] = field(default_factory=dict)
    health: set[str] = field(default_factory=set)
    truth: dict[int, dict[Place, list[tuple[str | None, int]]]] = field(default_factory=dict)
    unknowns: set[Unknown] = field(default_factory=set)
    noted: set[tuple[Figure, int]] = field(default_factory=set)

    def look(self, reader: psycopg.Connection[Any]) -> None:
        """Note what can be read now, and what is true."""
        [(release, night)] = self.owner.execute(
            "select release_id, night from bi.release order by 1 desc limit 1"
        ).fetchall()
        if release in self.truth:
            return
        for indicator, sensitivity, *sides in self.owner.execute(
            "select indicator_id, sensitivity, numerator_measure, denominator_measure from bi.indicator"
            " where sensitivity <> 'none' and indicator_id <> 'row_acceptance_rate'"
        ):
            self.measures[indicator] = {side for side in sides if side}
            if sensitivity == "health":
                self.health |= self.measures[indicator]
        found: dict[Place, list[tuple[str | None, int]]] = defaultdict(list)
        every = sorted(set().union(*self.measures.values()))
        for counted_in, unit, group, month, key, persons in self.owner.execute(ROWS, (every, night)):
            found[counted_in, unit, group, month].append((key, int(persons)))
        before = self.truth[max(self.truth)] if self.truth else {}
        self.unknowns |= {
            (place, release)
            for place in {*found, *before}
            if sorted(found.get(place, []), key=str) != sorted(before.get(place, []), key=str)
        }
        self.truth[release] = found
        # A row that is kept is what was true until the release before the one that moved it.
        states = {
            tuple(row[:5]): row[5]
            for row in self.owner.execute(
                "select indicator_id, org_level, org_id, period_type, period, coalesce(valid_to_release - 1, %s)"
                " from bi.indicator_value_history where shown",
                (release,),
            )
        }
        for figure in reader.execute(
            "select indicator_id, org_level, org_id, period_type, period from bi.indicator_value"
        ):
            if figure[0] in self.measures:
                self.noted.add((figure, states[figure]))

    def sum_of(self, figure: Figure, release: int) -> dict[Hashable, int]:
        return {unknown: 1 for unknown in self.unknowns if unknown[1] <= release and self._counts(unknown[0], figure)}

    def persons(self, figure: Figure, release: int) -> int:
        rows = [row for place, of in self.truth[release].items() if self._counts(place, figure) for row in of]
        return len({key for key, _ in rows if key}) + sum(persons for key, persons in rows if not key)

    def threshold(self, figure: Figure) -> int:
        return THRESHOLDS["health" if self.measures[figure[0]] <= self.health else "people"]

    def secrets(self) -> dict[str, dict[Hashable, int]]:
        """Each small figure of any period, at each release."""
        wanted = {}
        places = {place for of in self.truth.values() for place in of}
        figures = {
            (indicator, level, org, kind, period)
            for (_, unit, group, month) in places
            for indicator in self.measures
            for level, org in (("unit", unit), ("group", group), ("province", "SN"))
            for kind, period in (
                ("month", month),
                ("year", month[:4]),
                ("quarter", f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"),
            )
        }
        for release in self.truth:
            for figure in figures:
                if 0 < self.persons(figure, release) < self.threshold(figure):
                    wanted[f"{figure} in {release}"] = self.sum_of(figure, release)
        return wanted

    def naive(self) -> list[dict[Hashable, int]]:
        """What would be noted if only small figures were withheld."""
        figures = self.owner.execute(
            "select distinct indicator_id, org_level, org_id, period_type, period from bi.indicator_value_history where period_type <> 'plan'"
        ).fetchall()
        return [
            self.sum_of(figure, release)
            for figure in figures
            if figure[0] in self.measures
            for release in self.truth
            if self.persons(figure, release) >= self.threshold(figure)
        ]

    def _counts(self, place: Place, figure: Figure) -> bool:
        counted_in, unit, group, month = place
        indicator, level, org, kind, period = figure
        is_org = level == "province" or org == (unit if level == "unit" else group)
        quarter = f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
        is_when = {"month": month, "quarter": quarter, "year": month[:4]}.get(kind, month) == period or kind == "plan"
        return is_org and is_when and bool(self.measures[indicator] & set(counted_in.split(",")))


@pytest.fixture
def history(settings: Settings, request: pytest.FixtureRequest) -> Iterator[History]:
    with hold(settings, "publish", "test") as lease:
        yield History(settings, lease, random.Random(request.param))


@pytest.mark.parametrize("history", range(HISTORIES), indirect=True)
def test_no_small_number_follows_from_what_a_reader_noted_night_by_night(history: History) -> None:
    history.begin()
    assert history.settings.url
    with connect(history.settings) as owner, logged_in(history.settings.url, owner, BI_READER, []) as reader:
        attack = Attack(owner)
        attack.look(reader)
        for _ in range(NIGHTS):
            history.answer_again()
            history.live()
            history.build_and_publish()
            attack.look(reader)
        assert len(attack.truth) > 1, history.told
        secrets = attack.secrets()
        assert len(secrets) > 20, "there is something to find"
        assert any(figure[1] == "province" for figure, _ in attack.noted), "and something is shown"
        assert {figure[3] for figure, _ in attack.noted} <= {"year", "plan"}
        assert recovered((attack.sum_of(*noted) for noted in attack.noted), secrets) == [], history.told
        assert len(recovered(attack.naive(), secrets)) > 0, (
            "the attack finds what only hiding small figures leaves open"
        )
        _nothing_beside(owner, reader)
        _a_reader_is_told_what_is_withheld(owner, reader)
        _dashboards_are_answered(reader)
        with logged_in(history.settings.url, owner, STEWARD, ["A0101"]) as steward:
            _of_others_a_steward_learns_nothing(owner, steward)


def _nothing_beside(owner: psycopg.Connection[Any], reader: psycopg.Connection[Any]) -> None:
    sensitive = [row[0] for row in owner.execute("select indicator_id from bi.indicator where sensitivity <> 'none'")]
    for table in (
        "indicator_value_as_now",
        "release_change",
        "waiting_change",
        "indicator_value_as_of((select max(release_id) from bi.release))",
    ):
        query = f"select count(*) from bi.{table} t where indicator_id = any(%s)"
        if "as_of" not in table:
            assert reader.execute(query, (sensitive,)).fetchone() == (0,), table
    former = "select count(*) from bi.indicator_value_history where indicator_id = any(%s) and valid_to_release is not null and not kept"
    assert reader.execute(former, (sensitive,)).fetchone() == (0,)
    assert owner.execute(former, (sensitive,)).fetchone() != (0,)
    assert reader.execute("select count(*) from bi.relief_summary").fetchone() == (0,)
    assert owner.execute("select count(*) from bi.relief_summary").fetchone() != (0,)
    for table in ("data_quality_summary", "finding_summary"):
        forms = {row[0] for row in reader.execute(f"select distinct form_id from bi.{table}")}
        assert not forms & {"hardship_aid", "student_aid", "education_uplift"}, table
    for table, value in (("published_comparison", "computed_value"), ("target_progress", "actual")):
        told = reader.execute(
            f"select indicator_id, {value} from bi.{table} where indicator_id = any(%s)", (sensitive,)
        ).fetchall()
        seen = {tuple(row) for row in reader.execute("select indicator_id, value from bi.indicator_value")}
        assert {row for row in told if row[1] is not None} <= seen, table


def _a_reader_is_told_what_is_withheld(owner: psycopg.Connection[Any], reader: psycopg.Connection[Any]) -> None:
    """Of years and plans, what a reader does not see as it is now is listed, and nothing else."""
    key = "select indicator_id, org_level, org_id, period_type, period"
    now = set(
        owner.execute(
            f"{key}, value from bi.indicator_value where value is not null and period_type in ('year', 'plan')"
        ).fetchall()
    )
    seen = set(
        reader.execute(
            f"{key}, value from bi.indicator_value where value is not null and period_type in ('year', 'plan')"
        ).fetchall()
    )
    listed = set(reader.execute(f"{key} from bi.withheld_figure").fetchall())
    assert {figure[:5] for figure in now - seen} <= listed
    unseen = {figure[:5] for figure in now} - {figure[:5] for figure in seen}
    hidden = set(reader.execute(f"{key} from bi.withheld_figure where seen_release is null").fetchall())
    assert hidden == unseen


def _dashboards_are_answered(reader: psycopg.Connection[Any]) -> None:
    """Every dataset can be asked by a reader, and each chart of relief still has something to show."""
    datasets = yaml.safe_load((BI_FOLDER / "datasets.yaml").read_text())
    for name, dataset in datasets.items():
        columns = ", ".join(dataset["columns"])
        rows = reader.execute(f"select {columns} from ({dataset['sql']}) q limit 1").fetchall()
        # Rows that were put into the ledger have no findings, and nobody is told of them.
        assert rows or name in ("findings", "finding_totals", "alerts"), name
    charts = yaml.safe_load((BI_FOLDER / "dashboards" / "leaders.yaml").read_text())["charts"]
    for name in ("relief_total", "relief_persons", "relief_units", "relief_by_campaign", "relief_by_year"):
        where = " and ".join(
            f"{column} = any(array{value})" if operator == "IN" else f"{column} = {value!r}"
            for column, operator, value in charts[name]["where"]
        )
        figures = f"select value from ({datasets['figures']['sql']}) q where value is not null and {where}"
        assert reader.execute(figures).fetchall(), name


def _of_others_a_steward_learns_nothing(owner: psycopg.Connection[Any], steward: psycopg.Connection[Any]) -> None:
    assert {row[0] for row in steward.execute("select distinct org_id from bi.indicator_value")} == {"A0101"}
    told = "select count(*) from bi.published_comparison where indicator_id in (select bi.sensitive_indicators())"
    assert steward.execute(told).fetchone() == (0,)
    assert owner.execute(told).fetchone() != (0,)
