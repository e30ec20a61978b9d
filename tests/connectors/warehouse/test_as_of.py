"""As of: every past release is given back byte for byte, by its number and by the time, also while the next one is being published."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import hold
from tests.connectors.warehouse.test_publish import CANDIDATE, Warehouse

COLUMNS = "indicator_id, org_level, org_id, period_type, period, value, numerator, denominator, completeness, status, release_id"

CHANGES = (
    "update bi_candidate.indicator_value set value = value + 1.50, numerator = numerator + 1.50 where {some}",
    "update bi_candidate.indicator_value set completeness = 0.25 where {some}",
    "update bi_candidate.indicator_value set denominator = 3, value = null where {some}",
    "update bi_candidate.indicator_value set status = 'closed' where {some}",
    "update bi_candidate.indicator_value set value = 1.10, numerator = 1.100 where {some}",
    "delete from bi_candidate.indicator_value where {some}",
    "insert into bi_candidate.indicator_value select 'relief_paid', 'unit', 'A' || g, 'month', '2021-03', g, g, null, 0.5, 'provisional'"
    " from generate_series(0, 39) g where {some_new} on conflict do nothing",
    # Readers' other tables moved, and no figure.
    "update bi_candidate.relief_summary set money_cny = money_cny + 1",
)
"""What may become of figures from one release to the next: values, completeness alone, sides, states, scale, gone, come."""


class Published:
    """24 releases: what readers could copy out of each, and when it was published."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.exports: list[bytes] = []
        chance = random.Random(24)
        warehouse.build(*((f"A{n}", "2021-03", n) for n in range(40)))
        warehouse.publish()
        self.exports.append(self.export("bi.indicator_value"))
        while len(self.exports) < 24:
            warehouse.rebuild()
            for statement in chance.sample(CHANGES, chance.choice((1, 2, 3))):
                picked = chance.randint(2, 7)
                some = f"abs(hashtext(org_id)) %% {picked} = 0"
                some_new = f"g %% {picked} = 0"
                warehouse.conn.execute(statement.format(some=some, some_new=some_new).replace("%%", "%").encode())
            if warehouse.publish().is_new:
                self.exports.append(self.export("bi.indicator_value"))

    def export(self, relation: str, conn: psycopg.Connection[Any] | None = None) -> bytes:
        """What a reader copies out of a relation with the columns of `bi.indicator_value`."""
        statement = f"copy (select {COLUMNS} from {relation} order by 1, 2, 3, 4, 5) to stdout"
        with (conn or self.warehouse.conn).cursor() as cursor, cursor.copy(statement.encode()) as copy:
            return b"".join(bytes(part) for part in copy)

    def times(self) -> list[datetime]:
        return [at for (at,) in self.warehouse.rows("select published_at from bi.release order by release_id")]


@pytest.fixture
def published(settings: Settings) -> Iterator[Published]:
    with ExitStack() as stack:
        lease = stack.enter_context(hold(settings, "publish", "run 1"))
        conn = stack.enter_context(connect(settings))
        conn.execute(CANDIDATE)
        yield Published(Warehouse(settings, lease, conn))


def test_24_past_releases_equal_what_was_exported_then(published: Published) -> None:
    assert len(set(published.exports)) == 24
    for number, exported in enumerate(published.exports, start=1):
        assert published.export(f"bi.indicator_value_as_of({number})") == exported
    # An instant sees the release that readers saw then: not before it is there, and until the next one is.
    for number, at in enumerate(published.times(), start=1):
        for moment, expected in ((at - timedelta(microseconds=1), number - 1), (at, number)):
            told = published.export(f"bi.indicator_value_as_of(timestamptz '{moment.isoformat()}')")
            assert told == (published.exports[expected - 1] if expected else b"")
    late = published.export("bi.indicator_value_as_of(now() + interval '1 day')")
    assert late == published.exports[-1] == published.export("bi.indicator_value")
    for nothing in ("0", "25", "null::bigint", "timestamptz '2000-01-01'", "null::timestamptz"):
        assert published.export(f"bi.indicator_value_as_of({nothing})") == b""

    # While the 25th is being published, and at the moment that it is: one release, whole.
    warehouse = published.warehouse
    seen: set[bytes] = set()
    ended = threading.Event()

    def poll() -> None:
        with connect(warehouse.settings) as conn:
            while not ended.is_set():
                seen.add(published.export("bi.indicator_value_as_of(now())", conn))
                seen.add(published.export("bi.indicator_value_as_of((select max(release_id) from bi.release))", conn))

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for number in range(1, 6):
            warehouse.rebuild()
            warehouse.conn.execute("update bi_candidate.indicator_value set value = %s", (number * 1000,))
            assert warehouse.publish().is_new
            published.exports.append(published.export("bi.indicator_value"))
    finally:
        ended.set()
        reader.join()
    assert seen <= set(published.exports[23:])

    # A filter on the figures reaches the index.
    with warehouse.conn.transaction(force_rollback=True):
        # Few rows are quickest read whole; what is asked is whether Postgres can do otherwise.
        warehouse.conn.execute("set local enable_seqscan = off")
        for argument in ("7", "now()"):
            plan = warehouse.rows(
                f"explain select value from bi.indicator_value_as_of({argument}) where org_id = 'A7' and period = '2021-03'"
            )
            text = "\n".join(line for (line,) in plan)
            assert "Function Scan" not in text
            assert (
                "Index Cond: ((org_id = 'A7'::text) AND (period = '2021-03'::text)" in text or "indicator_value" in text
            )
