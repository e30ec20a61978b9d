"""Schema `bi` as Postgres's catalogue has it, and the page that shows it to whoever connects a BI tool.

`python -m tests.dbt.product_page` writes the page anew, from a warehouse in which a night has run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

PAGE = Path(__file__).resolve().parents[2] / "docs" / "user" / "zh" / "发布数据字典.md"
KINDS = {"r": "表", "v": "视图", "p": "表", "m": "物化视图"}

HEAD = """# 发布数据字典

BI 工具连接的 `bi` 模式里有什么：每个表、视图和列的含义、单位、空值的意思。本页由数据库目录生成（`python -m tests.dbt.product_page`），
与数据库注释一致，请勿直接修改。报表的填报字段见[数据字典](数据字典.md)。

比率和去重计数不能把 `value` 相加：`bi.indicator` 的 `adds_over_units`、`adds_over_time` 说明如何合计，
`bi.indicator_added_up(指标, 组织数组, 期间数组)` 按此合计，不能合计的说明原因。
画趋势用 `bi.indicator_trend`：没有数字的期间也有一行，值为空，原因见 `gap_reason`。
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a relation: its place in the primary key is None where it is not in it."""

    name: str
    type: str
    key_position: int | None
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """One table or view of `bi`."""

    name: str
    kind: str
    comment: str
    columns: tuple[Column, ...]


def relations(conn: psycopg.Connection[Any]) -> list[Relation]:
    """Every table and view of `bi`, by name, with its columns in order; what has no comment has an empty one."""
    rows = conn.execute(
        "select c.relname::text, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), ''), a.attname::text,"
        " format_type(a.atttypid, a.atttypmod), array_position(i.indkey::smallint[], a.attnum),"
        " coalesce(col_description(c.oid, a.attnum), '')"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " left join pg_index i on i.indrelid = c.oid and i.indisprimary"
        " where c.relnamespace = 'bi'::regnamespace and c.relkind in ('r', 'v', 'p', 'm') order by 1, a.attnum"
    ).fetchall()
    columns: dict[tuple[str, str, str], list[Column]] = {}
    for name, kind, comment, *column in rows:
        columns.setdefault((name, kind, comment), []).append(Column(*column))
    return [Relation(*of, tuple(found)) for of, found in columns.items()]


def functions(conn: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Every function of `bi` with its arguments, and its comment."""
    return conn.execute(
        "select proname || '(' || pg_get_function_identity_arguments(oid) || ')', coalesce(obj_description(oid, 'pg_proc'), '')"
        " from pg_proc where pronamespace = 'bi'::regnamespace order by 1"
    ).fetchall()


def page(conn: psycopg.Connection[Any]) -> str:
    """The page: a section for each table and view, and one for the functions."""
    sections = [HEAD, *map(_section, relations(conn))]
    rows = "\n".join(f"| `{name}` | {_cells(comment)} |" for name, comment in functions(conn))
    sections.append(f"## 函数\n\n| 函数 | 说明 | English |\n|---|---|---|\n{rows}\n")
    return "\n".join(sections)


def _section(relation: Relation) -> str:
    said = "\n\n".join(relation.comment.split("\n"))
    rows = "\n".join(
        f"| `{c.name}` | {c.type} | {'' if c.key_position is None else '是'} | {_cells(c.comment)} |"
        for c in relation.columns
    )
    head = "| 列 | 类型 | 主键 | 说明 | English |\n|---|---|---|---|---|"
    return f"## {relation.name}（{KINDS[relation.kind]}）\n\n{said}\n\n{head}\n{rows}\n"


def _cells(comment: str) -> str:
    zh, _, en = comment.replace("|", "\\|").partition("\n")
    return f"{zh} | {en}"


def main() -> None:
    """Write the page from the database of `WAREHOUSE_URL` or of this home."""
    from connectors.settings import load_settings
    from connectors.warehouse.engine import connect

    with connect(load_settings()) as conn:
        PAGE.write_text(page(conn), encoding="utf-8")


if __name__ == "__main__":
    main()
