"""A night whose workbooks are read and judged by worker processes ends as one on this machine alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connectors.dask import workers
from tests.canonical import canonical_dump
from tests.farm import Farm, free_port
from tests.night.conftest import Province


def wait_briefly() -> None:
    workers.CONNECT_SECONDS = 1


def test_a_night_without_its_scheduler_decides_nothing_and_the_next_over_two_workers_equals_one_at_home(
    make_province: Callable[[], Province], undisturbed: Province, farm: Farm
) -> None:
    province = make_province()
    farmed = farm.settings(province.settings)
    lonely = replace(farmed, dask_scheduler=f"tcp://127.0.0.1:{free_port()}", dask_tls_dir=None)
    assert replace(province, settings=lonely).run(prepare=wait_briefly) == 3
    with province.connect() as conn:
        assert conn.execute("select count(*) from archive.delivery").fetchone() == (13,)
        assert conn.execute("select count(*) from ops.delivery_outcome").fetchone() == (0,)
    assert replace(province, settings=farmed).run() == 1
    with province.connect() as conn, undisturbed.connect() as other:
        assert canonical_dump(conn) == canonical_dump(other)
