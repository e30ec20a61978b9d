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
    # Relief from four, aid from three; all but two aid forms came, on 1 April, when February was long due.
    ("submission_completeness", "SN", "2021-02", "0.7142857143"),
    ("submission_timeliness", "SN", "2021-02", "0"),
    ("submission_timeliness", "A0101", "2021-03", "1"),
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


def test_facts_keep_the_span_in_which_each_version_was_in_force(built: Built) -> None:
    with connect(built[0]) as conn:
        rows = conn.execute(
            "select cash_cny, is_in_force, in_force_to_at is null from marts.fct_relief_lines"
            " where unit_id = 'A0101' and period = '2021-02' order by cash_cny"
        ).fetchall()
    assert rows == [(Decimal("1000.50"), False, False), (Decimal("1500.50"), True, True)]


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
