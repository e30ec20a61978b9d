"""SFTP: the right server only, every file once and whole, also when the server dies in the middle of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from tests.connectors.sources.bench import SECRET, Bench, workbook
from tests.connectors.sources.sftp import Server


@pytest.fixture
def server(tmp_path: Path, bench: Bench) -> Iterator[Server]:
    made = Server.made_in(tmp_path)
    with made.stack:
        yield made


def test_every_workbook_comes_once_with_its_bytes(bench: Bench, server: Server) -> None:
    books = {"a.xlsx": workbook(0), "子文件夹/慰问 三月.xlsx": workbook(1), "c.xlsx": workbook(2)}
    for name, data in books.items():
        server.put(name, data)
    server.put("~$a.xlsx", b"lock")
    server.put("d.xlsx.part", b"half")
    (server.folder / "upload" / "link.xlsx").symlink_to("/etc/passwd")
    server.start()
    bench.declare(server.declared())
    first = bench.look()["group-a"]
    assert (first.outcome, first.received, first.skipped) == ("good", 3, 1)
    assert bench.delivered("group-a") == books
    second = bench.look()["group-a"]
    assert (second.received, second.unchanged) == (0, 3)


def test_a_changed_file_comes_again(bench: Bench, server: Server) -> None:
    server.put("a.xlsx", workbook(0))
    server.start()
    bench.declare(server.declared())
    bench.look()
    server.put("a.xlsx", workbook(1))
    assert bench.look()["group-a"].received == 1


def test_a_server_killed_in_a_file_leaves_no_half_loses_nothing_and_makes_nobody_late(
    bench: Bench, server: Server
) -> None:
    whole, large = workbook(0), os.urandom(3_000_000)
    server.put("a.xlsx", whole)
    server.put("b.xlsx", large)
    for name in ("a.xlsx", "b.xlsx"):
        os.utime(server.folder / "upload" / name, (1_617_000_000, 1_617_000_000))
    server.start(die_after=len(whole) + 1_000_000)
    bench.declare(server.declared(retries=1))
    broken = bench.look()["group-a"]
    assert (broken.outcome, broken.attempts, broken.received) == ("broken", 2, 1)
    assert bench.delivered("group-a") == {"a.xlsx": whole}
    server.start()
    again = bench.look()["group-a"]
    assert (again.outcome, again.received, again.unchanged) == ("good", 1, 1)
    assert bench.delivered("group-a") == {"a.xlsx": whole, "b.xlsx": large}
    # What was left behind keeps the time at which it came: the look in between did not see all.
    rows = bench.conn.execute("select distinct extract(epoch from received_at)::int from archive.delivery").fetchall()
    assert rows == [(1_617_000_000,)]


def test_an_unknown_or_another_server_is_not_logged_in_to(bench: Bench, server: Server, tmp_path: Path) -> None:
    server.put("a.xlsx", workbook(0))
    server.start()
    known = tmp_path / "known_hosts"
    right = known.read_text()
    bench.declare(server.declared(retries=3))
    known.write_text("")
    unknown = bench.look()["group-a"]
    assert (unknown.outcome, unknown.attempts) == ("shut", 1)
    assert "known_hosts" in str(unknown.error_zh)
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    known.write_text(f"[127.0.0.1]:{server.port} {other}\n")
    assert "冒充" in str(bench.look()["group-a"].error_zh)
    assert known.read_text().count("\n") == 1
    known.write_text(right)
    assert bench.look()["group-a"].received == 1


def test_a_wrong_password_is_told_without_it(bench: Bench, server: Server, tmp_path: Path) -> None:
    server.start()
    bench.declare(server.declared(retries=3))
    (tmp_path / "secret.txt").write_text("not-this-one")
    refused = bench.look()["group-a"]
    assert (refused.outcome, refused.attempts) == ("shut", 1)
    told = bench.conn.execute("select l::text from ops.source_look l").fetchall()
    assert "not-this-one" not in str(told)


def test_a_private_key_opens_too(bench: Bench, server: Server, tmp_path: Path) -> None:
    server.put("a.xlsx", workbook(0))
    key = asyncssh.generate_private_key("ssh-ed25519")
    # Few rounds: a key worth guessing at would take seconds to open.
    key.write_private_key(tmp_path / "id", passphrase=SECRET, rounds=4, ignore_few_rounds=True)
    (tmp_path / "host_key.users").write_bytes(key.export_public_key())
    server.start()
    declared = server.declared(key={"file": "id"}, passphrase={"file": "secret.txt"})
    del declared["password"]
    bench.declare(declared)
    assert bench.look()["group-a"].received == 1
