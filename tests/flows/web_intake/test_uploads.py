"""A unit uploads over HTTP what it would otherwise put into a folder, is told at once what is wrong, and finds its receipt after the night."""

from __future__ import annotations

import http.client
import io
import re
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import openpyxl
import pytest

from flows.schedule import now
from flows.web_intake import limits
from flows.web_intake.receiving import clean_name
from tests.flows.web_intake.conftest import OTHER, UNIT, Intake, serving
from tests.night import inbox


def workbook(tmp_path: Path, unit_id: str = UNIT, **changes: object) -> bytes:
    """A relief workbook of a unit."""
    row = inbox.relief_row(beneficiary_unit=unit_id, **changes)
    return inbox.put(tmp_path, f"{unit_id}.xlsx", "relief", unit_id, "2021-03", [row]).read_bytes()


def send(program: httpx.Client, *files: tuple[str, bytes]) -> Any:
    """What the API says of these files."""
    answer = program.post("/api/v1/uploads", files=[("files", file) for file in files])
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_workbook_goes_into_the_inbox_and_what_is_wrong_is_told_at_once(intake: Intake, tmp_path: Path) -> None:
    data = workbook(tmp_path, cash_cny="约2000")
    with intake.program() as program:
        [received] = send(program, ("慰问 3月.xlsx", data))
        [answer] = received["answers"]
        assert (answer["form"], answer["unit"], answer["period"], answer["is_trial"]) == (
            "relief",
            UNIT,
            "2021-03",
            True,
        )
        # The sample row is read too, and ignored.
        assert (answer["rows_read"], answer["rows_waiting"], answer["rows_ignored"]) == (2, 1, 1)
        [problem] = [p for p in answer["problems"] if p["severity"] == "error"]
        assert (problem["place"], problem["value"]) == ("H6", "约2000")
        assert problem["fix"]
        path = intake.settings.inbox / "网上报送" / UNIT / str(received["upload_id"]) / "慰问 3月.xlsx"
        assert path.read_bytes() == data
        shown = program.get(f"/api/v1/uploads/{received['upload_id']}").json()
        assert shown["answers"] == received["answers"]
        assert (shown["receipt"], shown["delivery_id"]) == (None, None)
        annotated = program.get(f"/api/v1/uploads/{received['upload_id']}/answers/0")
        book = openpyxl.load_workbook(io.BytesIO(annotated.content))
        assert book.sheetnames[0] == "问题清单"
        assert program.get(f"/api/v1/uploads/{received['upload_id']}/receipt").status_code == 404


def test_what_another_unit_answers_for_or_nobody_recognises_is_not_taken_in(intake: Intake, tmp_path: Path) -> None:
    before = intake.files()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("自己.xlsx", workbook(tmp_path))
        archive.writestr("别人.xlsx", workbook(tmp_path, OTHER))
    with intake.program() as program:
        received = send(
            program,
            ("别人.xlsx", workbook(tmp_path, OTHER)),
            ("说明.xlsx", b"no workbook"),
            ("一起.zip", packed.getvalue()),
        )
    assert [each["upload_id"] for each in received] == [None, None, None]
    assert "写的是单位 A0102，而这个口令属于 A0101" in received[0]["reason"]
    assert "未能识别" in received[1]["reason"]
    assert "一起.zip/别人.xlsx" in received[2]["reason"]
    assert received[1]["answers"][0]["problems"]
    assert intake.files() == before


def test_the_same_again_is_known_and_a_return_to_what_was_is_not(intake: Intake, tmp_path: Path) -> None:
    first, second = workbook(tmp_path, persons=11), workbook(tmp_path, persons=12)
    with intake.program() as program:
        ids = [
            (each["upload_id"], each["is_known"])
            for data in (first, first, second, first)
            for each in send(program, ("来回.xlsx", data))
        ]
    assert [known for _, known in ids] == [False, True, False, False]
    assert len({number for number, _ in ids}) == 3


