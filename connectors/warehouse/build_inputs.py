"""What a build is made from, as one digest: the same digest, the same tables, and nothing to build."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from connectors.warehouse.publish import current_release

CLOSINGS = " closings="
"""What stands in a digest before the number of closings, which change the status of figures and no figure."""

PROJECT_ENDINGS = frozenset((".sql", ".yml", ".csv"))


def build_inputs(conn: psycopg.Connection[Any], project: Path, business_date: date) -> str:
    """The digest of everything that decides what a build gives: the date, what was decided and found so far, the registers, dbt's project.

    Landing and ledger only grow, with each delivery that is decided, replayed or withdrawn, so their counts and last ids stand for
    them; a finding of a cross rule is opened once and closed once, so its counts do. The number of closings stands apart at the end:
    to close another period takes no build in between (see `is_same_data`).
    """
    facts = conn.execute(
        "select (select format('%s %s', count(*), max(delivery_id)) from ops.delivery_outcome),"
        " (select format('%s %s', count(*), max(submission_id)) from ops.submission),"
        " (select count(*) from ops.withdrawal),"
        " (select count(*) from ops.submission_let_in), (select count(*) from ops.reopening),"
        " (select format('%s %s', count(*), count(until_run_id)) from ops.cross_finding),"
        " (select md5(string_agg(t::text, ' ' order by code)) from registers.rule t)"
    ).fetchone()
    [(closings,)] = conn.execute("select count(*) from ops.closing").fetchall()
    digest = hashlib.sha256(f"{business_date} {facts} {build_foundation(conn, project)}".encode()).hexdigest()
    return f"{digest}{CLOSINGS}{closings}"


def build_foundation(conn: psycopg.Connection[Any], project: Path) -> str:
    """The digest of what every table of a build depends on: dbt's project, and what the contracts and the calendar say."""
    facts = conn.execute(
        "select (select md5(string_agg(t::text, ' ' order by form_id, period)) from registers.reporting_calendar t),"
        " (select md5(string_agg(t::text, ' ' order by form_id, field, code)) from registers.code t)"
    ).fetchone()
    return hashlib.sha256(f"{facts} {code_digest(conn, project)}".encode()).hexdigest()


def is_same_data(inputs: str, others: str) -> bool:
    """Whether two digests of inputs are of the same data and the same code, whatever was closed between them."""
    return inputs.partition(CLOSINGS)[0] == others.partition(CLOSINGS)[0]


def code_digest(conn: psycopg.Connection[Any], project: Path) -> str:
    """The digest of what a build computes with, whatever the data and the date: dbt's project, and who has to hand in which form."""
    contracts = conn.execute(
        "select (select md5(string_agg(t::text, ' ' order by form_id)) from registers.form t),"
        " (select md5(string_agg(t::text, ' ' order by form_id, unit_kind)) from registers.form_submitter t)"
    ).fetchone()
    return hashlib.sha256(f"{contracts} {files_digest(project, PROJECT_ENDINGS)}".encode()).hexdigest()


def standing_release(conn: psycopg.Connection[Any], inputs: str) -> int | None:
    """The current release, if the newest build was made from these inputs, passed, and is what readers see; else None."""
    row = conn.execute(
        "select b.passed and b.inputs = %s and r.release_id is not null from ops.dbt_build b"
        " join ops.run r using (run_id) order by b.build_id desc limit 1",
        (inputs,),
    ).fetchone()
    return current_release(conn) if row and row[0] else None


@cache
def files_digest(folder: Path, endings: frozenset[str]) -> str:
    """The digest of the names and contents of all files below a folder with one of these endings (`.sql`)."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in endings):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
