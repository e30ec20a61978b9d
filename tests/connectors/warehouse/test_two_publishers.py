"""Two that want to publish: one woken from the dead, and two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import ExitStack

import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import hold
from connectors.warehouse.publish import Published
from tests.connectors.warehouse.test_publish import CANDIDATE, Warehouse

SLEEPER = textwrap.dedent("""
    import sys
    from datetime import date
    from pathlib import Path
    from connectors.errors import PublishRefused
    from connectors.settings import Settings
    from connectors.warehouse.lease import hold
    from connectors.warehouse.publish import publish
    from tests.connectors.warehouse.test_publish import Warehouse
    from connectors.warehouse.engine import connect
    home = Path(sys.argv[1])
    settings = Settings(home=home, inbox=home, keys_dir=home, url=sys.argv[2])
    with hold(settings, "publish", "run 1") as lease, connect(settings) as conn:
        warehouse = Warehouse(settings, lease, conn)
        warehouse.build(("A0101", "2021-03", 666))
        print("built", flush=True)
        sys.stdin.readline()
        try:
            warehouse.publish()
            print("published", flush=True)
        except PublishRefused:
            print("refused", flush=True)
""")


@pytest.fixture
def stage(settings: Settings) -> Settings:
    with connect(settings) as conn:
        conn.execute(CANDIDATE)
    return settings


def test_a_run_paused_past_its_lease_and_woken_publishes_nothing(stage: Settings) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER, str(stage.home), str(stage.url)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as sleeper:  # fmt: skip
        assert sleeper.stdout is not None
        assert sleeper.stdin is not None
        assert sleeper.stdout.readline() == "built\n"
        os.kill(sleeper.pid, signal.SIGSTOP)
        try:
            with ExitStack() as stack:
                conn = stack.enter_context(connect(stage))
                # Two minutes pass.
                conn.execute("update ops.lease set expires_at = now() - interval '1 second'")
                lease = stack.enter_context(hold(stage, "publish", "run 2", patience_seconds=30))
                second = Warehouse(stage, lease, conn)
                second.run_id = 10
                second.build(("A0101", "2021-03", 7))
                assert second.publish().release_id == 1
                # The newest build is the sleeper's own again: the fence alone is in its way.
                conn.execute(
                    "insert into ops.dbt_build (run_id, business_date, fence, inputs, started_at, finished_at, passed)"
                    " select run_id, business_date, fence, inputs, now(), now(), true from ops.dbt_build order by build_id limit 1"
                )
                os.kill(sleeper.pid, signal.SIGCONT)
                out, _ = sleeper.communicate("wake\n", timeout=60)
                assert out == "refused\n"
                assert second.rows("select value, release_id from bi.indicator_value") == [(7, 1)]
                assert second.rows("select count(*) from bi.release") == [(1,)]
        finally:
            sleeper.kill()


def test_two_publishes_at_once_are_one_release(stage: Settings) -> None:
    with ExitStack() as stack:
        lease = stack.enter_context(hold(stage, "publish", "run 1"))
        conn = stack.enter_context(connect(stage))
        warehouse = Warehouse(stage, lease, conn)
        warehouse.build(*((f"A{n}", "2021-03", n) for n in range(50)))
        together = threading.Barrier(4)
        ended: list[Published] = []

        def race() -> None:
            together.wait()
            ended.append(warehouse.publish())

        racers = [threading.Thread(target=race) for _ in range(4)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted((p.release_id, p.is_new) for p in ended) == [(1, False)] * 3 + [(1, True)]
        assert warehouse.rows(
            "select count(*), count(distinct valid_from_release) from bi.indicator_value_history"
        ) == [(50, 1)]
        assert warehouse.rows("select count(*) from ops.event where kind = 'published'") == [(1,)]
