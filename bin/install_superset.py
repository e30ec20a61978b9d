#!/usr/bin/env python3
"""Makes `bi/.venv` hold exactly what bi/requirements.lock says: Apache Superset, apart from the warehouse, whose packages it cannot share.

Run by `warehouse bi up` with the warehouse's own Python. Harmless to run twice, twice at once, and after a kill, like `bin/setup.py`,
whose uv and mirrors it uses. `install_superset.py lock` resolves bi/requirements.in again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

import setup

FOLDER = setup.ROOT / "bi"
LOCK = FOLDER / "requirements.lock"
VENV = FOLDER / ".venv"
READY = VENV / ".ready"
NEWEST = "2026-05-25"
"""What came out later does not work with this Superset (requirements.in says what else does not)."""


def main() -> int:
    """Give the exit code: 0 ready, else that of what failed."""
    with LOCK.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        environment = {**os.environ, **setup.uv_environment()}
        try:
            if sys.argv[1:] == ["lock"]:
                subprocess.run(
                    [setup.UV, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--exclude-newer", NEWEST,
                     "--no-header", "--no-annotate", "--generate-hashes", "requirements.in", "--output-file", LOCK.name],
                    # Of an index that says when each file came out; mirrors often do not.
                    cwd=FOLDER, check=True,
                )  # fmt: skip
                return 0
            install(environment)
        except subprocess.CalledProcessError as failure:
            return failure.returncode
    return 0


def install(environment: dict[str, str]) -> None:
    """Make the environment anew unless it is there, whole, and of this lock."""
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if READY.exists() and READY.read_text() == key and setup.runs(VENV / "bin" / "python", "--version"):
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    print("Superset: its packages (660 MB on disk) ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", VENV], check=True)
    subprocess.run(
        [setup.UV, "pip", "sync", "--quiet", "--python", VENV / "bin" / "python", "--require-hashes", "--compile-bytecode", LOCK],
        env=environment, check=True,
    )  # fmt: skip
    READY.write_text(key)
    print("Superset: installed.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
