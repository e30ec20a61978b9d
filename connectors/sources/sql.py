"""One question to a Postgres database as a source: its rows as workbooks of a form, one a unit and period.

The question runs in a read-only transaction with a timeout of its own, in which it sees one state of that database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.settings import without_password
from connectors.sources.declared import SqlDeclared
from connectors.sources.errors import Located
from connectors.sources.made_objects import MadeObjects
from connectors.sources.rows import workbooks_of
from connectors.sources.secrets import read_secret
from connectors.sources.source import Ground, Listing

FETCHED_AT_ONCE = 1000

HEALING = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that another try may get past: lost connections, conflicts, no room, locks, a server that stops."""


class SqlSource(MadeObjects, Located):
    """One question, connected. Raises: SourceFailed."""

    def __init__(self, declared: SqlDeclared, ground: Ground) -> None:
        self.source_id = declared.id
        self._declared, self._ground = declared, ground
        url = read_secret(declared, declared.database, "database")
        self.location = without_password(url)
        if not url.startswith(("postgresql://", "postgres://")):
            self.location = "database"
            raise self.shut("只支持 postgresql:// 网址", "only postgresql:// URLs are supported")
        with self._failures():
            self._conn: psycopg.Connection[Any] = psycopg.connect(
                url,
                connect_timeout=max(1, int(ground.deadline.patience_seconds())),
                application_name="warehouse source",
            )
            self._conn.read_only = True
            self._conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        ground.deadline.on_close(self._conn.cancel)

    def list(self) -> Listing:
        """The workbooks that the rows make now."""
        with self._failures():
            rows = [*self._rows()]
        return Listing([*workbooks_of(self._declared.mapping, rows, self._ground)], 0)

    def probe(self) -> int:
        """How many rows there are."""
        with self._failures():
            return sum(1 for _ in self._rows())

    def close(self) -> None:
        """Hang up."""
        self._conn.close()

    def _rows(self) -> Iterator[dict[str, Any]]:
        most = min(self._declared.statement_seconds, self._ground.deadline.left_seconds())
        self._conn.execute(f"set local statement_timeout = {max(1, int(most * 1000))}")
        with self._conn.cursor(name="source", row_factory=dict_row) as cursor:
            cursor.itersize = FETCHED_AT_ONCE
            cursor.execute(self._declared.query)
            self._refuse_other_columns({column.name for column in cursor.description or ()})
            for row in cursor:
                self._ground.deadline.left_seconds()
                yield row

    def _refuse_other_columns(self, given: set[str]) -> None:
        """Raises: SourceShut if the question does not give what the mapping names."""
        m = self._declared.mapping
        named = {*m.columns.values(), *(c for c in (m.unit.column, m.period.column, m.changed) if c)}
        if missing := sorted(named - given):
            raise self.shut(f"查询结果没有列 {'、'.join(missing)}", f"the query gives no column {', '.join(missing)}")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What Postgres says, in our words: its text may quote a row."""
        try:
            yield
        except psycopg.Error as error:
            self._ground.deadline.left_seconds()
            code = error.sqlstate or ""
            said = f"{type(error).__name__} {code}".strip()
            if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
                raise self.shut("查询要改动数据，没有执行", "the query would change data and was not run") from None
            if code and not code.startswith(HEALING):
                raise self.shut(f"数据库拒绝（{said}）", f"the database refused ({said})") from None
            raise self.broken(f"连接中断（{said}）", f"it broke off ({said})") from None
