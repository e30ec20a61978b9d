"""Known vulnerabilities of what the locks hold, asked of a public service by pip-audit. `python -m bin.supply.audit [pypi|osv]`.

It needs the network, so it is no part of `make test`. A package that the service did not answer for is not a safe package: pip-audit passes
over it and ends well, this ends with 3.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from bin.supply.exceptions import Excepted, read_exceptions, today, unexcepted, unsound
from bin.supply.locks import LOCKS, ROOT

EXCEPTIONS = Path(__file__).with_name("vulnerabilities.yaml")
MEND = """NOT AUDITED: {why}
So nothing is known either way. Run `make audit` where the public index answers for /pypi/<name>/<version>/json (a mirror often has packages only),
or `make audit SERVICE=osv` where api.osv.dev can be reached.
"""


def main(service: str = "pypi") -> int:
    """Ask for every lock: 0 nothing is known against it, 1 something is, 3 it could not be asked; what, on standard error."""
    answers: list[dict[str, Any]] = []
    for lock in LOCKS:
        asked = subprocess.run(
            [
                sys.executable, "-m", "pip_audit", "--requirement", lock.path, "--require-hashes", "--disable-pip",
                "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off",
            ],
            capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        try:
            answers += json.loads(asked.stdout)["dependencies"]
        except ValueError:
            why = asked.stderr.strip().splitlines()
            sys.stderr.write(MEND.format(why=why[-1] if why else f"pip-audit ended with {asked.returncode}."))
            return 3
    return verdict(answers, read_exceptions(yaml.safe_load(EXCEPTIONS.read_text()), "vulnerability"))


def verdict(answers: list[dict[str, Any]], exceptions: list[Excepted]) -> int:
    """The exit code for pip-audit's answers, a dictionary a package; says on standard error what is known, and what nobody knows."""
    unasked = sorted({answer["name"] for answer in answers if "skip_reason" in answer})
    if unasked:
        sys.stderr.write(
            MEND.format(why=f"the service did not answer for {len(unasked)} packages: {', '.join(unasked[:5])} …")
        )
        return 3
    known = [(answer, flaw) for answer in answers for flaw in answer["vulns"]]
    against = {(answer["name"], flaw["id"]) for answer, flaw in known}
    uncovered = unexcepted(exceptions, against)
    wrong = [
        f"{answer['name']} {answer['version']}: {flaw['id']}; mended in {', '.join(flaw['fix_versions']) or 'no version yet'}. "
        f"`make lock OPTIONS='--upgrade-package {answer['name']}'`, or a dated exception in {EXCEPTIONS.name}."
        for answer, flaw in known
        if (answer["name"], flaw["id"]) in uncovered
    ] + unsound(exceptions, against, today())
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    if not wrong:
        sys.stdout.write(
            f"{len(answers)} packages asked for: no flaw is known that is not excepted ({len(against)} are).\n"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
