"""Findings drawn for people: the file, the cell, what was typed, what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from expectations.catalogue import words
from expectations.finding import Finding, Severity
from flows.speech import Speaker
from flows.tables import visible

SEVERITIES = tuple(severity.value for severity in Severity)

SEVERITY_WORDS = {
    Severity.CRITICAL: ("退回", "refused"),
    Severity.ERROR: ("该行待更正", "row waits"),
    Severity.WARNING: ("请确认", "please confirm"),
    Severity.INFO: ("告知", "for information"),
}


def draw_findings(found: Sequence[tuple[str, Finding]], speaker: Speaker) -> str:
    """Findings under the file that each is about (file name, finding), in the given order."""
    lines: list[str] = []
    for name, group in groupby(found, key=lambda pair: pair[0]):
        lines.append(visible(name))
        lines += [f"  {_line(finding, speaker)}" for _, finding in group]
    return "\n".join(lines)


def finding_facts(name: str, finding: Finding, lang: str) -> dict[str, Any]:
    """A finding as JSON-able facts with its words; personal values are masked in it already."""
    said = words(finding, "en" if lang == "en" else "zh")
    facts = {
        key: getattr(finding, key) for key in ("code", "severity", "sheet", "cell", "row_number", "field", "value")
    }
    return {"file": name, **facts, "what": said.what, "expected": said.expected, "fix": said.fix}


def _line(finding: Finding, speaker: Speaker) -> str:
    said = words(finding, "en" if speaker.lang == "en" else "zh")
    place = "!".join(part for part in (finding.sheet, finding.cell) if part)
    typed = visible(speaker.words(f"“{finding.value}”", f"'{finding.value}'")) if finding.value else ""
    severity = speaker.words(*SEVERITY_WORDS[finding.severity])
    address = " ".join(part for part in (place, typed) if part)
    zh = f"{address + '：' if address else ''}{said.what}。应为{said.expected}；{said.fix}（{finding.code}）"
    en = f"{address + ': ' if address else ''}{said.what}; expected {said.expected}; {said.fix} ({finding.code})"
    if not said.expected:
        zh, en = zh.replace("应为；", ""), en.replace("expected ; ", "")
    return f"[{severity}] {speaker.words(zh, en)}"
