"""The registers as SQL asks them: views over the landing tables, which exist only once the contracts have been read."""

from __future__ import annotations

from typing import Any

import psycopg

UNIT_COLUMNS: dict[str, tuple[str, str]] = {
    "unit_id": ("unit_code", "单位、行业组或全省的代码，永不重用"),
    "unit_name": ("unit_name", "该时段内的全称"),
    "short_name": ("short_name", "该时段内的简称"),
    "unit_kind": ("unit_kind", "类别：province 全省、group 行业组、provincial_office 省机关、enterprise 企业工会"),
    "parent_id": ("parent_code", "该时段内上级的代码；全省为空"),
    "credit_code": ("credit_code", "统一社会信用代码"),
    "valid_from": ("valid_from", "时段的第一天"),
    "valid_to": ("valid_to", "时段的最后一天；空为至今"),
    "successor_id": ("successor_code", "失效后由哪个单位承接；空为没有"),
    "former_names": ("former_names", "曾用名，以顿号分隔；空为没有"),
}
"""Columns of `registers.unit`: the field of the contract `unit_register` that each is, and its comment."""

UNIT_COMMENT = "粒度：单位 × 有效时段；取生效的单位名册（报告期最新、版本最高、未撤回的已接收名册）"


def ensure_views(conn: psycopg.Connection[Any]) -> None:
    """Make the views that are missing, lack a column or say another thing. The caller holds the migration lock and commits.

    One that is as it should be is left alone, for replacing it would wait for its readers and make others wait. A new column comes
    last: what is built upon the view stays.
    """
    found = conn.execute(
        "select attname::text from pg_attribute where attrelid = to_regclass('registers.unit') and attnum > 0 order by attnum"
    ).fetchall()
    said = conn.execute("select obj_description(to_regclass('registers.unit'), 'pg_class')").fetchone()
    if [name for (name,) in found] == list(UNIT_COLUMNS) and said == (UNIT_COMMENT,):
        return
    columns = ", ".join(f"r.{field} as {name}" for name, (field, _) in UNIT_COLUMNS.items())
    conn.execute(
        # A late correction of an older period's register must not put the newer one out of force.
        f"create or replace view registers.unit as select {columns} from landing.unit_register as r"  # noqa: S608 - the names above
        " where r.submission_id = (select s.submission_id from ops.submission_in_force as s"
        " where s.form_id = 'unit_register' order by s.period desc, s.version desc, s.submission_id desc limit 1)"
    )
    conn.execute(f"comment on view registers.unit is '{UNIT_COMMENT}'")
    for name, (_, comment) in UNIT_COLUMNS.items():
        conn.execute(f"comment on column registers.unit.{name} is '{comment}'")
