"""The locks of the project, and what the environments made of them say of each package.

Everything here is read from files of this tree: no index is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Package:
    """One pin of a lock: its name, version, the marker that says where it is installed (or none), and its SHA-256 hashes."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock and the environment that is made of it; Superset's is there once `warehouse bi up` has made it."""

    product: str
    path: Path
    environment: Path

    def packages(self) -> list[Package]:
        """Every pin, in the order of the lock. A name stands twice where two markers choose between versions."""
        return list(_packages(self.path.read_text()))

    def installed(self) -> dict[str, Distribution]:
        """What is installed in its environment, by canonical name; nothing where it has not been made."""
        sites = [str(site) for site in self.environment.glob("lib/python*/site-packages")]
        return (
            {canonicalize_name(found.metadata["Name"]): found for found in distributions(path=sites)} if sites else {}
        )


WAREHOUSE = Lock("union-warehouse", ROOT / "requirements.lock", ROOT / ".venv")
SUPERSET = Lock("union-warehouse-bi", ROOT / "bi" / "requirements.lock", ROOT / "bi" / ".venv")
LOCKS = (WAREHOUSE, SUPERSET)


def _packages(text: str) -> Iterator[Package]:
    for block in re.split(r"\n(?=\S)", text.strip()):
        pin, *hashes = block.replace("\\", "").split("--hash=sha256:")
        requirement, _, marker = pin.partition(";")
        name, _, version = requirement.strip().partition("==")
        yield Package(canonicalize_name(name), version, marker.strip(), tuple(found.strip() for found in hashes))
