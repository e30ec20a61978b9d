"""What dbt makes of the small year, against figures added up by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.dbt import BuildResult
from connectors.settings import Settings
from connectors.warehouse.engine import connect

Built = tuple[Settings, BuildResult]

FIGURES: list[tuple[str, str, str, str | None]] = [
    # The corrected ledger counts, the one before does not: 1 500.50 + 200.25, and 1 000 by person.
    ("relief_paid", "A0101", "2021-02", "2700.75"),
    ("relief_paid", "A01", "2021-02", "3200.75"),
    ("relief_paid", "S0001", "2021-02", "600"),
    ("relief_paid", "SN", "2021-02", "3800.75"),
    ("relief_paid", "SN", "2021-03", "2050"),
    ("relief_paid", "SN", "2021-Q1", "5850.75"),
    ("relief_paid", "SN", "2021", "5850.75"),
    ("relief_paid", "SN", "2021-2025", "5850.75"),
    ("relief_persons", "SN", "2021-Q1", "45"),
    # A nil return says 0; a month that nobody answered has no data.
    ("relief_paid", "A0201", "2021-02", "0"),
    ("relief_paid", "A0201", "2021-04", None),
    ("relief_paid", "SN", "2021-04", None),
    # The office reached A0201, so its group has a unit reached though it reported none.
    ("relief_units_reached", "A02", "2021-02", "1"),
    ("relief_units_reached", "SN", "2021-02", "3"),
    ("relief_units_reached", "SN", "2021-03", "1"),
    ("relief_units_reached", "SN", "2021-Q1", "3"),
    # A0102 was reached in February and closed in June: in both sides in March, in neither now.
    ("relief_coverage", "SN", "2021-Q1", "1"),
    ("relief_coverage", "SN", "2021", "1"),
    ("relief_coverage", "A0102", "2021", None),
    ("relief_coverage", "A0102", "2021-02", "1"),
    ("gift_parcel_units", "SN", "2021", "2"),
    ("gift_parcel_persons", "SN", "2021", "10"),
    ("gift_parcel_money", "SN", "2021", "600"),
    ("winter_warmth_units", "SN", "2021", "2"),
    ("winter_warmth_money", "SN", "2021", "2300.75"),
    ("summer_cooling_raised", "SN", "2021", "0"),
    # One person, two months and two units: distinct at each grain, never added up.
    ("daily_relief_persons", "A0101", "2021-03", "1"),
    ("daily_relief_persons", "A0201", "2021-03", "1"),
    ("daily_relief_persons", "SN", "2021-03", "1"),
    ("daily_relief_persons", "SN", "2021", "1"),
    ("daily_relief_money", "SN", "2021", "2900"),
    ("daily_relief_average", "SN", "2021", "2900"),
    # Three enterprises in March, two since July; the profile of March is the last state.
    ("smart_union_rate", "SN", "2021-Q1", "0.3333333333"),
    ("smart_union_rate", "SN", "2021-07", "0.5"),
    ("smart_union_rate", "SN", "2021-02", None),
    ("collective_contract_coverage", "SN", "2021-Q1", "0.5238095238"),
    ("collective_contract_coverage", "SN", "2021-07", "0.6875"),
    # A0201 held its congress in the year before.
    ("workers_congress_rate", "SN", "2021-Q1", "0.3333333333"),
    ("workers_congress_rate", "A0201", "2021-Q1", "0"),
    # Six forms a month from each enterprise and five from the office: 5 of 23 came, on 1 April, when February was long due.
    ("submission_completeness", "SN", "2021-02", "0.2173913043"),
    ("submission_timeliness", "SN", "2021-02", "0"),
    # Seven forms of the quarter as well: 3 of 13.
    ("submission_timeliness", "A0101", "2021-03", "0.2307692308"),
    ("row_acceptance_rate", "A0101", "2021-02", "1"),
    ("row_acceptance_rate", "A0201", "2021-02", None),
]


@pytest.mark.parametrize(("indicator_id", "org_id", "period", "value"), FIGURES)
def test_a_figure_is_what_the_rows_come_to(
    built: Built, indicator_id: str, org_id: str, period: str, value: str | None
) -> None:
    with connect(built[0]) as conn:
        [(found,)] = conn.execute(
            "select value from bi_candidate.indicator_value where (indicator_id, org_id, period) = (%s, %s, %s)",
            (indicator_id, org_id, period),
        ).fetchall()
    assert found == (None if value is None else Decimal(value))


def test_a_closed_unit_has_no_figures_after_it_closed(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select 1 from bi_candidate.indicator_value where org_id = 'A0102' and period = '2021-07'"
        ).fetchall()
    assert rows == []


def test_completeness_tells_nil_missing_and_unexpected_apart(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select unit_id, expected, accepted, nil_return, state from bi_candidate.completeness"
            " where form_id = 'relief' and period = '2021-02' or unit_id = 'A0102' and period = '2021-07' order by unit_id"
        ).fetchall()
        [(missing,)] = conn.execute(
            "select state from bi_candidate.completeness where (form_id, unit_id, period) = ('relief', 'A0102', '2021-03')"
        ).fetchall()
    assert rows == [
        ("A0101", True, True, False, "accepted"),
        ("A0102", True, True, False, "accepted"),
        ("A0201", True, True, True, "accepted"),
        ("S0001", True, True, False, "accepted"),
    ]
    assert missing == "overdue"


def test_what_a_unit_withdrew_is_on_record_and_in_no_figure(built: Built) -> None:
    with connect(built[0]) as conn:
        told = {
            table: conn.execute(
                f"select count(*) from {table} where form_id = 'relief' and unit_id = 'A0102' and period = '2021-03'"
            ).fetchall()
            for table in (
                "staging.stg_submissions",
                "bi_candidate.data_quality_summary",
                "bi_candidate.finding_summary",
            )
        }
        spans = conn.execute(
            "select version, is_in_force, in_force_to_at is null from intermediate.int_submissions_spanned"
            " where form_id = 'relief' and unit_id = 'A0102' and period = '2021-03' order by version"
        ).fetchall()
    assert [count for [(count,)] in told.values()] == [2, 0, 0]
    assert spans == [(1, False, False), (2, False, False)]


def test_the_parts_of_the_relief_summary_are_the_relief_total(built: Built) -> None:
    with connect(built[0]) as conn:
        parts = dict(
            conn.execute(
                "select campaign, sum(money_cny) from bi_candidate.relief_summary group by campaign"
            ).fetchall()
        )
    assert parts == {
        "winter_warmth": Decimal("2300.75"),
        "gift_parcel": Decimal(600),
        "daily": Decimal(2900),
        "temporary": Decimal(50),
    }


def test_every_version_keeps_the_span_in_which_it_was_in_force(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select r.cash_cny, s.is_in_force, s.in_force_to_at is null from staging.stg_relief r"
            " join intermediate.int_submissions_spanned s using (submission_id)"
            " where r.unit_id = 'A0101' and r.period = '2021-02' order by 1"
        ).fetchall()
    assert rows == [(Decimal("1000.50"), False, False), (Decimal("1500.50"), True, True)]


AS_NOW: list[tuple[str, str, str, str | None, str | None]] = [
    # A0102 of A01 went into A0201 of A02: what it did is theirs now, and the province has the same.
    ("relief_paid", "A01", "2021-02", "3200.75", "2700.75"),
    ("relief_paid", "A02", "2021-02", "0", "500"),
    ("relief_paid", "A0201", "2021-02", "0", "500"),
    ("relief_paid", "SN", "2021-02", "3800.75", "3800.75"),
    ("winter_warmth_units", "A02", "2021-Q1", "0", "1"),
    # Denominators go along: three enterprises were in force in March, two of them are A02 now.
    ("smart_union_rate", "A01", "2021-Q1", "0.5", "1"),
    ("smart_union_rate", "A02", "2021-Q1", "0", "0"),
    ("collective_contract_coverage", "A02", "2021-Q1", "0.5", "0.2727272727"),
    ("collective_contract_coverage", "SN", "2021-Q1", "0.5238095238", "0.5238095238"),
    # So do the submissions expected: 1 of 6 each.
    ("submission_completeness", "A0201", "2021-02", "0.1666666667", "0.1666666667"),
]


@pytest.mark.parametrize(("indicator_id", "org_id", "period", "then", "now"), AS_NOW)
def test_a_merged_unit_counts_where_it_was_then_and_where_it_is_now(
    built: Built, indicator_id: str, org_id: str, period: str, then: str | None, now: str | None
) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select t.value, n.value from bi.indicator_value t"
            " join bi.indicator_value_as_now n using (indicator_id, org_level, org_id, period)"
            " where (indicator_id, org_id, period) = (%s, %s, %s)",
            (indicator_id, org_id, period),
        ).fetchall()
    assert rows == [(then and Decimal(then), now and Decimal(now))]


@pytest.mark.parametrize("table", ["indicator_value", "indicator_value_as_now"])
@pytest.mark.parametrize("indicator_id", ["relief_paid", "winter_warmth_money", "daily_relief_money"])
@pytest.mark.parametrize("period", ["2021-02", "2021-06", "2021"])
def test_units_and_groups_add_up_to_the_province_then_and_now(
    built: Built, table: str, indicator_id: str, period: str
) -> None:
    with connect(built[0]) as conn:
        sums = dict(
            conn.execute(
                f"select case org_id when 'S0001' then 'office' else org_level end, coalesce(sum(value), 0) from bi.{table}"
                " where indicator_id = %s and period = %s group by 1",
                (indicator_id, period),
            ).fetchall()
        )
    assert sums["unit"] + sums["office"] == sums["group"] + sums["office"] == sums["province"]


def test_a_unit_that_went_into_another_is_no_organisation_of_today(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute("select distinct org_id from bi.indicator_value_as_now order by 1").fetchall()
        [(successor,)] = conn.execute("select successor_id from bi.unit where unit_id = 'A0102'").fetchall()
    assert [org_id for (org_id,) in rows] == ["A01", "A0101", "A02", "A0201", "S0001", "SN"]
    assert successor == "A0201"


def test_expected_submissions_follow_a_merger(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select period, count(*) from bi.completeness where unit_id = 'A0102' and expected and due_date > '2021-06-30'"
            " group by period order by period"
        ).fetchall()
        [(most,)] = conn.execute("select max(completeness) from bi.indicator_value_as_now").fetchall()
    assert rows == [("2021-06", 6), ("2021-Q2", 7)]
    assert most <= 1


def test_a_plan_to_date_of_the_year_and_of_the_plan_agree(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select target_id, count(distinct actual) from bi.target_progress"
            " where org_id = 'SN' and target_id in ('T03', 'T05', 'T06', 'T08', 'T09') group by 1 having count(*) <> 2"
        ).fetchall()
    assert rows == []


def test_every_table_and_column_that_dbt_makes_says_its_grain_and_unit(built: Built) -> None:
    with connect(built[0]) as conn:
        silent = conn.execute(
            "select n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')"
            " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where n.nspname in ('staging', 'intermediate', 'marts', 'bi_candidate') and c.relkind in ('r', 'v')"
            " and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null) order by 1"
        ).fetchall()
    assert silent == []
