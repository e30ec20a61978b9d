"""A night with many sources: those that can be read are, one that cannot stops and delays nothing, and the night says which and since when."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import yaml

from connectors.settings import Settings
from flows.account import read_summary, things_to_do
from flows.speech import Speaker
from tests.connectors.sources.api_server import Api
from tests.connectors.sources.bench import SECRET, free_port
from tests.night import inbox
from tests.night.conftest import Province


def declare(settings: Settings, folder: Path, api: Api) -> Settings:
    """A folder, an API, an SFTP server that is not there and a share that is not mounted, beside an empty inbox."""
    (folder / "secret.txt").write_text(SECRET)
    (folder / "known_hosts").write_text("")
    tries: dict[str, Any] = {"deadline_seconds": 60, "retries": 0}
    sources = [
        {"id": "group-a", "kind": "folder", "path": "group-a", **tries},
        {"id": "kobo", "kind": "http_api", "url": f"{api.url}/kobo", "shape": "kobo", "token": {"file": "secret.txt"}, **tries},
        {
            "id": "silent", "kind": "sftp", "host": "127.0.0.1", "port": free_port(), "user": "u", "known_hosts": "known_hosts",
            "password": {"file": "secret.txt"}, **tries,
        },
        {"id": "unmounted", "kind": "folder", "path": "nowhere", **tries},
    ]  # fmt: skip
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}))
    return replace(settings, inbox=folder / "inbox", sources_file=folder / "sources.yaml")


def test_a_night_goes_on_with_what_others_brought(make_province: Callable[[], Province], tmp_path: Path) -> None:
    with Api() as api:
        province = make_province()
        province = replace(province, settings=declare(province.settings, tmp_path, api))
        inbox.put(tmp_path / "group-a", "名册.xlsx", "unit_register", "S0001", "2021", inbox.register_rows())
        profile = inbox.put(tmp_path / "made", "p.xlsx", "unit_profile", "A0101", "2021-Q1", [inbox.profile_row()])
        api.submissions["uuid:1"] = {"A0101_基本情况.xlsx": profile.read_bytes()}
        assert province.run() == 1
        with closing(province.connect()) as conn:
            [(account, status)] = conn.execute("select account, status from ops.run").fetchall()
            assert (account["received"], account["accepted"], status) == (2, 2, "data_problems")
            assert account["is_balanced"]
            looks = dict(conn.execute("select source_id, outcome from ops.source_look").fetchall())
            assert looks == {
                "inbox": "good",
                "group-a": "good",
                "kobo": "good",
                "silent": "broken",
                "unmounted": "shut",
            }
            assert "来源 silent 未能读完（从未读完过）" in to_do(conn)[0]
            assert "来源 unmounted" in to_do(conn)[1]
        # The next night: one is mended, one breaks, and nothing comes twice.
        (tmp_path / "nowhere").mkdir()
        api.fault = lambda _, answer: (500, {}, b"")
        assert province.run() == 1
        with closing(province.connect()) as conn:
            assert conn.execute("select count(*) from archive.delivery").fetchone() == (2,)
            first, second = to_do(conn)[:2]
            assert first.startswith("来源 kobo 未能读完（自 20")
            assert second.startswith("来源 silent")


def to_do(conn: psycopg.Connection[Any]) -> list[str]:
    summary = read_summary(conn)
    assert summary is not None
    return things_to_do(summary, Speaker("zh"))
