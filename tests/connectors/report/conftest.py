"""One warehouse with the small year for all tests of pages, and its pages, each written once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from connectors.postgres import ensure_database
from connectors.report import write_report
from connectors.settings import Settings
from connectors.warehouse.engine import connect, migrate
from tests.conftest import of_database, settings_in
from tests.connectors.report import bi
from tests.connectors.report.html import Page


@pytest.fixture(scope="module")
def published(cluster: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A warehouse whose `bi` holds the small year; tests read it and never change it."""
    server, name = ensure_database(cluster), f"test_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"create database {name} template template0 encoding 'UTF8'")
    settings = settings_in(tmp_path_factory.mktemp("home"), of_database(server, name))
    migrate(settings)
    with connect(settings) as conn:
        bi.make_tables(conn)
        bi.fill_year(conn)
    yield settings
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def page_of(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Page]:
    """The page of a period of that warehouse."""
    folder: Path = tmp_path_factory.mktemp("pages")
    return cache(lambda period: Page(write_report(published, period, folder).read_text(encoding="utf-8")))
