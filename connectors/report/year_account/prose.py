"""The text of the account: templates in, chapters of headings and paragraphs out, still without a look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from connectors.report import words
from connectors.report.figures import Figures
from connectors.report.year_account.citations import END, GAP, START, Citations, Pace, QuotedIndicators

TEMPLATES = Path(__file__).with_name("templates")

CHAPTERS = ("guidance", "workforce", "rights_services", "organisation")
"""The chapters of the account, each a template of that name and a pillar of the indicators."""

_MARK = re.compile(f"{START}(\\d+){GAP}([^{END}]*){END}")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text; `citation` is the number of what stands behind it where it is a figure."""

    text: str
    citation: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading within a chapter, or a paragraph."""

    is_heading: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter; an opening has no title."""

    title: str
    blocks: tuple[Block, ...]


def compose(figures: Figures) -> tuple[Chapter, tuple[Chapter, ...], Citations]:
    """The opening, the four chapters, and what their figures refer to."""
    citations = Citations()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - plain text; whoever draws it escapes it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    has_ended = figures.span.last_day >= figures.period.last_day
    facts = {
        "f": QuotedIndicators(figures, citations),
        "pace": Pace(figures, citations),
        "sentence": sentence,
        "whole": "全年" if has_ended else "本年截至目前",
    }

    def chapter(name: str, title: str) -> Chapter:
        text = environment.get_template(f"{name}.zh.j2").render(facts)
        unknown = [v.name_zh for v in figures.values if v.pillar == name and v.value is None]
        if unknown:
            text += f"\n\n以下指标{words.NO_VALUE}：{'、'.join(unknown)}。原因见附录。"
        return Chapter(title, _blocks(text))

    opening = chapter("operations", "")
    chapters = [chapter(name, f"{'一二三四'[place]}、{words.PILLARS[name]}") for place, name in enumerate(CHAPTERS)]
    return opening, tuple(chapters), citations


def sentence(*clauses: str, start: str = "", apart: str = "，") -> str:
    """The clauses that say something as one sentence behind `start`; nothing where none does."""
    known = [clause for clause in clauses if clause]
    return f"{start}{apart.join(known)}。" if known else ""


def _blocks(text: str) -> tuple[Block, ...]:
    """Paragraphs stand apart by a blank line; a line with `## ` is a heading, and one that nothing follows is left out."""
    blocks: list[Block] = []
    for piece in re.split(r"\n\s*\n", text):
        line = "".join(part.strip() for part in piece.splitlines())
        if not line:
            continue
        is_heading = line.startswith("## ")
        if is_heading and blocks and blocks[-1].is_heading:
            blocks.pop()
        blocks.append(Block(is_heading, _parts(line.removeprefix("## "))))
    if blocks and blocks[-1].is_heading:
        blocks.pop()
    return tuple(blocks)


def _parts(line: str) -> tuple[Part, ...]:
    parts, place = [], 0
    for mark in _MARK.finditer(line):
        if mark.start() > place:
            parts.append(Part(line[place : mark.start()]))
        parts.append(Part(mark[2], int(mark[1])))
        place = mark.end()
    if place < len(line):
        parts.append(Part(line[place:]))
    return tuple(parts)
