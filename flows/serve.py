"""The services of one machine: Prefect's server with its UI, the worker, the intake, health and metrics; started, kept alive and stopped together.

This process imports no Prefect: it holds the sockets, watches its children and answers how things stand.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from connectors.errors import WarehouseError
from connectors.postgres import ensure_database
from connectors.settings import Settings
from flows.alarm import Alarm, until_signal
from flows.children import Service, start_service
from flows.failures import PortTaken, ServiceStopped
from flows.prefect_home import (
    START_SECONDS,
    Scheduler,
    Serving,
    address_of,
    alone_in_starting,
    environment,
    forget_serving,
    is_healthy,
    listen,
    record_serving,
    recorded_serving,
    serving_address,
    start_server,
)
from flows.signs_of_life import DEADLINE_SECONDS, EVERY_SECONDS, Answers, Beats, Life
from flows.supervisor import Supervised
from flows.watching.endpoint import answering
from flows.watching.records import expect_nights

Say = Callable[[str, str], None]
"""Tells people something, in Chinese and in English."""

WATCH_SECONDS = 1.0
"""How soon a service that ended by itself is noticed."""

MOST_TIDINGS = 65_536

ROUNDS_TO_START = int(START_SECONDS / WATCH_SECONDS)
QUESTIONS_TO_START = int(START_SECONDS / (DEADLINE_SECONDS + EVERY_SECONDS))


def serve(settings: Settings, ports: tuple[int, int, int], on_ready: Callable[[Serving], None], say: Say) -> None:
    """Run the services until SIGTERM or SIGINT; `on_ready` is told where they answer. Does nothing more where they run already.

    `ports` are those of the UI, of health and metrics, and of the intake, 0 for any free one. A service that dies or hangs is started again.
    Raises: PortTaken, SchedulerWontStart; ServiceStopped if one of them keeps dying.
    """
    running = recorded_serving(settings) if serving_address(settings) else None
    if running is not None:
        on_ready(running)
        return
    with until_signal() as alarm, ExitStack() as held:
        expect_nights(settings)
        health = held.enter_context(_listening(settings.health_host, ports[1]))
        intake = held.enter_context(_listening(settings.intake_host, ports[2]))
        with ExitStack() as starting:
            starting.enter_context(alone_in_starting(settings))
            listener = held.enter_context(_listening(settings.prefect_host, ports[0]))
            serving = Serving(address_of(listener), address_of(health), address_of(intake))
            api_url = f"{serving.address}/api"
            # Learned once: to start a service again needs no database that answers.
            variables = environment(settings) | {"PREFECT_API_URL": api_url}
            under_way = _Services(settings, listener, intake, variables)
            held.callback(under_way.stop)
            under_way.start_server()
            # From here on it answers, with 503 until everything is there.
            held.enter_context(answering(settings, health, under_way.lives))
            Scheduler(api_url, under_way.server.service, starting).wait_until_ready()
        held.callback(under_way.ask_no_more)
        under_way.watch("prefect-server", api_url)
        under_way.start_worker()
        under_way.start_intake(serving.intake)
        if not under_way.wait_until_ready(alarm, say):
            return
        held.callback(forget_serving, settings)
        record_serving(settings, serving)
        on_ready(serving)
        while not alarm.is_told:
            under_way.tend(alarm, say)


@dataclass(slots=True)
class _Services:
    """The children of `warehouse serve`, and the pipe in which the worker tells what people should hear."""

    settings: Settings
    listener: socket.socket
    intake: socket.socket
    variables: Mapping[str, str]
    children: dict[str, Supervised] = field(default_factory=dict)
    beats: Beats = field(default_factory=lambda: Beats(ROUNDS_TO_START))
    asked: list[Answers] = field(default_factory=list)
    tidings: int = -1
    is_ready: bool = False

    @property
    def server(self) -> Supervised:
        """Prefect's server."""
        return self.children["prefect-server"]

    def lives(self) -> Mapping[str, Life]:
        """How each of them stands; the worker counts when it has put things in order and takes work."""
        found = {name: child.how() for name, child in self.children.items()}
        return {**found, "prefect-worker": found.get("prefect-worker", "down") if self.is_ready else "down"}

    def start_server(self) -> None:
        self._supervise("prefect-server", self._server)

    def watch(self, name: str, url: str, *, has_answered: bool = True) -> None:
        """Ask a service from now on whether it answers: one that runs and does not is started again as well."""
        answers = Answers(lambda: is_healthy(url, timeout=DEADLINE_SECONDS), QUESTIONS_TO_START)
        if not has_answered:
            answers.begin()
        self.children[name].sign = answers
        self.asked.append(answers)
        answers.start()

    def ask_no_more(self) -> None:
        for answers in self.asked:
            answers.end()

    def start_worker(self) -> None:
        self._supervise("prefect-worker", self._worker)
        self.children["prefect-worker"].sign = self.beats

    def start_intake(self, url: str) -> None:
        self._supervise("intake", self._intake)
        self.watch("intake", url, has_answered=False)

    def wait_until_ready(self, alarm: Alarm, say: Say) -> bool:
        """Wait until the worker takes work and the intake answers; false if we were told to stop meanwhile. Raises: ServiceStopped."""
        for _ in range(ROUNDS_TO_START):
            self.tend(alarm, say)
            missing = next((name for name in ("prefect-worker", "intake") if self.lives()[name] != "up"), None)
            if alarm.is_told or missing is None:
                return not alarm.is_told
        service = self.children[missing or "prefect-worker"].service
        raise ServiceStopped(service.name, service.process.poll() or 0, str(service.log))

    def tend(self, alarm: Alarm, say: Say) -> None:
        """Wait a moment, say what the worker has told, and start again what has died or hangs."""
        with suppress(WarehouseError):
            # The embedded server is our child too, as good as: it is started again here.
            ensure_database(self.settings)
        for child in self.children.values():
            child.tend(say)
        readable, _, _ = select.select(
            [alarm.descriptor, *([self.tidings] if self.tidings >= 0 else [])], [], [], WATCH_SECONDS
        )
        if self.tidings in readable:
            self._hear(say)

    def stop(self) -> None:
        """End them, the worker first."""
        for child in reversed(self.children.values()):
            child.stop()
        if self.tidings >= 0:
            os.close(self.tidings)

    def _supervise(self, name: str, start: Callable[[], Service]) -> None:
        self.children[name] = Supervised(start, start())

    def _server(self) -> Service:
        return start_server(self.settings, self.listener, self.variables, is_temporary=False)

    def _intake(self) -> Service:
        descriptor = self.intake.fileno()
        return start_service(self.settings, "intake", ["intake", str(descriptor)], self.variables, [descriptor])

    def _worker(self) -> Service:
        if self.tidings >= 0:
            os.close(self.tidings)
        self.is_ready = False
        self.tidings, told = os.pipe()
        os.set_blocking(self.tidings, False)
        try:
            return start_service(self.settings, "prefect-worker", ["worker", str(told)], self.variables, [told])
        finally:
            os.close(told)

    def _hear(self, say: Say) -> None:
        heard = os.read(self.tidings, MOST_TIDINGS)
        if not heard:
            os.close(self.tidings)
            self.tidings = -1
        for line in heard.splitlines():
            facts = json.loads(line)
            if facts.get("ready"):
                self.is_ready = True
            elif facts.get("beat"):
                self.beats.beat()
            else:
                say(facts["zh"], facts["en"])


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = listen(host, port)
    except OSError as error:
        raise PortTaken(host, port, error.strerror or str(error)) from error
    with listener:
        yield listener
