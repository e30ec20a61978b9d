"""An S3-compatible store (SeaweedFS, the real program): every object once and whole, whatever happens to the line or the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.connectors.sources.bench import SECRET, Bench, store_ports, wait_for, workbook
from tests.connectors.sources.relay import Relay


@dataclass(slots=True)
class Store:
    """A running store; the reader may list and read one bucket and no more."""

    folder: Path
    ports: list[int]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        master, volume, filer, s3 = self.ports
        program = Path(sys.executable).with_name("weed")
        self.process = subprocess.Popen(
            [
                str(program), "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", "-master.volumeSizeLimitMB=64",
                "-volume.max=20", "-s3", f"-s3.port={s3}", f"-s3.config={self.folder / 's3.json'}", "-s3.port.iceberg=0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(s3, self.process)

    def kill(self) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self) -> Any:
        """Whoever hands in."""
        return boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{self.ports[3]}", aws_access_key_id="unit", aws_secret_access_key="unit-secret",
            region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip

    def bucket(self, name: str) -> Any:
        """A bucket, once the store lets one be made."""
        client, until = self.client(), time.monotonic() + 30
        while True:
            try:
                client.create_bucket(Bucket=name)
            except (BotoCoreError, ClientError):
                assert time.monotonic() < until
                time.sleep(0.1)
            else:
                return client


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    identities = [
        {"name": "unit", "credentials": [{"accessKey": "unit", "secretKey": "unit-secret"}], "actions": ["Admin"]},
        {
            "name": "reader",
            "credentials": [{"accessKey": "reader", "secretKey": SECRET}],
            "actions": [f"{action}:{bucket}" for action in ("Read", "List") for bucket in ("reports", "large")],
        },
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    made = Store(folder, store_ports())
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def relay(store: Store) -> Iterator[Relay]:
    with Relay(store.ports[3]) as made:
        yield made


def declared(port: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": "store", "kind": "s3", "endpoint": f"http://127.0.0.1:{port}", "bucket": "reports", "prefix": "in/",
        "access_key": {"env": "TEST_S3_ACCESS_KEY"}, "secret_key": {"file": "secret.txt"}, "deadline_seconds": 60, "retries": 0,
    } | changes  # fmt: skip


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
