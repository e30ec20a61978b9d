"""dbt, run inside this process: one build of the warehouse for one night, with its tests.

The manifest is kept between builds, because importing dbt and reading the project cost more than the SQL; the next process takes what
dbt remembers of it as long as no file of the project has changed. It is read for no database, and told before each command which one
it is about. Nothing is printed:
dbt writes its log under the logs folder and its artifacts under the target folder of the settings. Models carry tokens and
codes only, so neither holds personal data; failing rows are never stored.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from connectors.errors import BuildFailed
from connectors.postgres import ensure_database
from connectors.warehouse.build_inputs import PROJECT_ENDINGS, build_foundation, code_digest, files_digest
from connectors.warehouse.engine import connect
from connectors.warehouse.roles import LOADER
from connectors.warehouse.scope import Digests, open_build

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    from connectors.settings import Settings

FAILED = frozenset({"error", "fail", "runtime error"})
"""The states of a node that keep a build from passing; what was skipped because of them is not named again."""

DEAREST = 12
"""How many of the nodes that took longest a build names."""

CHANGES = ("--select", "tag:every_night", "--vars", '{"scoped": true}')
"""What dbt is told where only changes are computed: the models and tests that a change may move, without views, seeds and registers."""

NOWHERE = "postgresql://nobody@localhost:5432/none"
"""Where the project is read for: dbt forgets what it remembers when it is told of another database, and reading asks none."""

_kept: dict[str, Manifest] = {}
"""The manifest of the last project that was read."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build came to: whether all passed, the failing tests and models in order, nodes run, and seconds taken.

    `dearest` names the nodes that took longest, each with its seconds; several run at a time.
    """

    passed: bool
    failures: tuple[str, ...]
    nodes: int
    seconds: float
    dearest: tuple[tuple[str, float], ...] = ()


def build(settings: Settings, run_id: int, business_date: date, fence: int, inputs: str) -> BuildResult:
    """Bring every table to what the ledger holds now, test it, and record it, with the digest of its inputs, in `ops.dbt_build`.

    What changed since the current release is computed, or everything where need be (`connectors.warehouse.scope`); the tables are the same
    either way, and after a second build too. Raises: BuildFailed if dbt itself cannot run; DatabaseError.
    """
    started = time.monotonic()
    with connect(settings, LOADER) as conn:
        project = settings.dbt_project_dir
        digests = Digests(inputs, build_foundation(conn, project), code_digest(conn, project))
        opened = open_build(conn, run_id, business_date, fence, digests)
    selection = ("--full-refresh",) if opened.base_build_id is None else CHANGES
    # Unit tests prove the arithmetic to developers, on made-up rows; a night has real ones.
    results = run_dbt(settings, "build", *selection, "--exclude-resource-type", "unit_test")
    failures = tuple(_name(result.node) for result in results if str(result.status) in FAILED)
    with connect(settings, LOADER) as conn:
        conn.execute(
            "update ops.dbt_build set finished_at = now(), passed = %s where build_id = %s",
            (not failures, opened.build_id),
        )
    longest = sorted(results, key=lambda result: -result.execution_time)[:DEAREST]
    dearest = tuple((_name(result.node), float(result.execution_time)) for result in longest)
    return BuildResult(not failures, failures, len(results), time.monotonic() - started, dearest)


def warm_up() -> None:
    """Imports dbt, which takes some seconds, so that it can be done while something else starts."""
    import dbt.cli.main  # noqa: F401


def run_dbt(settings: Settings, command: str, *arguments: str) -> list[Any]:
    """Run one dbt command over the project; gives its results, one per node in the order in which they ended.

    Raises: BuildFailed if dbt cannot start or cannot read the project.
    """
    from dbt.cli.main import dbtRunner

    manifest, variables = read_project(settings), _profile_variables(ensure_database(settings))
    for relation in (*manifest.nodes.values(), *manifest.sources.values()):
        relation.database = variables["WAREHOUSE_DBT_DATABASE"]
    with _environment(variables):
        outcome = _invoke(dbtRunner(manifest=manifest), settings, command, *arguments)
    return list(outcome.results)


def read_project(settings: Settings) -> Manifest:
    """The manifest of the project; no database is needed. Raises: BuildFailed if dbt cannot read the project."""
    from dbt.cli.main import dbtRunner

    key = str(settings.dbt_project_dir)
    if key not in _kept:
        _kept.clear()
        with _environment(_profile_variables(NOWHERE)):
            _kept[key] = _parse(dbtRunner(), settings)
    return _kept[key]


def _parse(runner: dbtRunner, settings: Settings) -> Manifest:
    """Let dbt read the project; what it remembers it may take only if that is of these very files, so that it need not find changes."""
    stamp = settings.dbt_target_dir / "remembered"
    digest = files_digest(settings.dbt_project_dir, PROJECT_ENDINGS)
    is_known = stamp.exists() and stamp.read_text(encoding="ascii") == digest
    if not is_known:
        stamp.unlink(missing_ok=True)
    manifest: Manifest = _invoke(runner, settings, "parse", "--partial-parse" if is_known else "--no-partial-parse")
    stamp.write_text(digest, encoding="ascii")
    return manifest


def _invoke(runner: dbtRunner, settings: Settings, command: str, *arguments: str) -> Any:
    log = settings.logs_dir / "dbt"
    log.mkdir(parents=True, exist_ok=True)
    try:
        outcome = runner.invoke(
            [
                *("--quiet", "--log-level", "none", "--log-level-file", "info", "--log-path", str(log)),
                *("--no-use-colors", "--no-use-colors-file", "--no-send-anonymous-usage-stats", "--no-version-check"),
                # Nobody reads the artifacts, and to write the manifest took a second.
                "--no-write-json",
                command,
                *("--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(settings.dbt_project_dir)),
                *("--target-path", str(settings.dbt_target_dir)),
                *arguments,
            ]
        )
    finally:
        _close_log()
    if outcome.exception is not None and not isinstance(outcome.exception, Exception):
        # Ctrl-C or SIGTERM, which dbt takes for a failure of its own.
        raise outcome.exception
    if outcome.result is None:
        raise BuildFailed(command, str(outcome.exception) or repr(outcome.exception), str(log / "dbt.log"))
    return outcome.result


def _close_log() -> None:
    """Close the log file, which dbt leaves open for the life of a process that it takes for its own."""
    from dbt_common.events.event_manager_client import cleanup_event_logger

    cleanup_event_logger()
    log = logging.getLogger("file_log")
    for handler in tuple(log.handlers):
        log.removeHandler(handler)
        handler.close()


def _name(node: Any) -> str:
    return str(node.name)


def _profile_variables(url: str) -> dict[str, str]:
    """What `profiles.yml` asks for, and libpq's own variables for the rest of the URL (certificates and the like)."""
    from psycopg import pq
    from psycopg.conninfo import conninfo_to_dict

    facts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    variables = {
        "WAREHOUSE_DBT_HOST": facts.pop("host", "localhost"),
        "WAREHOUSE_DBT_PORT": facts.pop("port", "5432"),
        "WAREHOUSE_DBT_USER": facts.pop("user", ""),
        "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": facts.pop("password", ""),
        "WAREHOUSE_DBT_DATABASE": facts.pop("dbname", ""),
        "WAREHOUSE_DBT_SSLMODE": facts.pop("sslmode", "prefer"),
    }
    known = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    variables |= {envvar.decode(): facts[name] for name, envvar in known.items() if name in facts and envvar}
    return variables


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables while dbt runs: it takes a connection from a profile, and a profile takes secrets from here only."""
    environ = os.environ  # noqa: TID251 - handed to dbt, nothing of ours is read from it
    before = {name: environ.get(name) for name in variables}
    environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                environ.pop(name, None)
            else:
                environ[name] = value
