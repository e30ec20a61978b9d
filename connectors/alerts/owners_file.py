"""`owners.yaml` read and checked: everything that is wrong with it is told at once, by its place in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import ClassVar

import yaml

from connectors.alerts.condition import KINDS, SEVERITIES
from connectors.alerts.owners import Owners, Person, Route
from connectors.alerts.owners_channels import read_channels, read_servers
from connectors.alerts.yaml_reading import Node
from connectors.errors import UsageError

SECTIONS = ("default", "people", "channels", "mail_servers", "routes", "contacts")


@dataclass(eq=False)
class OwnersInvalid(UsageError):
    """The register of owners cannot be used; `problems` lists everything that is wrong, each by its place."""

    path: str
    problems: str
    zh: ClassVar[str] = (
        "责任人名册 {path} 有误：{problems}。请改正后用 warehouse alerts owners 检查；预警照常记录，改好之前不发送。"
    )
    en: ClassVar[str] = (
        "The register of owners {path} cannot be used: {problems}. Mend it and look with `warehouse alerts owners`; "
        "alerts are kept meanwhile, and nothing is sent."
    )


def load_owners(path: Path) -> Owners | None:
    """The register of owners; None where there is no such file. Raises: OwnersInvalid, with every problem in one sentence."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise OwnersInvalid(
            str(path), f"读不出来（{getattr(error, 'strerror', None) or type(error).__name__}）"
        ) from None
    problems: list[str] = []
    try:
        found = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # The parser quotes the line, which may hold what belongs in no log.
        raise OwnersInvalid(str(path), f"不是 YAML（第 {mark.line + 1} 行附近）" if mark else "不是 YAML") from None
    owners = _read(Node(found, "", problems), path.parent)
    if problems or owners is None:
        raise OwnersInvalid(str(path), "；".join(problems))
    return owners


def _read(root: Node, folder: Path) -> Owners | None:
    root.allow(*SECTIONS)
    servers = read_servers(root.child("mail_servers"), folder)
    channels = read_channels(root.child("channels"), servers, folder)
    people = {key: _person(key, node, channels) for key, node in root.child("people").items()}
    routes = [_route(node, people) for node in root.child("routes").elements()]
    contacts = {str(unit): _known(node, people, "人") for unit, node in root.child("contacts").items()}
    default = _known(root.child("default", required=True), people, "人")
    if root.problems:
        return None
    return Owners(default, people, channels, routes, contacts)


def _person(key: str, node: Node, channels: Iterable[str]) -> Person:
    node.allow("name", "channels", "quiet")
    named = [_known(each, channels, "通道") for each in node.child("channels", required=True).elements()]
    return Person(key, node.child("name", required=True).text(), tuple(named), _quiet(node.child("quiet")))


def _route(node: Node, people: Iterable[str]) -> Route:
    from expectations.contract import forms

    node.allow("owner", "units", "forms", "severities", "kinds")

    def several(name: str, known: Iterable[str] | None, what: str) -> frozenset[str]:
        listed = node.child(name).elements()
        return frozenset(_known(each, known, what) if known is not None else each.text() for each in listed)

    return Route(
        _known(node.child("owner", required=True), people, "人"),
        several("units", None, "单位"),
        several("forms", forms(), "报表"),
        several("severities", SEVERITIES, "程度"),
        several("kinds", KINDS, "种类"),
    )


def _known(node: Node, known: Iterable[str], what: str) -> str:
    text = node.text()
    if text and text not in known:
        node.wrong(f"没有{what}“{text}”")
    return text


def _quiet(node: Node) -> tuple[time, time] | None:
    if node.value is None:
        return None
    try:
        begins, ends = (time.fromisoformat(part.strip()) for part in node.text().split("-"))
    except ValueError:
        node.wrong('应写作 "22:00-07:00"')
        return None
    return begins, ends
