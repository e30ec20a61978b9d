"""A headless Chromium that is spoken to: it opens a page, types as a person would, and gives what it shows."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --remote-debugging-port=0 --window-size=1600,1200"
)

CHARTS_ARE_DRAWN = (
    "document.querySelectorAll('.header-line, canvas, table').length > 2"
    " && !document.querySelector('[data-test=loading-indicator], .loading')"
)
"""Of a dashboard of Superset: what is in sight has its figures, and nothing turns any more."""

SETTLES_SECONDS = 8
"""How long a page may take to draw itself for another size."""


class Page:
    """One page of the browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._asked = connection, 0

    def open(self, url: str) -> None:
        """Go to an address."""
        self._ask("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of a piece of JavaScript."""
        return self._ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def type(self, selector: str, text: str) -> None:
        """Type into a field, as a keyboard would; waits for what was typed to have arrived there."""
        field = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{field}.focus()")
        self._ask("Input.insertText", text=text)
        deadline = time.monotonic() + 60
        while self.run(f"{field}.value") != text:
            assert time.monotonic() < deadline, "what was typed did not arrive"
            time.sleep(0.1)

    def press(self, selector: str) -> None:
        """Click something."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def shows(self, *words: str, seconds: float = 90) -> str:
        """The text of the page, once all these words are in it; fails after so long."""
        deadline = time.monotonic() + seconds
        while True:
            text = str(self.run("document.body ? document.body.textContent : ''"))
            if all(word in text for word in words):
                return text
            assert time.monotonic() < deadline, (words, text)
            time.sleep(0.3)

    def wait_for(self, script: str, seconds: float = 300) -> None:
        """Until a piece of JavaScript is true; fails after so long."""
        deadline = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < deadline, script
            time.sleep(0.3)

    def picture(self, width: int, height: int, until: str = "true") -> bytes:
        """What the page shows in a window of that size (pixels), as PNG, once a piece of JavaScript is true."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.wait_for(until)
        # Charts are drawn anew for the size.
        time.sleep(SETTLES_SECONDS)
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def _ask(self, method: str, **params: object) -> Any:
        self._asked += 1
        self._connection.send(json.dumps({"id": self._asked, "method": method, "params": params}))
        while True:
            answered = json.loads(self._connection.recv(timeout=60))
            if answered.get("id") == self._asked:
                assert "error" not in answered, answered
                return answered["result"]


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with a fresh profile in that folder."""
    assert BROWSER is not None
    command = [BROWSER, *OPTIONS.split(), f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with connect(_page_address(folder), max_size=None, proxy=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()


def _page_address(folder: Path) -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            port = (folder / "DevToolsActivePort").read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as listed:
                return str(next(page["webSocketDebuggerUrl"] for page in json.load(listed) if page["type"] == "page"))
        except (OSError, StopIteration):
            time.sleep(0.2)
    raise AssertionError("the browser did not come up")
