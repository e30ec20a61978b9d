"""The intake on a real socket, over a copy of the office's warehouse, with an inbox of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn

from connectors.settings import Settings, load_settings
from connectors.warehouse.engine import connect
from connectors.warehouse.upload_tokens import issue_token
from flows.prefect_home import address_of, listen
from flows.schedule import now
from flows.web_intake.app import create_app
from tests.flows.conftest import Desk

UNIT, OTHER = "A0101", "A0102"


@dataclass(frozen=True, slots=True)
class Intake:
    """A running intake: where it answers, and the desk and settings of its warehouse."""

    desk: Desk
    settings: Settings
    address: str

    def token(self, unit_id: str = UNIT) -> str:
        """A new token of a unit."""
        with closing(connect(self.settings)) as conn:
            return issue_token(conn, unit_id, now().date() + timedelta(days=30), "测试")[1]

    def program(self, unit_id: str = UNIT) -> httpx.Client:
        """A program with a token of that unit."""
        headers = {"authorization": f"Bearer {self.token(unit_id)}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=120, trust_env=False)

    def browser(self) -> httpx.Client:
        """A browser that follows redirects and keeps cookies."""
        return httpx.Client(base_url=self.address, follow_redirects=True, timeout=120, trust_env=False)

    def files(self) -> list[Path]:
        """What lies in the inbox."""
        return sorted(path for path in self.settings.inbox.rglob("*") if path.is_file())

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to its database."""
        return connect(self.settings)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The address of an intake that answers for as long as the block runs."""
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.05)
            yield address_of(listener)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def intake(second_office: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    folder = tmp_path_factory.mktemp("uploads")
    desk = Desk(second_office.environment | {"WAREHOUSE_INBOX": str(folder / "inbox")})
    settings = load_settings(desk.environment)
    with serving(settings) as address:
        yield Intake(desk, settings, address)
