"""Past releases of a really built warehouse: each figure as it was, and its rows as they were in force then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.dbt import build
from connectors.settings import Settings
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.engine import connect
from connectors.warehouse.explain import explain
from connectors.warehouse.explain_as_of import explain_as_of
from connectors.warehouse.lease import hold
from connectors.warehouse.publish import publish
from connectors.warehouse.withdrawal import withdraw
from flows.explanation import draw_explanation
from flows.speech import Speaker
from tests.conftest import HOME, _database, settings_in, template_of
from tests.dbt.small_year import aid, profile, put_small_year, register, relief, submit

Shown = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Releases:
    """A warehouse with three releases, and what readers saw in each."""

    settings: Settings
    shown: dict[int, Shown]


@pytest.fixture(scope="module")
def releases(
    cluster: Settings, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Releases]:
    with contextmanager(_database)(cluster, template_of(pytestconfig.stash[HOME])) as url:
        settings = settings_in(tmp_path_factory.mktemp("releases") / "home", url)
        put_small_year(settings)
        shown: dict[int, Shown] = {}
        with connect(settings) as conn:
            shown[1] = _release(settings, conn, date(2021, 7, 31))
            submit(conn, "relief", "A0101", "2021-03", [relief("700", day=date(2021, 3, 5))], version=2)
            submit(conn, "hardship_aid", "A0102", "2021-04", [aid("eve", "30", date(2021, 4, 9))])
            submit(conn, "unit_profile", "A0201", "2021-Q2", [profile("built", 70, 70, None)])
            assert withdraw(conn, "relief", "A0102", "2021-02", reason="报错单位", author="王处")
            shown[2] = _release(settings, conn, date(2021, 7, 31))
            moved = [row | {"parent_code": "A02"} if row["unit_code"] == "A0101" else row for row in register()]
            submit(conn, "unit_register", "S0001", "2021", moved, version=2)
            shown[3] = _release(settings, conn, date(2021, 8, 31))
        yield Releases(settings, shown)


def _release(settings: Settings, conn: psycopg.Connection[Any], night: date) -> Shown:
    sync_calendar(conn, night, settings.dbt_project_dir / "seeds" / "plans.csv")
    with hold(settings, "night", "test") as lease:
        result = build(settings, lease.fence, night, lease.fence, "inputs")
        assert result.passed, result.failures
        assert publish(settings, lease, lease.fence, night, "test").is_new
    return conn.execute(
        "select indicator_id, org_level, org_id, period, value, numerator, denominator, completeness, status, release_id"
        " from bi.indicator_value order by indicator_id, org_id, period"
    ).fetchall()


def test_every_past_figure_is_the_sum_or_count_of_the_rows_that_were_in_force_then(releases: Releases) -> None:
    wrong, told = [], 0
    with connect(releases.settings) as conn:
        for release_id, shown in releases.shown.items():
            # Some of those that move from one release to the next, and of the province's year.
            others = {row[:-1] for number, rows in releases.shown.items() if number != release_id for row in rows}
            moving = [row for row in shown if row[:-1] not in others and row[4] is not None]
            year = [row for row in shown if row[1] == "province" and row[3] == "2021"]
            for row in [*moving[:: len(moving) // 7], *year[release_id::9]]:
                indicator_id, _, org_id, period, value = row[:5]
                found = explain_as_of(conn, release_id, indicator_id, period, org_id, 3)
                told += 1
                if found is None or found.value != value or not found.is_reconciled:
                    wrong.append((release_id, row[:5], found and found.numerator.rows_value))
    assert told > 30
    assert wrong == []


def test_a_past_figure_shows_the_versions_of_then(releases: Releases) -> None:
    with connect(releases.settings) as conn:
        found = [explain_as_of(conn, release_id, "relief_paid", "2021-03", "A0101") for release_id in (1, 2)]
        today = explain(conn, "relief_paid", "2021-03", "A0101")
    versions = [
        [(s.version, [row.value for row in s.rows]) for s in f.numerator.submissions if s.form_id == "relief"]
        for f in found
        if f
    ]
    assert versions == [[(1, [Decimal("100")])], [(2, [Decimal("700")])]]
    assert [f.release_id for f in found if f] == [1, 2]
    assert today is not None
    assert today.release_id == 3


def test_a_withdrawn_answer_stands_behind_the_releases_before(releases: Releases) -> None:
    with connect(releases.settings) as conn:
        before, after = (explain_as_of(conn, number, "relief_paid", "2021-02", "A0102") for number in (1, 2))
    assert before is not None
    assert after is not None
    assert (before.value, after.value) == (Decimal("500"), None)
    assert (before.numerator.rows_total, after.numerator.rows_total) == (1, 0)


def test_a_group_of_then_has_the_units_of_then(releases: Releases) -> None:
    with connect(releases.settings) as conn:
        units = [
            {s.unit_id for s in found.numerator.submissions}
            for number in (2, 3)
            if (found := explain_as_of(conn, number, "relief_paid", "2021-03", "A02"))
        ]
    assert units == [{"A0201"}, {"A0101", "A0201"}]


def test_where_the_program_is_another_no_rows_are_told_and_why(releases: Releases) -> None:
    with connect(releases.settings) as conn, conn.transaction(force_rollback=True):
        conn.execute("update ops.dbt_build set code_digest = 'another', last_submission_id = last_submission_id - 3")
        found = explain_as_of(conn, 2, "relief_paid", "2021-03", "A0101")
        conn.execute("update bi.release set build_id = null")
        unknown = explain_as_of(conn, 2, "relief_paid", "2021-03", "A0101")
    assert found is not None
    assert unknown is not None
    assert (found.value, found.rows_unknown, found.numerator.submissions) == (Decimal("1750"), "code_changed", ())
    assert (unknown.value, unknown.rows_unknown) == (Decimal("1750"), "boundary_unknown")
    assert "不列出各行" in draw_explanation(found, Speaker())


def test_each_change_of_the_built_figures_has_its_cause(releases: Releases) -> None:
    with connect(releases.settings) as conn:
        rows = conn.execute("select release_id, indicator_id, org_id, period, causes from bi.release_change").fetchall()
    causes = {row[:4]: row[4] for row in rows}
    assert causes[2, "relief_paid", "A0101", "2021-03"] == ["resubmission"]
    assert causes[2, "relief_paid", "A0102", "2021-02"] == ["withdrawal"]
    assert causes[2, "daily_relief_money", "A0102", "2021-04"] == ["new_data"]
    assert causes[2, "relief_paid", "SN", "2021"] == ["withdrawal", "resubmission", "new_data"]
    assert causes[2, "smart_union_rate", "A0201", "2021-Q2"] == ["new_data"]
    assert causes[3, "relief_paid", "A02", "2021"] == ["register_change"]
    # The province has the same units as before: that July was over is why.
    assert causes[3, "submission_completeness", "SN", "2021-07"] == ["calendar"]
    assert {c for (number, *_), all_of_them in causes.items() if number == 3 for c in all_of_them} == {
        "register_change",
        "calendar",
    }
    assert [row for row in rows if "unexplained" in row[4]] == []
