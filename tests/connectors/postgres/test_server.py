"""The embedded server: made once, private, outlives its starter, comes back after every kind of death."""

import json
import os
import shutil
import stat
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from connectors.postgres import databases, ensure_database, start, status, stop
from connectors.postgres.account import account_named
from connectors.postgres.databases import PROVISION
from connectors.postgres.errors import ClusterAccountMissing, ClusterVersionDiffers
from connectors.postgres.location import LONGEST_SOCKET_PATH
from connectors.postgres.passwords import ADMIN_ROLE
from connectors.postgres.processes import postmaster_pid
from connectors.postgres.urls import socket_url
from connectors.settings import Settings
from tests.conftest import settings_in
from tests.connectors.postgres.clusters import kill_postmaster, location_of, remember, remembered, start_in_child


def test_the_server_outlives_the_command_that_started_it(home: Settings) -> None:
    process = start_in_child(home.home, new_session=True)
    url, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert ensure_database(home) == url.strip()
    with closing(psycopg.connect(url.strip())) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def test_processes_that_start_it_at_once_get_one_server(home: Settings) -> None:
    started = [start_in_child(home.home) for _ in range(4)]
    said = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    assert len({url for url, _ in said}) == 1
    with closing(psycopg.connect(said[0][0].strip())) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def test_stop_and_start_keep_the_data_and_are_harmless_to_repeat(home: Settings) -> None:
    assert stop(home) is False
    remember(ensure_database(home))
    assert start(home).is_running
    assert start(home).is_running
    assert stop(home) is True
    assert stop(home) is False
    assert not status(home).is_running
    assert remembered(ensure_database(home)) == (42,)


def test_a_killed_server_comes_back_with_its_data(home: Settings) -> None:
    url = ensure_database(home)
    remember(url)
    # A session that stays connected is a backend that outlives the postmaster for a moment.
    with closing(psycopg.connect(url)):
        killed = kill_postmaster(home)
        assert remembered(ensure_database(home)) == (42,)
    assert status(home).pid != killed


@pytest.mark.parametrize("lost", [(".s.PGSQL.5432",), (".s.PGSQL.5432", ".s.PGSQL.5432.lock")], ids=len)
def test_a_living_server_whose_socket_was_deleted_is_reached_again(home: Settings, lost: tuple[str, ...]) -> None:
    remember(ensure_database(home))
    former = status(home).pid
    for name in lost:
        (Path(location_of(home).socket_dir) / name).unlink()
    assert not status(home).is_running
    assert remembered(ensure_database(home)) == (42,)
    assert status(home).pid != former


def test_a_living_server_whose_socket_folder_was_deleted_can_be_stopped(home: Settings) -> None:
    remember(ensure_database(home))
    shutil.rmtree(location_of(home).socket_dir)
    assert stop(home) is True
    assert remembered(ensure_database(home)) == (42,)


def test_asking_for_the_status_of_a_server_that_dies_meanwhile_does_not_start_it(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(ensure_database(home))
    kill_postmaster(home)
    answers = iter([True])
    monkeypatch.setattr(databases, "is_accepting", lambda _: next(answers, False))
    assert status(home).version is None
    assert postmaster_pid(location_of(home)) is None


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(home: Settings) -> None:
    remember(ensure_database(home))
    pid_file = location_of(home).data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill_postmaster(home)
    # After a reboot the pid belongs to somebody else: here to a process of the server's own account.
    options = account_named(location_of(home).account).subprocess_options()
    stranger = subprocess.Popen(["sleep", "60"], **options)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert remembered(ensure_database(home)) == (42,)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_comes_to_life_while_a_start_waits_for_the_former_one_is_taken(home: Settings) -> None:
    remember(ensure_database(home))
    pid_file = location_of(home).data / "postmaster.pid"
    postmaster, hidden = int(pid_file.read_text().split()[0]), pid_file.rename(pid_file.with_name("hidden"))
    location_of(home).socket.rename(hidden.with_name("socket"))
    back = [(hidden, pid_file), (hidden.with_name("socket"), location_of(home).socket)]
    showing = threading.Timer(2, lambda: [there.rename(name) for there, name in back])
    showing.start()
    assert remembered(ensure_database(home)) == (42,)
    assert int(pid_file.read_text().split()[0]) == postmaster


@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.5, 0.75])
def test_a_first_start_killed_at_any_moment_is_finished_by_the_next(home: Settings, seconds: float) -> None:
    process = start_in_child(home.home)
    time.sleep(seconds)
    process.kill()
    process.communicate()
    remember(ensure_database(home))
    stop(home)
    assert remembered(ensure_database(home)) == (42,)
    assert list(Path(location_of(home).base).glob("making-*")) == []


