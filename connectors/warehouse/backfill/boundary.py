"""The boundary of a preview: everything that decides what a backfill comes to. An apply goes on only while all of it is as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.keys import TOKEN_KEY
from connectors.settings import PROJECT_FOLDER
from connectors.sources import FolderSource
from connectors.warehouse.backfill.errors import BackfillMoved
from connectors.warehouse.build_inputs import build_inputs, files_digest
from connectors.warehouse.publish import current_release

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.settings import Settings
    from connectors.warehouse.backfill.parameters import Parameters

Boundary = Mapping[str, str]

PACKAGES = ("flows", "connectors", "expectations")
PROGRAM_ENDINGS = frozenset((".py",))
CONTRACT_ENDINGS = frozenset((".yaml", ".yml", ".csv", ".json"))

BESIDE_FIGURES = ("access_given", "access_taken", "unmasked", "key_made", "key_retired")
"""The kinds of events that no figure depends on: who may read, who looked, and which key seals."""

MOVED_ZH: Mapping[str, str] = {
    "date": "日期已到第二天",
    "event": "其间有新的报送、撤回、更正、豁免或结账",
    "ledger": "其间有新的报送、撤回、更正或豁免",
    "release": "其间有新的发布",
    "inputs": "指标的来源（登记、日历、核对结果或指标定义）有变",
    "contracts": "报表合同有变",
    "code": "程序有变",
    "keys": "密钥不同",
    "folder": "文件夹中的文件有变",
}
"""What moved, in words; in the order in which a person would look for it."""


def read_boundary(
    settings: Settings, conn: psycopg.Connection[Any], keyring: Keyring, parameters: Parameters, business_date: date
) -> Boundary:
    """Where everything stands now that a backfill depends on. Raises: SourceUnreachable for a folder that is gone."""
    return {
        "date": business_date.isoformat(),
        **read_ledger_boundary(conn),
        "release": str(current_release(conn)),
        "inputs": build_inputs(conn, settings.dbt_project_dir, business_date),
        "contracts": files_digest(PROJECT_FOLDER / "expectations", CONTRACT_ENDINGS),
        "code": "".join(files_digest(PROJECT_FOLDER / name, PROGRAM_ENDINGS) for name in PACKAGES),
        # Seal keys may change in between: what is staged stays readable, and no figure depends on them.
        "keys": keyring.fingerprints[TOKEN_KEY],
        "folder": _folder_digest(parameters.folder),
    }


def read_ledger_boundary(conn: psycopg.Connection[Any]) -> Boundary:
    """The last event that figures depend on, and the counts of everything that decides how an original is judged; they only grow."""
    [(event, *counts)] = conn.execute(
        "select (select max(event_id) from ops.event where kind <> all(%s)), (select max(submission_id) from ops.submission),"
        " (select count(*) from ops.withdrawal), (select count(*) from ops.waiver), (select count(*) from ops.waiver_end),"
        " (select count(*) from ops.correction_approval), (select count(*) from ops.confirmation)",
        (list(BESIDE_FIGURES),),
    ).fetchall()
    return {"event": str(event), "ledger": " ".join(str(count or 0) for count in counts)}


def moved_error(plan_id: str, names: list[str]) -> BackfillMoved:
    """The refusal that says what moved."""
    return BackfillMoved(plan_id, "、".join(MOVED_ZH[name] for name in names), ", ".join(names))


def moved(before: Boundary, now: Boundary) -> list[str]:
    """What is not as it was (keys of `MOVED_ZH`)."""
    return [name for name in MOVED_ZH if name in now and before.get(name) != now[name]]


def _folder_digest(folder: str | None) -> str:
    if folder is None:
        return ""
    listed = FolderSource("backfill", Path(folder)).list().objects
    said = "\n".join(f"{found.name}\0{found.size_bytes}\0{found.modified_ns}" for found in listed)
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()
