"""What any BI tool asks before it draws anything, asked as a real account that may only read: relations, columns, types, comments and keys.

The questions are those of the SQL standard's information schema, and those that JDBC's and ODBC's drivers put to the catalogue for their
getTables, getColumns, getPrimaryKeys and getImportedKeys (SQLTables, SQLColumns, SQLPrimaryKeys, SQLForeignKeys).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest
from psycopg import sql

from connectors.dbt import BuildResult
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.roles import BI_READER
from tests.dbt.product_page import Relation, relations

Built = tuple[Settings, BuildResult]

TABLES = """
select null as table_cat, n.nspname as table_schem, c.relname as table_name,
    case c.relkind when 'r' then 'TABLE' when 'p' then 'PARTITIONED TABLE' when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' end as table_type,
    d.description as remarks
from pg_catalog.pg_namespace n
join pg_catalog.pg_class c on c.relnamespace = n.oid
left join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_catalog.pg_class'::regclass
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname like 'bi' and pg_catalog.has_table_privilege(c.oid, 'SELECT')
order by table_type, table_schem, table_name
"""
COLUMNS = """
select n.nspname, c.relname, a.attname, t.typname, t.typtype, t.typcategory, a.attnotnull, a.atttypmod,
    pg_catalog.pg_get_expr(def.adbin, def.adrelid) as column_def, dsc.description,
    row_number() over (partition by a.attrelid order by a.attnum) as ordinal_position
