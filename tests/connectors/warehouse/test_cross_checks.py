"""Rules that compare submissions: each tells its stories apart, and what they find opens and closes and is never lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse import cross_checks
from connectors.warehouse.check_views import check_columns
from connectors.warehouse.cross_checks import LONGEST_EVIDENCE, CrossCheck, ask_cross_rules
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import finding_of, read_failed_rules, read_findings
from expectations import catalogue
from expectations.catalogue import words
from expectations.contract import Form, Rule, Words, forms
from expectations.finding import Severity
from expectations.periods import parse_period
from tests.conftest import HOME, _database, settings_in, template_of
from tests.connectors.warehouse.stories import RUN, findings_of, put_register, rolled_back, tell

DECLARED = [(form, rule) for form in forms().values() for rule in form.cross_rules]

AIDED_ELSEWHERE = Rule(
    code="hardship_aid.aided_elsewhere",
    severity=Severity.WARNING,
    fields=("worker_citizen_id", "amount_cny"),
    words_zh=Words("同一职工本月又在另一单位领取救助", "请核对"),
    words_en=Words("another unit aided the same worker this month", "check it"),
    dimension="consistency",
    query="""
        select a.submission_id, a.row_number, '本单位 ' || a.amount_cny || '，他单位 ' || b.amount_cny as evidence
        from checks.hardship_aid as a join checks.hardship_aid as b using (worker_token, period)
        where a.unit_id <> b.unit_id -- a remark at the end""",
)

Landed = dict[str, Any]


@pytest.fixture(scope="module")
def warehouse(
    cluster: Settings, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a warehouse with the register of the stories in it; what a test puts there, it takes back."""
    home = tmp_path_factory.mktemp("stories") / "home"
    with (
        contextmanager(_database)(cluster, template_of(pytestconfig.stash[HOME])) as url,
        connect(settings_in(home, url)) as conn,
    ):
        put_register(conn)
        yield conn


