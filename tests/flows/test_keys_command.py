"""`warehouse keys`: what it tells, and how it ends."""

from __future__ import annotations

import json

import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.warehouse.desk import REGISTER, book, call, take_books
from tests.night import inbox

SIGNED = ("--reason", "定期更换", "--author", "王处")


def test_a_key_is_changed_from_the_command_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, book("hardship_aid", "A0101", "2021-03", inbox.hardship_row()))

    def said(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert call(settings, monkeypatch, "keys", *arguments) == code
        told = capsys.readouterr()
        return told.out + told.err

    assert "没有密钥 k0007" in said("retire", "k0007", *SIGNED, code=2)
    assert "不能停用：它正用来加密" in said("retire", "k0001", *SIGNED, code=2)
    path = settings.keys_dir / "seal-k0002.key"
    assert f"新密钥 k0002：{path}" in said("new", *SIGNED)
    assert path.read_text() not in said("list")
    assert "还有 1 行个人信息、2 个存档文件用它加密" in said("retire", "k0001", *SIGNED, code=2)
    told = said("reseal")
    assert "reseal 3/3" in told
    assert "已重新加密：个人信息 1 行、文件 2 个；仍用旧密钥的：0 行、0 个文件" in told
    assert "密钥 k0001 已停用" in said("retire", "k0001", *SIGNED)
    states = {
        key["key_id"]: (key["is_here"], key["is_current"], key["rows"]) for key in json.loads(said("list", "--json"))
    }
    assert states == {"k0001": (False, False, 0), "k0002": (True, True, 1)}
    assert "已停用" in said("list")
    assert json.loads(said("new", *SIGNED, "--json"))["key"] == "k0003"
