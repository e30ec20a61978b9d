"""The whole night tells the staff, and no channel fails it or holds it up. More of it, without dbt: `tests/flows/test_staff.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.alerts.owners_file import load_owners
from connectors.alerts.sending import send_due
from connectors.warehouse.engine import connect
from flows.staff import remind
from tests.connectors.channels.servers import OWNERS, bot
from tests.night import inbox
from tests.night.conftest import Province


def rows(province: Province, query: str) -> list[tuple[Any, ...]]:
    with province.connect() as conn:
        return conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def province(make_province: Callable[[], Province]) -> Province:
    made = make_province()
    (made.settings.home / "owners.yaml").write_text(OWNERS)
    return made


def test_dead_channels_neither_fail_nor_delay_the_night_and_all_arrives_later(province: Province) -> None:
    home = province.settings.home
    with bot("feishu") as good, bot("dingtalk") as hanging, bot("wecom") as dead:
        for name, server in (("good", good), ("hanging", hanging), ("dead", dead)):
            (home / f"{name}.url").write_text(server.url)
        dead.stop()
        hanging.mode = "hanging"
        assert province.run() == 1, "as without channels: the inbox has data problems"
        [(seconds,)] = rows(
            province, "select extract(epoch from finished_at - started_at) from ops.run_step where step = 'alert'"
        )
        assert seconds < 60
        assert rows(province, "select status, release_id from ops.run") == [("data_problems", 1)]
        assert rows(province, "select kind, state from ops.alert order by kind, fingerprint") == [
            ("overdue", "open"), ("overdue", "open"), ("overdue", "open"), ("overdue", "open"),
            ("quarantined", "open"), ("unrecognised", "open"), ("unrecognised", "open"),
        ]  # fmt: skip
        assert [post.text.splitlines()[0][:15] for post in good.taken] == ["报表仓库 2021-04-20"]

        with province.connect() as conn:
            assert [remind(conn, province.settings, inbox.NIGHT).people for _ in range(2)] == [1, 0]

        hanging.mode = "good"
        dead.start()
        (home / "dead.url").write_text(dead.url)
        _send(province)
        assert (len(dead.taken), len(hanging.taken), len(good.taken)) == (2, 2, 2)
        assert good.taken[1].text.startswith("催报 2021-04-20：已逾期")
        assert not [post for post in good.taken if inbox.PERSON in post.text or inbox.WORKER_NAME in post.text]
        assert set(rows(province, "select state from ops.outbox")) == {("sent",)}


def _send(province: Province) -> None:
    owners = load_owners(province.settings.owners_file)
    assert owners
    with connect(province.settings) as conn:
        send_due(conn, owners, clock=lambda: datetime.now(UTC) + timedelta(minutes=5))
