"""`python -m benchmarks.night [--sizes 200 1000 2000]`: measure the night, print a table, keep it in `build/bench/`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.measure import measure
from benchmarks.night.product import product_at
from benchmarks.night.results import AGAIN, PANDAS, POLARS, PRODUCT, WORDS, Result, write_results
from benchmarks.workbooks import write_inbox

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"

SIZES = (200, 1_000, 2_000)

LOADERS = {PANDAS: "benchmarks.night.pandas_loader", POLARS: "benchmarks.night.polars_loader"}


class RowsDifferError(Exception):
    """A contender holds another number of rows than the workbooks do, so its cost says nothing.

    Attributes:
        contender: who.
        expected: rows of the workbooks.
        found: rows that it holds.
    """

    def __init__(self, contender: str, expected: int, found: int) -> None:
        self.contender, self.expected, self.found = contender, expected, found
        super().__init__(f"{WORDS[contender]} holds {found} rows, but the workbooks have {expected}.")


def measure_size(size: int, folder: Path) -> list[Result]:
    """The cost of each contender for so many workbooks, on the same files and the same server, one after another.

    Raises: RowsDifferError, CommandFailedError.
    """
    inbox = folder / f"inbox-{size}"
    shutil.rmtree(inbox, ignore_errors=True)
    expected = write_inbox(
        size, folder, inbox, lambda done, total: _tell(f"workbooks for {size}: {done} of {total}", done < total)
    )
    results: list[Result] = []
    with product_at(folder / f"night-{size}", inbox) as product:
        for contender in (PRODUCT, AGAIN):
            _tell(f"{size} workbooks: {WORDS[contender]} …")
            cost = product.night(contender)
            results.append(_checked(Result(contender, size, product.rows_loaded(), cost), expected))
        for contender, module in LOADERS.items():
            _tell(f"{size} workbooks: {WORDS[contender]} …")
            url = (
                product.url.replace("postgresql://", "postgresql+psycopg://", 1) if contender == PANDAS else product.url
            )
            command = [sys.executable, "-m", module, str(inbox), url]
            cost, said = measure(command, product.folder / f"{contender}.log", postmaster=product.postmaster)
            results.append(_checked(Result(contender, size, int(said), cost), expected))
    return results


def _checked(result: Result, expected: int) -> Result:
    if result.rows != expected:
        raise RowsDifferError(result.contender, expected, result.rows)
    return result


def _tell(text: str, goes_on: bool = False) -> None:
    """Say what is being done; a line that goes on is written over by the next."""
    if not goes_on:
        print(text, file=sys.stderr, flush=True)
    elif sys.stderr.isatty():
        print(text, file=sys.stderr, end="\r", flush=True)


def main() -> None:
    """Measure the sizes asked for and print the table; each size is kept as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of workbooks, at most 2352")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where workbooks are kept and results written")
    asked = parser.parse_args()
    results: list[Result] = []
    for size in asked.sizes:
        results += measure_size(size, asked.folder)
        table = write_results(results, asked.folder)
    print(table)


if __name__ == "__main__":
    main()
