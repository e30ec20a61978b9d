"""What scheduler, workers and night all keep to: nothing shown, nothing written down, nothing waited for without end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.dask.errors import CertificatesUnusable
from connectors.settings import Settings

if TYPE_CHECKING:
    from distributed import Security

CONDUCT: Mapping[str, Any] = {
    # No page that shows tasks, profiles or call stacks; the port that Dask opens all the same answers 404 to whatever it is asked.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    # Rows never go to a disk in the clear. What a worker holds is bounded by the pieces of work that it is sent.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    # Work that nobody can do comes back as an error instead of waiting for a worker for ever.
    "distributed.scheduler.no-workers-timeout": "60s",
    "distributed.scheduler.allowed-failures": 3,
    "distributed.comm.timeouts.connect": "10s",
    # The bytes of workbooks travel with the work, through the scheduler, so that it can give them to another worker.
    "distributed.admin.large-graph-warning-threshold": "1GB",
}

CHECKED = ("distributed.scheduler.http.routes", "distributed.scheduler.no-workers-timeout")
"""What a scheduler must have set before anything is sent to it."""

FILES = ("ca.pem", "cert.pem", "key.pem")


def certificates(settings: Settings) -> tuple[Path, Path, Path] | None:
    """CA, certificate and key of a tls:// address; None for an open connection, which stays on this machine.

    Raises: CertificatesUnusable if one is missing, or the key is open to others.
    """
    if not (settings.dask_scheduler or "").startswith("tls://"):
        return None
    folder = settings.dask_tls_dir
    if folder is None:
        raise CertificatesUnusable("WAREHOUSE_DASK_TLS_DIR", "没有设置", "it is not set")
    ca, cert, key = (folder / name for name in FILES)
    for path in (ca, cert, key):
        if not path.is_file():
            raise CertificatesUnusable(str(path), "文件不存在", "the file is not there")
    if key.stat().st_mode & 0o077:
        raise CertificatesUnusable(str(key), "其他账户也能读取", "other accounts may read it")
    return ca, cert, key


def security(settings: Settings) -> Security:
    """How the night proves to the scheduler who it is. Raises: CertificatesUnusable."""
    from distributed import Security

    files = certificates(settings)
    if files is None:
        return Security()
    ca, cert, key = (str(path) for path in files)
    return Security(tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True)
