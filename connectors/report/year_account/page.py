"""The account as one HTML file, complete in itself."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from connectors.report.year_account.account import Account
from connectors.report.year_account.appendix import HEADINGS
from connectors.report.year_account.prose import TEMPLATES


def render_account(account: Account) -> str:
    """The HTML of an account; each figure of the text is a link to its row in the appendix, and that leads back."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((TEMPLATES / "account.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    page = environment.get_template("account.html.j2")
    return page.render(account=account, headings=HEADINGS, style=style, sources={r.number: r for r in account.sources})
