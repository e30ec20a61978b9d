"""A service that dies is started again after pauses that double, and not for ever; what it leaves behind ends with it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import supervisor
from flows.children import Service, stop_service
from flows.failures import ServiceStopped
from flows.supervisor import Supervised


def starting(script: str, output: int = subprocess.DEVNULL) -> Callable[[], Service]:
    def start() -> Service:
        process = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=output, start_new_session=True)
        return Service("thing", process, Path("thing.log"))

    return start


def test_one_that_keeps_dying_is_started_again_later_each_time_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "MOST_DEATHS", 4)
    start = starting("exit 3")
    child, pauses = Supervised(start, start()), []

    def tend_for_ever() -> None:
        while True:
            child.tend(lambda _zh, en: pauses.append(en.partition("again in ")[2].split(";")[0]))
            time.sleep(0.02)

    with pytest.raises(ServiceStopped) as given_up:
        tend_for_ever()
    assert pauses == ["0 s", "1 s", "2 s"]
    assert "退出码 3" in given_up.value.sentence("zh")


def test_what_a_dead_service_left_in_its_group_ends_before_its_successor_begins() -> None:
    start = starting("sleep 600 & echo $!; exit 3", subprocess.PIPE)
    service = start()
    child = Supervised(start, service)
    assert service.process.stdout is not None
    left = int(service.process.stdout.readline())
    service.process.wait(30)
    child.tend(lambda _zh, _en: None)
    deadline = time.monotonic() + 30
    while _is_alive(left):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for each in (service, child.service):
        stop_service(each)
        assert each.process.stdout is not None
        each.process.stdout.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
