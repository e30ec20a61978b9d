"""What happens in the world: nights that fail in every way, and all that people ask of the warehouse afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from psycopg import sql

from connectors.settings import load_settings
from connectors.warehouse.engine import connect
from connectors.warehouse.upload_tokens import issue_token
from flows.schedule import now
from tests.canary.people import people
from tests.canary.planted import REACHED
from tests.canary.workbooks import AID, filled, row_of
from tests.canary.world import CROWD, NIGHT, World
from tests.flows.web_intake.conftest import serving

GOOD, FAILED = (0, 1), 3


def short(world: World) -> None:
    """One night in which the database refuses rows, no source and no channel can be used and checks fail; then some questions."""
    assert world.call("db", "start") == 0
    with refusing(world, "landing", "training"):
        # Everything is done but the one delivery, which is told.
        assert world.call("run", "--date", NIGHT) == FAILED
    questions(world)


def whole(world: World) -> None:
    """Nights that are killed, that break at every planted fault, in Postgres and in dbt, and at last an ordinary one; then all questions."""
    world.killed_night("take_in", 1)
    for fault in ("judging", "judgement", "loading"):
        broken_night(world, fault)
    short(world)
    # Something new each time, so that there is something to build, to publish and to answer.
    _hand_in(world, "A0102", 3)
    with refusing(world, "intermediate"), refusing(world, "marts"):
        assert world.call("run", "--date", NIGHT) == FAILED
    for month, fault in enumerate(("answering", "telling"), 4):
        _hand_in(world, "A0102", month)
        broken_night(world, fault)
    for month, step in enumerate(("build", "publish", "reply"), 3):
        _hand_in(world, "A0201", month)
        world.killed_night(step, 1)
    assert world.call("run", "--date", NIGHT) in GOOD
    upload(world)
    questions(world)
    more_questions(world)


def broken_night(world: World, fault: str) -> None:
    """A night that meets a planted fault."""
    world.call("run", "--date", NIGHT, fault=fault)
    assert f"{REACHED} {fault}" in world.heard()


@contextmanager
def refusing(world: World, schema: str, table: str | None = None) -> Iterator[None]:
    """Tables that take no more rows, so that Postgres says of each: Failing row contains …"""
    with world.admin() as conn:
        found = conn.execute(
            "select c.relname from pg_class c where c.relnamespace = %s::regnamespace and c.relkind = 'r' and (%s::text is null or c.relname = %s)",
            (schema, table, table),
        ).fetchall()
        assert found
        for (name,) in found:
            conn.execute(
                sql.SQL("alter table {} add constraint canary check (false) not valid").format(
                    sql.Identifier(schema, name)
                )
            )
        yield
        for (name,) in found:
            conn.execute(
                sql.SQL("alter table if exists {} drop constraint if exists canary").format(
                    sql.Identifier(schema, name)
                )
            )


def questions(world: World) -> None:
    """What staff ask every morning, and a backup."""
    checked = world.folder / "inbox" / "救助_错列.xlsx"
    for asked in (
        ("status", "--json"),
        ("findings", "--json"),
        ("quarantine", "list"),
        ("alerts", "--json"),
        ("check", str(checked), "--annotate", str(world.folder / "checked")),
        ("db", "backup", "-o", str(world.folder / "out" / f"backup{world.calls}")),
    ):
        assert world.call(*asked) in GOOD, asked


def more_questions(world: World) -> None:
    """Everything else that reports."""
    for asked in (
        ("findings",),
        ("submissions", "--json"),
        ("receipt", "list"),
        ("audit", "list"),
        ("audit", "verify"),
        ("explain", "relief_paid", "--period", "2021"),
        ("report", "--period", "2021", "-o", str(world.folder / "out" / "report")),
        ("release", "list"),
        ("alerts", "send"),
        ("sources", "--check"),
        ("quarantine", "list", "--json"),
        ("doctor",),
        ("db", "url", "--masked"),
    ):
        assert world.call(*asked) in (*GOOD, 2, FAILED), asked


def upload(world: World) -> None:
    """A unit hands in by HTTP, with a good token and with one that is none."""
    settings = load_settings(world.environment)
    with connect(settings) as conn:
        token = issue_token(conn, "A0101", now().date() + timedelta(days=30), "测试")[1]
    world.made["upload token"] = token
    data = (world.folder / "inbox" / "救助_错列.xlsx").read_bytes()
    with serving(settings) as address:
        for number, offered in enumerate((token, f"{token[:-4]}AAAA")):
            headers = {"authorization": f"Bearer {offered}"}
            with httpx.Client(base_url=address, headers=headers, timeout=600, trust_env=False) as client:
                answer = client.post("/api/v1/uploads", files=[("files", ("救助_错列_网上.xlsx", data))])
                assert answer.status_code == (200, 401)[number]
                page = client.get("/")
            (world.folder / "said" / f"upload-{number}.json").write_bytes(answer.content + page.content)


def _hand_in(world: World, unit: str, month: int) -> None:
    """One more answer of a unit, with the first of the crowd in it."""
    crowd = iter(people(CROWD))
    data = filled(AID, unit, [row_of(AID, lambda: next(crowd))], f"2021-{month:02}")
    (world.folder / "inbox" / f"救助_更正_{unit}_{month}.xlsx").write_bytes(data)
