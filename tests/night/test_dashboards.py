"""Dashboards as code in a real Superset, over the small province after one night: all there, all answered, told where somebody changed one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import yaml

from connectors.alerts.condition import KINDS
from connectors.settings import PROJECT_FOLDER, Settings
from connectors.superset import deploying
from connectors.superset.bundle import assets, bundle, read_declared
from connectors.superset.client import Client, session
from connectors.superset.deploying import deploy, differences
from connectors.superset.errors import DashboardsUnsound, SupersetUnreachable
from connectors.superset.readers import admit, dismiss
from connectors.superset.service import ADMINISTRATOR, BI_FOLDER, Superset, bring_up, is_answering, stop, superset_of
from tests.flows.browser import BROWSER, CHARTS_ARE_DRAWN, browsing
from tests.night.conftest import Province

SETTLED_SECONDS = 120
PICTURES = PROJECT_FOLDER / "build" / "dashboards"
"""Where the test leaves a picture of every dashboard, for people to look at."""

EMPTY_PAGE_BYTES = 95_000
"""More than the picture of a dashboard without one chart drawn (at most 86 000), and less than that of the plainest drawn (106 000)."""

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def settings(copy_undisturbed: Callable[[], Province]) -> Iterator[Settings]:
    """A warehouse with one night in it, and a port of its own for Superset."""
    province = copy_undisturbed()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = replace(province.settings, bi_port=port)
    yield settings
    folder = superset_of(settings).folder
    account, reader = (
        urlsplit((folder / "metadata_url").read_text()).username,
        (folder / "reader").read_text().split()[0],
    )
    with closing(province.connect()) as conn:
        conn.execute(f"drop database {account} with (force)")
        conn.execute(f"revoke warehouse_bi_reader from {reader}")
        people = conn.execute("select rolname from pg_roles where rolname like %s", (f"{account}_r_%",)).fetchall()
        for name in (account, reader, *(name for (name,) in people)):
            conn.execute(f"drop role if exists {name}")


@pytest.fixture(scope="module")
def superset(settings: Settings) -> Iterator[Superset]:
    """A Superset brought up from nothing, with every dashboard."""
    steps: list[str] = []
    made = bring_up(settings, steps.append)
    try:
        assert steps == ["install", "initialise", "start"]
        deploy(settings)
        yield made
    finally:
        assert stop(made) is True
    assert stop(made) is False


def test_what_is_declared_is_deployed_and_a_second_time_changes_nothing(settings: Settings, superset: Superset) -> None:
    assert differences(settings) == []
    with session(superset) as client:
        before = client.assets()
    steps: list[str] = []
    assert bring_up(settings, steps.append) == superset
    assert steps == ["install"]
    deployed = deploy(settings)
    with session(superset) as client:
        assert client.assets() == before
    boards = read_declared(BI_FOLDER).dashboards
    assert (deployed.dashboards, deployed.charts) == (len(boards), sum(len(board.charts) for board in boards))
    assert deployed.dashboards >= 5


def test_every_chart_is_answered_with_rows(superset: Superset) -> None:
    with session(superset) as client:
        answers = list(client.answers())
    assert len(answers) >= 30
    assert [answer for answer in answers if answer.error or not answer.rows] == []


def test_a_chart_that_somebody_changed_is_told_and_put_right(settings: Settings, superset: Superset) -> None:
    [chart] = [chart for chart in charts(superset) if chart["slice_name"] == "规划目标进度"]
    with session(superset) as client:
        client._http.put(f"/api/v1/chart/{chart['id']}", json={"slice_name": "别的名字"}).raise_for_status()
    [told] = differences(settings)
    assert (told.kind, told.title, told.places) == ("changed", "规划目标进度", ("/slice_name",))
    deploy(settings)
    assert differences(settings) == []


def test_a_chart_that_nobody_declared_is_told(settings: Settings, superset: Superset) -> None:
    [dataset] = {chart["datasource_id"] for chart in charts(superset) if chart["slice_name"] == "规划目标进度"}
    with session(superset) as client:
        made = {
            "slice_name": "随手做的",
            "viz_type": "table",
            "datasource_id": dataset,
            "datasource_type": "table",
            "params": "{}",
        }
        answered = client._http.post("/api/v1/chart/", json=made)
        answered.raise_for_status()
    assert [(told.kind, told.title) for told in differences(settings)] == [("undeclared", "随手做的")]
    with session(superset) as client:
        client._http.delete(f"/api/v1/chart/{answered.json()['id']}").raise_for_status()


def charts(superset: Superset) -> list[dict[str, Any]]:
    with session(superset) as client:
        return list(client._ask("/api/v1/chart/", q="(page_size:100)").json()["result"])


def test_superset_reads_what_is_published_and_nothing_else(settings: Settings, superset: Superset) -> None:
    account, password = (superset.folder / "reader").read_text().split()
    assert settings.url
    with closing(psycopg.connect(settings.url, user=account, password=password, autocommit=True)) as reader:
        assert reader.execute("select count(*) > 0 from bi.indicator_value").fetchone() == (True,)
        for other in ("ops.submission", "landing.relief", "pii.personal_row", "marts.fct_measures"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select from {other}")  # type: ignore[arg-type]
    own = urlsplit((superset.folder / "metadata_url").read_text())
    with closing(psycopg.connect(settings.url, user=own.username, password=own.password, autocommit=True)) as stranger:
        for nothing in ("bi.indicator_value", "ops.submission", "pii.personal_row"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                stranger.execute(f"select from {nothing}")  # type: ignore[arg-type]


CARE = {"unit_id", "org_id"}
"""The columns of datasets that say whom a row is about."""


def test_a_reader_of_one_group_sees_its_rows_and_no_others(settings: Settings, superset: Superset) -> None:
    with closing(psycopg.connect(str(settings.url))) as conn:
        known = conn.execute(
            "select org_id, org_name, group_id = 'A01' from bi.organisation where org_level <> 'province'"
        )
        orgs = {code: (name, is_in_care) for code, name, is_in_care in known.fetchall()}
    in_care = {each for code, (name, is_in_care) in orgs.items() if is_in_care for each in (code, name)}
    others = {each for code, (name, is_in_care) in orgs.items() if not is_in_care for each in (code, name)}
    assert in_care
    assert others

    def shown(client: Client) -> tuple[set[object], set[object]]:
        """Every text in the answer of any chart, and everybody whom a row of any dataset is about."""
        answers = list(client.answers())
        assert [answer for answer in answers if answer.error] == []
        texts = {value for answer in answers for row in answer.rows for pair in row.items() for value in pair}
        return texts, {value for dataset in datasets(client) for row in dataset for value in row.values()}

    password = admit(settings, "zhang", ["A01"], "test")
    with session(superset) as administrator, session(superset, "zhang", password) as reader:
        for everything, own in zip(shown(administrator), shown(reader), strict=True):
            assert everything & others
            assert everything & in_care
            assert own & in_care
            assert not own & others


def datasets(client: Client) -> Iterator[list[dict[str, Any]]]:
    """Of each dataset about somebody, whom: asked as somebody would who does not keep to the charts."""
    declared = {said["title"]: said for said in read_declared(BI_FOLDER).datasets.values()}
    for dataset in client._ask("/api/v1/dataset/", q="(page_size:100)").json()["result"]:
        for column in CARE & set(declared[dataset["table_name"]]["columns"]):
            question = {
                "datasource": {"id": dataset["id"], "type": "table"},
                "queries": [{"columns": [column], "metrics": [], "row_limit": 10_000}],
            }
            done = client._http.post("/api/v1/chart/data", json=question)
            done.raise_for_status()
            yield done.json()["result"][0]["data"]


def test_a_reader_writes_no_query_changes_nothing_and_is_gone_when_dismissed(
    settings: Settings, superset: Superset
) -> None:
    password = admit(settings, "wang", [], "test")
    login = (superset.folder / "readers" / "wang").read_text().split()
    with session(superset, "wang", password) as reader:
        assert [answer for answer in reader.answers() if answer.error or not answer.rows] == []
        attempts = {
            "/api/v1/sqllab/execute/": {"database_id": 1, "sql": "select 1"},
            "/api/v1/dataset/": {"database": 1, "table_name": "release", "schema": "bi"},
            "/api/v1/dashboard/": {"dashboard_title": "另一个"},
            "/api/v1/chart/": {"slice_name": "另一个", "datasource_id": 1, "datasource_type": "table"},
            "/api/v1/database/1/upload/": {},
            "/api/v1/assets/import/": {},
            "/api/v1/security/users/": {},
        }
        refused = {path: reader._http.post(path, json=facts).status_code for path, facts in attempts.items()}
        for kind in ("dashboard", "chart", "dataset"):
            for made in reader._ask(f"/api/v1/{kind}/", q="(page_size:100)").json()["result"]:
                path = f"/api/v1/{kind}/{made['id']}"
                refused[f"PUT {path}"] = reader._http.put(path, json={}).status_code
                refused[f"DELETE {path}"] = reader._http.delete(path).status_code
        assert {path: status for path, status in refused.items() if status != httpx.codes.FORBIDDEN} == {}
        assert dismiss(settings, "wang", "left", "test") is True
        assert reader._http.get("/api/v1/dashboard/").status_code == httpx.codes.UNAUTHORIZED
    with pytest.raises(SupersetUnreachable), session(superset, "wang", password):
        pass
    account, secret = login
    with (
        closing(psycopg.connect(str(settings.url), user=account, password=secret, autocommit=True)) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("select from bi.indicator_value")
    assert dismiss(settings, "wang", "left", "test") is False


def test_its_secrets_are_closed_to_others_and_its_log_knows_none(superset: Superset) -> None:
    secrets = ["secret_key", "admin_password", "metadata_url", "reader"]
    assert [oct((superset.folder / name).stat().st_mode & 0o777) for name in secrets] == ["0o600"] * 4
    said = superset.log.read_text()
    assert superset.password not in said
    assert (superset.folder / "reader").read_text().split()[1] not in said


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here (bin/install-browser installs it for root on Debian)")
def test_a_leader_sees_every_dashboard_in_chinese_and_nothing_comes_from_elsewhere(
    superset: Superset, tmp_path: Path
) -> None:
    with browsing(tmp_path) as page:
        page.open(f"{superset.address}/login/")
        wait_for(lambda: page.run("document.querySelector('#password') !== null"))
        page.shows("登录", "密码")
        page.type("#username", ADMINISTRATOR)
        page.type("#password", superset.password)
        page.press("button[type=submit]")
        wait_for(lambda: "login" not in str(page.run("location.pathname")))
        asked = set[str]()
        for board in read_declared(BI_FOLDER).dashboards:
            page.open(f"{superset.address}/superset/dashboard/{board.name}/?standalone=1")
            page.shows(*(chart.title for chart in board.charts.values()), seconds=SETTLED_SECONDS)
            picture = page.picture(1600, 3200, until=CHARTS_ARE_DRAWN)
            assert len(picture) > EMPTY_PAGE_BYTES, board.name
            PICTURES.mkdir(parents=True, exist_ok=True)
            (PICTURES / f"{board.title}.png").write_bytes(picture)
            loaded = page.run("performance.getEntriesByType('resource').map(entry => entry.name).join('\\n')").split(
                "\n"
            )
            asked |= {urlsplit(address).netloc for address in loaded if address.startswith("http")}
        policy = httpx.get(f"{superset.address}/superset/welcome/", follow_redirects=True).headers[
            "content-security-policy"
        ]
    # Superset's pages ask for a pixel of its makers, which no setting turns off; the page's policy has the browser refuse it.
    assert asked - {urlsplit(superset.address).netloc} <= {"apachesuperset.gateway.scarf.sh"}
    allowed = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert allowed["default-src"] == allowed["connect-src"] == "'self'"
    assert allowed["img-src"] == "'self' blob: data:"
    assert "//" not in policy


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + SETTLED_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_a_superset_that_hangs_is_stopped_and_comes_up_again(settings: Settings, superset: Superset) -> None:
    assert superset.pid is not None
    os.kill(superset.pid, signal.SIGSTOP)
    assert stop(superset) is True
    assert not is_answering(superset)
    steps: list[str] = []
    bring_up(settings, steps.append)
    assert steps == ["install", "start"]
    assert differences(settings) == []


def test_a_dataset_that_the_warehouse_cannot_answer_is_refused_and_nothing_is_deployed(
    settings: Settings, superset: Superset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bi"
    shutil.copytree(BI_FOLDER, folder, ignore=shutil.ignore_patterns(".venv"))
    said = yaml.safe_load((folder / "datasets.yaml").read_text())
    said["published"]["sql"] = "select figure_id from bi.no_such_table"
    said["withheld"]["columns"]["nowhere"] = "没有的列"
    (folder / "datasets.yaml").write_text(yaml.safe_dump(said, allow_unicode=True))
    monkeypatch.setattr(deploying, "BI_FOLDER", folder)
    with pytest.raises(DashboardsUnsound) as told:
        deploy(settings)
    assert 'published: relation "bi.no_such_table" does not exist' in told.value.what_en
    assert "withheld: nowhere (columns)" in told.value.what_en
    monkeypatch.undo()
    assert differences(settings) == []


def test_a_bundle_is_the_same_bytes_for_the_same_words() -> None:
    one, other = (bundle(assets(read_declared(BI_FOLDER), "postgresql+psycopg2://a@b/c")) for _ in range(2))
    assert one == other


def test_every_kind_of_alert_has_words_on_the_dashboard() -> None:
    query = read_declared(BI_FOLDER).datasets["alerts"]["sql"]
    assert [kind for kind in KINDS if f"when '{kind}' then" not in query] == []


def test_every_chart_stands_in_its_dashboard_once_and_rows_are_as_wide_as_the_page() -> None:
    for board in read_declared(BI_FOLDER).dashboards:
        placed = [name for row in board.rows for name in row]
        assert sorted(placed) == sorted(board.charts), board.name
        assert {sum(board.charts[name].width for name in row) for row in board.rows} == {12}, board.name
