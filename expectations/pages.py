"""The pages that are written from the contracts: `python -m expectations.pages` writes the committed ones anew.

A test fails when one of them is stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from expectations.contract import forms
from expectations.dictionary import dictionary_page
from expectations.form_guides import guide_page
from expectations.rule_catalogue import rule_page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "user" / "zh"
GUIDES = FOLDER / "填报说明"


def pages() -> Mapping[Path, str]:
    """Every generated page: its path and its text."""
    guides = {GUIDES / f"{form.title_zh}.md": guide_page(form) for form in forms().values()}
    return {FOLDER / "数据字典.md": dictionary_page(), FOLDER / "规则目录.md": rule_page(), **guides}


def write_pages() -> None:
    """Write every page, and remove the guides of forms that are no more."""
    wanted = pages()
    GUIDES.mkdir(parents=True, exist_ok=True)
    for path in GUIDES.glob("*.md"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_pages()
