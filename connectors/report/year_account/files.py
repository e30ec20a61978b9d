"""The account as files: one to read in a browser, one to go on writing in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.report.figures import read_figures
from connectors.report.writing import write_whole
from connectors.report.year_account.account import make_account
from connectors.report.year_account.page import render_account
from expectations.periods import parse_period

if TYPE_CHECKING:
    from connectors.settings import Settings


@dataclass(frozen=True, slots=True)
class AccountFiles:
    """Where the account of a year was written."""

    page: Path
    document: Path


def write_account(settings: Settings, year: str, folder: Path) -> AccountFiles | None:
    """The account of a year (`2021`), written into `folder` as HTML and DOCX; None before the first release.

    The same release gives the same bytes. Raises: PeriodError if the text names no period, ValueError if it is no year,
    DatabaseError if the warehouse cannot be asked.
    """
    from connectors.report.year_account.document import draw_document
    from connectors.warehouse.engine import connect

    period = parse_period(year)
    if period.kind != "year":
        raise ValueError(f"{year} is no year")
    with connect(settings) as conn:
        figures = read_figures(conn, period)
    if figures is None:
        return None
    account = make_account(figures)
    folder.mkdir(parents=True, exist_ok=True)
    files = AccountFiles(folder / f"年度工作报告_{period.id}.html", folder / f"年度工作报告_{period.id}.docx")
    write_whole(files.page, render_account(account).encode())
    write_whole(files.document, draw_document(account, figures.release.published_at))
    return files
