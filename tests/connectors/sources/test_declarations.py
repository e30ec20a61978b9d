"""sources.yaml: everything that is wrong in it is told at once, with its line, and no secret can stand in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.settings import PROJECT_FOLDER, load_settings
from connectors.sources.declaration_file import read_declarations, read_sources
from connectors.sources.declared import SecretPlace
from connectors.sources.errors import SourceShut, SourcesUnsound
from connectors.sources.secrets import read_secret

SFTP = """\
sources:
  - id: group-a
    kind: sftp
    host: sftp.example.cn
    user: reader
    known_hosts: known_hosts
    password: {file: secrets/group-a}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SourcesUnsound) as raised:
        read_declarations(written(tmp_path, text))
    assert str(tmp_path / "sources.yaml") in raised.value.sentence("zh")
    return raised.value.problems_zh.splitlines()


def test_paths_lie_beside_the_file(tmp_path: Path) -> None:
    [source] = read_declarations(written(tmp_path, SFTP))
    assert source.known_hosts == tmp_path / "known_hosts"  # type: ignore[attr-defined]
    assert source.password.file == tmp_path / "secrets" / "group-a"  # type: ignore[attr-defined]


def test_without_a_file_there_is_the_inbox_alone(tmp_path: Path) -> None:
    settings = load_settings({"WAREHOUSE_HOME": str(tmp_path)})
    assert [source.id for source in read_sources(settings)] == ["inbox"]


def test_the_inbox_is_always_there(tmp_path: Path) -> None:
    path = written(tmp_path, SFTP)
    settings = load_settings({"WAREHOUSE_HOME": str(tmp_path), "WAREHOUSE_SOURCES": str(path)})
    assert [source.id for source in read_sources(settings)] == ["inbox", "group-a"]


def test_everything_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
sources:
  - id: Group A
    kind: folder
    path: a
  - id: b
    kind: ftp
  - id: c
    kind: sftp
    host: h
    prot: 22
    user: u
    known_hosts: k
    retries: many
    key: {file: f, env: E}
  - id: d
    kind: folder
    deadline_seconds: 0
"""
    found = problems(tmp_path, text)
    lines = [int(match.group(1)) for line in found if (match := re.search(r"第 (\d+) 行", line))]
    assert lines == [2, 5, 10, 13, 14, 15, 17]
    said = "\n".join(found)
    for words in ("kind 只能是", "prot", "没有这个设置项", "整数", "只能写 file", "path：缺少这一项", "不能小于"):
        assert words in said, said


@pytest.mark.parametrize("literal", ["hunter2", "'4711'", "4711"])
def test_a_literal_password_is_refused_and_not_repeated(tmp_path: Path, literal: str) -> None:
    [line] = problems(tmp_path, SFTP.replace("{file: secrets/group-a}", literal))
    assert "密码不能写在这里" in line
    assert "第 7 行" in line
    assert literal.strip("'") not in line


def test_an_unknown_field_for_a_secret_is_refused_too(tmp_path: Path) -> None:
    [line] = problems(tmp_path, SFTP.replace("{file: secrets/group-a}", "{value: hunter2}") + "    retries: 2\n")[:1]
    assert "hunter2" not in line


def test_a_url_holds_no_password(tmp_path: Path) -> None:
    text = """\
sources:
  - id: store
    kind: s3
    endpoint: https://me:hunter2@store.example.cn
    bucket: reports
    access_key: {env: KEY}
    secret_key: {env: SECRET}
"""
    [line] = problems(tmp_path, text)
    assert "网址中不能有账号和密码" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sources: [", "不是有效的 YAML"),
        ("", "名称: 值"),
        ("sources: nothing\n", "须是列表"),
        (SFTP + SFTP.removeprefix("sources:\n"), "id 重复"),
        (SFTP.replace("id: group-a", "id: inbox"), "WAREHOUSE_INBOX"),
        (SFTP + "    host: other\n", "写了两次"),
        (SFTP.replace("    password: {file: secrets/group-a}\n", ""), "password 或 key"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert words in "\n".join(problems(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourcesUnsound, match="cannot be read"):
        read_declarations(tmp_path / "nowhere.yaml")


def test_a_secret_is_read_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [source] = read_declarations(written(tmp_path, SFTP))
    place = SecretPlace(env="TEST_SECRET_PLACE")
    with pytest.raises(SourceShut, match="TEST_SECRET_PLACE"):
        read_secret(source, place, "password")
    monkeypatch.setenv("TEST_SECRET_PLACE", "hush")
    assert read_secret(source, place, "password") == "hush"
    with pytest.raises(SourceShut, match="nowhere"):
        read_secret(source, SecretPlace(file=tmp_path / "nowhere"), "password")
    (tmp_path / "kept").write_text("hush\nmore\n")
    assert read_secret(source, SecretPlace(file=tmp_path / "kept"), "password") == "hush"


def test_the_example_of_the_documentation_is_sound(tmp_path: Path) -> None:
    page = (PROJECT_FOLDER / "docs" / "engineering" / "sources.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(sources:.*?)```", page, re.DOTALL)
    kinds = {source.kind for source in read_declarations(written(tmp_path, example))}
    assert kinds == set(KINDS)


KINDS = ("folder", "sftp", "s3", "imap", "http_api", "sql")
