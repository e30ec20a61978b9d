"""So many people who open dashboards, one after another, each with a connection of their own, and how long each answer took."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from benchmarks.bi.questions import Question

LOOKING_SECONDS = 10.0
"""How long somebody looks at a page before opening the next, on average."""

PROBE_SECONDS = 0.02
"""How often one figure is asked for, to see pauses."""

PROBE = "select value, release_id from bi.indicator_value where indicator_id = 'relief_paid' and org_level = 'province' and period = '2025'"


@dataclass
class Waited:
    """Milliseconds of every answer, by question, and of every probe; and which release the probes saw."""

    answers: dict[Question, list[float]] = field(default_factory=lambda: defaultdict(list))
    probes: list[float] = field(default_factory=list)
    releases: set[int] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)


@contextmanager
def reading(url: str, account: str, password: str, questions: Sequence[Question], readers: int) -> Iterator[Waited]:
    """Readers ask while the block lasts; they begin at once, each with another page."""
    waited, ended = Waited(), threading.Event()
    pages: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        pages[question.dashboard].append(question)

    def log_in() -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(url, user=account, password=password, autocommit=True)

    def read(number: int) -> None:
        chance = random.Random(number)
        try:
            with log_in() as conn:
                ended.wait(chance.uniform(0, LOOKING_SECONDS))
                while not ended.is_set():
                    for question in chance.choice(list(pages.values())):
                        waited.answers[question].append(ask(conn, question.statement))
                    ended.wait(chance.expovariate(1 / LOOKING_SECONDS))
        except psycopg.Error as error:
            waited.failed.append(str(error))

    def probe() -> None:
        with log_in() as conn:
            while not ended.wait(PROBE_SECONDS):
                began = time.monotonic()
                [(_, release)] = conn.execute(PROBE).fetchall()
                waited.probes.append((time.monotonic() - began) * 1000)
                waited.releases.add(int(str(release)))

    threads = [threading.Thread(target=read, args=(number,), daemon=True) for number in range(readers)]
    threads.append(threading.Thread(target=probe, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield waited
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def ask(conn: psycopg.Connection[tuple[object, ...]], statement: str) -> float:
    """Milliseconds until the last row is here."""
    began = time.monotonic()
    conn.execute(statement.encode()).fetchall()
    return (time.monotonic() - began) * 1000
