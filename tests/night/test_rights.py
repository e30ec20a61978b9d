"""Each role may do what the committed page says, and no more: by the catalogue, by trying, and again after dbt, a migration and a restore."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.backup.restoring import restore_backup
from connectors.backup.taking import take_backup
from connectors.postgres.programs import installed_programs
from connectors.warehouse.access import give_access, read_accounts, take_access
from connectors.warehouse.engine import migrate
from connectors.warehouse.rights import ensure_rights
from connectors.warehouse.roles import (
    AUDITOR,
    BACKUP,
    BI_READER,
    LOADER,
    OUR_SCHEMAS,
    OWNER,
    OWNERS,
    PUBLISHER,
    READERS,
    ROLES,
    STEWARD,
    WORKERS,
)
from tests.conftest import settings_in
from tests.night.conftest import Province
from tests.night.rights import ATTEMPTS, PAGE, Cell, found_out, in_catalogue, logged_in, page, relations


@pytest.fixture(scope="module")
def province(copy_undisturbed: Callable[[], Province]) -> Province:
    return copy_undisturbed()


@pytest.fixture
def owner(province: Province) -> Iterator[psycopg.Connection[Any]]:
    with closing(province.connect()) as conn:
        yield conn


def url(province: Province) -> str:
    assert province.settings.url
    return province.settings.url


def catalogue(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Every right and every rule about rows, as it lies there."""
    return conn.execute(
        "select oid::text, relacl::text, relrowsecurity::text from pg_class where relacl is not null"
        " union all select oid::text, polname || xmin::text, polroles::text from pg_policy"
        " union all select oid::text, nspacl::text, '' from pg_namespace order by 1, 2"
    ).fetchall()


def test_the_page_says_what_the_catalogue_says(owner: psycopg.Connection[Any]) -> None:
    assert page(owner) == PAGE.read_text(encoding="utf-8"), "run: python -m tests.night.rights (after a night)"


def test_each_role_can_do_what_the_catalogue_says_and_nothing_else(
    province: Province, owner: psycopg.Connection[Any]
) -> None:
    said = to_be_tried(owner)
    assert found_out(url(province), owner) == said
    assert {role for role, _, _ in said} == set(ROLES)
    assert {privilege for role, _, privilege in said if role in READERS} == {"SELECT"}


def to_be_tried(owner: psycopg.Connection[Any]) -> set[Cell]:
    """What the catalogue allows, of what `found_out` tries."""
    views = {f"{schema}.{name}" for schema, name, kind, _ in relations(owner) if kind == "v"}
    return {
        (role, name, privilege)
        for role, name, privilege in in_catalogue(owner)
        if privilege in (*ATTEMPTS, "CREATE")
        if not (role in WORKERS and name in views and privilege != "SELECT")
    }


def test_each_step_of_a_night_is_done_by_the_role_whose_it_is(make_province: Callable[[], Province]) -> None:
    province = make_province()
    migrate(province.settings)
    with closing(province.connect()) as conn:
        conn.execute("create table public.seen (place text, role text); grant insert on public.seen to public")
        conn.execute(
            "create function public.see() returns trigger language plpgsql as $$ begin"
            " insert into public.seen values (tg_table_schema, current_user); return null; end $$"
        )
        for table in ("archive.delivery", "landing.relief", "pii.personal_row", "ops.submission", "bi.release"):
            conn.execute(
                f"create trigger seen after insert on {table} for each statement execute function public.see()"
            )
        assert province.run() == 1
        assert set(conn.execute("select distinct place, role from public.seen").fetchall()) == {
            ("archive", LOADER),
            ("landing", LOADER),
            ("pii", LOADER),
            ("ops", LOADER),
            ("bi", PUBLISHER),
        }
        owners = conn.execute(
            "select distinct n.nspname::text, c.relowner::regrole::text from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where n.nspname = any(%s) and c.relkind in ('r', 'v')",
            (list(OUR_SCHEMAS),),
        )
        assert dict(owners.fetchall()) == dict(OWNERS)


def test_what_was_received_cannot_be_changed_by_what_takes_in(
    province: Province, owner: psycopg.Connection[Any]
) -> None:
    changing = {"UPDATE", "DELETE", "TRUNCATE"}
    kept = [name for _, name, privilege in in_catalogue(owner) if privilege in changing and _ == LOADER]
    assert not [name for name in kept if name.split(".")[0] in {"archive", "landing", "quarantine", "bi"}]
    assert [name for name in kept if name.startswith("pii.")] == ["pii.key_fingerprint"]


def test_a_warehouse_of_before_is_handed_to_the_roles_by_the_next_migration(
    province: Province, owner: psycopg.Connection[Any]
) -> None:
    before = in_catalogue(owner)
    for name in ("landing.relief", "bi.release", "marts.dim_units", "staging.stg_relief"):
        owner.execute(f"alter table {name} owner to current_user")
    assert in_catalogue(owner) != before
    migrate(province.settings)
    assert in_catalogue(owner) == before


def test_nobody_who_reads_enters_the_locked_room_but_backups(owner: psycopg.Connection[Any]) -> None:
    readers = {role for role, name, _ in in_catalogue(owner) if name.startswith("pii.")}
    assert readers == {OWNER, LOADER, BACKUP}


