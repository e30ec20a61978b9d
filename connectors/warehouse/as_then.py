"""The warehouse as a build saw it: today's models, laid over the ledger up to that build's boundary, in temporary relations.

Nothing that anybody else sees is touched; the relations go with the transaction (tables) or the session (views). Landing rows, events
and the ledger only grow, so what was in force then can always be laid out again; what the program computes from it is today's program.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from connectors.dbt_models import ProjectModels
from connectors.warehouse.build_state import BuildState

_LAZY = ("stg_", "int_unit_months", "int_enterprises_in_force", "int_submissions_expected", "int_nights_current")
"""Models that are filtered by whoever asks, so that they are views; the small rest are tables, with statistics."""


class Layout:
    """Relations of one build's state, made when they are first asked for, in the transaction that `conn` is in.

    `name` tells two layouts in one transaction apart; `given` are relations that stand for models of these names.
    """

    def __init__(
        self,
        conn: psycopg.Connection[Any],
        models: ProjectModels,
        state: BuildState,
        name: str,
        given: dict[str, str] | None = None,
    ) -> None:
        self._conn, self._models, self._state, self._name = conn, models, state, name
        self._made: dict[str, str] = dict(given or {})

    def relation(self, model: str) -> str:
        """The name, as SQL, of the relation that stands for a model or seed."""
        if model not in self._made:
            relation = f'pg_temp."{self._name}_{model}"'
            if self._models.is_seed(model):
                self._make_seed(relation, model)
            else:
                self._make(relation, model)
            self._made[model] = relation
        return self._made[model]

    def measure_rows(self, measure_id: str) -> str:
        """The name, as SQL, of a relation with the rows of all models that add to a measure, other measures' among them."""
        name = f'"{self._name}_rows_of_{measure_id}"'
        parts = " union all ".join(f"table {self.relation(model)}" for model in self._models.measure_models(measure_id))
        self._conn.execute(f"create or replace temporary view {name} as {parts}".encode())
        return f"pg_temp.{name}"

    def _make(self, relation: str, model: str) -> None:
        query = self._models.sql(model, self.relation, self._source)
        name = relation.removeprefix("pg_temp.")
        if model.startswith(_LAZY) or model.endswith("_measures"):
            self._conn.execute(f"create temporary view {name} as {query}".encode())
        else:
            self._conn.execute(f"create temporary table {name} on commit drop as {query}".encode())
            self._conn.execute(f"analyze {relation}".encode())

    def _source(self, schema: str, table: str) -> str:
        if (schema, table) != ("ops", "dbt_build"):
            return f'"{schema}"."{table}"'
        # Staging cuts the ledger off at the boundary of the newest build: here that is the build asked about. Landing rows are
        # those of their submissions, and registers those of the build's date.
        relation = f'pg_temp."{self._name}_dbt_build"'
        if relation not in self._made:
            query = f"select * from ops.dbt_build where build_id = {self._state.build_id}"  # noqa: S608 - a number
            self._conn.execute(f"create temporary view {relation.removeprefix('pg_temp.')} as {query}".encode())
            self._made[relation] = relation
        return relation

    def _make_seed(self, relation: str, seed: str) -> None:
        rows = self._models.seed(seed)
        kinds = {column: "integer" if all(row[column].isdigit() for row in rows) else "text" for column in rows[0]}
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in kinds.items()
        )
        table = sql.Identifier(relation.removeprefix("pg_temp.").strip('"'))
        self._conn.execute(sql.SQL("create temporary table {} ({}) on commit drop").format(table, columns))
        with self._conn.cursor() as cursor, cursor.copy(sql.SQL("copy {} from stdin").format(table)) as copy:
            for row in rows:
                copy.write_row([value or None for value in row.values()])
