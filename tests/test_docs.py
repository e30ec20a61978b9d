"""The documents say what is there: commands, options, make targets, variables and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from connectors.settings import VARIABLES
from connectors.warehouse.roles import OPEN_SCHEMAS, OUR_SCHEMAS, READERS, WORKERS
from expectations.contract import forms
from flows.command import warehouse
from tests.flows import pictures

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks_of(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each code block: its language and its lines without what is said of them. A block may stand in a list."""
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
        yield language, [line.split(" #")[0].strip() for line in block.splitlines()]


def prose_of(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def code_of(page: Path) -> Iterator[str]:
    """Each line of a code block, and each piece of code in running text."""
    for language, lines in blocks_of(page):
        if language in ("", "sh", "bash", "console"):
            yield from lines
    yield from re.findall(r"`([^`\n]+)`", prose_of(page))


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
    broken = []
    for target in links_of(page):
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


def links_of(page: Path) -> list[str]:
    """Where the links and pictures of a page lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose_of(page))


def anchors(page: Path) -> set[str]:
    """The anchors that a renderer gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_version_is_the_same_everywhere() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_two_readmes_show_the_same_commands_outputs_figures_and_links() -> None:
    """In the order of the page, as far as it is not the order of words in a sentence."""
    english, chinese = READMES
    assert [lines for language, lines in blocks_of(english) if language != "mermaid"] == [
        lines for language, lines in blocks_of(chinese) if language != "mermaid"
    ]
    assert sorted(code_of(english)) == sorted(code_of(chinese))
    assert figures_of(english) == figures_of(chinese)
    other = {english.name, chinese.name}
    assert sorted(set(links_of(english)) - other) == sorted(set(links_of(chinese)) - other)


def figures_of(page: Path) -> list[str]:
    """Every number in the running text, code and links left out."""
    words = re.sub(r"`[^`]*`|\]\([^)]*\)", "", prose_of(page))
    return sorted(re.findall(r"\d(?:[\d.,:]*\d)?", words))


def personal_columns(page: Path, heading: str) -> list[tuple[str, set[str]]]:
    """The table under a heading: what stands first in each line, and the names that stand after it."""
    table = page.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    return [(first.strip("`"), {name.strip("` ") for name in re.split("[、,]", rest)}) for first, rest in lines]


def test_the_pages_on_classification_list_the_personal_columns_of_the_contracts() -> None:
    personal = [form for form in forms().values() if form.personal_fields]
    assert personal_columns(ROOT / "docs/user/zh/数据分级.md", "个人信息的列") == [
        (form.title_zh, {field.heading for field in form.personal_fields}) for form in personal
    ]
    assert personal_columns(ROOT / "docs/engineering/data-classification.md", "Personal columns") == [
        (form.form_id, {field.name for field in form.personal_fields}) for form in personal
    ]


@pytest.mark.parametrize("name", ["docs/user/zh/数据分级.md", "docs/engineering/data-classification.md"])
def test_every_schema_has_a_class(name: str) -> None:
    lines = {
        line.split("|")[1].strip(): line for line in (ROOT / name).read_text().splitlines() if line.startswith("| ")
    }
    [internal] = [line for kind, line in lines.items() if kind in ("内部", "internal")]
    [personal] = [line for kind, line in lines.items() if kind in ("个人信息", "personal")]
    assert set(OPEN_SCHEMAS) == set(re.findall(r"`(\w+)`", internal))
    assert set(OUR_SCHEMAS) - set(OPEN_SCHEMAS) == {"pii"} == set(re.findall(r"`(\w+)`", personal))


@pytest.mark.parametrize("name", ["docs/user/zh/谁看得到什么.md", "docs/engineering/roles.md"])
def test_every_role_has_a_line_and_no_other(name: str) -> None:
    first = re.findall(r"^\| `(\w+)` \|", (ROOT / name).read_text(), re.MULTILINE)
    assert [f"warehouse_{role}" for role in first] == [*READERS, *WORKERS]


def test_the_pictures_are_those_that_are_taken_shown_and_small() -> None:
    kept = {path.stem: path.stat().st_size / 1024 for path in pictures.FOLDER.iterdir()}
    shown = {Path(target).stem for page in PAGES for target in links_of(page) if target.endswith(".png")}
    assert kept.keys() == pictures.PICTURES.keys() == shown
    assert {name: size for name, size in kept.items() if size > pictures.LARGEST_KB} == {}
    assert sum(kept.values()) <= pictures.ALL_KB
