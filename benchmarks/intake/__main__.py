"""`python -m benchmarks.intake [--workbooks 1000]`: measure the reading of clean and of odd workbooks, and print a table."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.intake.odd import write_odd
from benchmarks.intake.readers import READERS
from benchmarks.intake.results import WORDS, Result, table
from benchmarks.measure import measure
from benchmarks.workbooks import write_inbox

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"


class RowsDifferError(Exception):
    """A contender read another number of rows than the workbooks have, so its cost says nothing.

    Attributes:
        contender: who.
        expected: rows of the workbooks.
        found: rows that it read.
    """

    def __init__(self, contender: str, expected: int, found: int) -> None:
        self.contender, self.expected, self.found = contender, expected, found
        super().__init__(f"{WORDS[contender]} read {found} rows, but the workbooks have {expected}.")


def measure_intake(workbooks: int, folder: Path) -> list[Result]:
    """The cost of each contender on the same clean files, and on the same odd ones. Raises: RowsDifferError, CommandFailedError."""
    clean, odd = folder / f"intake-{workbooks}-clean", folder / f"intake-{workbooks}-odd"
    for inbox in (clean, odd):
        shutil.rmtree(inbox, ignore_errors=True)
    expected = write_inbox(workbooks, folder, clean, lambda done, total: None)
    write_odd(clean, odd)
    results = []
    for kind, inbox in (("clean", clean), ("odd", odd)):
        for contender in READERS:
            print(f"{workbooks} {kind} workbooks: {WORDS[contender]} …", file=sys.stderr, flush=True)
            command = [sys.executable, "-m", "benchmarks.intake.readers", contender, str(inbox)]
            cost, said = measure(command, folder / f"intake-{kind}-{contender}.log")
            if int(said) != expected:
                raise RowsDifferError(contender, expected, int(said))
            results.append(Result(contender, kind, workbooks, cost))
    return results


def main() -> None:
    """Measure, print the table and keep it in `build/bench/intake.md`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__)
    parser.add_argument("--workbooks", type=int, default=1_000, help="how many, at most 2352")
    asked = parser.parse_args()
    text = table(measure_intake(asked.workbooks, FOLDER))
    (FOLDER / "intake.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
