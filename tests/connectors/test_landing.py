"""Each contract has its landing table, and a table only ever grows."""

from contextlib import closing
from dataclasses import replace
from types import MappingProxyType

import pytest
from psycopg import sql

from connectors.errors import LandingColumnError
from connectors.settings import Settings
from connectors.warehouse import landing
from connectors.warehouse.engine import connect
from connectors.warehouse.landing import ensure_tables, landing_columns
from expectations.contract import Field, Form, forms

every_form = pytest.mark.parametrize("form", forms().values(), ids=lambda f: f.form_id)


def columns_of(settings: Settings, form_id: str) -> dict[str, tuple[str, str]]:
    with closing(connect(settings)) as conn:
        rows = conn.execute(
            "select attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 order by attnum",
            (f"landing.{form_id}",),
        )
        return {name: (kind, comment) for name, kind, comment in rows}


@every_form
def test_the_landing_table_is_what_the_contract_says(settings: Settings, form: Form) -> None:
    assert columns_of(settings, form.form_id) == landing_columns(form)
    assert list(columns_of(settings, form.form_id)) == list(landing_columns(form))


@every_form
def test_no_personal_field_has_a_column(form: Form) -> None:
    assert not {f.name for f in form.personal_fields} & set(landing_columns(form))


@every_form
def test_a_token_stands_for_the_person_wherever_a_form_has_one(form: Form) -> None:
    tokens = {f.token for f in form.fields if f.token}
    assert tokens <= set(landing_columns(form))


@every_form
def test_a_table_without_change_is_left_alone(settings: Settings, form: Form) -> None:
    with closing(connect(settings)) as conn, conn.transaction():
        ensure_tables(conn)
        held = conn.execute(
            "select mode from pg_locks where relation = %s::regclass and mode like '%%Exclusive%%'",
            (f"landing.{form.form_id}",),
        )
        assert held.fetchall() == []


@every_form
def test_a_new_field_adds_a_column_and_keeps_the_rows(
    settings: Settings, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(connect(settings)) as conn:
        table = sql.Identifier("landing", form.form_id)
        conn.execute(
            sql.SQL("insert into {} (submission_id, unit_id, period, row_number) values (1, 'A', '2021', 2)").format(
                table
            )
        )
        added = Field("added_cny", "新增金额", "money", "Added later.", unit_zh="元")
        monkeypatch.setattr(landing, "forms", lambda: only(replace(form, fields=(*form.fields, added))))
        ensure_tables(conn)
        kept = conn.execute(sql.SQL("select row_number, added_cny from {}").format(table)).fetchall()
    assert kept == [(2, None)]
    assert columns_of(settings, form.form_id)["added_cny"] == ("numeric(18,2)", "新增金额（元）: Added later.")


def test_a_field_that_changes_its_kind_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    relief = forms()["relief"]
    changed = tuple(replace(f, kind="text") if f.name == "persons" else f for f in relief.fields)
    monkeypatch.setattr(landing, "forms", lambda: only(replace(relief, fields=changed)))
    with closing(connect(settings)) as conn, pytest.raises(LandingColumnError) as raised:
        ensure_tables(conn)
    assert (raised.value.table, raised.value.column, raised.value.found) == ("relief", "persons", "bigint")


def test_the_register_view_shows_the_newest_period_s_last_accepted_version(settings: Settings) -> None:
    submissions = [
        (1, "2020", 1, "accepted"),
        (2, "2021", 1, "accepted"),
        (3, "2021", 2, "accepted"),
        (4, "2021", 3, "refused"),
        (5, "2020", 2, "accepted"),
    ]
    with closing(connect(settings)) as conn:
        for number, period, version, outcome in submissions:
            conn.execute(
                "insert into ops.submission overriding system value values"
                " (%s, %s, 'unit_register', '2021.1', 'P', %s, %s, %s, false, null, '{}', '', 1, 1, 0, 0, now(), now(), 1)",
                (number, number, period, version, outcome),
            )
            conn.execute(
                "insert into landing.unit_register (submission_id, unit_id, period, row_number, unit_code, unit_name, valid_from)"
                " values (%s, 'P', %s, 2, 'A0101', %s, '2018-01-01')",
                (number, period, f"第{number}版"),
            )
        seen = conn.execute("select unit_id, unit_name, valid_to from registers.unit").fetchall()
    assert seen == [("A0101", "第3版", None)]


def only(form: Form) -> MappingProxyType[str, Form]:
    return MappingProxyType({form.form_id: form})
