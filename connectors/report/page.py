"""The page: figures in, one HTML file out, complete in itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from connectors.report import words
from connectors.report.figures import Figures, read_figures
from connectors.report.writing import write_whole
from expectations.periods import Period, parse_period

if TYPE_CHECKING:
    from connectors.settings import Settings

TEMPLATES = Path(__file__).with_name("templates")


def write_report(settings: Settings, period: str, folder: Path) -> Path:
    """The path of the page about a period (`2021-03`, `2021-Q1`, `2021`, `2021-2025`), written into `folder`.

    Before the first release it is a page that says what is missing. Raises: PeriodError if the text names no period,
    DatabaseError if the warehouse cannot be asked.
    """
    from connectors.warehouse.engine import connect

    asked = parse_period(period)
    with connect(settings) as conn:
        figures = read_figures(conn, asked)
    text = render_page(figures) if figures else render_empty_page(asked)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"report-{asked.id}.html"
    write_whole(target, text.encode())
    return target


def render_page(figures: Figures) -> str:
    """The HTML of a period that has a release."""
    # Altair takes a second to import, and only a page with charts needs it.
    from connectors.report.sections import sections

    return page_environment().get_template("page.html.j2").render(period=figures.period, **sections(figures))


def render_empty_page(period: Period) -> str:
    """The HTML for a warehouse that has published nothing."""
    return page_environment().get_template("empty.html.j2").render(period=period)


def page_environment() -> Environment:
    """Jinja with our templates, style and filters."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["words"] = words
    made.globals["style"] = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    filters: dict[str, Any] = {
        "number": words.number,
        "money": words.money,
        "percent": words.percent,
        "period_name": words.period_name,
        "day": words.day,
    }
    made.filters.update(filters)
    return made
