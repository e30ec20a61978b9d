"""One night over the small province: what loads, what waits, what is refused, and that the account says so."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest

from connectors.warehouse.explain import explain
from tests.canonical import canonical_dump
from tests.night import inbox
from tests.night.conftest import Province


@pytest.fixture
def conn(undisturbed: Province) -> Iterator[psycopg.Connection[Any]]:
    with undisturbed.connect() as conn:
        yield conn


def rows(conn: psycopg.Connection[Any], query: str, *params: object) -> list[tuple[Any, ...]]:
    return conn.execute(query, params).fetchall()  # type: ignore[call-overload, no-any-return]


def test_the_account_of_the_night_adds_up(conn: psycopg.Connection[Any]) -> None:
    ((account, status),) = rows(conn, "select account, status from ops.run")
    assert status == "data_problems"
    assert account["received"] == 13
    assert (account["accepted"], account["duplicate"], account["unrecognised"], account["refused"]) == (10, 1, 2, 0)
    assert account["rows_read"] == account["rows_loaded"] + account["rows_quarantined"] + account["rows_ignored"]
    assert account["rows_quarantined"] == 3
    assert account["is_balanced"]


def test_one_bad_file_stops_nothing_and_says_why(conn: psycopg.Connection[Any]) -> None:
    refused = rows(
        conn,
        "select d.object_name, o.outcome, f.code, f.severity from ops.delivery_outcome o join archive.delivery d using (delivery_id)"
        " join ops.finding f using (delivery_id) where o.outcome = 'unrecognised' order by 1",
    )  # fmt: skip
    assert [(Path(name).name, code, severity) for name, _, code, severity in refused] == [
        ("A0102_救助_3月.xlsx", "file.damaged", "critical"),
        ("说明.xlsx", "file.not_a_workbook", "critical"),
    ]


def test_exactly_the_bad_rows_wait_and_each_names_its_cell(conn: psycopg.Connection[Any], small_inbox: Path) -> None:
    waiting = rows(
        conn,
        "select f.code, f.sheet, f.cell, f.value, f.row_number from ops.finding f"
        " join ops.submission s using (submission_id) where f.severity = 'error' order by f.row_number",
    )
    assert [code for code, *_ in waiting] == [
        "value.not_a_number",
        "value.unknown_code",
        "relief.beneficiary_unit_known",
    ]
    sheet = openpyxl.load_workbook(small_inbox / "A0201_慰问_3月.xlsx")[waiting[0][1]]
    for _, _, cell, value, _ in waiting:
        assert str(sheet[cell].value) == value
    quarantined = rows(conn, "select row_number from quarantine.submitted_row order by 1")
    assert [number for (number,) in quarantined] == [number for *_, number in waiting]
    loaded = rows(conn, "select count(*) from landing.relief where unit_id = 'A0201'")
    assert loaded == [(1,)]


@pytest.mark.inputs("A83")
def test_a_correction_supersedes_and_the_former_version_is_kept(conn: psycopg.Connection[Any]) -> None:
    versions = rows(
        conn,
        "select s.version, r.cash_cny from ops.submission s join landing.relief r using (submission_id)"
        " where s.unit_id = 'A0102' and s.form_id = 'relief' order by 1",
    )
    assert versions == [(1, Decimal("5000.00")), (2, Decimal("6000.00"))]


def test_figures_count_each_yuan_and_each_person_once(conn: psycopg.Connection[Any]) -> None:
    figures = dict(
        rows(
            conn,
            "select indicator_id, value from bi.indicator_value where org_level = 'province' and period = '2021-03'",
        )
    )
    # Four lines of 5 250.50 (two of A0101, one each of A0201 and S0001), A0102's correction 6 250.50, two payments of 2 000.
    assert figures["relief_paid"] == Decimal("31252.50")
    assert figures["winter_warmth_units"] == 3
    assert figures["nuclear_hardship_money"] == Decimal("5250.50")
    assert figures["daily_relief_persons"] == 1
    assert figures["daily_relief_money"] == 4000
    assert figures["daily_relief_average"] == 4000
    assert figures["relief_coverage"] == 1
    assert figures["smart_union_rate"] == pytest.approx(Decimal(1) / 3)


def test_completeness_knows_nil_from_missing(conn: psycopg.Connection[Any]) -> None:
    month = rows(
        conn,
        "select unit_id, expected, accepted, nil_return from bi.completeness"
        " where form_id = 'hardship_aid' and period = '2021-03' order by 1",
    )
    assert [(u, bool(e), bool(a), bool(n)) for u, e, a, n in month] == [
        ("A0101", True, True, False),
        ("A0102", True, False, False),
        ("A0201", True, True, True),
    ]


def test_a_figure_is_explained_down_to_cells_that_hold_it(conn: psycopg.Connection[Any], small_inbox: Path) -> None:
    explanation = explain(conn, "relief_paid", "2021-03")
    total = Decimal(0)
    for submission in explanation.numerator.submissions:
        assert submission.file_name is not None
        assert submission.sheet is not None
        sheet = openpyxl.load_workbook(small_inbox / submission.file_name)[submission.sheet]
        for row in submission.rows:
            for cell in row.cells:
                assert cell.address is not None
                total += Decimal(str(sheet[cell.address].value))
    assert explanation.is_reconciled
    assert total == explanation.value == Decimal("31252.50")


@pytest.mark.inputs("A83")
def test_a_second_night_over_the_same_folder_changes_nothing(copy_undisturbed: Callable[[], Province]) -> None:
    province = copy_undisturbed()
    with province.connect() as conn:
        before = canonical_dump(conn)
        assert province.run() == 0
        assert canonical_dump(conn) == before
        assert rows(conn, "select account->>'received' from ops.run order by run_id desc limit 1") == [("0",)]
        assert rows(conn, "select count(*) from ops.dbt_build") == [(1,)], "nothing changed, so nothing was built"


def test_two_nights_at_once_are_one_night(make_province: Callable[[], Province], undisturbed: Province) -> None:
    province = make_province()
    with ThreadPoolExecutor(2) as both:
        codes = sorted(both.map(lambda _: province.run(), range(2)))
    assert codes in ([0, 1], [1, 1]), "what one of them decided, the other does not decide again"
    with province.connect() as conn, undisturbed.connect() as other:
        assert canonical_dump(conn) == canonical_dump(other)


def test_a_build_that_fails_its_tests_keeps_the_last_release(copy_undisturbed: Callable[[], Province]) -> None:
    province = copy_undisturbed()
    with province.connect() as conn:
        before = canonical_dump(conn, ["bi"])
        # A build of another program is one of everything, and looks at what changed past the ledger too.
        conn.execute("update ops.dbt_build set inputs = 'of another night', foundation = 'of another program'")
        # What no workbook could bring past the judgement: more employees covered than there are.
        conn.execute("update landing.unit_profile set contract_covered_employees = employees * 2")
        assert province.run() == 3
        assert canonical_dump(conn, ["bi"]) == before
        assert rows(conn, "select status, release_id from ops.run order by run_id desc limit 1") == [("failed", None)]
        assert rows(conn, "select passed from ops.dbt_build order by build_id desc limit 1") == [(False,)]
        conn.execute("update landing.unit_profile set contract_covered_employees = 900")
        assert province.run() == 0, "a build that failed is never taken for one that stands"
        assert canonical_dump(conn, ["bi"]) == before


@pytest.mark.inputs("A83")
def test_the_same_content_saved_anew_or_renamed_counts_once(
    make_province: Callable[[], Province], tmp_path: Path
) -> None:
    province = make_province()
    folder = tmp_path / "inbox"
    shutil.copytree(province.settings.inbox, folder)
    name = "A0101_慰问_3月.xlsx"
    book = openpyxl.load_workbook(folder / name)
    book.save(folder / "又存一次.xlsx")
    shutil.copy2(folder / name, folder / "改了名.xlsx")
    assert (folder / "又存一次.xlsx").read_bytes() != (folder / name).read_bytes()
    elsewhere = Province(replace(province.settings, inbox=folder))
    assert elsewhere.run() == 1
    with elsewhere.connect() as conn:
        assert rows(conn, "select count(*) from ops.submission where form_id = 'relief' and unit_id = 'A0101'") == [
            (1,)
        ]
        outcomes = rows(
            conn,
            "select o.outcome, count(*) from ops.delivery_outcome o where o.outcome like 'duplicate%%' group by 1 order by 1",
        )
        assert outcomes == [("duplicate_bytes", 2), ("duplicate_content", 1)]
        figure = "select value from bi.indicator_value where indicator_id = 'relief_paid' and org_level = 'province'"
        assert rows(conn, f"{figure} and period = '2021-03'") == [(Decimal("31252.50"),)]


def test_the_answer_sent_last_counts_even_if_it_was_sent_before_and_corrected(
    make_province: Callable[[], Province], tmp_path: Path
) -> None:
    province = make_province()
    folder = tmp_path / "inbox"
    shutil.copytree(province.settings.inbox, folder)
    first = folder / "A0102_慰问_3月.xlsx"
    again = shutil.copy(first, folder / "A0102_慰问_3月_还是原来的.xlsx")
    stamp = datetime(2021, 4, 16, 9, tzinfo=inbox.SHANGHAI).timestamp()
    os.utime(again, (stamp, stamp))
    elsewhere = Province(replace(province.settings, inbox=folder))
    assert elsewhere.run() == 1
    in_force = "select value from bi.indicator_value where (indicator_id, org_id, period) = ('relief_paid', 'A0102', '2021-03')"
    with elsewhere.connect() as conn:
        assert rows(conn, in_force) == [(Decimal("5250.50"),)]
        # The correction comes back under another name, as it was: a file put elsewhere is no new answer.
        shutil.copy2(folder / "A0102_慰问_3月（更正）.xlsx", folder / "A0102_归档.xlsx")
        assert elsewhere.run() == 0
        assert rows(conn, in_force) == [(Decimal("5250.50"),)]
        versions = "select max(version) from ops.submission where (form_id, unit_id) = ('relief', 'A0102')"
        assert rows(conn, versions) == [(3,)]


def test_no_clear_name_or_id_leaves_the_locked_room(undisturbed: Province, conn: psycopg.Connection[Any]) -> None:
    secrets = (inbox.WORKER_NAME, inbox.PERSON)
    tables = rows(
        conn,
        "select format('%%I.%%I', table_schema, table_name) from information_schema.tables"
        " where table_schema not in ('pg_catalog', 'information_schema')",
    )
    for (table,) in tables:
        text = " ".join(str(row) for row in rows(conn, f"select t::text from {table} t"))
        for secret in secrets:
            assert secret not in text, table
    for path in undisturbed.settings.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in secrets:
                assert secret.encode() not in data, path
                assert secret.encode("utf-16-le") not in data, path


def test_the_search_for_personal_data_would_find_it(
    undisturbed: Province, small_inbox: Path, conn: psycopg.Connection[Any]
) -> None:
    """The proof that the test above can fail: what is sealed opens to exactly those words, with the key only."""
    import json

    from connectors.keys import Keyring
    from connectors.warehouse.personal import seal_context

    keyring = Keyring.load(undisturbed.settings)
    sealed = rows(
        conn, "select form_id, unit_id, submission_id, row_number, key_id, nonce, ciphertext from pii.personal_row"
    )
    opened = [
        json.loads(keyring.decrypt(key_id, nonce, text, seal_context(form_id, unit_id, submission_id, number)))
        for form_id, unit_id, submission_id, number, key_id, nonce, text in sealed
    ]
    assert {row["worker_name"] for row in opened} == {inbox.WORKER_NAME}
    assert {row["worker_citizen_id"] for row in opened} == {inbox.PERSON}


def test_facts_carry_the_token_of_the_person(conn: psycopg.Connection[Any]) -> None:
    tokens = rows(conn, "select distinct worker_token from landing.hardship_aid")
    assert len(tokens) == 1
    assert re.fullmatch("[0-9a-f]{32}", tokens[0][0])


def test_an_arrival_is_judged_by_when_it_arrived(conn: psycopg.Connection[Any]) -> None:
    ((on_time, received_at),) = rows(
        conn, "select on_time, received_at from bi.completeness where form_id = 'relief' and unit_id = 'A0101' and period = '2021-03'"
    )  # fmt: skip
    assert on_time
    assert received_at == datetime(2021, 4, 2, 10, tzinfo=inbox.SHANGHAI)
