"""An S3-compatible store (SeaweedFS, the real program) that a test can start and kill, and how sources.yaml declares it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.connectors.sources.bench import SECRET, store_ports, wait_for


@dataclass(slots=True)
class Store:
    """A running store; the reader may list and read one bucket and no more."""

    folder: Path
    ports: list[int]
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def made_in(cls, folder: Path) -> Store:
        """A store, not yet started."""
        identities = [
            {"name": "unit", "credentials": [{"accessKey": "unit", "secretKey": "unit-secret"}], "actions": ["Admin"]},
            {
                "name": "reader",
                "credentials": [{"accessKey": "reader", "secretKey": SECRET}],
                "actions": [f"{action}:{bucket}" for action in ("Read", "List") for bucket in ("reports", "large")],
            },
        ]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "s3.json").write_text(json.dumps({"identities": identities}))
        return cls(folder, store_ports())

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


TRIES = 3
"""Another program may take one of the eight ports between the look for a free one and the start."""


@contextmanager
def running(folder: Path) -> Iterator[Store]:
    """A started store that makes buckets."""
    for number in range(TRIES):
        made = Store.made_in(folder / str(number))
        try:
            made.start()
            made.bucket("made")
            break
        except AssertionError:
            made.kill()
            if number == TRIES - 1:
                raise
    try:
        yield made
    finally:
        made.kill()


def declared(port: int, **changes: Any) -> dict[str, Any]:
    """How sources.yaml declares it, behind that port."""
    return {
        "id": "store", "kind": "s3", "endpoint": f"http://127.0.0.1:{port}", "bucket": "reports", "prefix": "in/",
        "access_key": {"env": "TEST_S3_ACCESS_KEY"}, "secret_key": {"file": "secret.txt"}, "deadline_seconds": 60, "retries": 0,
    } | changes  # fmt: skip
