"""A place for histories: one database that is made anew, in a moment, out of a template in which a first night has been."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from connectors.settings import Settings
from tests.conftest import of_database, settings_in
from tests.model.model import CHUNK, Model
from tests.model.product import CLOCK, Product, empty
from tests.model.words import FIRST_NIGHT, REGISTER_CAME, Book

REGISTER_FILE = "000名册.xlsx"
REGISTER_BOOK = Book("unit_register", "S0001", "2021", register="base")


@dataclass(slots=True)
class World:
    """`database` is where histories happen, `template` what each begins as. The archive, the keys and the inbox are shared.
    `plant` puts a fault into each new database."""

    settings: Settings
    server: str
    database: str
    template: str
    plant: Callable[[psycopg.Connection[Any]], None] | None = None

    @classmethod
    def make(cls, server: str, migrated: str, folder: Path) -> World:
        """A world, after its first night: the register was taken in and the first release published, with dbt."""
        name = f"model_{uuid4().hex}"
        home = folder / "home"
        world = cls(
            replace(settings_in(home, of_database(server, name)), chunk_size=CHUNK), server, name, f"{name}_template"
        )
        world.settings.inbox.mkdir(parents=True)
        world._execute(f"create database {name} template {migrated}")
        with closing(psycopg.connect(str(world.settings.url), autocommit=True)) as conn:
            conn.execute(CLOCK)
        world._see_clock()
        product, model = world._begin()
        product.set_clock(model.now)
        product.night(FIRST_NIGHT)
        world._execute(f"alter database {name} rename to {world.template}")
        return world

    def begin(self) -> tuple[Product, Model]:
        """A warehouse as after its first night, and the model of one."""
        self._execute(f"drop database if exists {self.database} with (force)")
        self._execute(f"create database {self.database} template {self.template}")
        self._see_clock()
        product, model = self._begin()
        if self.plant is not None:
            with closing(product.connect()) as conn:
                self.plant(conn)
        model.collect()
        for _ in model.loads():
            pass
        model.releases.append(model.figures())
        return product, model

    def drop(self) -> None:
        """Leave nothing on the server."""
        self._execute(f"drop database if exists {self.database} with (force)")
        self._execute(f"drop database if exists {self.template} with (force)")

    def _begin(self) -> tuple[Product, Model]:
        empty(self.settings.inbox)
        product, model = Product(self.settings), Model()
        product.put(REGISTER_FILE, REGISTER_BOOK, REGISTER_CAME)
        model.inbox[REGISTER_FILE] = REGISTER_BOOK, REGISTER_CAME
        return product, model

    def _see_clock(self) -> None:
        self._execute(f'alter database {self.database} set search_path = model_clock, pg_catalog, "$user", public')

    def _execute(self, statement: str) -> None:
        with closing(psycopg.connect(self.server, autocommit=True)) as conn:
            conn.execute(statement)  # type: ignore[call-overload]