def test_only_the_socket_leads_in_and_only_with_the_password(home: Settings) -> None:
    url = ensure_database(home)
    with closing(psycopg.connect(url)) as conn:
        assert conn.execute("show listen_addresses").fetchone() == ("",)
        assert conn.execute("show timezone").fetchone() == ("Asia/Shanghai",)
        assert conn.execute("show random_page_cost").fetchone() == ("1.1",)
        assert conn.execute("show synchronous_commit").fetchone() == ("on",)
        assert conn.execute("show data_checksums").fetchone() == ("on",)
    for wrong in (url.replace("warehouse_app:", "warehouse_app:x"), url.replace("warehouse_app:", "warehouse_admin:")):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_our_role_owns_its_database_and_is_no_superuser(home: Settings) -> None:
    with closing(psycopg.connect(ensure_database(home))) as conn:
        rights = conn.execute(
            "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles where rolname = current_user"
        ).fetchone()
        owner = conn.execute(
            "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
        ).fetchone()
    assert rights == (False, True, True, False, False)
    assert owner == ("warehouse_app",)


def test_a_running_server_of_an_earlier_version_is_given_what_this_one_provisions(home: Settings) -> None:
    url = ensure_database(home)
    admin = socket_url(location_of(home), ADMIN_ROLE, (home.secrets_dir / ADMIN_ROLE).read_text(), "postgres")
    with closing(psycopg.connect(admin, autocommit=True)) as conn:
        conn.execute("alter role warehouse_app nocreaterole")
    record = home.home / "postgres.json"
    facts = json.loads(record.read_text())
    del facts["provision"]
    record.write_text(json.dumps(facts | {"is_provisioned": True}))
    assert ensure_database(home) == url
    with closing(psycopg.connect(url)) as conn:
        assert conn.execute("select rolcreaterole from pg_roles where rolname = current_user").fetchone() == (True,)
    assert location_of(home).provision == PROVISION


def test_folders_and_passwords_are_closed_to_others(home: Settings) -> None:
    ensure_database(home)
    location = location_of(home)
    for private in (location.data, location.log, Path(location.socket_dir), home.secrets_dir):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700, private
    assert {stat.S_IMODE(secret.stat().st_mode) for secret in home.secrets_dir.iterdir()} == {0o600}
    assert {secret.name for secret in home.secrets_dir.iterdir()} == {"warehouse_admin", "warehouse_app"}


def test_the_server_s_log_never_holds_values(home: Settings) -> None:
    name = "张小明110105194912310021"
    with closing(psycopg.connect(ensure_database(home), autocommit=True)) as conn:
        conn.execute("create table person (name text primary key, age int)")
        conn.execute("insert into person values (%s, 1)", (name,))
        for statement, values in [
            ("insert into person values (%s, 1)", (name,)),
            ("insert into person values ('x', %s::text::int)", (name,)),
            (f"select nothing from person where name = '{name}'", None),
        ]:
            with pytest.raises(psycopg.Error):
                conn.execute(statement, values)
        with pytest.raises(psycopg.Error), conn.cursor().copy("copy person from stdin") as copy:
            copy.write(f"y\t{name}\n")
    stop(home)
    logs = list(location_of(home).log.iterdir())
    text = "".join(log.read_text(encoding="utf-8") for log in logs)
    assert "database system is shut down" in text
    assert "张小明" not in text
    assert "1101051949" not in text


def test_a_home_can_be_moved_while_its_server_is_stopped(home: Settings, folder: Path) -> None:
    remember(ensure_database(home))
    stop(home)
    moved = settings_in(folder / "moved")
    home.home.rename(moved.home)
    try:
        assert remembered(ensure_database(moved)) == (42,)
    finally:
        stop(moved)


def test_a_long_home_gets_a_short_private_socket_folder(folder: Path) -> None:
    settings = settings_in(folder / ("很长的文件夹名" * 8))
    try:
        remember(ensure_database(settings))
        socket_dir = Path(location_of(settings).socket_dir)
        assert len(os.fsencode(location_of(settings).socket)) <= LONGEST_SOCKET_PATH
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        # A reboot clears /tmp, and anybody may make that name again: such a folder is not trusted.
        stop(settings)
        socket_dir.rmdir()
        socket_dir.mkdir()
        socket_dir.chmod(0o777)
        assert remembered(ensure_database(settings)) == (42,)
        assert location_of(settings).socket_dir != str(socket_dir)
        socket_dir.rmdir()
    finally:
        stop(settings)
        shutil.rmtree(location_of(settings).socket_dir)


def test_data_of_another_major_version_are_left_alone(home: Settings) -> None:
    ensure_database(home)
    stop(home)
    version = location_of(home).data / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(ClusterVersionDiffers) as raised:
        ensure_database(home)
    assert raised.value.found == "17"


def test_an_account_that_does_not_exist_is_named() -> None:
    with pytest.raises(ClusterAccountMissing, match="no_such_account"):
        account_named("no_such_account")
