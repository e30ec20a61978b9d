"""`warehouse access`: an account that can log in and read what it was given, and nothing once that is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest

from tests.flows.conftest import Office


@pytest.fixture
def login(office: Office) -> Iterator[str]:
    """A name that no account of the server has, gone afterwards."""
    name = f"clerk_{uuid4().hex[:12]}"
    yield name
    with closing(psycopg.connect(office.url, autocommit=True)) as conn:
        conn.execute(f"revoke warehouse_bi_reader, warehouse_steward from {name}")
        conn.execute(f"drop role {name}")


def test_an_account_is_made_reads_and_is_taken_back(office: Office, login: str) -> None:
    given = office.desk.call("access", "give", login, "bi_reader", "--author", "王处")
    assert given.returncode == 0, given.stderr
    assert f"账号 {login} 现在能读已发布的全部数据。" in given.stdout
    password = given.stdout.split("密码（只显示这一次）：")[1].strip()
    with closing(psycopg.connect(office.url, user=login, password=password, autocommit=True)) as reader:
        assert reader.execute("select count(*) > 0 from bi.indicator_value").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select from ops.submission")
        again = office.desk.call_json("access", "give", login, "bi_reader", "--author", "王处")
        assert again["password"] is None
        assert {"login": login, "roles": ["warehouse_bi_reader"], "orgs": []} in office.desk.call_json("access", "list")
        assert login in office.desk.call("access", "list").stdout
        taken = office.desk.call("access", "take", login, "--reason", "不再使用", "--author", "王处")
        assert (taken.returncode, taken.stdout.strip()) == (0, f"账号 {login} 的读取权限已收回。")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select from bi.indicator_value")
    assert login not in office.desk.call("access", "list").stdout
    assert office.desk.call_json("audit", "verify")["whole"]
    told = office.desk.call("audit", "list").stdout
    assert password not in told
    assert "授予读取权限" in told
    assert "收回读取权限" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("give", "zhang", "steward"), "steward 要用 --org 写明所管的组织"),
        (("give", "zhang", "bi_reader", "--org", "A01"), "其他角色不用"),
        (("give", "zhang", "steward", "--org", "A9999"), "今天的单位名册中没有 A9999"),
        (("give", "Zhang San", "bi_reader"), "账号 Zhang San 不能用来读取数据"),
        (("give", "warehouse_app", "bi_reader"), "账号 warehouse_app 不能用来读取数据"),
        (("give", "zhang", "owner"), "可以是：bi_reader、steward、auditor、backup"),
        (("take", "nobody_at_all", "--reason", "无"), "账号 nobody_at_all 没有读取权限"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_refused_with_the_reason(office: Office, arguments: tuple[str, ...], said: str) -> None:
    done = office.desk.call("access", *arguments, "--author", "王处")
    assert done.returncode == 2
    assert said in done.stderr
    # Accounts are the server's, which other tests share: what must not be there is this one.
    assert arguments[1] not in {account["login"] for account in office.desk.call_json("access", "list")}
