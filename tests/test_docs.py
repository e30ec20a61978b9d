"""The documents say what is there: commands, options, make targets, variables and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from connectors.settings import VARIABLES
from flows.command import warehouse

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def code_of(page: Path) -> Iterator[str]:
    """Each line of a code block, and each piece of code in running text."""
    text = page.read_text()
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language in ("", "sh", "bash", "console"):
            yield from (line.split(" #")[0] for line in block.splitlines())
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", prose)


def calls(page: Path, program: str) -> Iterator[list[str]]:
    """The arguments of every call of the program that the page shows."""
    for line in code_of(page):
        for call in re.split(r"&&|\|\s|;", line):
            found = re.match(rf"\s*(?:\$ )?(?:\w+=\S+ )*(?:\.venv/bin/)?{program}(?: (.*))?$", call)
            if found:
                yield shlex.split(found[1] or "")


def wrong_in(arguments: list[str]) -> list[str]:
    """What in a call of `warehouse` the command line does not know."""
    command: click.Command = warehouse
    wrong = []
    is_value = False
    for argument in arguments:
        context = click.Context(command)
        if is_value:
            is_value = False
        elif isinstance(command, click.Group) and not argument.startswith("-"):
            found = command.get_command(context, argument)
            if found is None:
                return [f"no command {argument}"]
            command = found
        elif argument.startswith("-") and argument != "--":
            known = {name for parameter in command.get_params(context) for name in parameter.opts}
            known |= {"--lang", "--debug", "--help"}
            if argument.split("=")[0] not in known:
                wrong.append(f"{command.name} has no option {argument}")
            options = {name: p for p in command.get_params(context) for name in p.opts if isinstance(p, click.Option)}
            is_value = argument in options and not options[argument].is_flag
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_shown_exists(page: Path) -> None:
    assert [f"{' '.join(call)}: {why}" for call in calls(page, "warehouse") for why in wrong_in(call)] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_shown_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {argument for call in calls(page, "make") for argument in call if re.fullmatch("[a-z-]+", argument)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_variable_shown_exists(page: Path) -> None:
    # How many cases the long tests take.
    of_tests = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r'environ\.get\("(WAREHOUSE_[A-Z_]+)"', path.read_text())
    }
    known = {variable.name for variable in VARIABLES} | {"WAREHOUSE_URL_FILE"} | of_tests
    assert set(re.findall(r"\bWAREHOUSE_[A-Z_]+", page.read_text())) <= known


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_inside_the_project_resolves(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if re.match(r"https?:|mailto:", target):
            continue
        to = (page.parent / path).resolve() if path else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_path_in_the_layout_exists(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"`((?:flows|connectors|expectations|dbt_project|tests|benchmarks|bin|docs)/[\w./-]*)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def anchors(page: Path) -> set[str]:
    """The anchors that a renderer gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_version_is_the_same_everywhere() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text()
