"""The sample, dealt out to a real server of each kind and taken in by one night, makes what it makes from the inbox.

`make test` takes what nine units reported for a quarter; `WAREHOUSE_SOURCE_SAMPLE=all` (`make soak`) every clean file of the sample.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from connectors.sample.files import SampleFile, sample_files
from connectors.sample.writer import write_file
from connectors.settings import Settings
from tests.connectors.sources import mail_server, store
from tests.connectors.sources.api_server import Api, declared
from tests.connectors.sources.bench import SECRET
from tests.connectors.sources.sftp import Server
from tests.connectors.sources.store import Store
from tests.night.conftest import Province

IS_ALL = os.environ.get("WAREHOUSE_SOURCE_SAMPLE") == "all"
NIGHT = date(2022, 3, 1) if IS_ALL else date(2021, 5, 10)
QUARTER = ("2021-01", "2021-02", "2021-03", "2021-Q1")
KINDS = ("inbox", "folder", "sftp", "s3", "imap", "kobo", "plain", "sql")
"""Whose units' files go where; of the last two, relief goes as rows and all else to the inbox."""
PATIENT = {"deadline_seconds": 3000, "retries": 3}


def _files() -> list[SampleFile]:
    """What is reported once and rightly: the order in which two sources bring things then does not matter."""
    return [
        f
        for f in sample_files()
        if f.story == "clean"
        and (IS_ALL or f.form_id == "unit_register" or (f.unit_id.startswith("A010") and f.period in QUARTER))
    ]


@dataclass(slots=True)
class Servers:
    """A server of each kind, and which of them the files of a unit go to."""

    folder: Path
    sftp: Server
    s3: Store
    mailbox: mail_server.MailServer | None
    api: Api
    database: str
    units: dict[str, str]

    def kind(self, file: SampleFile) -> str:
        """Which of them a file goes to."""
        chosen = self.units.setdefault(file.unit_id, KINDS[len(self.units) % len(KINDS)])
        is_impossible = chosen == "imap" and self.mailbox is None
        is_no_ledger = chosen in ("plain", "sql") and not (file.form_id == "relief" and file.rows)
        return "inbox" if is_impossible or is_no_ledger or file.form_id == "unit_register" else chosen

    def hand_in(self, file: SampleFile, path: Path) -> None:
        """Bring a file to where it goes."""
        data, name, kind = path.read_bytes(), f"{file.unit_id}/{path.name}", self.kind(file)
        if kind in ("inbox", "folder"):
            place = self.folder / kind / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
        elif kind == "sftp":
            self.sftp.put(name, data)
        elif kind == "s3":
            self.s3.client().put_object(Bucket="reports", Key=f"in/{name}", Body=data)
        elif kind == "imap":
            assert self.mailbox is not None
            self.mailbox.deliver(mail_server.mail("clerk@a.example", (path.name, data)))
        elif kind == "kobo":
            self.api.submissions[f"uuid:{len(self.api.submissions)}"] = {path.name: data}
        elif kind == "plain":
            self.api.rows += map(_as_json, _rows(file))
        else:
            with closing(psycopg.connect(self.database, autocommit=True)) as conn, conn.cursor() as cursor:
                cursor.executemany(
                    "insert into relief select * from json_populate_record(null::relief, %s)",
                    [[json.dumps(_as_json(row))] for row in _rows(file)],
                )

    def declare(self, settings: Settings) -> Settings:
        """The settings of a warehouse that looks at all of them."""
        (self.folder / "secret.txt").write_text(SECRET)
        (self.folder / "url.txt").write_text(self.database)
        fields = [f for f in _columns() if f not in ("unit", "period")]
        mapping = {
            "form": "relief", "unit": {"column": "unit"}, "period": {"column": "period"}, "columns": {f: f for f in fields},
        }  # fmt: skip
        sources = [
            {"id": "folder", "kind": "folder", "path": "folder"},
            self.sftp.declared(id="sftp"),
            store.declared(self.s3.ports[3], id="s3"),
            declared(self.api, id="kobo", page_size=50),
            declared(self.api, "plain", id="plain", page_size=50, mapping=mapping),
            {"id": "sql", "kind": "sql", "database": {"file": "url.txt"}, "query": "select * from relief", "mapping": mapping},
            *([mail_server.declared(self.mailbox, id="imap")] if self.mailbox else []),
        ]  # fmt: skip
        (self.folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [s | PATIENT for s in sources]}))
        return replace(settings, inbox=self.folder / "inbox", sources_file=self.folder / "sources.yaml")


def _columns() -> list[str]:
    [first, *_] = [f for f in sample_files() if f.form_id == "relief" and f.rows]
    return ["unit", "period", *first.rows[0]]


def _rows(file: SampleFile) -> Iterator[Mapping[str, object]]:
    return ({"unit": file.unit_id, "period": file.period, **row} for row in file.rows)


def _as_json(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value if value is None or isinstance(value, int) else str(value) for name, value in row.items()}


@pytest.fixture
def servers(tmp_path: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    monkeypatch.setenv("TEST_S3_ACCESS_KEY", "reader")
    with closing(psycopg.connect(empty_database, autocommit=True)) as conn:
        conn.execute(f"create table relief ({', '.join(f'{name} text' for name in _columns())})")
    with ExitStack() as stack:
        sftp, s3 = Server.made_in(tmp_path), stack.enter_context(store.running(tmp_path / "store"))
        stack.enter_context(sftp.stack)
        sftp.start()
        s3.bucket("reports")
        mailbox = None if mail_server.can_run() else stack.enter_context(mail_server.running())
        yield Servers(tmp_path, sftp, s3, mailbox, stack.enter_context(Api()), empty_database, {})


def said(province: Province, query: str) -> list[tuple[Any, ...]]:
    with closing(province.connect()) as conn:
        return sorted(conn.execute(query).fetchall(), key=repr)  # type: ignore[arg-type]


SAYS: Sequence[str] = (
    "select indicator_id, org_level, org_id, period_type, period, value, numerator, denominator, completeness from bi.indicator_value"
    " where indicator_id <> 'submission_timeliness'",
    "select form_id, unit_id, period, outcome, is_nil, rows_loaded, rows_quarantined from ops.submission where cause = 'delivery'",
    "select s.unit_id, s.period, r.campaign, r.beneficiary_unit, r.persons, r.cash_cny, r.given_on"
    " from landing.relief r join ops.submission s using (submission_id)",
)
"""What must be the same wherever it came from; when something came, which timeliness follows from, is for the server to say."""


@pytest.mark.timeout(3 * 3600 if IS_ALL else 600)
def test_the_sample_from_servers_of_every_kind_is_the_sample(
    make_province: Callable[[], Province], servers: Servers, tmp_path: Path
) -> None:
    for file in _files():
        servers.hand_in(file, write_file(file, tmp_path / "all"))
    alone, served = make_province(), make_province()
    alone = replace(alone, settings=replace(alone.settings, inbox=tmp_path / "all", chunk_size=500), night=NIGHT)
    served = replace(served, settings=replace(servers.declare(served.settings), chunk_size=500), night=NIGHT)
    exit_codes = alone.run(), served.run()
    looks = said(served, "select source_id, outcome, error_en from ops.source_look where outcome <> 'good'")
    assert (looks, exit_codes) == ([], (0, 0))
    found = dict(said(served, "select source_id, count(*) from archive.delivery group by source_id"))
    assert sum(found.values()) == len(_files())
    assert set(found) == set(KINDS) - ({"imap"} if servers.mailbox is None else set())
    for query in SAYS:
        assert said(served, query) == said(alone, query)
