"""What happens in the world: nights that fail in every way, and all that people ask of the warehouse afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from tests.canary.people import people
from tests.canary.planted import FAULTS, REACHED
from tests.canary.workbooks import AID, filled, row_of
from tests.canary.world import CROWD, NIGHT, World

GOOD, FAILED = (0, 1), 3


def short(world: World) -> None:
    """One night in which the database refuses rows, no source and no channel can be used and checks fail; then some questions."""
    assert world.call("db", "start") == 0
    with refusing(world, "landing", "training"):
        # Everything is done but the one delivery, which is told.
        assert world.call("run", "--date", NIGHT) == FAILED
    questions(world)


def whole(world: World) -> None:
    """Nights that are killed, that break at every planted fault and in Postgres, and at last an ordinary one; then the questions again."""
    world.killed_night("take_in", 1)
    for fault in FAULTS:
        broken_night(world, fault)
    short(world)
    # Something new each time, so that there is something to build, to publish and to answer.
    for month, step in enumerate(("build", "publish", "reply"), 3):
        _hand_in(world, "A0201", month)
        world.killed_night(step, 1)
    assert world.call("run", "--date", NIGHT) in GOOD
    questions(world)


def broken_night(world: World, fault: str) -> None:
    """A night that meets a planted fault."""
    world.call("run", "--date", NIGHT, fault=fault)
    assert f"{REACHED} {fault}" in world.heard()


@contextmanager
def refusing(world: World, schema: str, table: str) -> Iterator[None]:
    """A table that takes no more rows, so that Postgres says of each: Failing row contains …"""
    place = sql.Identifier(schema, table)
    with world.admin() as conn:
        conn.execute(sql.SQL("alter table {} add constraint canary check (false) not valid").format(place))
        yield
        conn.execute(sql.SQL("alter table {} drop constraint canary").format(place))


def questions(world: World) -> None:
    """What staff ask every morning, and a backup."""
    checked, marked = world.folder / "inbox" / "救助_错列.xlsx", world.folder / "checked" / str(world.calls)
    marked.mkdir()
    for asked in (
        ("status", "--json"),
        ("findings", "--json"),
        ("quarantine", "list"),
        ("alerts", "--json"),
        ("check", str(checked), "--annotate", str(marked)),
        ("db", "backup", "-o", str(world.folder / "out" / f"backup{world.calls}")),
    ):
        assert world.call(*asked) in GOOD, asked


def _hand_in(world: World, unit: str, month: int) -> None:
    """One more answer of a unit, with the first of the crowd in it."""
    crowd = iter(people(CROWD))
    data = filled(AID, unit, [row_of(AID, lambda: next(crowd))], f"2021-{month:02}")
    (world.folder / "inbox" / f"救助_更正_{unit}_{month}.xlsx").write_bytes(data)
