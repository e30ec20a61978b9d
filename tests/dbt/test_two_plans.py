"""What dbt makes of years and plans, against figures counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.dbt import BuildResult, build
from connectors.dbt_sources import DBT_PROJECT
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.conftest import HOME, _database, settings_in, template_of
from tests.dbt.two_plans import NIGHT, add_second_plan, put_two_plans

FIGURES: list[tuple[str, str, str, str | None]] = [
    # Growth: of the province, of a unit that declared nothing for the year before, of one that never answered for it.
    ("skills_contest_trades", "SN", "2025", "4"),
    ("skills_contest_new_trades", "SN", "2025", "2"),
    ("skills_contest_new_trades", "S0001", "2025", "1"),
    ("skills_contest_new_trades", "A0101", "2025", "1"),
    ("skills_contest_new_trades", "A0201", "2025", None),
    # 2020 was before the first plan, and still is the year before 2021.
    ("skills_contest_new_trades", "SN", "2021", "-1"),
    ("skills_contest_new_trades", "SN", "2022", None),
    # One alliance of two units that list it every quarter, under two spellings; one is older than the plan.
    ("studio_alliances", "SN", "2021", "1"),
    ("studio_alliances", "A0201", "2021-Q1", "1"),
    ("studio_alliances", "SN", "2021-Q2", "0"),
    ("studio_alliance_trades", "SN", "2021", "1"),
    ("studio_alliance_trades", "SN", "2025", "1"),
    ("studio_alliance_trades", "SN", "2021-2025", "1"),
    # A new plan begins at nothing.
    ("studio_alliance_trades", "SN", "2026", "1"),
    ("studio_alliance_trades", "A0101", "2026-2030", None),
    ("studio_alliance_trades", "SN", "2026-2030", "1"),
    # Named in 2018, before the first month that is reported; named at the end of 2021.
    ("model_workers_named", "SN", "2021-06", "1"),
    ("model_workers_named", "SN", "2021", "2"),
    ("model_workers_named", "SN", "2026-03", "2"),
    # In October both on the roster are trained; bob left in November and counts in neither; cat failed.
    ("cadre_training_round_1", "A0101", "2025-09", "1"),
    ("cadre_training_round_2", "A0101", "2025-09", "0"),
    ("cadre_training_round_2", "A0101", "2025-10", "0.5"),
    ("cadre_training_round_1", "A0101", "2025-11", "1"),
    ("cadre_training_round_1", "SN", "2025", "0.5"),
    ("cadre_training_round_2", "SN", "2025", "0.5"),
    ("supervisor_training_coverage", "SN", "2025", "0"),
    ("cadre_training_round_1", "S0001", "2025", None),
    # What was learnt in the last plan is no training of this one.
    ("cadre_training_round_1", "SN", "2026-03", "0"),
    # dan is reported by two units and trained in both plans.
    ("team_leaders_trained", "A0101", "2025-05", "2"),
    ("team_leaders_trained", "A0201", "2025-05", "1"),
    ("team_leaders_trained", "SN", "2025-05", "2"),
    ("team_leaders_trained", "SN", "2021-2025", "2"),
    ("team_leaders_trained", "SN", "2026", "1"),
    ("team_leaders_trained", "SN", "2026-2030", "1"),
]


@pytest.fixture(scope="module")
def two_plans(
    cluster: Settings, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("two_plans")
    add_second_plan(DBT_PROJECT, folder / "dbt_project")
    with (
        contextmanager(_database)(cluster, template_of(pytestconfig.stash[HOME])) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(Settings, "dbt_project_dir", property(lambda _: folder / "dbt_project"))
        settings = settings_in(folder / "home", url)
        put_two_plans(settings)
        result: BuildResult = build(settings, 1, NIGHT, 1, "inputs")
        assert result.failures == ()
        yield settings


@pytest.fixture(scope="module")
def conn(two_plans: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect(two_plans) as connection:
        yield connection


@pytest.mark.parametrize(("indicator_id", "org_id", "period", "value"), FIGURES)
def test_a_figure_over_years_is_what_the_rows_come_to(
    conn: psycopg.Connection[Any], indicator_id: str, org_id: str, period: str, value: str | None
) -> None:
    [(found,)] = conn.execute(
        "select value from bi_candidate.indicator_value where (indicator_id, org_id, period) = (%s, %s, %s)",
        (indicator_id, org_id, period),
    ).fetchall()
    assert found == (None if value is None else Decimal(value))


def test_a_plan_comes_in_as_rows_and_the_last_one_stays(conn: psycopg.Connection[Any]) -> None:
    plans = conn.execute(
        "select period, has_ended from bi_candidate.period where period_type = 'plan' order by 1"
    ).fetchall()
    progress = conn.execute(
        "select target_id, period, actual, target, verdict from bi_candidate.target_progress"
        " where indicator_id = 'team_leaders_trained' and org_id = 'SN' and period >= '2025' order by 1, 2"
    ).fetchall()
    assert plans == [("2021-2025", True), ("2026-2030", False)]
    assert progress == [
        ("N03", "2026", 1, 100, "behind"),
        ("N03", "2026-2030", 1, 100, "behind"),
        ("T03", "2025", 2, 10000, "behind"),
    ]


def test_a_group_has_the_target_that_was_allocated_to_it(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(
        "select org_id, period, actual, target, verdict from bi_candidate.target_progress"
        " where target_id = 'T03' and org_level = 'group' and period in ('2021-2025', '2025') order by 1, 2"
    ).fetchall()
    assert rows == [("A01", "2021-2025", 2, 4, "behind"), ("A01", "2025", 2, 4, "behind")]


def test_every_target_of_a_plan_has_progress(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(
        "select t.target_id from marts.targets t left join bi_candidate.target_progress p"
        " on p.target_id = t.target_id and p.org_id = 'SN' and p.period in ('2021', '2026') where p.target_id is null"
    ).fetchall()
    assert rows == []
