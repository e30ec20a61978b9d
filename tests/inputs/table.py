"""The table of the lines of INPUTS and the tests that hold them: `python -m tests.inputs.table` writes docs/engineering/inputs.md."""

from __future__ import annotations

import contextlib
import csv
import io
from collections import defaultdict
from pathlib import Path

import pytest

from tests.inputs.not_held import NOT_HELD

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "engineering" / "inputs.md"
LINES = Path(__file__).with_name("lines.csv")

HEAD = """# What people send, and the tests that hold it

Written by `python -m tests.inputs.table` from the marks `inputs(…)` of the tests; a test says when it is out of date. The lines are those of
`shared/INPUTS.md`: A, habits of honest people; B, files that break readers.

| line | what is sent | what must happen | held by |
|---|---|---|---|
"""


class Marked:
    """A plugin of pytest that keeps, for each line, the tests that carry its mark."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("inputs"):
                for line in mark.args:
                    self.tests[line].add(item.nodeid.partition("[")[0])


def lines() -> dict[str, tuple[str, str]]:
    """Every line: what is sent, and what must happen."""
    with LINES.open(encoding="utf-8", newline="") as file:
        return {row["line"]: (row["given"], row["expected"]) for row in csv.DictReader(file)}


def marked_tests() -> dict[str, set[str]]:
    """The tests that hold each line, by collecting the modules that use the mark."""
    modules = [p for p in sorted((ROOT / "tests").rglob("test_*.py")) if "inputs(" in p.read_text(encoding="utf-8")]
    marked = Marked()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        options = ["--collect-only", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        code = pytest.main([*options, *map(str, modules)], plugins=[marked])
    if code:
        raise SystemExit(said.getvalue())
    return marked.tests


def table(held: dict[str, set[str]]) -> str:
    """The document."""
    rows = [
        f"| {line} | {_cell(given)} | {_cell(expected)} | {_holders(line, held)} |\n"
        for line, (given, expected) in lines().items()
    ]
    return HEAD + "".join(rows)


def _holders(line: str, held: dict[str, set[str]]) -> str:
    if line in NOT_HELD:
        return f"not applicable: {NOT_HELD[line]}"
    return "<br>".join(f"`{name.removeprefix('tests/')}`" for name in sorted(held.get(line, ()))) or "—"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(table(marked_tests()), encoding="utf-8")