from pg_catalog.pg_namespace n
join pg_catalog.pg_class c on c.relnamespace = n.oid
join pg_catalog.pg_attribute a on a.attrelid = c.oid
join pg_catalog.pg_type t on a.atttypid = t.oid
left join pg_catalog.pg_attrdef def on a.attrelid = def.adrelid and a.attnum = def.adnum
left join pg_catalog.pg_description dsc on c.oid = dsc.objoid and a.attnum = dsc.objsubid and dsc.classoid = 'pg_catalog.pg_class'::regclass
where c.relkind in ('r', 'p', 'v', 'f', 'm') and a.attnum > 0 and not a.attisdropped and n.nspname like 'bi' and c.relname like %s
order by nspname, c.relname, ordinal_position
"""
PRIMARY_KEYS = """
select keyed.table_name, keyed.column_name, (keyed.keys).n as key_seq, keyed.pk_name
from (
    select ct.relname as table_name, a.attname as column_name, ci.relname as pk_name, a.attnum,
        information_schema._pg_expandarray(i.indkey) as keys
    from pg_catalog.pg_class ct
    join pg_catalog.pg_attribute a on ct.oid = a.attrelid
    join pg_catalog.pg_namespace n on ct.relnamespace = n.oid
    join pg_catalog.pg_index i on a.attrelid = i.indrelid
    join pg_catalog.pg_class ci on ci.oid = i.indexrelid
    where n.nspname = 'bi' and i.indisprimary
) keyed
where keyed.attnum = (keyed.keys).x
order by table_name, key_seq
"""
IMPORTED_KEYS = """
select fk.relname, pk.relname, con.conname, pos.n as key_seq
from pg_catalog.pg_constraint con
join pg_catalog.pg_class fk on fk.oid = con.conrelid
join pg_catalog.pg_class pk on pk.oid = con.confrelid
join pg_catalog.pg_namespace n on n.oid = fk.relnamespace
cross join pg_catalog.generate_series(1, 32) pos (n)
where con.contype = 'f' and n.nspname = 'bi' and con.conkey[pos.n] is not null
"""
STANDARD_COLUMNS = """
select table_name, column_name, data_type, numeric_precision, numeric_scale, is_nullable, ordinal_position
from information_schema.columns where table_schema = 'bi' order by table_name, ordinal_position
"""


@pytest.fixture(scope="module")
def published(built: Built) -> list[Relation]:
    """What is in `bi`, as its owner sees it."""
    with connect(built[0]) as conn:
        return relations(conn)


@pytest.fixture(scope="module")
def reader(built: Built) -> Iterator[psycopg.Connection[Any]]:
    """A connection of an account that logs in with a password and is a bi_reader, which is gone afterwards."""
    login, password = f"tool_{token_hex(6)}", token_hex(16)
    name = sql.Identifier(login)
    assert built[0].url
    with connect(built[0]) as owner:
        create = sql.SQL("create role {} login password {} in role {}")
        owner.execute(create.format(name, sql.Literal(password), sql.Identifier(BI_READER)))
        owner.commit()
        try:
            with closing(psycopg.connect(built[0].url, user=login, password=password, autocommit=True)) as conn:
                yield conn
        finally:
            owner.execute(sql.SQL("drop role {}").format(name))
            owner.commit()


def test_a_tool_lists_every_table_and_view_with_its_comment(
    reader: psycopg.Connection[Any], published: list[Relation]
) -> None:
    names = {"r": "TABLE", "v": "VIEW"}
    found = {(name, kind, remarks) for _, _, name, kind, remarks in reader.execute(TABLES)}
    assert found == {(r.name, names[r.kind], r.comment) for r in published}
    listed = reader.execute("select table_name::text from information_schema.tables where table_schema = 'bi'")
    assert {row[0] for row in listed} == {r.name for r in published}


def test_a_tool_gets_every_column_in_order_with_its_comment(
    reader: psycopg.Connection[Any], published: list[Relation]
) -> None:
    for relation in published:
        rows = reader.execute(COLUMNS, (relation.name.replace("_", r"\_"),)).fetchall()
        assert [(row[2], row[9]) for row in rows] == [(c.name, c.comment) for c in relation.columns], relation.name
        assert [row[10] for row in rows] == list(range(1, len(rows) + 1))


def test_a_tool_knows_how_many_digits_a_number_has(reader: psycopg.Connection[Any]) -> None:
    rows = reader.execute(STANDARD_COLUMNS).fetchall()
    assert rows
    numbers = {(row[0], row[1]): row[3:5] for row in rows if row[2] == "numeric"}
    assert numbers["indicator_value", "value"] == (38, 10)
    assert [name for name, digits in numbers.items() if None in digits] == []
    assert {row[2] for row in rows} == {
        *("text", "integer", "bigint", "boolean", "date", "timestamp with time zone", "numeric"),
        *("ARRAY", "jsonb"),
    }


def test_a_tool_finds_the_key_of_every_table(reader: psycopg.Connection[Any], published: list[Relation]) -> None:
    found: dict[str, list[str]] = {}
    for table, column, _, _ in reader.execute(PRIMARY_KEYS):
        found.setdefault(table, []).append(column)
    tables = [relation for relation in published if relation.kind == "r"]
    assert found.keys() == {table.name for table in tables}
    for table in tables:
        keyed = sorted((c for c in table.columns if c.key_position is not None), key=lambda c: c.key_position or 0)
        assert found[table.name] == [c.name for c in keyed]
    # A row of one relation may outlive the one that it names (a closed period keeps its figures), so none is enforced.
    assert reader.execute(IMPORTED_KEYS).fetchall() == []


def test_every_name_needs_no_quotes(published: list[Relation]) -> None:
    names = {r.name for r in published} | {c.name for r in published for c in r.columns}
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


def test_a_tool_reads_every_relation_and_every_column(
    reader: psycopg.Connection[Any], published: list[Relation]
) -> None:
    for relation in published:
        columns = sql.SQL(", ").join(sql.Identifier("bi", relation.name, c.name) for c in relation.columns)
        query = sql.SQL("select {} from {} limit 5").format(columns, sql.Identifier("bi", relation.name))
        assert len(reader.execute(query).description or ()) == len(relation.columns)
    assert reader.execute("select count(*) > 0 from bi.indicator_trend").fetchone() == (True,)
    row = reader.execute("select refusal from bi.indicator_added_up('relief_paid', '{SN}', '{2021}')").fetchone()
    assert row == (None,)


def test_a_tool_sees_nothing_of_other_schemas(reader: psycopg.Connection[Any]) -> None:
    rows = reader.execute(
        "select distinct table_schema::text from information_schema.columns where table_schema !~ '^(pg_|information_schema)'"
    )
    assert rows.fetchall() == [("bi",)]


def odbc_driver() -> str:
    """The file of psqlODBC for Unicode."""
    found = [
        *Path("/usr/lib").glob("*/odbc/psqlodbcw.so"),
        *Path(os.environ.get("WAREHOUSE_TEST_ODBC", "/none")).glob("psqlodbcw.so"),
    ]
    if not found:
        pytest.skip("no psqlODBC here (Debian: apt install odbc-postgresql, or its folder in WAREHOUSE_TEST_ODBC)")
    return str(found[0])


def test_an_odbc_driver_finds_and_reads_all_of_it(reader: psycopg.Connection[Any], published: list[Relation]) -> None:
    pyodbc = pytest.importorskip("pyodbc", reason="no pyodbc here (pip install pyodbc; it brings unixODBC)")
    login = reader.info
    words = {"Driver": odbc_driver(), "Servername": login.host, "Port": login.port, "Database": login.dbname}
    words |= {"UID": login.user, "PWD": login.password}
    with closing(pyodbc.connect(";".join(f"{name}={value}" for name, value in words.items()), autocommit=True)) as conn:
        tables = {row.table_name for row in conn.cursor().tables(schema="bi")}
        assert tables == {relation.name for relation in published}
        columns = {row.column_name: row for row in conn.cursor().columns(schema="bi", table="indicator_value")}
        value = columns["value"]
        assert (value.type_name, value.column_size, value.decimal_digits) == ("numeric", 38, 10)
        key = [row.column_name for row in conn.cursor().primaryKeys(schema="bi", table="indicator_period")]
        assert key == ["indicator_id", "period"]
        for relation in published:
            assert conn.execute(f"select * from bi.{relation.name} limit 5").fetchall() is not None
        [row] = conn.execute(
            "select value, gap_reason from bi.indicator_trend where (indicator_id, org_id, period) = ('relief_paid', 'SN', '2021-02')"
        ).fetchall()
        assert tuple(row) == (Decimal("3800.75"), None)