def test_the_night_takes_it_like_any_file_and_the_unit_reads_its_receipt(intake: Intake, tmp_path: Path) -> None:
    with intake.program() as program, intake.program(OTHER) as other:
        [good] = send(program, ("夜里.xlsx", workbook(tmp_path, persons=21)))
        [bad] = send(other, ("夜里.xlsx", workbook(tmp_path, OTHER, cash_cny="约2000")))
        night = intake.desk.call("run", "--date", "2021-04-21")
        assert night.returncode == 1, night.stdout + night.stderr
        shown = program.get(f"/api/v1/uploads/{good['upload_id']}").json()
        assert shown["receipt"]["outcome"] == "accepted"
        assert shown["receipt"]["sha256"] == shown["sha256"]
        assert [answer["is_trial"] for answer in shown["answers"]] == [False]
        receipt = tmp_path / "回执.json"
        receipt.write_bytes(program.get(f"/api/v1/uploads/{good['upload_id']}/receipt").content)
        assert intake.desk.call("receipt", "verify", str(receipt)).returncode == 0
        answer = other.get(f"/api/v1/uploads/{bad['upload_id']}/answers/0")
        assert "filename*=UTF-8''" in answer.headers["content-disposition"]
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[0] == "问题清单"
        # What is another unit's is not there.
        for path in ("", "/answers/0", "/receipt"):
            assert program.get(f"/api/v1/uploads/{bad['upload_id']}{path}").status_code == 404
        assert good["upload_id"] in [upload["upload_id"] for upload in program.get("/api/v1/uploads").json()]


def test_a_token_is_shown_once_is_good_until_its_day_and_can_be_taken_back(intake: Intake, tmp_path: Path) -> None:
    issued = intake.desk.call_json("intake", "issue", "--unit", "A0201", "--author", "李")
    [token] = issued["tokens"]
    typed = token["token"].lower().replace("-", " ")
    with httpx.Client(base_url=intake.address, trust_env=False) as program:
        ask = lambda text: program.get("/api/v1/uploads", headers={"authorization": f"Bearer {text}"}).status_code  # noqa: E731 - said thrice
        assert [ask(token["token"]), ask(typed), ask(token["token"][:-1] + "!"), ask("x")] == [200, 200, 401, 401]
        [listed] = intake.desk.call_json("intake", "list", "--unit", "A0201")
        assert token["token"] not in str(listed)
        done = intake.desk.call("intake", "revoke", str(listed["token_id"]), "--reason", "手机丢了", "--author", "李")
        assert done.returncode == 0, done.stderr
        assert ask(token["token"]) == 401
    assert (
        intake.desk.call("intake", "revoke", str(listed["token_id"]), "--reason", "再", "--author", "李").returncode
        == 2
    )
    file = tmp_path / "口令.csv"
    assert intake.desk.call("intake", "issue", "--all", "-o", str(file), "--author", "李").returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text(encoding="utf-8-sig")
    assert "A0201,样例三厂," in text
    with closing(intake.connect()) as conn:
        stored = str(conn.execute("select * from ops.upload_token").fetchall())
    assert not [code for code in re.findall(r"(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}", text) if code in stored]


def test_wrong_tokens_from_one_address_have_to_wait(intake: Intake) -> None:
    with serving(intake.settings) as address, httpx.Client(base_url=address, trust_env=False) as program:
        wrong = {"authorization": "Bearer AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"}
        codes = [program.get("/api/v1/uploads", headers=wrong).status_code for _ in range(limits.MOST_TRIES + 1)]
        assert codes == [401] * limits.MOST_TRIES + [429]
        good = program.get("/api/v1/uploads", headers={"authorization": f"Bearer {intake.token()}"})
        assert (good.status_code, int(good.headers["retry-after"]) > 0) == (429, True)


