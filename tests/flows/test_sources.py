"""`warehouse sources`: what is declared, what is wrong in it, and whether it can be read now, without a trace."""

from __future__ import annotations

from pathlib import Path

from tests.flows.conftest import Desk, desk_in


def desk_with(tmp_path: Path, text: str) -> Desk:
    (tmp_path / "sources.yaml").write_text(text)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.xlsx").write_bytes(b"x")
    return desk_in(
        tmp_path / "home", WAREHOUSE_SOURCES=str(tmp_path / "sources.yaml"), WAREHOUSE_INBOX=str(tmp_path / "a")
    )


def test_what_is_wrong_is_told_at_once_and_nothing_is_begun(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, "sources:\n  - {id: a, kind: ftp}\n  - {id: b, kind: folder, pth: x}\n")
    for arguments in (("sources",), ("run", "--date", "2021-04-20")):
        done = desk.call(*arguments)
        assert done.returncode == 2, done.stderr
        assert "3 处需要改正" in done.stderr
        assert "第 2 行" in done.stderr
        assert "第 3 行" in done.stderr


def test_sources_are_tried_without_a_trace(tmp_path: Path) -> None:
    desk = desk_with(
        tmp_path, "sources:\n  - {id: a, kind: folder, path: a}\n  - {id: gone, kind: folder, path: gone}\n"
    )
    inbox, good, gone = desk.call_json("sources", "--check")
    assert (inbox["source_id"], good["is_reachable"], good["objects"]) == ("inbox", True, 1)
    assert (gone["is_reachable"], gone["last_look"]) == (False, None)
    assert "gone" in gone["error"]
    done = desk.call("sources", "--check", "--lang", "en")
    assert (done.returncode, "✗" in done.stdout) == (1, True)
    assert not (tmp_path / "home").exists()
