"""The search is not blind: what other programs write of a mark, it finds, in whatever it is packed."""

from __future__ import annotations

import base64
import email.message
import gzip
import io
import json
import quopri
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import openpyxl
import psycopg
import pytest

from tests.canary.needles import Needles
from tests.canary.people import marks_of, people, secret
from tests.canary.sweep import Swept, sweep_database, sweep_files

CROWD = people(50)
NAME, FOUR_BYTES, CARD = CROWD[3].name, CROWD[7].name, CROWD[3].bank_card
MARKS = marks_of(CROWD) | {"mail password": secret("mail password")}
NEEDLES = Needles(MARKS)


def escaped_twice(text: str) -> bytes:
    return json.dumps(json.dumps({"said": text})).encode()


def mail(text: str) -> bytes:
    message = email.message.EmailMessage()
    message.set_content(f"{'报表' * 40}{text}{'报表' * 40}", cte="base64")
    return message.as_bytes()


def sheet(text: str) -> bytes:
    workbook = openpyxl.Workbook()
    active = workbook.active
    assert active is not None
    active.append(["姓名", text])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def zipped(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(5_000) + data)
    return stream.getvalue()


WRITTEN: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda t: f"姓名={t}，".encode(),
    "UTF-16 little": lambda t: f"x{t}x".encode("utf-16-le"),
    "UTF-16 big": lambda t: f"x{t}x".encode("utf-16-be"),
    "UTF-16 at an odd place": lambda t: b"x" + t.encode("utf-16-le"),
    "GB18030": lambda t: f"姓名={t}".encode("gb18030"),
    **{
        f"base64 of {charset} behind {before} bytes": lambda t, c=charset, b=before: base64.b64encode(
            b"x" * b + t.encode(c) + b"yz"
        )
        for charset in ("utf-8", "utf-16-le", "gb18030")
        for before in (0, 1, 2)
    },
    "base64 for URLs": lambda t: base64.urlsafe_b64encode(f"??>>{t}??".encode()),
    "percent": lambda t: quote(f"姓名={t}").encode(),
    "percent in small letters": lambda t: quote(t).lower().encode() if not t.isascii() else quote(t).encode(),
    "percent of GB18030": lambda t: quote_plus(t, encoding="gb18030").encode(),
    "JSON": lambda t: json.dumps({"name": t}).encode(),
    "JSON in capitals": lambda t: "".join(c if c.isascii() else f"\\u{ord(c):04X}" for c in t).encode(),
    "JSON in JSON": escaped_twice,
    "XML": lambda t: f"<t>{t}</t>".encode("ascii", "xmlcharrefreplace"),
    "bytes as Python shows them": lambda t: repr({"raw": t.encode()}).encode(),
    "bytes as Postgres shows them": lambda t: b"\\x" + t.encode().hex().encode(),
    "mail in base64": mail,
    "gzip": lambda t: b"head" + gzip.compress(t.encode("utf-16-le")),
    "zlib behind other bytes": lambda t: b"head" + zlib.compress(f"{'报表' * 500}{t}".encode()),
    "zip": lambda t: zipped(t.encode()),
    "zip in zip in gzip": lambda t: gzip.compress(zipped(zipped(t.encode("gb18030")))),
    "workbook": sheet,
    "torn workbook": lambda t: zipped(t.encode() + b"end" * 10)[:-60],
}


@pytest.mark.parametrize("text", [NAME, FOUR_BYTES, CARD], ids=["name", "name of a rare sign", "card"])
@pytest.mark.parametrize("way", list(WRITTEN))
def test_a_mark_is_found_however_it_is_written(way: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    data = WRITTEN[way](text)
    (tmp_path / "home" / "file").write_bytes(b"before" * 2_000 + bytes(20_000) + data + b"after")
    (tmp_path / "home" / "other").write_bytes(b"before" * 2_000)
    swept = Swept()
    sweep_files(tmp_path, NEEDLES, {}, swept)
    marks = {hit.mark for hit in swept.hits}
    assert marks == {next(name for name, mark in MARKS.items() if mark == text)}
    assert {hit.place.split()[0] for hit in swept.hits} == {"home/file"}


def test_quoted_printable_is_not_searched_because_nothing_writes_it() -> None:
    assert not list(NEEDLES.find(quopri.encodestring(NAME.encode())))


def test_every_mark_is_found_and_told_whose_it_is() -> None:
    everything = "\n".join(MARKS.values()).encode()
    assert {found.mark for found in NEEDLES.find(everything)} == set(MARKS)


def test_names_of_files_are_searched_and_allowed_places_are_counted(tmp_path: Path) -> None:
    for folder in ("inbox", "home"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{NAME}.txt").write_text(CARD)
    swept = Swept()
    sweep_files(tmp_path, NEEDLES, {"inbox/*": "theirs"}, swept)
    assert swept.allowed["inbox/*"] == 2
    assert sorted(hit.mark for hit in swept.hits) == ["card 3", "name 3"]


def test_masks_are_no_hits() -> None:
    from expectations.masks import mask

    person = CROWD[3]
    shown = " ".join(
        (mask("person_name", person.name), mask("citizen_id", person.citizen_id), mask("phone", person.phone))
    )
    assert not list(NEEDLES.find(shown.encode()))


def test_rows_are_searched_as_postgres_unpacks_them(database: str) -> None:
    with closing(psycopg.connect(database, autocommit=True)) as conn:
        conn.execute("create schema hidden")
        conn.execute("create table hidden.long (said text, packed jsonb, raw bytea)")
        swept = Swept()
        sweep_database(conn, NEEDLES, swept)
        assert not swept.hits
        conn.execute("insert into hidden.long values (%s, null, null)", ("报表" * 40_000 + NAME,))
        conn.execute("insert into hidden.long values (null, %s, null)", (json.dumps({"a": ["x" * 9_000, CARD]}),))
        conn.execute("insert into hidden.long values (null, null, %s)", (FOUR_BYTES.encode("gb18030"),))
        sweep_database(conn, NEEDLES, swept)
    assert {(hit.place.partition(": ")[2], hit.mark) for hit in swept.hits} == {
        ("hidden.long", "name 3"), ("hidden.long", "card 3"), ("hidden.long", "name 7"),
    }  # fmt: skip
