"""Findings drawn for people: the file, the cell, what was typed, what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from expectations.catalogue import Words, words
from expectations.contract import forms
from expectations.finding import Finding, Severity
from expectations.folding import Group, cells_en, cells_zh, total_en, total_zh
from expectations.form_guides import guide_path
from flows.speech import Speaker, option
from flows.tables import visible

SEVERITIES = tuple(severity.value for severity in Severity)

SEVERITY_WORDS = {
    Severity.CRITICAL: ("退回", "refused"),
    Severity.ERROR: ("该行待更正", "row waits"),
    Severity.WARNING: ("请确认", "please confirm"),
    Severity.INFO: ("告知", "for information"),
}


all_option = option(
    "--all",
    "show_all",
    is_flag=True,
    zh="逐条列出，不合并、不省略",
    en="List every finding by itself, with nothing folded or left out",
)
"""The option of every command that shows findings folded."""

MOST_VALUES = 3
"""How many different values of a group are each shown at their cells; of more, these are shown together."""


def draw_findings(found: Sequence[tuple[str, Finding]], speaker: Speaker) -> str:
    """Findings one by one under the file that each is about (file name, finding), in the given order."""
    lines: list[str] = []
    for name, group in groupby(found, key=lambda pair: pair[0]):
        lines.append(visible(name))
        lines += [f"  {_line(finding, speaker)}" for _, finding in group]
    return "\n".join(lines)


def draw_groups(groups: Sequence[Group], speaker: Speaker) -> str:
    """The findings of one file worth reading: causes only, equal ones in one line, the total and where the form is explained."""
    lines = [_group_line(group, speaker) for group in groups]
    total = speaker.words(total_zh(groups), total_en(groups))
    form = forms().get(next((g.findings[0].params["form"] for g in groups if "form" in g.findings[0].params), ""))
    guide = speaker.words("；填报说明见 ", "; see ") + guide_path(form) if form else ""
    return "\n".join(f"  {line}" for line in [*lines, total + guide])


def finding_facts(name: str, finding: Finding, lang: str) -> dict[str, Any]:
    """A finding as JSON-able facts with its words; personal values are masked in it already."""
    said = words(finding, "en" if lang == "en" else "zh")
    facts = {
        key: getattr(finding, key) for key in ("code", "severity", "sheet", "cell", "row_number", "field", "value")
    }
    form = forms().get(finding.params.get("form", ""))
    guide = guide_path(form) if form else None
    return {"file": name, **facts, "what": said.what, "expected": said.expected, "fix": said.fix, "guide": guide}


def _line(finding: Finding, speaker: Speaker) -> str:
    said = words(finding, "en" if speaker.lang == "en" else "zh")
    place = "!".join(part for part in (finding.sheet, finding.cell) if part)
    address = " ".join(part for part in (place, _quoted(finding.value, speaker)) if part)
    return _sentence(finding, address, said, finding.code, speaker)


def _group_line(group: Group, speaker: Speaker) -> str:
    times = speaker.words(f"，{group.count} 处", f", {group.count} times") if group.count > 1 else ""
    said = group.said("en" if speaker.lang == "en" else "zh")
    return _sentence(group.findings[0], _addresses(group, speaker), said, f"{group.code}{times}", speaker)


def _addresses(group: Group, speaker: Speaker) -> str:
    """Where the findings of a group are, and what was typed there."""
    cells = cells_en if speaker.lang == "en" else cells_zh
    parts = [part for part in group.parts if part.value]
    between = speaker.words("、", ", ")
    if not parts or len(parts) > MOST_VALUES:
        shown = "".join(_quoted(part.value, speaker) for part in parts[:MOST_VALUES])
        more = speaker.words(f"等 {len(parts)} 种填法", f" and others, {len(parts)} values") if parts else ""
        places = [" ".join(filter(None, (cells(group.findings), f"{shown}{more}")))]
    else:
        places = [" ".join(filter(None, (cells(part.findings), _quoted(part.value, speaker)))) for part in group.parts]
    return "!".join(filter(None, (group.sheet, between.join(filter(None, places)))))


def _quoted(value: str | None, speaker: Speaker) -> str:
    return speaker.words(f"“{value}”", f"'{value}'") if value else ""


def _sentence(finding: Finding, address: str, said: Words, code: str, speaker: Speaker) -> str:
    severity = speaker.words(*SEVERITY_WORDS[finding.severity])
    zh = f"{address + '：' if address else ''}{said.what}。应为{said.expected}；{said.fix}（{code}）"
    en = f"{address + ': ' if address else ''}{said.what}; expected {said.expected}; {said.fix} ({code})"
    if not said.expected:
        zh, en = zh.replace("应为；", ""), en.replace("expected ; ", "")
    # The words quote what was typed.
    return visible(f"[{severity}] {speaker.words(zh, en)}")
