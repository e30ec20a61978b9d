"""An HTTP API: the whole set or nothing, whatever the server does, and the token to nobody else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.connectors.sources.api_server import Answer, Api, declared
from tests.connectors.sources.bench import Bench, workbook
from tests.connectors.workbooks.filled import RELIEF, read
from tests.night.inbox import relief_row

BOOKS = {
    "uuid:1": {"慰问 三月.xlsx": workbook(0)},
    "uuid:2": {"b.xlsx": workbook(1), "photo.jpg": b"no workbook"},
    "uuid:3": {},
    "uuid:4": {"b.xlsx": workbook(2)},
    "uuid:5": {"c.xlsx": workbook(3)},
}
WHOLE = {f"{key}/{name}": data for key, files in BOOKS.items() for name, data in files.items() if ".xlsx" in name}


@pytest.fixture
def api() -> Iterator[Api]:
    with Api(submissions={key: dict(files) for key, files in BOOKS.items()}) as served:
        yield served


@pytest.mark.parametrize("shape", ["kobo", "odk"])
def test_the_workbooks_of_all_pages_come_once(bench: Bench, api: Api, shape: str) -> None:
    bench.declare(declared(api, shape))
    first = bench.look()["api"]
    assert (first.outcome, first.received) == ("good", 4), first
    assert bench.delivered("api") == WHOLE
    api.asked.clear()
    second = bench.look()["api"]
    assert (second.received, second.unchanged) == (0, 4)
    assert not [path for path in api.asked if path.endswith(".xlsx")]
    [(received,)] = bench.conn.execute("select distinct received_at::date::text from archive.delivery").fetchall()
    assert received == "2021-04-01"


def repeated(number: int, items: list[Any]) -> list[Any]:
    return items if number == 0 else [{**item, "_id": f"uuid:{place + 1}"} for place, item in enumerate(items)]


def dropped(number: int, items: list[Any]) -> list[Any]:
    return [] if number == 1 else items


@pytest.mark.parametrize("shuffle", [repeated, dropped])
def test_a_repeated_or_dropped_page_is_no_set(bench: Bench, api: Api, shuffle: Any) -> None:
    bench.declare(declared(api))
    api.shuffle = shuffle
    broken = bench.look()["api"]
    assert (broken.outcome, broken.received) == ("broken", 0)
    assert bench.delivered("api") == {}
    api.shuffle = lambda _, items: items
    assert bench.look()["api"].received == 4


def cut(answer: Answer) -> Answer:
    return answer[0], {"Content-Length": str(len(answer[2]))}, answer[2][: len(answer[2]) // 2]


def torn(answer: Answer) -> Answer:
    return 200, {}, answer[2][: len(answer[2]) // 2]


FAULTS = {
    "500": lambda _: (500, {}, b"oh"),
    "cut body": cut,
    "torn json": torn,
    "no json": lambda _: (200, {}, b"<html>"),
    "another server": lambda _: (
        200,
        {},
        json.dumps({"results": [], "count": 5, "next": "http://127.0.0.2/x"}).encode(),
    ),
    "redirect": lambda _: (302, {"Location": "http://127.0.0.2/"}, b""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_second_page_takes_nothing_and_loses_nothing(bench: Bench, api: Api, name: str) -> None:
    bench.declare(declared(api))
    api.fault = lambda number, answer: FAULTS[name](answer) if number == 2 else answer
    broken = bench.look()["api"]
    assert broken.outcome == ("shut" if name in {"another server", "redirect"} else "broken")
    assert bench.delivered("api") == {}
    # The same fault once, with a second try.
    api.asked.clear()
    bench.declare(declared(api, retries=1))
    assert bench.look()["api"].received == (0 if broken.outcome == "shut" else 4)


def test_an_attachment_that_is_cut_takes_nothing(bench: Bench, api: Api) -> None:
    bench.declare(declared(api, "odk"))
    is_file = [".xlsx"]
    api.fault = lambda number, answer: cut(answer) if api.asked[-1].endswith(is_file[0]) and number > 5 else answer
    assert bench.look()["api"].outcome == "broken"
    assert bench.delivered("api") == {}
    is_file[0] = "nothing"
    assert bench.look()["api"].received == 4


def test_a_server_that_asks_for_patience_is_given_it(bench: Bench, api: Api) -> None:
    bench.declare(declared(api, retries=1))
    api.fault = lambda number, answer: (
        (429, {"Retry-After": "1", "Content-Length": "0"}, b"") if number == 2 else answer
    )
    began = time.monotonic()
    assert bench.look()["api"].received == 4
    assert time.monotonic() - began > 1
    # More patience than there is time is left for tomorrow.
    api.asked.clear()
    bench.declare(declared(api, retries=1, deadline_seconds=20))
    api.fault = lambda _, answer: (503, {"Retry-After": "3600", "Content-Length": "0"}, b"")
    busy = bench.look()["api"]
    assert (busy.outcome, busy.attempts) == ("broken", 1)
    assert "3600" in str(busy.error_zh)


def test_a_hanging_server_costs_its_own_time_only(bench: Bench, api: Api) -> None:
    bench.declare(declared(api, deadline_seconds=2), declared(api, id="other") | {"url": f"{api.url}/nowhere"})
    api.fault = lambda _, answer: None if "kobo" in api.asked[-1] else answer
    looks = bench.look()
    assert looks["api"].outcome in {"overdue", "broken"}
    assert looks["other"].outcome == "shut"
    assert looks["inbox"].outcome == "good"


def test_a_wrong_token_is_told_without_it(bench: Bench, api: Api) -> None:
    path = bench.declare(declared(api, retries=3))
    path.with_name("secret.txt").write_text("not-this-one")
    shut = bench.look()["api"]
    assert (shut.outcome, shut.attempts) == ("shut", 1)
    told = bench.conn.execute("select l::text from ops.source_look l").fetchall()
    assert "not-this-one" not in str(told)


MAPPING = {
    "form": "relief",
    "unit": {"column": "unit"},
    "period": {"value": "2021-03"},
    "columns": {field.name: f"answers.{field.name}" for field in RELIEF.fields},
}


def test_mapped_answers_become_workbooks_that_are_read_like_any(bench: Bench, api: Api) -> None:
    rows = [relief_row(cash_cny=5000.25), relief_row(beneficiary_unit="A0102", persons=7)]
    api.rows = [
        {"unit": unit, "answers": {name: str(v) if name == "given_on" else _plain(v) for name, v in row.items()}}
        for unit, row in zip(("A0101", "A0102"), rows, strict=True)
    ]
    bench.declare(declared(api, "plain", page_size=1, mapping=MAPPING))
    first = bench.look()["api"]
    assert (first.outcome, first.received) == ("good", 2), first
    found = bench.delivered("api")
    assert sorted(found) == ["relief_A0101_2021-03.xlsx", "relief_A0102_2021-03.xlsx"]
    batch = read(found["relief_A0101_2021-03.xlsx"])
    reading, [row] = batch.readings[0], batch.rows["relief"].to_dicts()
    assert (reading.form_id, reading.unit_id, reading.period) == ("relief", "A0101", "2021-03")
    assert (str(row["cash_cny"]), row["beneficiary_unit"], str(row["given_on"])) == ("5000.25", "A0101", "2021-03-05")
    assert bench.look()["api"].received == 0
    api.rows[0]["answers"]["persons"] = 11
    assert bench.look()["api"].received == 1


def _plain(value: object) -> object:
    return float(str(value)) if type(value).__name__ == "Decimal" else value
