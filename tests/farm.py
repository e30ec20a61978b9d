"""A farm on loopback: the scheduler and workers of `warehouse dask`, real processes with TLS between them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.settings import Settings

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def certify(folder: Path) -> Path:
    """A CA of its own with one certificate that signs itself, as `Security.temporary` of Dask makes it, in files as we ask for them."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "warehouse-dask")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    cert = made.not_valid_after(now + timedelta(days=9)).sign(key, hashes.SHA256())
    for file in ("ca.pem", "cert.pem"):
        (folder / file).write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "key.pem").chmod(0o600)
    return folder


@dataclass
class Farm:
    """A scheduler and its workers; the log of each process lies in `folder`."""

    folder: Path
    address: str
    tls_dir: Path | None = None
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def at_rest(cls, folder: Path, *, is_open: bool = False) -> Self:
        """A farm in which nothing runs yet."""
        scheme, keys = ("tcp", None) if is_open else ("tls", certify(folder / "certificates"))
        return cls(folder, f"{scheme}://127.0.0.1:{free_port()}", keys)

    def settings(self, base: Settings) -> Settings:
        return replace(base, dask_scheduler=self.address, dask_tls_dir=self.tls_dir)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `warehouse dask` with these arguments."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("WAREHOUSE_")}
        own |= {"WAREHOUSE_DASK_SCHEDULER": self.address, "WAREHOUSE_HOME": str(self.folder / "home")}
        own |= {"WAREHOUSE_DASK_TLS_DIR": str(self.tls_dir)} if self.tls_dir else {}
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            code = "from flows.command import main; main()"
            # A name in sys.argv keeps Dask's nannies from running the test's own main module.
            command = [sys.executable, "-c", code, "dask", *arguments]
            process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until the logs say it so often."""
        deadline = time.monotonic() + 90
        while self.log().count(words) < times:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def workers(self) -> list[int]:
        """The process ids of the workers themselves, below their nannies."""
        found = [
            line.split() for line in subprocess.check_output(["ps", "-eo", "pid,ppid,args"], text=True).splitlines()
        ]
        ours = {str(process.pid) for process in self.processes}
        return [int(pid) for pid, ppid, *words in found if ppid in ours and "multiprocessing.spawn" in " ".join(words)]

    def end(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def full_farm(folder: Path) -> Farm:
    """A farm with two worker processes."""
    farm = Farm.at_rest(folder)
    farm.start("scheduler")
    farm.start("worker", "--processes", "2")
    farm.wait_for("Registered to:", times=2)
    return farm
