"""What the reader answers to the corpus of other projects' workbooks: `python -m tests.connectors.workbooks.corpus` writes the page anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors.settings import Settings
from connectors.workbooks.pool import ReaderPool
from connectors.workbooks.reading import Reading
from tests.connectors.workbooks.cell_census import ROOT, count, summary
from tests.connectors.workbooks.raw_cells import filled_csv, filled_ods, filled_xls, filled_xlsb, filled_xlsx

FOLDER = ROOT.parent / "shared" / "corpus"
PAGE = ROOT / "docs" / "engineering" / "corpus.md"

LIMITED = {"file.reader_died", "file.reader_timeout"}
RAW = {"xlsx": filled_xlsx, "ods": filled_ods, "xlsb": filled_xlsb, "csv": filled_csv}

HEAD = """# The corpus

`../shared/corpus` holds {files} workbooks from the test suites of public readers, hostile ones among them. Each is read by the pool
with its limits, and its cells are counted once more from the raw bytes by code that shares nothing with the reader
(`tests/connectors/workbooks/raw_cells.py`): XML by lxml for `.xlsx`, `.xlsm` and `.ods`, records by struct for `.xlsb` and `.xls`
(BIFF5 and BIFF8), the csv module for text. Compared is the address of every cell that holds more than blanks, error values and
formulas without a value among them, sheet by sheet (the sheets of an `.xls` by their order). The values themselves are compared by
the tests of the formats. A sheet that is refused refuses its file.

This page is generated (`python -m tests.connectors.workbooks.corpus`); a test fails when it is stale.

| sent as | answer | reason | files | cells |
|---|---|---|---:|---:|
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one file: read, refused or limited, the reason in words, and what was counted in it by both."""

    path: Path
    findings: int
    outcome: str
    reason: str
    sheets: Mapping[str, Sequence[Any]]
    raw: Mapping[str, Sequence[Any]] | None

    @property
    def cells(self) -> int:
        return sum(number for number, _ in self.sheets.values())


def files() -> list[Path]:
    """Every file of the corpus that is not about it."""
    return [p for p in sorted(FOLDER.rglob("*")) if p.is_file() and p.parent != FOLDER]


def readings(paths: Sequence[Path]) -> list[Reading]:
    """What the product answers to each."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, inbox=home / "inbox", keys_dir=home / "keys", readers=2, reader_wall_seconds=20)
        with ReaderPool(settings) as pool:
            return pool.read([(n, path.read_bytes()) for n, path in enumerate(paths)]).readings


def answers() -> list[Answer]:
    """What became of every file, in order."""
    paths = files()
    with ThreadPoolExecutor(2) as threads:
        halves = list(threads.map(lambda half: list(count(half)), (paths[::2], paths[1::2])))
    counted = [halves[n % 2][n // 2] for n in range(len(paths))]
    return [_answer(p, r, c) for p, r, c in zip(paths, readings(paths), counted, strict=True)]


def _answer(path: Path, reading: Reading, counted: Mapping[str, Any]) -> Answer:
    code = reading.findings[0].code
    if reading.status == "unreadable":
        finding = reading.findings[0]
        outcome = "limited" if code in LIMITED else "refused"
        return Answer(path, len(reading.findings), outcome, reason(code, finding.params), {}, None)
    if "sheets" not in counted:
        outcome = "refused" if "refused" in counted else "limited"
        said = reason(counted["refused"], counted["params"]) if "refused" in counted else "memory or time"
        return Answer(path, len(reading.findings), outcome, said, {}, None)
    sheets = counted["sheets"]
    if counted["kind"] == "xls":
        sheets = {str(n): sheet for n, sheet in enumerate(sheets.values())}
        raw = {str(n): places for n, places in enumerate(filter(None, filled_xls(path.read_bytes())))}
    else:
        raw = RAW[counted["kind"]](path.read_bytes())
    return Answer(path, len(reading.findings), "read", "", sheets, {k: summary(v) for k, v in raw.items() if v})


def reason(code: str, params: Mapping[str, str]) -> str:
    """Why, in the words of the finding, without what differs from file to file."""
    if code == "file.unsafe":
        return f"{code}: {params['reason_en']}"
    said = params.get("reason_en") or params.get("kind")
    return f"{code}: {said}" if said else code


def page(found: Sequence[Answer]) -> str:
    """The table of answers, by the suffix under which a file was sent."""
    number: Counter[tuple[str, str, str]] = Counter()
    cells: Counter[tuple[str, str, str]] = Counter()
    for answer in found:
        key = (answer.path.suffix, answer.outcome, answer.reason)
        number[key] += 1
        cells[key] += answer.cells
    lines = [
        f"| {suffix or '(none)'} | {outcome} | {said} | {number[suffix, outcome, said]} |"
        f" {cells[suffix, outcome, said] if outcome == 'read' else ''} |"
        for suffix, outcome, said in sorted(number)
    ]
    outcomes = Counter(answer.outcome for answer in found)
    total = f"| all | {', '.join(f'{n} {outcome}' for outcome, n in sorted(outcomes.items()))} | | {len(found)} | {sum(cells.values())} |"
    return HEAD.format(files=len(found)) + "\n".join([*lines, total]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(answers()), encoding="utf-8")
