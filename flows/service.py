"""A service process of `warehouse serve` and `warehouse run`: Prefect's server, the worker, or the intake over HTTP. Ends when its parent does.

python -m flows.service server FD (temporary|lasting)
python -m flows.service worker FD
python -m flows.service intake FD
"""

from __future__ import annotations

import contextlib
import json
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


def run_worker(tidings: int) -> None:
    """Put Prefect in order, then run what comes due, each flow run in a process of its own, which ends with the worker.

    What people should hear goes to the pipe `tidings`, one JSON object a line: `{"zh", "en"}`, `{"ready": true}` once, and `{"beat": true}` again
    and again, as long as the loop that takes work turns.
    """
    import asyncio

    from prefect.client.orchestration import get_client
    from prefect.workers.process import ProcessWorker

    from connectors.settings import load_settings
    from flows.catching_up import keep_up, put_in_order
    from flows.deployments import POOL, register_deployments
    from flows.orphans import be_worker
    from flows.signs_of_life import BEAT_SECONDS

    settings = load_settings()

    def tell(facts: object) -> None:
        # Who listens may be going away; the work goes on without.
        with contextlib.suppress(BrokenPipeError):
            os.write(tidings, json.dumps(facts).encode() + b"\n")

    def say(zh: str, en: str) -> None:
        tell({"zh": zh, "en": en})

    async def beat() -> None:
        while True:
            tell({"beat": True})
            await asyncio.sleep(BEAT_SECONDS)

    async def work() -> None:
        beating = asyncio.ensure_future(beat())
        async with get_client() as client:
            await register_deployments(client)
            await put_in_order(client, settings, say)
            tell({"ready": True})
            looking = asyncio.ensure_future(keep_up(client, settings, say))
            worker = asyncio.ensure_future(ProcessWorker(work_pool_name=POOL, name="warehouse").start())
            # Cancelled, the worker ends its flow runs and tells the server; merely killed, it would leave them running.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.cancel)
            with contextlib.suppress(asyncio.CancelledError):
                await worker
            looking.cancel()
        beating.cancel()

    be_worker()
    asyncio.run(work())


def run_intake(descriptor: int) -> None:
    """Serve the intake over HTTP on a socket that listens already. It knows no Prefect."""
    import socket

    import uvicorn

    from connectors.settings import load_settings
    from flows.web_intake.app import create_app

    # Addresses and names of files are personal enough to be in no log.
    config = uvicorn.Config(create_app(load_settings()), log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def main() -> None:
    """Be the service that the arguments name."""
    watch_parent()
    match sys.argv[1:]:
        case ["server", descriptor, ("temporary" | "lasting") as kind]:
            run_server(int(descriptor), kind == "temporary")
        case ["worker", descriptor]:
            run_worker(int(descriptor))
        case ["intake", descriptor]:
            run_intake(int(descriptor))
        case other:
            sys.exit(f"flows.service knows no service {other}")


if __name__ == "__main__":
    main()
