"""A limited process that counts the cells that the reader reads, file by file, as `Cells` gives them and before any form is looked for.

Only the corpus is counted so: the product has no use for the cells of a workbook that is no form.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from connectors.workbooks.cells import Cells, text_of
from connectors.workbooks.package import open_package
from connectors.workbooks.refusal import RefusedError

ROOT = Path(__file__).resolve().parents[3]
MEMORY_BYTES, WALL_SECONDS = 1024 * 1024 * 1024, 20

Place = tuple[int, int]


def summary(places: Iterable[Place]) -> list[Any]:
    """How many cells there are, and a hash of where they are."""
    ordered = sorted(places)
    return [len(ordered), hashlib.sha256(repr(ordered).encode()).hexdigest()]


def census(path: Path) -> dict[str, Any]:
    """The summary of each sheet that has anything in it, or why there is none."""
    try:
        package = open_package(path.read_bytes())
        cells = Cells(package)
        filled = {
            name: [
                (row, column)
                for row, values in enumerate(cells.rows(name))
                for column, value in enumerate(values)
                if text_of(value) is not None
            ]
            for name in cells.names
        }
    except RefusedError as refused:
        return {"refused": refused.code, "params": refused.params}
    return {
        "kind": package.kind.kind_id,
        "sheets": {name: summary(places) for name, places in filled.items() if places},
    }


def count(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The census of each file; {"died": true} where the process did, and {"late": true} where it took too long."""
    process: subprocess.Popen[str] | None = None
    for path in paths:
        if process is None:
            process = subprocess.Popen(
                [sys.executable, "-c", "from tests.connectors.workbooks.cell_census import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={"POLARS_MAX_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            )
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(WALL_SECONDS, process.kill)
        timer.start()
        print(path, file=process.stdin, flush=True)
        line = process.stdout.readline()
        is_late = not timer.is_alive()
        timer.cancel()
        if line:
            yield json.loads(line)
        else:
            end(process)
            process = None
            yield {"late": True} if is_late else {"died": True}
    if process:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Close its pipes, at which it ends, and wait until it has."""
    with process:
        pass


def main() -> None:
    """Answer each path on stdin with its census."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(census(Path(line.rstrip("\n")))) + "\n")
        sys.stdout.flush()
