"""A service process of `warehouse serve` and `warehouse run`: Prefect's server, or the worker. Ends when its parent does.

python -m flows.service server FD (temporary|lasting)
python -m flows.service worker POOL
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading


def watch_parent() -> None:
    """End this process group when the parent is gone: its end of our standard input closes then, however it died."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.killpg(os.getpgrp(), signal.SIGTERM)

    threading.Thread(target=wait, name="watch-parent", daemon=True).start()


def run_server(descriptor: int, is_temporary: bool) -> None:
    """Serve Prefect's API on a socket that listens already; a temporary one without UI, scheduler and automations."""
    import socket

    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app(ephemeral=is_temporary, final=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    server.run(sockets=[socket.socket(fileno=descriptor)])


def run_worker(pool: str) -> None:
    """Run what the schedule brings due, each flow run in a process of its own, which ends with the worker."""
    import asyncio

    from prefect.workers.process import ProcessWorker

    async def work() -> None:
        worker = asyncio.ensure_future(ProcessWorker(work_pool_name=pool, name="warehouse").start())
        # Cancelled, the worker ends its flow runs and tells the server; merely killed, it would leave them running.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await worker

    asyncio.run(work())


def main() -> None:
    """Be the service that the arguments name."""
    watch_parent()
    match sys.argv[1:]:
        case ["server", descriptor, ("temporary" | "lasting") as kind]:
            run_server(int(descriptor), kind == "temporary")
        case ["worker", pool]:
            run_worker(pool)
        case other:
            sys.exit(f"flows.service knows no service {other}")


if __name__ == "__main__":
    main()
