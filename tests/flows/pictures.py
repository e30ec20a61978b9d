"""The pictures of the handbook, taken of the product itself over the sample year: `make run`, then `python -m tests.flows.pictures`.

Names as arguments take those alone. Chromium with a Chinese font, LibreOffice, pdftoppm and pngquant are needed (Debian: chromium
fonts-noto-cjk libreoffice-calc poppler-utils pngquant). It starts `warehouse serve` and Superset on the warehouse of the environment, and ends them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import httpx

from connectors.settings import load_settings
from connectors.superset.deploying import deploy
from connectors.superset.service import ADMINISTRATOR, Superset, bring_up, stop
from flows.prefect_key import api_key
from tests.flows.browser import CHARTS_ARE_DRAWN, Page, browsing
from tests.flows.conftest import ROOT, Desk
from tests.flows.served import Served, serve

FOLDER = ROOT / "docs/user/zh/图"
LARGEST_KB, ALL_KB = 150, 1500
UNIT, PERIOD = "A0101", "2021-12"
MISTAKES = ROOT / "tests/golden/relief_three_bad_cells.xlsx"
PATIENCE_SECONDS = 300


class Studio:
    """The product at work and a browser before it; each part comes up when a picture first needs it."""

    def __init__(self, ends: ExitStack) -> None:
        self._ends = ends
        self.settings = load_settings(os.environ)
        self.folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        self.desk = Desk(dict(os.environ) | {"WAREHOUSE_HOME": str(self.settings.home)})

    @cached_property
    def page(self) -> Page:
        """A page of a browser that knows nothing yet."""
        return self._ends.enter_context(browsing(self.folder / "browser"))

    @cached_property
    def served(self) -> Served:
        """`warehouse serve`."""
        return self._ends.enter_context(serve(self.desk))

    @cached_property
    def superset(self) -> Superset:
        """Superset with every dashboard, and the page signed in to it."""
        superset = bring_up(self.settings, lambda _: None)
        self._ends.callback(stop, superset)
        deploy(self.settings)
        self.page.open(f"{superset.address}/login/")
        self.page.wait_for("document.querySelector('#password') !== null")
        self.page.type("#username", ADMINISTRATOR)
        self.page.type("#password", superset.password)
        self.page.press("button[type=submit]")
        self.page.wait_for("!location.pathname.includes('login')")
        return superset

    def sheet(self, workbook: Path, height: int) -> bytes:
        """The first page of a workbook as it is printed, so much of it from above (pixels)."""
        profile = f"-env:UserInstallation={(self.folder / 'office').as_uri()}"
        convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", self.folder, workbook]
        subprocess.run(convert, check=True, capture_output=True)
        draw = ["pdftoppm", "-png", "-r", "110", "-singlefile", "-x", "0", "-y", "0", "-W", "1290", "-H", str(height)]
        subprocess.run([*draw, self.folder / f"{workbook.stem}.pdf", self.folder / "sheet"], check=True)
        return (self.folder / "sheet.png").read_bytes()


def status(studio: Studio) -> bytes:
    """The page of the status."""
    studio.page.open(f"{studio.served.health}/status")
    studio.page.shows("报表仓库运行状态", "当前发布", seconds=PATIENCE_SECONDS)
    return studio.page.picture(1100, 900)


def night(studio: Studio) -> bytes:
    """The night in Prefect's UI."""
    studio.page.open(f"{studio.served.address}/runs")
    studio.page.shows("Login", seconds=PATIENCE_SECONDS)
    studio.page.type("input[type=password]", api_key(studio.settings))
    studio.page.press("button[type=submit]")
    runs = studio.served.ask("/flow_runs/filter", {"sort": "START_TIME_ASC", "limit": 1})
    studio.page.open(f"{studio.served.address}/runs/flow-run/{runs[0]['id']}")
    studio.page.shows("Completed", runs[0]["name"], seconds=PATIENCE_SECONDS)
    return studio.page.picture(1300, 900)


def template(studio: Studio) -> bytes:
    """An empty workbook as a unit gets it."""
    empty = studio.folder / "模板.xlsx"
    assert studio.desk.call("template", "relief", "--unit", UNIT, "--period", PERIOD, "-o", str(empty)).returncode == 0
    return studio.sheet(empty, 480)


def upload(studio: Studio) -> bytes:
    """What a unit reads when it has uploaded a workbook with a mistake."""
    issued = studio.desk.call_json("intake", "issue", "--unit", UNIT, "--author", "样例")
    token = issued["tokens"][0]["token"]
    with httpx.Client(base_url=studio.served.intake, timeout=PATIENCE_SECONDS, trust_env=False) as program:
        files = [("files", ("慰问_2月.xlsx", MISTAKES.read_bytes()))]
        answered = program.post("/api/v1/uploads", files=files, headers={"authorization": f"Bearer {token}"})
        [received] = answered.raise_for_status().json()
    studio.page.open(studio.served.intake)
    studio.page.shows("口令", seconds=PATIENCE_SECONDS)
    studio.page.type("#token", token)
    studio.page.press("button[type=submit]")
    studio.page.shows("还要报的", seconds=PATIENCE_SECONDS)
    if received["upload_id"]:
        studio.page.open(f"{studio.served.intake}/uploads/{received['upload_id']}")
    return studio.page.picture(900, 900)


def annotated(studio: Studio) -> bytes:
    """The list of problems in a workbook that goes back."""
    answers = studio.folder / "answers"
    assert studio.desk.call("check", str(MISTAKES), "--annotate", str(answers)).returncode == 1
    [answer] = answers.iterdir()
    return studio.sheet(answer, 380)


def dashboard(slug: str, *words: str) -> Callable[[Studio], bytes]:
    """A dashboard, once it shows these words."""

    def take(studio: Studio) -> bytes:
        studio.page.open(f"{studio.superset.address}/superset/dashboard/{slug}/?standalone=1")
        studio.page.shows(*words, seconds=PATIENCE_SECONDS)
        return studio.page.picture(1400, 1000, until=CHARTS_ARE_DRAWN)

    return take


def report(studio: Studio) -> bytes:
    """The top of the report of the year."""
    studio.page.open((studio.settings.home / "reports/report-2021.html").as_uri())
    studio.page.shows("2021", seconds=PATIENCE_SECONDS)
    return studio.page.picture(1100, 1000)


PICTURES: dict[str, Callable[[Studio], bytes]] = {
    "运行状态": status,
    "运行界面": night,
    "模板": template,
    "网上报送": upload,
    "批注后的工作簿": annotated,
    "领导看板": dashboard("leaders", "领导看板", "慰问救助资金"),
    "报送情况看板": dashboard("operations", "报送情况"),
    "年度报告": report,
}
"""The name of a picture, and who takes it."""


def main(*names: str) -> None:
    """Take these pictures, or all."""
    FOLDER.mkdir(exist_ok=True)
    with ExitStack() as ends:
        studio = Studio(ends)
        for name in names or PICTURES:
            taken = PICTURES[name](studio)
            small = subprocess.run(
                ["pngquant", "--speed", "1", "96", "-"], input=taken, check=True, capture_output=True
            )
            (FOLDER / f"{name}.png").write_bytes(small.stdout)
            sys.stdout.write(f"{name}: {len(small.stdout) // 1024} KB\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
