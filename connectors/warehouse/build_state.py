"""What a build was made from: its night, its program, and up to where it saw the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

_COLUMNS = "b.build_id, b.business_date, b.last_submission_id, b.last_event_id, b.code_digest"


@dataclass(frozen=True, slots=True)
class BuildState:
    """The boundary of one build: it saw the submissions and events up to these ids, and nothing after them.

    `code_digest` is None where an earlier version of the warehouse built it, which did not write it down.
    """

    build_id: int
    business_date: date
    last_submission_id: int
    last_event_id: int
    code_digest: str | None


def state_of_release(conn: psycopg.Connection[Any], release_id: int) -> BuildState | None:
    """The boundary of the build behind a release; None where there is no such release, or it is not known."""
    with conn.cursor(row_factory=class_row(BuildState)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from bi.release r join ops.dbt_build b using (build_id) where r.release_id = %s",  # noqa: S608 - ours
            (release_id,),
        ).fetchone()


def state_of_newest_build(conn: psycopg.Connection[Any]) -> BuildState | None:
    """The boundary of the newest build, which is the one to be published; None where nothing was ever built."""
    with conn.cursor(row_factory=class_row(BuildState)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from ops.dbt_build b order by b.build_id desc limit 1"  # noqa: S608 - our own words
        ).fetchone()
