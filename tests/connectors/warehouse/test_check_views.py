"""The views that cross rules ask follow their contracts, and are left alone where these have not changed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse import check_views, landing
from connectors.warehouse.check_views import check_columns, ensure_check_views
from connectors.warehouse.engine import connect
from connectors.warehouse.landing import ensure_tables
from connectors.warehouse.register_views import ensure_views
from expectations.contract import Field, forms
from tests.connectors.warehouse.stories import tell


def columns_of(conn: psycopg.Connection[tuple[object, ...]], form_id: str) -> dict[object, tuple[object, object]]:
    rows = conn.execute(
        "select attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 order by attnum",
        (f"checks.{form_id}",),
    )
    return {name: (kind, comment) for name, kind, comment in rows}


def test_a_view_has_the_columns_of_its_contract_and_nobody_s_name(settings: Settings) -> None:
    with closing(connect(settings)) as conn:
        for form in forms().values():
            found = columns_of(conn, form.form_id)
            assert list(found.items()) == list(check_columns(form).items())
            assert not {field.name for field in form.personal_fields} & set(found)
            assert {str(field.token) for field in form.token_fields} <= set(found)


def test_a_field_that_is_added_in_the_middle_is_in_the_view(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = forms()["relief"]
    added = Field("added_cny", "新增金额", "money", "Added later.", unit_zh="元")
    declared = {"relief": replace(form, fields=(form.fields[0], added, *form.fields[1:]))}
    monkeypatch.setattr(landing, "forms", lambda: declared)
    monkeypatch.setattr(check_views, "forms", lambda: declared)
    with closing(connect(settings)) as conn:
        tell(conn, {"form": "relief", "unit": "A0101", "period": "2021-02", "rows": [{}]})
        ensure_tables(conn)
        ensure_check_views(conn)
        assert columns_of(conn, "relief") == check_columns(declared["relief"])
        assert conn.execute("select unit_id, added_cny from checks.relief").fetchall() == [("A0101", None)]


def test_views_without_change_are_left_alone(settings: Settings) -> None:
    with closing(connect(settings)) as conn, conn.transaction():
        ensure_check_views(conn)
        held = conn.execute(
            "select count(*) from pg_locks where mode like '%Exclusive%' and relation is not null"
            " and pid = pg_backend_pid()"
        )
        assert held.fetchone() == (0,)


def test_views_of_an_older_warehouse_learn_what_is_in_force_now(settings: Settings) -> None:
    with closing(connect(settings)) as conn:
        for view in ("checks.relief", "registers.unit"):
            conn.execute(f"comment on view {view} is 'what it said before'")
        before = views(conn)
        ensure_check_views(conn)
        ensure_views(conn)
        changed = {view for view, (oid, said) in views(conn).items() if before[view] != (oid, said)}
        assert changed == {"checks.relief", "registers.unit"}
        for view in changed:
            [(definition,)] = conn.execute("select pg_get_viewdef(%s::regclass)", (view,)).fetchall()
            assert "ops.submission_in_force" in str(definition)


def views(conn: psycopg.Connection[tuple[object, ...]]) -> dict[object, tuple[object, object]]:
    """The id and the comment of each view of ours."""
    found = conn.execute(
        "select format('%s.%s', relnamespace::regnamespace, relname), oid, obj_description(oid, 'pg_class') from pg_class"
        " where relkind = 'v' and relnamespace in ('checks'::regnamespace, 'registers'::regnamespace)"
    )
    return {name: (oid, said) for name, oid, said in found}
