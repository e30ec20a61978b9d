"""Other machines read and judge as this one does; whatever happens to them, nothing is lost and nothing is shown."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.dask import workers as module
from connectors.dask.conduct import certificates
from connectors.dask.errors import (
    CertificatesUnusable,
    SchedulerOpen,
    SchedulerUnreachable,
    WorkersMissing,
    WorkersUnlike,
    WorkFailed,
)
from connectors.dask.workers import Workers
from connectors.settings import Settings
from connectors.warehouse.decision import decide
from connectors.workbooks.pool import ReaderPool
from flows.trial import credulous_register
from tests.conftest import settings_in
from tests.connectors.workbooks.filled import AID, RELIEF, codes, example, filled
from tests.connectors.workbooks.test_pool import endless, text_amplifier
from tests.farm import ROOT, Farm, certify

CLEAN, OTHER = filled(RELIEF, [example(RELIEF)]), filled(AID, [example(AID)])


@pytest.fixture
def limits(tmp_path: Path) -> Settings:
    return replace(settings_in(tmp_path), readers=1, reader_memory_mb=640)


@pytest.fixture
def make_farm(tmp_path: Path) -> Iterator[Callable[[], Farm]]:
    farms: list[Farm] = []

    def make() -> Farm:
        farms.append(Farm.at_rest(tmp_path, is_open=True))
        return farms[-1]

    yield make
    for farm in farms:
        farm.end()


def test_other_machines_read_and_judge_as_this_one(
    limits: Settings, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "JUDGED_PER_TURN", 60)
    files = list(enumerate([CLEAN, OTHER, b"no workbook", CLEAN[:5000], OTHER] * 26, start=1000))
    with ReaderPool(limits) as pool, Workers(farm.settings(limits)) as workers:
        here, there = pool.read(files), workers.read(files)
        assert [r.to_wire() for r in there.readings] == [r.to_wire() for r in here.readings]
        assert {form_id: rows.sort("delivery_id", "row_number").to_dicts() for form_id, rows in there.rows.items()} == {
            form_id: rows.sort("delivery_id", "row_number").to_dicts() for form_id, rows in here.rows.items()
        }
        register = credulous_register(here)
        decided = workers.decide(there.readings, there.rows, register)
    expected = decide(here.readings, here.rows, register)
    facts = [(d.delivery_id, d.outcome, d.quarantined, d.findings) for d in expected]
    assert [(d.delivery_id, d.outcome, d.quarantined, d.findings) for d in decided] == facts
    assert [d.rows is None or d.rows.to_dicts() for d in decided] == [
        d.rows is None or d.rows.to_dicts() for d in expected
    ]


def test_an_error_of_ours_takes_no_words_along_where_dask_is_loaded(limits: Settings, farm: Farm) -> None:
    with Workers(farm.settings(limits)) as workers:
        assert workers.count() == 2
    try:
        raise ValueError("欧阳测试")
    except ValueError:
        with pytest.raises(SchedulerUnreachable) as caught:
            raise SchedulerUnreachable("tcp://x", "OSError") from None
    assert str(caught.value.__context__) == "欧阳测试"
    assert "欧阳测试".encode() not in pickle.dumps(caught.value)


def test_a_limited_child_stands_before_each_worker_too(limits: Settings, farm: Farm) -> None:
    before = farm.workers()
    with Workers(replace(farm.settings(limits), max_file_mb=1)) as workers:
        batch = workers.read([(1, CLEAN), (2, text_amplifier()), (3, CLEAN), (4, bytes(1_000_001))])
    assert [codes(r) for r in batch.readings] == [[], ["file.reader_died"], [], ["file.too_large"]]
    assert farm.workers() == before


def test_the_work_of_a_killed_worker_is_done_by_another(limits: Settings, farm: Farm) -> None:
    slow = replace(farm.settings(limits), reader_memory_mb=4096, reader_cpu_seconds=2)
    files = list(enumerate([*[CLEAN] * 49, endless(), *[OTHER] * 49, endless(), *[CLEAN] * 50]))
    with Workers(slow) as workers, ThreadPoolExecutor(1) as side:
        reading = side.submit(workers.read, files)
        time.sleep(2)
        victims = farm.workers()
        assert not reading.done()
        os.kill(victims[0], signal.SIGKILL)
        batch = reading.result(timeout=120)
    expected = [["file.reader_timeout"] if number in (49, 99) else [] for number in range(150)]
    assert [codes(r) for r in batch.readings] == expected
    farm.wait_for("Registered to:", times=3)


def test_what_fails_on_a_worker_is_told_by_its_kind_and_no_log_has_a_byte(limits: Settings, farm: Farm) -> None:
    with Workers(farm.settings(limits)) as workers:
        workers._limits = workers._limits[:1]
        with pytest.raises(WorkFailed, match=r"ValueError at work\.py"):
            workers.read([(1, b"SECRET OF A PERSON"), (2, CLEAN)])
    said = farm.log()
    assert "Compute Failed" not in said
    assert "SECRET" not in said
    assert "PK" not in said


def test_a_worker_with_other_code_is_refused(limits: Settings, farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sameness", lambda: "another release")
    with Workers(farm.settings(limits)) as workers, pytest.raises(WorkersUnlike, match=r"tls://127\.0\.0\.1"):
        workers.read([(1, CLEAN)])


def test_no_page_of_dask_is_served(farm: Farm) -> None:
    ports = re.findall(r"dashboard at:\s+(?:http://)?127\.0\.0\.1:(\d+)", farm.log())
    assert len(ports) >= 3
    paths = ("status", "info/main/workers.html", "json/identity.json", "metrics", "health")
    for url in (f"http://127.0.0.1:{port}/{path}" for port in ports[:1] for path in paths):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url, timeout=5)  # noqa: S310 - our own process on loopback


def test_who_has_no_certificate_of_the_farm_is_refused(
    limits: Settings, farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 1)
    stranger = replace(farm.settings(limits), dask_tls_dir=certify(tmp_path / "others"))
    with Workers(stranger) as workers, pytest.raises(SchedulerUnreachable, match="127"):
        workers.read([(1, CLEAN)])


@pytest.mark.parametrize("fault", ["unset", "missing", "open"])
def test_certificates_that_cannot_be_used_are_named(limits: Settings, tmp_path: Path, fault: str) -> None:
    folder = certify(tmp_path / "certificates")
    settings = replace(limits, dask_scheduler="tls://127.0.0.1:1", dask_tls_dir=None if fault == "unset" else folder)
    if fault == "missing":
        (folder / "ca.pem").unlink()
    if fault == "open":
        (folder / "key.pem").chmod(0o644)
    with pytest.raises(CertificatesUnusable):
        certificates(settings)


def test_no_scheduler_no_worker_and_a_scheduler_that_dies_are_each_one_clear_error(
    limits: Settings, make_farm: Callable[[], Farm], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 2)
    monkeypatch.setattr(module, "WORKER_SECONDS", 1)
    farm = make_farm()
    slow = replace(farm.settings(limits), reader_memory_mb=4096, reader_cpu_seconds=60)
    with Workers(slow) as workers, ThreadPoolExecutor(1) as side:
        with pytest.raises(SchedulerUnreachable, match=re.escape(farm.address)):
            workers.read([(1, CLEAN)])
        scheduler = farm.start("scheduler")
        farm.wait_for("Scheduler at:")
        monkeypatch.setattr(module, "CONNECT_SECONDS", 10)
        with pytest.raises(WorkersMissing, match="warehouse dask worker"):
            workers.read([(1, CLEAN)])
        farm.start("worker")
        farm.wait_for("Registered to:")
        assert codes(workers.read([(1, CLEAN)]).readings[0]) == []
        monkeypatch.setattr(module, "CONNECT_SECONDS", 2)
        reading = side.submit(workers.read, [(1, endless())])
        time.sleep(2)
        scheduler.kill()
        with pytest.raises(SchedulerUnreachable, match=re.escape(farm.address)):
            reading.result(timeout=60)


def test_nothing_is_sent_to_a_scheduler_that_shows_what_it_has(limits: Settings, make_farm: Callable[[], Farm]) -> None:
    farm = make_farm()
    host, port = farm.address.removeprefix("tcp://").split(":")
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", host, "--port", port]
    with (farm.folder / "plain.log").open("wb") as log:
        farm.processes.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
    farm.wait_for("Scheduler at:")
    with Workers(farm.settings(limits)) as workers, pytest.raises(SchedulerOpen, match=r"http\.routes"):
        workers.read([(1, CLEAN)])


def test_whoever_does_not_ask_for_dask_does_not_import_it() -> None:
    code = "import sys, flows.command, flows.night, flows.failures, connectors.warehouse.intake; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"dask", "distributed"} & set(done.stdout.split())
