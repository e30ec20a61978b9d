"""sources.yaml as it is read: everything that is wrong in it is told at once, with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from connectors.settings import Settings
from connectors.sources.declared import INBOX, FolderDeclared, SourceDeclared, SourcesDeclared
from connectors.sources.errors import SourcesUnsound

WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "it is missing"),
    "extra_forbidden": ("没有这个设置项，请核对拼写", "there is no such field; check its spelling"),
    "union_tag_invalid": ("kind 只能是 {expected_tags}", "kind must be one of {expected_tags}"),
    "union_tag_not_found": ("缺少 kind", "kind is missing"),
    "greater_than_equal": ("不能小于 {ge}", "must not be below {ge}"),
    "less_than_equal": ("不能大于 {le}", "must not be above {le}"),
    "string_pattern_mismatch": ("只能是 {pattern} 这样的写法", "must look like {pattern}"),
    "string_too_short": ("不能为空", "must not be empty"),
    "string_type": ("须是文字（必要时加引号）", "must be text (in quotes where need be)"),
    "int_type": ("须是整数", "must be a whole number"),
    "float_type": ("须是数字", "must be a number"),
    "float_parsing": ("须是数字", "must be a number"),
    "bool_type": ("须是 true 或 false", "must be true or false"),
    "list_type": ("须是列表（每项以“- ”开头）", "must be a list (each item begins with '- ')"),
    "too_short": ("至少要有 {min_length} 项", "must have {min_length} items at least"),
    "too_long": ("最多 {max_length} 项", "may have {max_length} items at most"),
    "literal_error": ("只能是 {expected}", "must be {expected}"),
    "model_type": ("须是若干“名称: 值”", "must be fields with values"),
    "model_attributes_type": ("须是若干“名称: 值”", "must be fields with values"),
    "dict_type": ("须是若干“名称: 值”", "must be fields with values"),
    "path_type": ("须是文件路径", "must be a path"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the line (0 where there is none to point at), where in the file, and what, in both languages."""

    line: int
    where: str
    zh: str
    en: str


def read_sources(settings: Settings) -> list[SourceDeclared]:
    """The sources to look at: the inbox, and what sources.yaml declares, if there is one. Raises: SourcesUnsound."""
    inbox = FolderDeclared(id=INBOX, kind="folder", path=settings.inbox)
    return [inbox, *(read_declarations(settings.sources_file) if settings.sources_file else ())]


def read_declarations(path: Path) -> list[SourceDeclared]:
    """What a file declares; its paths are made absolute, from the folder in which it lies. Raises: SourcesUnsound."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "UTF-8"
        raise _unsound(path, [Problem(0, "", f"读不出来（{why}）", f"cannot be read ({why})")]) from None
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise _unsound(path, [Problem(line, "", "不是有效的 YAML", "it is no YAML")]) from None
    problems = list(_repeated(tree))
    try:
        declared = SourcesDeclared.model_validate(content)
    except ValidationError as error:
        problems += [_problem(tree, detail) for detail in error.errors(include_url=False, include_input=False)]
    if problems:
        raise _unsound(path, problems)
    return [_beside(source, path.absolute().parent) for source in declared.sources]


def _beside(source: SourceDeclared, folder: Path) -> SourceDeclared:
    """The declaration with every path in it made absolute."""
    return source.model_copy(update=dict(_absolute(source, folder)))


def _absolute(model: BaseModel, folder: Path) -> Iterator[tuple[str, object]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Path):
            yield name, folder / value.expanduser()
        elif isinstance(value, BaseModel):
            yield name, value.model_copy(update=dict(_absolute(value, folder)))


def _problem(tree: yaml.Node | None, detail: Any) -> Problem:
    """What pydantic says of a value, without the value: it may be a password."""
    place = [part for part in detail["loc"] if not str(part).startswith("function-")]
    line, where = _find(tree, place, is_missing=detail["type"] == "missing")
    facts = detail.get("ctx", {})
    if detail["type"] == "ours":
        return Problem(line, where, facts["zh"], facts["en"])
    zh, en = WORDS.get(detail["type"], ("写法不对", "it is not as it must be"))
    return Problem(line, where, zh.format_map(facts), en.format_map(facts))


def _find(node: yaml.Node | None, place: Iterable[object], *, is_missing: bool) -> tuple[int, str]:
    """The line of a place in the file and its name in plain words; a step that is not in the file (the tag of a kind) is passed over."""
    words: list[str] = []
    parts = list(place)
    line = node.start_mark.line + 1 if node else 0
    for number, part in enumerate(parts):
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            words.append(f"[{part + 1}]")
        elif isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == part), None)
            if found is None:
                if is_missing and number == len(parts) - 1:
                    words.append(f".{part}")
                continue
            words.append(f".{part}")
            line, node = found[0].start_mark.line + 1, found[1]
            continue
        line = node.start_mark.line + 1 if node else line
    return line, "".join(words).lstrip(".")


def _repeated(node: yaml.Node | None) -> Iterator[Problem]:
    """The names that stand twice side by side: YAML would take the last in silence."""
    if isinstance(node, yaml.MappingNode):
        seen: set[object] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                yield Problem(line, str(key.value), "同一项写了两次", "it stands twice")
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)


def _unsound(path: Path, problems: list[Problem]) -> SourcesUnsound:
    ordered = sorted(problems, key=lambda problem: problem.line)
    return SourcesUnsound(
        str(path),
        len(ordered),
        "\n".join(f"  - 第 {p.line} 行 {p.where}：{p.zh}" if p.line else f"  - {p.zh}" for p in ordered),
        "\n".join(f"  - line {p.line} {p.where}: {p.en}" if p.line else f"  - {p.en}" for p in ordered),
    )