@pytest.fixture
def conn(warehouse: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """The same, in a transaction that is rolled back."""
    with rolled_back(warehouse):
        yield warehouse


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes these the only cross rules of hardship aid, and it the only form that has any."""

    def declare(*rules: Rule) -> None:
        aid = replace(forms()["hardship_aid"], rules=rules)
        declared = MappingProxyType({"hardship_aid": aid})
        monkeypatch.setattr(cross_checks, "forms", lambda: declared)
        monkeypatch.setattr(catalogue, "forms", lambda: declared)

    return declare


def aid(conn: psycopg.Connection[Any], unit_id: str, *rows: Landed, period: str = "2021-02") -> int:
    return tell(conn, {"unit": unit_id, "period": period, "rows": rows}, "hardship_aid")


def asked(conn: psycopg.Connection[Any], run_id: int = RUN) -> CrossCheck:
    checked = ask_cross_rules(conn, run_id)
    assert checked is not None
    return checked


def spans(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select submission_id, row_number, from_run_id, until_run_id from ops.cross_finding order by 3, 1, 2"
    ).fetchall()


@pytest.mark.parametrize(("form", "rule"), DECLARED, ids=[rule.code for _, rule in DECLARED])
def test_a_cross_rule_finds_its_failing_story_and_leaves_its_passing_one(
    form: Form, rule: Rule, warehouse: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_checks, "forms", lambda: {form.form_id: replace(form, rules=(rule,))})
    found: dict[str, int] = {}
    assert isinstance(rule.failing, Sequence)
    for name, story in (("passing", rule.passing), ("failing", rule.failing)):
        assert story, f"{rule.code} tells no {name} story"
        with rolled_back(warehouse):
            for said in story:
                told = forms()[said.get("form", form.form_id)]
                assert parse_period(str(said["period"])).kind == told.frequency
                tell(warehouse, said, form.form_id)
            assert asked(warehouse).failed == ()
            findings = findings_of(warehouse, rule.code)
            assert all(len(evidence) < LONGEST_EVIDENCE for _, _, evidence in findings), "evidence is a phrase"
            found[name] = len(findings)
    assert found["passing"] == 0
    assert found["failing"] > 0


def test_what_is_asked_is_what_is_in_force_and_nobody_s_name(conn: psycopg.Connection[Any]) -> None:
    form = forms()["hardship_aid"]
    aid(conn, "A0101", {"worker_token": "t1", "amount_cny": 100})
    corrected = aid(conn, "A0101", {"worker_token": "t2", "amount_cny": 200})
    refused = aid(conn, "A0101", {"worker_token": "t3"})
    conn.execute("update ops.submission set outcome = 'refused' where submission_id = %s", (refused,))
    aid(conn, "A0101", {"worker_token": "t1"}, period="2021-03")
    with conn.cursor() as cursor:
        rows = cursor.execute("select * from checks.hardship_aid where period = '2021-02'").fetchall()
        assert [column.name for column in cursor.description or ()] == list(check_columns(form))
    assert not {field.name for field in form.personal_fields} & set(check_columns(form))
    row = dict(zip(check_columns(form), *rows, strict=True))
    assert (row["submission_id"], row["worker_token"]) == (corrected, "t2")
    days = conn.execute(
        "select period_first_day::text, period_last_day::text from checks.hardship_aid order by 1"
    ).fetchall()
    assert days == [("2021-02-01", "2021-02-28"), ("2021-03-01", "2021-03-31")]


@pytest.mark.parametrize(
    ("form_id", "period", "days"),
    [
        ("unit_profile", "2021-Q4", ("2021-10-01", "2021-12-31")),
        ("unit_register", "2024", ("2024-01-01", "2024-12-31")),
        ("relief", "2024-02", ("2024-02-01", "2024-02-29")),
    ],
)
def test_a_period_of_each_kind_has_its_days(
    conn: psycopg.Connection[Any], form_id: str, period: str, days: tuple[str, str]
) -> None:
    submission_id = tell(conn, {"form": form_id, "unit": "A0101", "period": period, "rows": [{}]})
    view = psycopg.sql.Identifier("checks", form_id)
    query = psycopg.sql.SQL("select period_first_day::text, period_last_day::text from {} where submission_id = %s")
    assert conn.execute(query.format(view), (submission_id,)).fetchall() == [days]


def test_a_finding_opens_stays_and_is_closed_when_it_holds_no_more(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(AIDED_ELSEWHERE)
    first = aid(conn, "A0101", {"worker_token": "t1"}, {"worker_token": "t2"})
    second = aid(conn, "A0102", {"worker_token": "t1"})
    assert asked(conn, 1) == CrossCheck(rules=1, opened=2, closed=0)
    assert spans(conn) == [(first, 6, 1, None), (second, 6, 1, None)]
    third = aid(conn, "A0103", {"worker_token": "t2"})
    assert asked(conn, 2) == CrossCheck(rules=1, opened=2, closed=0)
    kept = [(first, 6, 1, None), (second, 6, 1, None), (first, 7, 2, None), (third, 6, 2, None)]
    assert spans(conn) == kept
    # The second unit corrects its answer: both findings about that worker are gone, and stay in the books.
    aid(conn, "A0102", {"worker_token": "t9"})
    assert asked(conn, 3) == CrossCheck(rules=1, opened=0, closed=2)
    assert spans(conn) == [(first, 6, 1, 3), (second, 6, 1, 3), *kept[2:]]


def test_other_evidence_is_another_finding(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(AIDED_ELSEWHERE)
    first = aid(conn, "A0101", {"worker_token": "t1", "amount_cny": 500})
    aid(conn, "A0102", {"worker_token": "t1", "amount_cny": 700})
    asked(conn, 1)
    assert findings_of(conn, AIDED_ELSEWHERE.code)[0] == (first, 6, "本单位 500.00，他单位 700.00")
    corrected = aid(conn, "A0102", {"worker_token": "t1", "amount_cny": 800})
    assert asked(conn, 2) == CrossCheck(rules=1, opened=2, closed=2)
    assert spans(conn)[2:] == [(first, 6, 2, None), (corrected, 6, 2, None)]


def test_where_nothing_is_new_nothing_is_asked(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(AIDED_ELSEWHERE)
    aid(conn, "A0101", {"worker_token": "t1"})
    aid(conn, "A0102", {"worker_token": "t1"})
    asked(conn, 1)
    before = spans(conn)
    assert ask_cross_rules(conn, 1) is None
    assert ask_cross_rules(conn, 2) is None
    aid(conn, "A0203", {"worker_token": "t3"})
    assert asked(conn, 3) == CrossCheck(rules=1, opened=0, closed=0)
    assert spans(conn) == before


def test_a_rule_that_changes_is_asked_again_and_one_that_is_gone_finds_nothing(
    conn: psycopg.Connection[Any], declare: Any
) -> None:
    declare(AIDED_ELSEWHERE)
    aid(conn, "A0101", {"worker_token": "t1"})
    aid(conn, "A0102", {"worker_token": "t1"})
    asked(conn, 1)
    declare(replace(AIDED_ELSEWHERE, severity=Severity.INFO))
    assert asked(conn, 2) == CrossCheck(rules=1, opened=2, closed=2)
    declare()
    assert asked(conn, 3) == CrossCheck(rules=0, opened=0, closed=2)


def test_a_broken_query_stops_no_other_and_keeps_what_it_found(
    conn: psycopg.Connection[Any], declare: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rule, other = AIDED_ELSEWHERE, replace(AIDED_ELSEWHERE, code="hardship_aid.other")
    declare(rule)
    aid(conn, "A0101", {"worker_token": "t1"})
    aid(conn, "A0102", {"worker_token": "t1"})
    asked(conn, 1)
    quoting = "select submission_id, row_number, (worker_token)::int::text as evidence from checks.hardship_aid"
    declare(replace(rule, query=quoting), other)
    failed = (f"{rule.code} InvalidTextRepresentation",)
    assert asked(conn, 2) == CrossCheck(rules=2, opened=2, closed=0, failed=failed)
    assert len(findings_of(conn, rule.code)) == len(findings_of(conn, other.code)) == 2
    assert read_failed_rules(conn, 2) == list(failed)
    assert "t1" not in caplog.text
    assert rule.code in caplog.text
    # Our fault may be mended by tomorrow: a rule that failed is asked again though nothing is new.
    assert asked(conn, 3).failed == failed


def test_a_query_that_takes_too_long_is_given_up(
    conn: psycopg.Connection[Any], declare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_checks, "RULE_SECONDS", 1)
    slow = "select submission_id, row_number, pg_sleep(3)::text as evidence from checks.hardship_aid"
    declare(replace(AIDED_ELSEWHERE, query=slow))
    aid(conn, "A0101", {})
    assert asked(conn).failed == (f"{AIDED_ELSEWHERE.code} QueryCanceled",)
    assert conn.execute("show statement_timeout").fetchone() == ("0",)


def test_a_lost_connection_is_not_the_rule_s_fault(
    settings: Settings, declare: Any, caplog: pytest.LogCaptureFixture
) -> None:
    lethal = "select submission_id, row_number, pg_terminate_backend(pg_backend_pid())::text as evidence from checks.hardship_aid"
    declare(replace(AIDED_ELSEWHERE, query=lethal))
    with connect(settings) as conn:
        aid(conn, "A0101", {})
        with pytest.raises(psycopg.OperationalError):
            ask_cross_rules(conn, RUN)
    assert AIDED_ELSEWHERE.code not in caplog.text
    with connect(settings) as conn:
        assert conn.execute("select count(*) from ops.cross_check").fetchone() == (0,)


def test_evidence_names_nobody_and_is_short(conn: psycopg.Connection[Any], declare: Any) -> None:
    quoted = "select submission_id, row_number, worker_token || ' 11010519491231002X ' || repeat('长', 500) as evidence from checks.hardship_aid"
    declare(replace(AIDED_ELSEWHERE, query=quoted))
    aid(conn, "A0101", {"worker_token": "0123456789abcdef0123456789abcdef"})
    asked(conn)
    [(_, _, evidence)] = findings_of(conn, AIDED_ELSEWHERE.code)
    assert evidence == "*** *** " + "长" * (LONGEST_EVIDENCE - 8)


def test_one_row_is_found_once_and_of_another_form_s_rows_nothing_is_said(
    conn: psycopg.Connection[Any], declare: Any
) -> None:
    both = """
        select submission_id, row_number, evidence from checks.hardship_aid cross join (values ('b'), ('a')) as v (evidence)
        union all select submission_id, row_number, '' from checks.relief"""
    declare(replace(AIDED_ELSEWHERE, query=both))
    submission_id = aid(conn, "A0101", {})
    tell(conn, {"form": "relief", "unit": "A0101", "period": "2021-02", "rows": [{}]})
    asked(conn)
    assert findings_of(conn, AIDED_ELSEWHERE.code) == [(submission_id, 6, "a")]


def test_people_see_the_cell_the_words_and_the_evidence(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(AIDED_ELSEWHERE)
    aid(conn, "A0101", {"worker_token": "t1", "amount_cny": 500})
    aid(conn, "A0102", {"worker_token": "t1", "amount_cny": 700})
    asked(conn)
    row, _ = read_findings(conn, unit_id="A0101"), read_findings(conn, unit_id="A0102")
    assert len(row) == 1
    assert (row[0]["object_name"], row[0]["period"]) == ("A0101_hardship_aid_2021-02.xlsx", "2021-02")
    finding = finding_of(row[0])
    assert (finding.sheet, finding.cell, finding.field) == ("困难职工救助明细", "C6", "worker_citizen_id")
    assert finding.params["cells"] == "C6、G6"
    assert finding.params["heading"] == "身份证号、救助金额"
    assert words(finding).what == "同一职工本月又在另一单位领取救助（本单位 500.00，他单位 700.00）"
    assert words(finding, "en").what.startswith("another unit aided the same worker this month (")
    assert words(finding).expected == ""


def test_a_finding_about_a_whole_submission_has_no_cell(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(
        replace(
            AIDED_ELSEWHERE,
            query="select distinct submission_id, null::int as row_number, null as evidence from checks.hardship_aid",
        )
    )
    aid(conn, "A0101", {}, {"paid_on": "2021-02-06"})
    assert asked(conn, 1).opened == 1
    [row] = read_findings(conn, code=AIDED_ELSEWHERE.code)
    assert (row["cell"], row["row_number"], row["params"]["cells"]) == (None, None, "")
    aid(conn, "A0102", {})
    assert asked(conn, 2) == CrossCheck(rules=1, opened=1, closed=0)


def test_a_shadow_rule_is_counted_and_not_shown(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(replace(AIDED_ELSEWHERE, is_shadow=True))
    aid(conn, "A0101", {"worker_token": "t1"})
    aid(conn, "A0102", {"worker_token": "t1"})
    assert asked(conn).opened == 2
    assert read_findings(conn) == []
    assert conn.execute("select count(*) from ops.finding_open").fetchone() == (0,)


def test_row_findings_and_cross_findings_share_no_number(conn: psycopg.Connection[Any], declare: Any) -> None:
    declare(AIDED_ELSEWHERE)
    aid(conn, "A0101", {"worker_token": "t1"})
    conn.execute(
        "insert into ops.finding (delivery_id, code, severity, params, run_id) values (1, 'x', 'info', '{}', 1)"
    )
    aid(conn, "A0102", {"worker_token": "t1"})
    asked(conn)
    numbers = conn.execute("select count(*), count(distinct finding_id) from ops.finding_open").fetchone()
    assert numbers == (3, 3)
