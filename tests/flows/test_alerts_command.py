"""`warehouse alerts`, as staff use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.alerts.world import OWNERS, World
from tests.connectors.channels.servers import bot
from tests.connectors.warehouse.desk import call

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "owners.yaml").write_text(OWNERS)
    with connect(settings) as conn:
        yield World(conn, tmp_path / "owners.yaml").begin()


@pytest.fixture
def warehouse(
    settings: Settings,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    """Calls the command in this process; gives its exit code and all that it said."""
    settings.home.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("WAREHOUSE_OWNERS", str(world.owners))

    def run(*arguments: str) -> tuple[int, str]:
        code = call(settings, monkeypatch, "alerts", *arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_an_alert_is_listed_taken_care_of_silenced_and_shown(warehouse: Call, world: World) -> None:
    assert warehouse() == (0, "没有预警。\n共 0 条\n")
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    world.answer("relief", "A0102", "2021-03", refused={"form.no_rows": 1})
    world.night(date(2021, 4, 20))
    code, said = warehouse()
    assert code == 1
    assert "A0101 A0101《慰问救助台账》2021-03：有行待更正" in said
    assert warehouse("ack", "1", "--by", "李处") == (0, "预警 1：已认领。\n")
    assert warehouse("silence", "2", "--until-change", "--by", "李处", "--reason", "等核实") == (
        0,
        "预警 2：已静默。\n",
    )
    code, said = warehouse("--open", "--json")
    assert (code, json.loads(said.replace("共 0 条\n", ""))) == (0, [])
    code, said = warehouse("show", "2")
    assert code == 0
    assert "等核实" in said
    assert "li-group" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ack", "9", "--by", "李处"), "没有预警 9"),
        (("show", "9"), "没有预警 9"),
        (("silence", "1", "--by", "李处", "--reason", "x"), "写且只写一个"),
        (("silence", "1", "--by", "李处", "--reason", "x", "--until", "2020-01-01"), "已经过去"),
        (("--open", "--all"), "只能写一个"),
        (("ack", "1", "--by", "610199198001010014"), "不要写身份证号"),
    ],
)
def test_what_cannot_be_is_said(arguments: tuple[str, ...], sentence: str, warehouse: Call) -> None:
    code, said = warehouse(*arguments)
    assert (code, sentence in said) == (2, True)


def test_what_is_due_is_sent_by_hand(warehouse: Call, world: World) -> None:
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    world.night(date(2021, 4, 20))
    with bot("wecom") as server:
        (world.owners.parent / "li.url").write_text(server.url)
        server.mode = "rejecting"
        code, said = warehouse("send")
        assert (code, "送达 0 条，待重发 1 条" in said) == (1, True)
        server.mode = "good"
        world.conn.execute("update ops.outbox set next_try_at = now() - %s", (timedelta(seconds=1),))
        code, said = warehouse("send", "--json")
        assert (code, json.loads(said)["sent"]) == (0, 1)
        assert len(server.taken) == 1
        _, said = warehouse("show", "1", "--json")
        assert [d["outcome"] for d in json.loads(said)["deliveries"]] == ["temporary", "delivered"]


def test_the_register_of_owners_is_checked(warehouse: Call, world: World) -> None:
    code, said = warehouse("owners")
    assert (code, "李处" in said, "默认责任人：li" in said) == (0, True, True)
    world.owners.write_text("default: niemand\n")
    code, said = warehouse("owners")
    assert (code, "没有人“niemand”" in said) == (2, True)
    world.owners.unlink()
    assert warehouse("send")[0] == 2
