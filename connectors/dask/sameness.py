"""Whether two machines read and judge alike: they do where code, contracts and the libraries that decide are the same."""

from __future__ import annotations

import sys
from functools import cache
from hashlib import sha256
from importlib.metadata import version

from connectors.settings import PROJECT_FOLDER

PACKAGES = ("connectors", "expectations")
LIBRARIES = ("distributed", "great-expectations", "pandas", "polars", "pyarrow", "python-calamine")


@cache
def sameness() -> str:
    """The SHA-256 of all that decides what is read from a workbook and what is found in it; asked once in a process."""
    digest = sha256(f"{sys.version_info[:2]} {[(name, version(name)) for name in LIBRARIES]}".encode())
    for package in PACKAGES:
        for path in sorted((PROJECT_FOLDER / package).rglob("*")):
            if path.suffix in (".py", ".yaml", ".csv", ".json"):
                digest.update(str(path.relative_to(PROJECT_FOLDER)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
