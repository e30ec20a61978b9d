"""Schema `bi` as a product: its declared shape, comments in two languages, no slope where a figure is missing, nothing added up wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from connectors.dbt import BuildResult
from connectors.dbt_models import ProjectModels
from connectors.dbt_sources import DBT_PROJECT
from connectors.errors import PublishedColumnError
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.release_views import ensure_views
from connectors.warehouse.roles import PUBLISHER
from tests.dbt.product_page import PAGE, functions, page, relations

Built = tuple[Settings, BuildResult]

BI = Path(__file__).resolve().parents[2] / "bi"
KEY = ["indicator_id", "org_level", "org_id", "period_type", "period"]
FIGURE = [*KEY, "value", "numerator", "denominator", "completeness", "status"]

INTERFACE = {
    "indicator_value": [*FIGURE, "release_id"],
    "indicator_value_history": [*FIGURE, "valid_from_release", "valid_to_release"],
    "published_comparison": [
        "figure_id",
        "indicator_id",
        "period",
        "published_value",
        "qualifier",
        "computed_value",
        "verdict",
    ],
    "target_progress": ["target_id", "org_id", "period", "actual", "target", "path_value", "forecast", "verdict"],
    "completeness": [
        "form_id",
        "unit_id",
        "period",
        "expected",
        "accepted",
        "on_time",
        "nil_return",
        "due_date",
        "received_at",
    ],
    "relief_summary": [],
    "coverage_summary": [],
    "data_quality_summary": [],
    "release": ["release_id", "published_at", "night", "cause", "row_counts"],
    "release_change": ["release_id", "indicator_id", "org_id", "period", "old_value", "new_value", "cause"],
    "unit": ["unit_id", "valid_from", "valid_to", "unit_name"],
    "period": ["period", "name_zh", "name_en"],
    "indicator": ["indicator_id", "name_zh", "name_en"],
}
"""What people and BI depend on, by relation; more columns may join. Change it only with an entry in the changelog."""

UNUSUAL_TYPES = {
    ("release", "row_counts"): "tables differ from release to release; for people, not for charts",
    ("release_change", "causes"): "the main one stands alone in `cause`",
    ("release_change", "submission_ids"): "how many stands in `submission_count`",
}
"""Columns of a type that drivers hand on as text, with the reason why that does no harm."""

SIZED_TYPES = re.compile(r"text|integer|bigint|boolean|date|timestamp with time zone|numeric\((38,10|12,10|18,2)\)")


@pytest.fixture
def conn(built: Built) -> Iterator[psycopg.Connection[Any]]:
    """The built and published small year; whatever a test does in it is undone."""
    assert built[1].failures == ()
    with connect(built[0], PUBLISHER) as conn, conn.transaction(force_rollback=True):
        yield conn


def declared() -> dict[str, dict[str, str]]:
    """Column and type of every model of `bi`, as its contract says."""
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for path in (DBT_PROJECT / "models" / "bi").glob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }


def test_every_model_of_bi_is_under_a_contract_that_dbt_enforces() -> None:
    project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["models"]["union_warehouse"]["bi"]["+contract"] == {"enforced": True}
    models = {path.stem: path.read_text(encoding="utf-8") for path in (DBT_PROJECT / "models" / "bi").glob("*.sql")}
    assert models.keys() == declared().keys()
    assert [name for name, text in models.items() if re.search(r"\bcontract\s*=", text)] == []


def test_what_is_published_has_the_columns_and_types_of_its_contract(conn: psycopg.Connection[Any]) -> None:
    found = {r.name: {c.name: c.type for c in r.columns} for r in relations(conn)}
    # Its release is told by the view alone.
    found["indicator_value"].pop("release_id")
    assert {name: found[name] for name in declared()} == declared()


def test_the_interface_that_readers_depend_on_is_there(conn: psycopg.Connection[Any]) -> None:
    found = {r.name: {c.name for c in r.columns} for r in relations(conn)}
    assert [name for name, columns in INTERFACE.items() if not set(columns) <= found.get(name, set())] == []
    assert INTERFACE.keys() <= found.keys()


def test_the_page_says_what_the_catalogue_says(conn: psycopg.Connection[Any]) -> None:
    assert page(conn) == PAGE.read_text(encoding="utf-8"), "run: python -m tests.dbt.product_page (after a night)"


def is_bilingual(comment: str) -> bool:
    """Whether a comment is one line of Chinese and one of English."""
    zh, _, en = comment.partition("\n")
    return bool(re.search("[一-鿿]", zh) and re.match("[A-Za-z]", en) and "\n" not in en)


def test_every_relation_column_and_function_is_explained_in_chinese_and_in_english(
    conn: psycopg.Connection[Any],
) -> None:
    said = dict(functions(conn))
    for relation in relations(conn):
        said[relation.name] = relation.comment
        said |= {f"{relation.name}.{column.name}": column.comment for column in relation.columns}
    assert len(said) > 150
    assert [name for name, comment in said.items() if not is_bilingual(comment)] == []


def test_every_column_has_a_type_that_tools_can_size(conn: psycopg.Connection[Any]) -> None:
    unusual = {
        (relation.name, column.name)
        for relation in relations(conn)
        for column in relation.columns
        if not SIZED_TYPES.fullmatch(column.type)
    }
    assert unusual == set(UNUSUAL_TYPES)


# The views.


def test_a_view_is_made_over_what_is_published_and_shows_nobody_more_than_they_may_see(
    conn: psycopg.Connection[Any],
) -> None:
    [(text, options)] = conn.execute(
        "select pg_get_viewdef(oid), reloptions from pg_class where oid = 'bi.indicator_trend'::regclass"
    ).fetchall()
    assert "bi_candidate" not in text
    assert "bi.indicator_value" in text
    assert options == ["security_invoker=true"]


def test_a_publish_makes_a_view_anew_only_where_its_query_is_another(conn: psycopg.Connection[Any]) -> None:
    def oid() -> Any:
        return conn.execute("select 'bi.indicator_trend'::regclass::oid").fetchone()

    models, before = ProjectModels(DBT_PROJECT), oid()
    ensure_views(conn, models)
    assert oid() == before
    conn.execute("create or replace view bi.indicator_trend as select * from bi_candidate.indicator_trend")
    ensure_views(conn, models)
    assert oid() != before
    test_a_view_is_made_over_what_is_published_and_shows_nobody_more_than_they_may_see(conn)
    [relation] = [each for each in relations(conn) if each.name == "indicator_trend"]
    assert is_bilingual(relation.comment)


def test_a_view_whose_columns_readers_know_does_not_lose_one(conn: psycopg.Connection[Any]) -> None:
    conn.execute("drop view bi.indicator_trend")
    conn.execute("create view bi.indicator_trend as select *, 1 as known from bi_candidate.indicator_trend")
    with pytest.raises(PublishedColumnError):
        ensure_views(conn, ProjectModels(DBT_PROJECT))


# What has no figure.

GAPS = [
    ("relief_paid", "A0201", "2021-02", None),
    ("relief_paid", "A0201", "2021-04", "not_reported"),
    ("relief_paid", "SN", "2021-07", "not_due"),
    ("relief_paid", "SN", "2021-08", "not_begun"),
    ("relief_paid", "SN", "2025-12", "not_begun"),
    ("relief_paid", "SN", "2025", "not_begun"),
    ("smart_union_rate", "SN", "2021-02", "not_applicable"),
    ("corps_problems_solved_rate", "SN", "2021-02", "not_reported"),
]


@pytest.mark.parametrize(("indicator_id", "org_id", "period", "reason"), GAPS)
def test_a_period_without_a_figure_is_there_and_says_why(
    conn: psycopg.Connection[Any], indicator_id: str, org_id: str, period: str, reason: str | None
) -> None:
    [(value, found)] = conn.execute(
        "select value, gap_reason from bi.indicator_trend where (indicator_id, org_id, period) = (%s, %s, %s)",
        (indicator_id, org_id, period),
    ).fetchall()
    assert (value is None, found) == (reason is not None, reason)


def test_a_trend_has_every_period_of_the_plan_once_and_every_figure(conn: psycopg.Connection[Any]) -> None:
    [counts] = conn.execute(
        "select count(*), count(distinct (indicator_id, org_id, period)), count(distinct period), count(*) filter (where gap_reason = 'withheld')"
        " from bi.indicator_trend where org_id = 'A0101'"
    ).fetchall()
    # 60 months, 20 quarters, 5 years and the plan, for each of 61 indicators.
    assert counts == (61 * 86, 61 * 86, 86, 0)
    [(lost, wrong)] = conn.execute(
        "select count(*) filter (where t.period is null), count(*) filter (where t.value is distinct from v.value"
        " or (v.value is null) <> (t.gap_reason is not null))"
        f" from bi.indicator_value v left join bi.indicator_trend t using ({', '.join(KEY)})"  # type: ignore[arg-type]
    ).fetchall()
    assert (lost, wrong) == (0, 0)


def test_a_trend_reads_what_is_asked_for_and_not_first_all_figures(conn: psycopg.Connection[Any]) -> None:
    query = "explain select * from bi.indicator_trend where org_id = 'A0101' and indicator_id = 'relief_paid'"
    plan = "\n".join(row[0] for row in conn.execute(query))
    assert "CTE Scan" not in plan
    assert plan.count("indicator_id = 'relief_paid'") >= 3


def test_a_unit_that_closed_has_no_periods_afterwards(conn: psycopg.Connection[Any]) -> None:
    query = "select max(period) from bi.indicator_trend where org_id = 'A0102' and period_type = 'month'"
    assert conn.execute(query).fetchone() == ("2021-06",)


def test_a_gap_in_the_register_is_a_gap_with_that_reason(conn: psycopg.Connection[Any]) -> None:
    conn.execute("insert into bi.unit (unit_id, valid_from, org_level) values ('A0102', '2022-01-01', 'unit')")
    rows = conn.execute(
        "select period, gap_reason from bi.indicator_trend where (org_id, indicator_id, period_type) = ('A0102', 'relief_paid', 'month')"
        " and period between '2021-06' and '2021-08' order by 1"
    ).fetchall()
    assert rows == [("2021-06", "not_reported"), ("2021-07", "not_in_register"), ("2021-08", "not_begun")]


def test_what_a_reader_may_not_see_is_a_null_point_between_two(conn: psycopg.Connection[Any]) -> None:
    conn.execute(
        "delete from bi.indicator_value_history where (indicator_id, org_id, period) = ('submission_completeness', 'SN', '2021-03')"
    )
    rows = conn.execute(
        "select period, value is null, gap_reason from bi.indicator_trend where (indicator_id, org_id) = ('submission_completeness', 'SN')"
        " and period between '2021-02' and '2021-04' and period_type = 'month' order by 1"
    ).fetchall()
    assert rows == [("2021-02", False, None), ("2021-03", True, "withheld"), ("2021-04", False, None)]


@pytest.mark.parametrize(
    ("dataset", "metric", "where"),
    [
        ("figures", "value", "indicator_id = 'relief_paid' and org_id = 'A0201' and period_type = 'month'"),
        ("figures", "rate", "indicator_id = 'smart_union_rate' and org_id = 'SN' and period_type = 'month'"),
        ("quality_totals", "good", "org_id = 'A01' and period_type = 'month'"),
    ],
)
def test_a_line_over_time_has_a_point_for_every_month_and_null_where_there_is_nothing(
    conn: psycopg.Connection[Any], dataset: str, metric: str, where: str
) -> None:
    said = yaml.safe_load((BI / "datasets.yaml").read_text(encoding="utf-8"))[dataset]
    rows = conn.execute(
        f"select period, {said['metrics'][metric]['sql']} from ({said['sql']}) d where {where} group by 1 order by 1"  # type: ignore[arg-type]
    ).fetchall()
    assert [month for month, _ in rows][:6] == [f"2021-{number:02}" for number in range(1, 7)]
    points = [value is not None for _, value in rows]
    assert any(points)
    assert not all(points)


# What adds up.


def totals(conn: psycopg.Connection[Any], part: str, grouped: str) -> list[tuple[Any, ...]]:
    """Indicators whose part does not add up to the figure of the whole, where it is said that it does."""
    return conn.execute(grouped.replace("PART", part)).fetchall()  # type: ignore[call-overload, no-any-return]


OVER_UNITS = """
select v.indicator_id, v.period, coalesce(sum(PART) filter (where v.org_level = 'unit'), 0) as units,
    coalesce(sum(PART) filter (where v.org_level = 'province'), 0) as province