def test_what_is_too_large_too_slow_or_cut_short_leaves_nothing(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = intake.files()
    settings = replace(intake.settings, max_file_mb=1)
    monkeypatch.setattr(limits, "BODY_SECONDS", 1)
    with serving(settings) as address:
        token = {"authorization": f"Bearer {intake.token()}"}
        with httpx.Client(base_url=address, headers=token, trust_env=False) as program:
            large = program.post("/api/v1/uploads", files=[("files", ("大.xlsx", b"x" * 2_100_000))])
            assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
            alone = send(program, ("大.xlsx", b"x" * 1_500_000))[0]
            assert (alone["upload_id"], alone["answers"][0]["problems"][0]["code"]) == (None, "file.too_large")
        host, port = address.removeprefix("http://").split(":")
        for length, code in ((500_000, 408), (3_000_000, 413)):
            with closing(http.client.HTTPConnection(host, int(port), timeout=30)) as slow:
                slow.putrequest("POST", "/api/v1/uploads")
                for name, value in {**token, "content-type": "multipart/form-data; boundary=b"}.items():
                    slow.putheader(name, value)
                slow.putheader("content-length", str(length))
                slow.endheaders(b"--b\r\n")
                assert slow.getresponse().status == code
        with closing(http.client.HTTPConnection(host, int(port), timeout=30)) as cut:
            cut.putrequest("POST", "/api/v1/uploads")
            cut.putheader("content-length", "1000")
            cut.endheaders(b"--b\r\n")
    assert intake.files() == before


def test_a_person_types_the_token_uploads_and_reads_what_is_wrong(intake: Intake, tmp_path: Path) -> None:
    with intake.browser() as browser:
        assert "输入本单位的报送口令" in browser.get("/").text
        wrong = browser.post("/sign-in", data={"token": "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"})
        assert (wrong.status_code, "口令不对" in wrong.text) == (401, True)
        home = browser.post("/sign-in", data={"token": intake.token()})
        assert "样例一厂：上传报表" in home.text
        page = browser.post("/uploads", files=[("files", ("<b>我的</b>.xlsx", workbook(tmp_path, cash_cny="约三千")))])
        assert "收取 1 个文件" in page.text
        assert "必须改" in page.text
        assert "约三千" in page.text
        assert "<b>我的" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        [link] = set(re.findall(r'href="(/uploads/\d+/answers/0)"', page.text))
        assert browser.get(link).content[:2] == b"PK"
        assert "等待夜间读取" in browser.get("/").text
        assert "还没有正式读取" in browser.get(link.removesuffix("/answers/0")).text
        assert browser.post("/uploads", files=[("files", ("", b""))]).status_code == 422
        cross = browser.post("/uploads", files=[("files", ("a.xlsx", b"x"))], headers={"sec-fetch-site": "cross-site"})
        assert cross.status_code == 403
        assert "输入本单位的报送口令" in browser.post("/sign-out").text
        assert browser.post("/uploads", files=[("files", ("a.xlsx", b"x"))]).status_code == 401


def test_a_unit_sees_what_it_owes_and_takes_the_workbook_for_it(intake: Intake, tmp_path: Path) -> None:
    with intake.program() as program, intake.program("S0001") as office:
        owed = program.get("/api/v1/owed").json()
        assert [each["due_date"] for each in owed] == sorted(each["due_date"] for each in owed)
        wanted = {"form": "training", "period": "2021-03", "due_date": "2021-04-08", "is_refused": False}
        assert wanted in owed
        # One is accepted, the other is handed in by the office alone.
        assert not {("unit_profile", "2021-Q1"), ("office_management", "2021-Q1")} & {
            (e["form"], e["period"]) for e in owed
        }
        template = program.get("/api/v1/templates/training/2021-03")
        assert quote("A0101_培训台账_2021-03.xlsx") in template.headers["content-disposition"]
        [sent] = send(program, ("领来的.xlsx", template.content))
        assert [(a["form"], a["unit"], a["period"]) for a in sent["answers"]] == [("training", "A0101", "2021-03")]
        assert office.get("/api/v1/templates/office_management/2021-Q1").status_code == 200
        for wrong in (
            "relief/2021-Q1",
            "nothing/2021-03",
            "unit_register/2021",
            "relief/2021.03",
            "relief/1900-01",
            "office_management/2021-Q1",
        ):
            assert program.get(f"/api/v1/templates/{wrong}").status_code == 404, wrong
    with intake.browser() as browser:
        home = browser.post("/sign-in", data={"token": intake.token()}).text
        [link] = re.findall(r'href="(/templates/training/2021-03)"', home)
        assert browser.get(link).content == template.content
        assert f"/templates/relief/{now().date():%Y-%m}" in home


def test_the_cookie_is_kept_from_scripts_and_other_sites(intake: Intake) -> None:
    with httpx.Client(base_url=intake.address, trust_env=False) as browser:
        told = browser.post("/sign-in", data={"token": intake.token()}, headers={"x-forwarded-proto": "https"})
        cookie = told.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "secure", "max-age=43200"))


def test_without_a_database_nothing_is_taken_in_and_everybody_is_told(intake: Intake, tmp_path: Path) -> None:
    broken = replace(intake.settings, url="postgresql://nobody@127.0.0.1:1/nothing")
    with serving(broken) as address, httpx.Client(base_url=address, trust_env=False, timeout=60) as program:
        answer = program.post(
            "/api/v1/uploads",
            files=[("files", ("a.xlsx", workbook(tmp_path)))],
            headers={"authorization": f"Bearer {intake.token()}"},
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "600"
        assert program.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("慰问.xlsx", "慰问.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\我的文档\\表.xls", "表.xls"),
        ("~$慰问.xlsx", "慰问.xlsx"),
        (".xlsx", "xlsx"),
        ("", "报表"),
        ("a\x00b\u202e.xlsx", "ab.xlsx"),
        ("下载.tmp", "报表_下载.tmp"),
        ("长" * 300 + ".xlsx", "长" * 60 + ".xlsx"),
        ("..", "报表"),
    ],
)
def test_a_name_is_a_name_and_never_a_path(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept
