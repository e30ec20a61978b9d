"""A service that dies, or hangs, is started again after pauses that double, and not for ever; what it leaves behind ends with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import signs_of_life, supervisor
from flows.children import Service, stop_service
from flows.failures import ServiceStopped
from flows.signs_of_life import Answers, Beats
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


def test_one_that_runs_and_does_not_answer_is_told_ended_and_started_again_and_its_watcher_never_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        def start() -> Service:
            script = (
                "import socket; from http.server import HTTPServer as S, BaseHTTPRequestHandler as H\n"
                "class G(H):\n    def do_GET(self): self.send_response(200); self.end_headers()\n"
                f"s = S(('', 0), G, False); s.socket = socket.socket(fileno={listener.fileno()}); s.serve_forever()"
            )
            process = subprocess.Popen(
                [sys.executable, "-c", script],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
            return Service("thing", process, Path("thing.log"))

        def ask() -> bool:
            try:
                with urllib.request.urlopen(url, timeout=1) as response:
                    return bool(response.status == 200)
            except OSError:
                return False

        first, said = start(), list[str]()
        while not ask():
            pass
        answers = Answers(ask, starts_within=20, every=0.05)
        child = Supervised(start, first, answers)
        answers.start()
        os.kill(first.process.pid, signal.SIGSTOP)
        lives, slowest, deadline = [child.how()], 0.0, time.monotonic() + 60
        while child.service is first or child.how() != "up":
            assert time.monotonic() < deadline, lives
            began = time.monotonic()
            child.tend(lambda zh, _en: said.append(zh))
            slowest = max(slowest, time.monotonic() - began)
            if child.how() != lives[-1]:
                lives.append(child.how())
            time.sleep(0.02)
        answers.end()
        assert lives == ["up", "silent", "up"]
        assert [words.partition("，")[0] for words in said] == ["服务 thing 在运行而没有应答"]
        assert slowest < 0.9, "the watcher waited for an answer"
        assert not _is_alive(first.process.pid)
        stop_service(child.service)


def test_an_answer_that_a_dead_process_did_not_give_is_not_asked_of_its_successor() -> None:
    asked, may_answer = threading.Semaphore(0), threading.Semaphore(0)

    def ask() -> bool:
        asked.release()
        may_answer.acquire()
        return False

    answers = Answers(ask, starts_within=2, every=0.0)
    answers.start()
    for _ in range(2):
        asked.acquire()
        may_answer.release()
    asked.acquire()
    # Two questions are unanswered, and the third is under way when the process is replaced.
    answers.begin()
    for _ in range(2):
        may_answer.release()
        asked.acquire()
    assert answers.look() == "silent", "one question was asked of the new process, and it may leave one unanswered"
    may_answer.release()
    asked.acquire()
    assert answers.look() == "lost"
    answers.end()
    may_answer.release()


def test_a_worker_without_a_beat_is_waited_for_and_then_lost_and_may_take_its_time_to_start() -> None:
    beats = Beats(starts_within=200)
    for _ in range(2):
        assert {beats.look() for _ in range(200)} == {"up", "silent"}
        beats.beat()
        found = [beats.look() for _ in range(signs_of_life.MOST_ROUNDS + 1)]
        assert (found[0], found[signs_of_life.ROUNDS_TOLD], found[-2], found[-1]) == ("up", "silent", "silent", "lost")
        beats.begin()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
