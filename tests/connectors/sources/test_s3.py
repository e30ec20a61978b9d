"""An S3-compatible store (SeaweedFS, the real program): every object once and whole, whatever happens to the line or the store."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.connectors.sources.bench import Bench, workbook
from tests.connectors.sources.relay import Relay
from tests.connectors.sources.store import Store, declared, running


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def relay(store: Store) -> Iterator[Relay]:
    with Relay(store.ports[3]) as made:
        yield made


@pytest.fixture(autouse=True)
def access_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_S3_ACCESS_KEY", "reader")


def test_every_object_comes_once_whole_and_again_when_changed(bench: Bench, store: Store, relay: Relay) -> None:
    client = store.bucket("reports")
    books = {"a.xlsx": workbook(0), "A0101/慰问 三月.xlsx": workbook(1), "c.xlsx": workbook(2)}
    for name, data in {**books, "~$a.xlsx": b"lock"}.items():
        client.put_object(Bucket="reports", Key=f"in/{name}", Body=data)
    client.put_object(Bucket="reports", Key="elsewhere/x.xlsx", Body=b"x")
    bench.declare(declared(relay.port))
    assert bench.look()["store"].received == 3
    assert bench.delivered("store") == books
    second = bench.look()["store"]
    assert (second.received, second.unchanged) == (0, 3)
    client.put_object(Bucket="reports", Key="in/a.xlsx", Body=workbook(3))
    assert bench.look()["store"].received == 1
    # A line that is cut in a body, one that stands still, and a key that is not ours.
    large = os.urandom(3_000_000)
    client.put_object(Bucket="reports", Key="in/large.xlsx", Body=large)
    bench.declare(declared(relay.port, retries=1))
    relay.cut_after(1_000_000)
    cut = bench.look()["store"]
    assert (cut.outcome, cut.attempts, cut.received) == ("broken", 2, 0), cut
    bench.declare(declared(relay.port, deadline_seconds=2))
    relay.hang_after(1_000_000)
    assert bench.look()["store"].outcome in {"overdue", "broken"}
    assert "large.xlsx" not in bench.delivered("store")
    relay.pass_on()
    bench.declare(declared(relay.port))
    (bench.settings.home.parent / "secret.txt").write_text("not-this-one")
    shut = bench.look()["store"]
    assert (shut.outcome, "SignatureDoesNotMatch" in str(shut.error_zh)) == ("shut", True)
    bench.declare(declared(relay.port))
    assert bench.look()["store"].received == 1
    assert bench.delivered("store")["large.xlsx"] == large


def test_a_store_killed_in_an_object_leaves_no_half_and_loses_nothing(bench: Bench, store: Store, relay: Relay) -> None:
    client = store.bucket("large")
    whole, large = workbook(0), os.urandom(3_000_000)
    client.put_object(Bucket="large", Key="a.xlsx", Body=whole)
    client.put_object(Bucket="large", Key="b.xlsx", Body=large)
    relay.cut_after(len(whole) + 1_000_000, then=store.kill)
    bench.declare(declared(relay.port, bucket="large", prefix="", retries=1))
    broken = bench.look()["store"]
    assert (broken.outcome, broken.received) == ("broken", 1)
    assert bench.delivered("store") == {"a.xlsx": whole}
    store.start()
    relay.pass_on()
    until = time.monotonic() + 30
    while (again := bench.look()["store"]).outcome != "good":
        # The store's parts find each other within seconds.
        assert time.monotonic() < until, again.error_en
        time.sleep(0.3)
    assert bench.delivered("store") == {"a.xlsx": whole, "b.xlsx": large}


def test_a_store_over_a_plain_line_is_no_source(bench: Bench) -> None:
    from connectors.sources.declaration_file import read_sources
    from connectors.sources.errors import SourcesUnsound

    bench.declare(declared(1, endpoint="http://store.example.cn"))
    with pytest.raises(SourcesUnsound, match="https"):
        read_sources(bench.settings)
