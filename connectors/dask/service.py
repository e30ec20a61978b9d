"""The processes on other machines: a scheduler, and workers that each read and judge one piece of work at a time.

They are Dask's own, by its own command line, with our conduct set before they start.
"""

from __future__ import annotations

import tempfile
from urllib.parse import urlsplit

from connectors.dask.conduct import CONDUCT, certificates
from connectors.settings import Settings


def run_scheduler(settings: Settings, address: str) -> None:
    """Be the scheduler at that address until told to stop. Raises: CertificatesUnusable."""
    import dask
    from distributed.cli.dask_scheduler import main

    keys = _key_options(settings)
    parts = urlsplit(address)
    with dask.config.set(CONDUCT):
        # No page is served; the port that Dask opens for pages all the same is of this machine alone.
        quiet = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        where = ["--protocol", parts.scheme, "--host", str(parts.hostname), "--port", str(parts.port)]
        main.main([*where, *quiet, *keys], standalone_mode=False)


def run_workers(settings: Settings, address: str, processes: int) -> None:
    """Be so many workers of the scheduler at that address until told to stop or it goes away; one that dies is started again.

    Raises: CertificatesUnusable.
    """
    import dask
    from distributed.cli.dask_worker import main

    keys = _key_options(settings)
    with dask.config.set(CONDUCT), tempfile.TemporaryDirectory(prefix="warehouse-dask-") as folder:
        # Each nanny hands this configuration to its worker. A limit of memory would be the spilling of rows to the disk.
        alone = ["--nworkers", str(processes), "--nthreads", "1", "--memory-limit", "0", "--local-directory", folder]
        quiet = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        main.main([address, *alone, *quiet, "--preload", "connectors.dask.work", *keys], standalone_mode=False)


def _key_options(settings: Settings) -> list[str]:
    files = certificates(settings)
    if files is None:
        return []
    options = ("--tls-ca-file", "--tls-cert", "--tls-key")
    return [word for option, path in zip(options, files, strict=True) for word in (option, str(path))]
