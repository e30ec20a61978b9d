"""The search: every file below some folders, their names too, and every row of every table of a server."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from tests.canary.containers import closed_streams, views
from tests.canary.needles import Needles

ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Hit:
    """A mark in a place: a path below what was searched, or `database: schema.table`."""

    place: str
    mark: str
    way: str
    context: bytes

    def __str__(self) -> str:
        return f"{self.place}: {self.mark} ({self.way}) {self.context!r}"


@dataclass(slots=True)
class Swept:
    """What was searched, and what was found where it may not be; `allowed` counts what was found where it may."""

    files: int = 0
    size: int = 0
    unpacked: int = 0
    tables: int = 0
    row_bytes: int = 0
    hits: list[Hit] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    by_top: Counter[str] = field(default_factory=Counter)
    """Bytes by the first two folders of their path."""

    def tell(self, needles: Needles) -> str:
        """The figures, for people."""
        lines = [
            f"{self.files} files of {self.size:,} bytes, {self.unpacked} packed streams in them; {self.tables} tables, "
            f"{self.row_bytes:,} bytes of rows; {len(needles.patterns)} patterns",
            *(f"  {top}: {size:,} bytes" for top, size in self.by_top.most_common(12)),
            *(f"  allowed, {place}: {count} marks" for place, count in sorted(self.allowed.items())),
            *(f"  not opened, {kind}: {count}" for kind, count in self.closed.items()),
            f"hits elsewhere: {len(self.hits)}",
            *(f"  {place}: {count}" for place, count in Counter(hit.place for hit in self.hits).most_common()),
        ]
        return "\n".join(lines)


def sweep_files(root: Path, needles: Needles, allowed: Mapping[str, str], swept: Swept) -> None:
    """Search every regular file below `root`, and the names of all. `allowed` has the patterns of paths where marks may be."""
    with _Looking(needles, swept) as look:
        for path in _all_below(root):
            name = str(path.relative_to(root))
            place = next((pattern for pattern in allowed if fnmatchcase(name, pattern)), None)
            look.at(f"{name} (its name)", os.fsencode(name), place)
            try:
                if not stat.S_ISREG(path.lstat().st_mode):
                    continue
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            swept.files += 1
            swept.size += len(data)
            swept.by_top["/".join(name.split("/")[:2])] += len(data)
            swept.closed.update(closed_streams(data))
            for within, content in views(data):
                swept.unpacked += within != "" and not content
                look.at(f"{name} {within}".strip(), content, place)


def sweep_originals(settings: Settings, needles: Needles, swept: Swept) -> None:
    """Search what the archive gives to who has the keys."""
    archive = Archive(settings, Keyring.load(settings))
    with _Looking(needles, swept) as look:
        for name in archive.names():
            data = archive.get(name)
            swept.closed.update(closed_streams(data))
            for within, content in views(data):
                look.at(f"original {name} {within}".strip(), content, None)


def sweep_database(conn: psycopg.Connection[Any], needles: Needles, swept: Swept) -> None:
    """Search every row of every table of a database as text, which unpacks what Postgres had packed; its own catalogue too."""
    tables = conn.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'm', 'p') and n.nspname !~ '^pg_toast' and has_table_privilege(c.oid, 'select') order by 1, 2"
    ).fetchall()
    with _Looking(needles, swept) as look:
        for schema, table in tables:
            swept.tables += 1
            for text in _rows(conn, schema, table):
                swept.row_bytes += len(text)
                look.at(f"{conn.info.dbname}: {schema}.{table}", text.encode(), None)


class _Looking:
    """Gathers pieces until they are worth a search, and keeps what is found; `place` is the allowed place that a piece lies in."""

    def __init__(self, needles: Needles, swept: Swept) -> None:
        self._needles, self._swept = needles, swept
        self._pieces: list[tuple[str, bytes, str | None]] = []
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._search()

    def at(self, name: str, data: bytes, place: str | None) -> None:
        """Look at a piece, now or later."""
        self._pieces.append((name, data, place))
        self._size += len(data)
        if self._size > BYTES_AT_ONCE:
            self._search()

    def _search(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        for number, found in self._needles.find_in([data for _, data, _ in pieces]):
            name, _, place = pieces[number]
            if place is None:
                self._swept.hits.append(Hit(name, found.mark, found.way, found.context))
            else:
                self._swept.allowed[place] += 1


def _rows(conn: psycopg.Connection[Any], schema: str, table: str) -> Iterator[str]:
    with conn.transaction(), conn.cursor("sweep") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(sql.SQL("select t::text from only {} t").format(sql.Identifier(schema, table)))
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield "\n".join(row[0] for row in rows)


def _all_below(root: Path) -> Sequence[Path]:
    return sorted(Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files))
