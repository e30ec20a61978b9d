"""The licence of every locked package, against what we allow. `python -m bin.supply.licences` writes licences.yaml anew and checks it.

licences.yaml holds one SPDX expression a package and version, of both locks, so that a changed licence is a changed line in a review and the
check needs no environment. policy.yaml holds what is allowed, what packages mean that say it in no SPDX name, and the dated exceptions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import yaml
from license_expression import ExpressionError, get_spdx_licensing

from bin.supply.exceptions import read_exceptions, today, unexcepted, unsound
from bin.supply.locks import LOCKS, Lock

FOLDER = Path(__file__).parent
LICENCES = FOLDER / "licences.yaml"
POLICY = FOLDER / "policy.yaml"
SPDX = get_spdx_licensing()
HEADER = "# SPDX expression of every locked package; written by `make licences`, compared with the installed metadata by tests/supply.\n"

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "LicenseRef-BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""What a classifier says exactly, in SPDX; `LicenseRef-BSD` is BSD of two or three clauses, which the classifier does not tell apart."""


def main() -> int:
    """Write licences.yaml and check it: 0 all is allowed, 1 something is not (said on standard error), 3 a licence is not known."""
    policy = yaml.safe_load(POLICY.read_text())
    known = yaml.safe_load(LICENCES.read_text()) if LICENCES.exists() else {}
    found: dict[str, str] = {}
    unknown = []
    for lock in LOCKS:
        told = licences_of(lock, policy["stated"], known)
        found |= {name: licence for name, licence in told.items() if licence}
        unknown += [f"{name} of {lock.path.name}" for name, licence in told.items() if not licence]
    if unknown:
        told_of = ", ".join(unknown)
        sys.stderr.write(
            f"Not known: {told_of}.\nNot installed here: run `warehouse bi up` for Superset's. Without an SPDX name: read the licence "
            f"and state it in {POLICY.name}.\n"
        )
        return 3
    LICENCES.write_text(HEADER + yaml.safe_dump(found, sort_keys=True))
    wrong = complaints(found, policy, today())
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    if not wrong:
        sys.stdout.write(f"{len(found)} packages, all under licences that policy.yaml allows or excepts.\n")
    return 1 if wrong else 0


def licences_of(lock: Lock, stated: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The SPDX expression of each package of a lock, '' where nothing tells it.

    Stated by us first; then what is installed says; then, of what this machine does not install (another system's, another Python's), what
    licences.yaml has for that version; then what another version of it that is installed here says.
    """
    installed = lock.installed()
    told = {}
    for package in lock.packages():
        here = installed.get(package.name)
        of_metadata = declared(here) if here else ""
        exact = here is not None and here.version == package.version
        told[str(package)] = (
            stated.get(package.name) or (of_metadata if exact else "") or known.get(str(package), "") or of_metadata
        )
    return told


def declared(package: Distribution) -> str:
    """The SPDX expression that the metadata of a package declares, '' where it names none."""
    metadata = package.metadata
    for said in (metadata.get("License-Expression"), metadata.get("License")):
        if said and "\n" not in said and is_spdx(said):
            return str(SPDX.parse(said, validate=True))
    labels = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    named = [label for label in labels if label not in ("OSI Approved", "DFSG approved")]
    return CLASSIFIERS.get(named[0], "") if len(named) == 1 else ""


def is_spdx(words: str) -> bool:
    """Whether words are an expression of known SPDX names."""
    try:
        SPDX.parse(words, validate=True)
    except ExpressionError:
        return False
    return True


def is_allowed(expression: str, allowed: Iterable[str]) -> bool:
    """Whether an expression can be kept with allowed licences only: every part of an AND, one part of an OR."""
    return _holds(SPDX.parse(expression), set(allowed))


def _holds(parsed: Any, allowed: set[str]) -> bool:
    parts = [_holds(part, allowed) for part in getattr(parsed, "args", ())]
    if not parts or parsed.operator.strip() not in ("AND", "OR"):
        return str(parsed) in allowed
    return all(parts) if parsed.operator.strip() == "AND" else any(parts)


def complaints(licences: Mapping[str, str], policy: Mapping[str, Any], day: date) -> list[str]:
    """What speaks against the locks on a day, a line each; none if all is well. `licences` by `name==version`."""
    exceptions = read_exceptions(policy["exceptions"], "licence")
    against = {
        (package.split("==")[0], licence)
        for package, licence in licences.items()
        if not is_allowed(licence, policy["allowed"])
    }
    return [
        f"{package}: {licence} is not allowed. Use another package, or add a dated exception with its reason to {POLICY.name}."
        for package, licence in sorted(unexcepted(exceptions, against))
    ] + unsound(exceptions, against, day)


if __name__ == "__main__":
    sys.exit(main())
