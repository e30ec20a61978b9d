"""What a build is made from, as one digest: the same digest, the same tables, and nothing to build."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from connectors.warehouse.publish import current_release

PROJECT_ENDINGS = {".sql", ".yml", ".csv"}


def build_inputs(conn: psycopg.Connection[Any], project: Path, business_date: date) -> str:
    """The digest of everything that decides what a build gives: the date, what was decided and found so far, the registers, dbt's project.

    Landing and ledger only grow, with each delivery that is decided, replayed or withdrawn, so their counts and last ids stand for
    them; a finding of a cross rule is opened once and closed once, so its counts do.
    """
    facts = conn.execute(
        "select (select format('%s %s', count(*), max(delivery_id)) from ops.delivery_outcome),"
        " (select format('%s %s', count(*), max(submission_id)) from ops.submission),"
        " (select count(*) from ops.withdrawal),"
        " (select format('%s %s', count(*), count(until_run_id)) from ops.cross_finding),"
        " (select md5(string_agg(t::text, ' ' order by form_id, period)) from registers.reporting_calendar t),"
        " (select md5(string_agg(t::text, ' ' order by form_id)) from registers.form t),"
        " (select md5(string_agg(t::text, ' ' order by form_id, unit_kind)) from registers.form_submitter t),"
        " (select md5(string_agg(t::text, ' ' order by form_id, field, code)) from registers.code t)"
    ).fetchone()
    return hashlib.sha256(f"{business_date} {facts} {_project_digest(project)}".encode()).hexdigest()


def standing_release(conn: psycopg.Connection[Any], inputs: str) -> int | None:
    """The current release, if the newest build was made from these inputs, passed, and is what readers see; else None."""
    row = conn.execute(
        "select b.passed and b.inputs = %s and r.release_id is not null from ops.dbt_build b"
        " join ops.run r using (run_id) order by b.build_id desc limit 1",
        (inputs,),
    ).fetchone()
    return current_release(conn) if row and row[0] else None


@cache
def _project_digest(project: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in project.rglob("*") if p.suffix in PROJECT_ENDINGS):
        digest.update(f"{path.relative_to(project)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
