"""A database as one stream of SQL, out of `pg_dump` and into `psql`, the programs of the embedded wheel.

Both are clients: they run as us, against the embedded server or the one that `WAREHOUSE_URL` names, of any version that we support
(`pg_restore` would send an older server a setting that it does not know, hence plain SQL). The password goes by the environment.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any, NoReturn, TypeVar

import psycopg

from connectors.errors import DatabaseUnreachable, DumpFailed, DumpOvertaken
from connectors.postgres.programs import installed_programs
from connectors.postgres.urls import without_secret
from connectors.settings import environment_with, without_password

T = TypeVar("T")

PIECE_BYTES = 1 << 20
"""What is handed on at once."""

LOCK_MILLISECONDS = 500
"""How long one attempt waits for the locks of all tables: less than the second after which Postgres looks for a deadlock and might
end dbt's transaction instead of ours."""

PATIENCE_SECONDS = 600
"""How long attempts are repeated while dbt swaps tables under us: each holds its locks for milliseconds."""

OVERTAKEN = ("LOCK TABLE", "could not open relation", "cache lookup failed")
"""What pg_dump says when a table went, or was held, between its looking and its locking."""

SHAPE = """
select n.nspname::text, c.relname::text, c.oid, c.relkind::text, c.relfilenode,
    (select string_agg(r.xmin::text, ' ' order by r.oid) from pg_rewrite r where r.ev_class = c.oid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
order by 1, 2
"""
"""Which table bears which name, where its rows lie, and which text of a view is valid: what readers of one moment share."""

UNKNOWN_TO_OLDER = b"\nSET transaction_timeout = 0;\n"
"""What pg_dump 18 writes at its head and Postgres 15 and 16 refuse."""


@dataclass(frozen=True, slots=True)
class Dump:
    """A database as one stream. `conn` sees the same moment of it as the stream, until the stream is closed."""

    conn: psycopg.Connection[Any]
    pieces: Iterator[bytes]


@contextmanager
def opened_dump(url: str) -> Iterator[Dump]:
    """The database as SQL, as it was at one moment, with all but its owners.

    Nobody who writes waits for it; tables cannot be dropped or change their shape until the last piece is taken.
    Raises: DumpOvertaken if tables were being replaced just now, DumpFailed, DatabaseUnreachable.
    """
    with _connected(url) as conn, conn.transaction(), tempfile.TemporaryFile() as errors:
        conn.execute("set transaction isolation level repeatable read, read only")
        [(snapshot,)] = conn.execute("select pg_export_snapshot()").fetchall()
        before = conn.execute(SHAPE).fetchall()
        arguments = (
            "--no-owner",
            "--no-password",
            f"--lock-wait-timeout={LOCK_MILLISECONDS}",
            f"--snapshot={snapshot}",
        )
        process = _start("pg_dump", url, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            first = process.stdout.read(PIECE_BYTES)
            if not first:
                process.wait()
                said = _said(errors)
                is_overtaken = any(words in said for words in OVERTAKEN) and "permission denied" not in said
                _fail(DumpOvertaken if is_overtaken else DumpFailed, "pg_dump", url, said)
            # By the time that it writes it holds every lock that it wants. A table that was swapped or emptied before that would
            # look empty: pg_dump finds the new one by name, and its moment sees no rows of it.
            with _connected(url) as now:
                if now.execute(SHAPE).fetchall() != before:
                    _fail(DumpOvertaken, "pg_dump", url, "tables were replaced meanwhile")
            yield Dump(conn, _pieces(process, url, first, errors))
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@contextmanager
def patiently(open_dump: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What `open_dump` gives, tried again while tables are being replaced under it. Raises: as `opened_dump`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with ExitStack() as stack:
        while True:
            try:
                opened = stack.enter_context(open_dump())
                break
            except DumpOvertaken:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield opened


def load_pieces(url: str, pieces: Iterable[bytes], before: str = "") -> None:
    """Run these pieces of a dump in a database, in one transaction: when this raises, nothing has happened there.

    `before` is SQL of ours that comes first.

    Raises: DumpFailed, and what the pieces raise.
    """
    parts = iter(pieces)
    # The head stands in the first piece: pieces are long, and it comes before the first table.
    head = next(parts, b"").replace(UNKNOWN_TO_OLDER, b"\n", 1)
    with tempfile.TemporaryFile() as errors:
        # An error of the server could quote a row, so it is asked for the code alone.
        quiet = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=sqlstate")
        process = _start("psql", url, *quiet, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors)
        assert process.stdin is not None  # noqa: S101 - it was asked for
        try:
            for piece in chain((f"begin;\n{before}\n".encode(), head), parts, (b"\ncommit;\n",)):
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            process.wait()
            _fail(DumpFailed, "psql", url, _said(errors))
        except BaseException:
            # Without the `commit` that has not been written, nothing stays.
            process.kill()
            process.wait()
            raise
        finally:
            _close(process.stdin)
        if process.wait():
            _fail(DumpFailed, "psql", url, _said(errors))


def _pieces(process: subprocess.Popen[bytes], url: str, first: bytes, errors: IO[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    yield first
    while piece := process.stdout.read(PIECE_BYTES):
        yield piece
    if process.wait():
        _fail(DumpFailed, "pg_dump", url, _said(errors))


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        conn = psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="warehouse pg_dump")
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(without_password(url), " ".join(str(error).split()).rstrip(".?")) from error
    with conn:
        yield conn


def _start(program: str, url: str, *arguments: str, **streams: int | IO[bytes]) -> subprocess.Popen[bytes]:
    target, secret = without_secret(url)
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # the streams are passed through
        [str(installed_programs() / program), f"--dbname={target}", *arguments],
        # Its messages in English, because we look for some.
        env=environment_with(LC_ALL="C", PGAPPNAME=f"warehouse {program}", **secret),
        **streams,
    )


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        # What it still held was for a program that has ended.
        return


def _said(errors: IO[bytes]) -> str:
    errors.seek(0)
    return " ".join(errors.read().decode(errors="replace").split())


def _fail(kind: type[DumpFailed], program: str, url: str, said: str) -> NoReturn:
    code = re.search(r"ERROR:\s+([0-9A-Z]{5})\b", said)
    reason = psycopg.errors.lookup(code[1]).__name__ if code else said.rstrip(".")
    raise kind(program, without_password(url), reason or "it has ended")