from bi.indicator_value v join bi.indicator i using (indicator_id) where i.adds_over_units <> 'no'
group by 1, 2 having coalesce(sum(PART) filter (where v.org_level = 'unit'), 0)
    <> coalesce(sum(PART) filter (where v.org_level = 'province'), 0)
"""
OVER_TIME = """
select q.indicator_id, q.org_id, q.period from bi.indicator_value q
join bi.indicator i using (indicator_id)
join bi.period long on long.period = q.period
left join lateral (
    select sum(PART) as added from bi.indicator_value m join bi.period short using (period)
    where m.indicator_id = q.indicator_id and m.org_id = q.org_id and m.period_type = 'month'
    and short.first_day between long.first_day and long.last_day
) months on true
where i.adds_over_time <> 'no' and q.period_type <> 'month' and coalesce(months.added, 0) <> coalesce(q.PART, 0)
"""


@pytest.mark.parametrize("part", ["numerator", "denominator"])
def test_what_is_said_to_add_up_adds_up_over_units_and_over_time(conn: psycopg.Connection[Any], part: str) -> None:
    assert totals(conn, part, OVER_UNITS) == []
    assert totals(conn, part, OVER_TIME) == []


def test_what_does_not_add_up_is_said_not_to(conn: psycopg.Connection[Any]) -> None:
    ways = {
        row[0]: row[1:]
        for row in conn.execute("select indicator_id, adds_over_units, adds_over_time from bi.indicator")
    }
    assert ways["relief_paid"] == ("value", "value")
    assert ways["submission_completeness"] == ("parts", "parts")
    assert ways["smart_union_rate"] == ("parts", "no")
    # Distinct people, things counted since the plan began, growth, and a rate over distinct people.
    for indicator_id in (
        *("daily_relief_persons", "studio_alliance_trades", "skills_contest_new_trades"),
        *("supervisor_training_coverage", "education_uplift_standard", "relief_coverage"),
    ):
        assert ways[indicator_id] == ("no", "no"), indicator_id
    distinct = {
        row[0]
        for row in conn.execute(
            "select i.indicator_id from marts.indicators i join marts.measures m"
            " on m.measure_id in (i.numerator_measure, i.subtracted_measure, i.denominator_measure) where m.aggregation = 'distinct'"
        )
    }
    assert {indicator_id for indicator_id, (units, _) in ways.items() if units == "no"} == distinct


def test_adding_up_by_the_function_gives_the_figure_of_the_whole_or_refuses(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(
        "select p.indicator_id, i.adds_over_units, p.period, p.value, added.value, added.refusal"
        " from bi.indicator_value p join bi.indicator i using (indicator_id) cross join lateral bi.indicator_added_up("
        "   p.indicator_id, array(select distinct unit_id from bi.unit where org_level = 'unit'), array[p.period]) added"
        " where p.org_level = 'province' and p.period in ('2021-02', '2021-03', '2021-Q1', '2021')"
    ).fetchall()
    assert {adds for _, adds, *_ in rows} == {"value", "parts", "no"}
    for indicator_id, adds, period, value, added, refusal in rows:
        expected = (None, "units_do_not_add_up") if adds == "no" else (value, None)
        assert (added, refusal) == expected, (indicator_id, period)


@pytest.mark.parametrize(
    ("indicator_id", "orgs", "periods", "expected"),
    [
        # 3 200.75 of the group in February and 2 050 less the 900 of A0201 in March.
        ("relief_paid", ["A0101", "A0102"], ["2021-02", "2021-03"], (Decimal("4350.75"), 3, 4, None)),
        ("daily_relief_persons", ["A0101", "A0201"], ["2021-03"], (None, 2, 2, "units_do_not_add_up")),
        ("daily_relief_persons", ["A0101"], ["2021-02", "2021-03"], (None, 2, 2, "periods_do_not_add_up")),
        ("daily_relief_persons", ["A0101"], ["2021-03"], (Decimal(1), 1, 1, None)),
        ("smart_union_rate", ["A0101", "A0102", "A0201"], ["2021-Q1"], (Decimal("0.3333333333"), 3, 3, None)),
        ("smart_union_rate", ["A0101"], ["2021-Q1", "2021-Q2"], (None, 2, 2, "periods_do_not_add_up")),
        ("relief_paid", ["A01", "A0201"], ["2021-02"], (None, 2, 2, "mixed_grains")),
        ("relief_paid", ["SN"], ["2021-02", "2021-Q1"], (None, 2, 2, "mixed_grains")),
        ("relief_paid", ["nobody"], ["2021-02"], (None, 0, 1, "no_figures")),
        ("no_such", ["SN"], ["2021-02"], (None, 0, 1, "unknown_indicator")),
    ],
)
def test_some_figures_add_up_and_others_are_refused(
    conn: psycopg.Connection[Any], indicator_id: str, orgs: list[str], periods: list[str], expected: tuple[Any, ...]
) -> None:
    query = "select value, figures, asked, refusal from bi.indicator_added_up(%s, %s, %s)"
    assert conn.execute(query, (indicator_id, orgs, periods)).fetchone() == expected


# The dashboards.


def relations_of_board(path: Path) -> set[str]:
    """The relations of `bi` that the charts of a dashboard read, by what its datasets ask."""
    datasets = yaml.safe_load((BI / "datasets.yaml").read_text(encoding="utf-8"))
    charts = yaml.safe_load(path.read_text(encoding="utf-8"))["charts"].values()
    return {name for chart in charts for name in re.findall(r"\bbi\.(\w+)", datasets[chart["dataset"]]["sql"])}


@pytest.mark.parametrize("path", sorted((BI / "dashboards").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_dashboard_is_an_exposure_of_what_its_charts_read(path: Path) -> None:
    said = yaml.safe_load((DBT_PROJECT / "models" / "bi" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    [exposure] = [each for each in said if each["name"] == f"dashboard_{path.stem}"]
    assert exposure["label"] == yaml.safe_load(path.read_text(encoding="utf-8"))["title"]
    refs = {f"ref('{name}')" for name in relations_of_board(path) if name in declared()}
    assert set(exposure["depends_on"]) == refs


def test_every_exposure_of_a_dashboard_is_a_dashboard() -> None:
    said = yaml.safe_load((DBT_PROJECT / "models" / "bi" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    named = {each["name"].removeprefix("dashboard_") for each in said if each["name"].startswith("dashboard_")}
    assert named == {path.stem for path in (BI / "dashboards").glob("*.yaml")}