def test_rights_are_the_same_after_dbt_a_migration_and_a_restore(
    province: Province, owner: psycopg.Connection[Any], empty_database: str, tmp_path: Path
) -> None:
    from connectors.dbt import run_dbt

    before = in_catalogue(owner)
    run_dbt(province.settings, "build", "--full-refresh", "--exclude-resource-type", "unit_test", "test")
    assert in_catalogue(owner) == before
    as_it_was = catalogue(owner)
    with owner.transaction():
        ensure_rights(owner)
    assert catalogue(owner) == as_it_was, "dbt left nothing to give"
    migrate(province.settings)
    assert catalogue(owner) == as_it_was
    take_backup(province.settings, tmp_path / "backups", lambda done, total: None)
    elsewhere = replace(settings_in(tmp_path / "elsewhere", empty_database), keys_dir=province.settings.keys_dir)
    restore_backup(elsewhere, tmp_path / "backups", lambda done, total: None)
    with closing(psycopg.connect(empty_database, autocommit=True)) as conn:
        assert in_catalogue(conn) == before
        assert found_out(empty_database, conn) == to_be_tried(owner)


@pytest.mark.parametrize(
    ("org_id", "unit_ids"), [("A0101", {"A0101"}), ("A01", {"A01", "A0101"})], ids=["a unit", "a group"]
)
def test_a_steward_sees_the_units_in_their_care_and_no_others(
    province: Province, owner: psycopg.Connection[Any], org_id: str, unit_ids: set[str]
) -> None:
    below = {row[0] for row in owner.execute("select unit_id from registers.unit where parent_id = %s", (org_id,))}
    cared_for = {org_id} | below
    assert unit_ids <= cared_for
    columns = owner.execute(
        "select table_name::text, column_name::text from information_schema.columns where table_schema = 'bi'"
        " and column_name in ('org_id', 'unit_id') order by 1"
    ).fetchall()
    assert len(columns) >= 10
    with logged_in(url(province), owner, STEWARD, [org_id]) as steward:
        for table, column in columns:
            everything = {row[0] for row in owner.execute(f"select distinct {column} from bi.{table}")}
            seen = {row[0] for row in steward.execute(f"select distinct {column} from bi.{table}")}
            if table != "relief_summary":
                assert seen == everything & cared_for, table
        assert (
            steward.execute("select count(*) from bi.relief_summary").fetchone()
            == owner.execute(
                "select count(*) from bi.relief_summary where unit_id = any(%(orgs)s) or beneficiary_unit_id = any(%(orgs)s)",
                {"orgs": list(cared_for)},
            ).fetchone()
        )
        current = owner.execute("select max(release_id) from bi.release").fetchone()
        as_of = steward.execute("select distinct org_id from bi.indicator_value_as_of(%s)", current).fetchall()
        assert {row[0] for row in as_of} <= cared_for
        assert steward.execute("select count(*) > 0 from bi.indicator").fetchone() == (True,)


def test_a_steward_sees_no_more_as_a_member_of_another_role_too(
    province: Province, owner: psycopg.Connection[Any]
) -> None:
    with logged_in(url(province), owner, STEWARD, ["A0101"]) as steward:
        login = steward.info.user
        give_access(owner, login, BI_READER, [], "测试")
        assert {row[0] for row in steward.execute("select distinct org_id from bi.indicator_value")} == {"A0101"}
        [account] = [account for account in read_accounts(owner) if account.login == login]
        assert (account.roles, account.orgs) == ([BI_READER, STEWARD], ["A0101"])


def test_auditors_see_every_row_and_readers_all_that_shows_nobody(
    province: Province, owner: psycopg.Connection[Any]
) -> None:
    nobody = "select count(*) from bi.indicator_value where indicator_id not in (select bi.sensitive_indicators())"
    for role, query in ((AUDITOR, "select count(*) from bi.indicator_value"), (BI_READER, nobody)):
        with logged_in(url(province), owner, role, []) as reader:
            assert reader.execute(query).fetchone() == owner.execute(query).fetchone()


def test_what_was_given_can_be_taken_and_both_stand_in_the_chain(
    province: Province, owner: psycopg.Connection[Any]
) -> None:
    with logged_in(url(province), owner, STEWARD, ["A0101"]) as steward:
        login = steward.info.user
        assert give_access(owner, login, STEWARD, ["A0102"], "李处") is None
        assert take_access(owner, login, "调离", "李处") is True
        assert take_access(owner, login, "调离", "李处") is False
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            steward.execute("select from bi.indicator_value")
    events = owner.execute(
        "select kind, author, reason, details ->> 'login' from ops.event where kind like 'access%%' order by event_id desc limit 2"
    ).fetchall()
    assert events == [
        ("access_taken", "李处", "调离", login),
        ("access_given", "李处", None, login),
    ]


def test_the_role_for_backups_is_all_that_pg_dump_needs(province: Province, owner: psycopg.Connection[Any]) -> None:
    with logged_in(url(province), owner, "warehouse_backup", []) as conn:
        [(verifier,)] = owner.execute("select gen_random_uuid()::text").fetchall()
        owner.execute(f"alter role {conn.info.user} password '{verifier}'")
        done = subprocess.run(
            [installed_programs() / "pg_dump", "--enable-row-security", "--no-password", "--file", os.devnull,
             "--dbname", f"host={conn.info.host} port={conn.info.port} user={conn.info.user} dbname={conn.info.dbname}"],
            env=os.environ | {"PGPASSWORD": verifier}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(relations(owner)) > 100
