from collections.abc import Iterator
from contextlib import closing

import pytest

from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.sources import collection, looking
from connectors.warehouse.engine import connect
from tests.connectors.sources.bench import Bench


@pytest.fixture
def bench(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # What waits for people and slow networks need not wait here.
    monkeypatch.setattr(collection, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(looking, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(looking, "LINGER_SECONDS", 2.0)
    with closing(connect(settings)) as conn:
        yield Bench(settings, conn, Keyring.load(settings))
