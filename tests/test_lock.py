"""The lock: everything hashed, and nowhere in the project the address of an index or a mirror (users sit behind different ones)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
LOCKS = [LOCK, (ROOT / "bi" / "requirements.lock").read_text()]
BLOCKS = [block for lock in LOCKS for block in re.split(r"\n(?=\S)", lock.strip())]

ADDRESSES = re.compile(
    "|".join(
        (
            r"https?://[^\s\"')>]*(?:py" + r"pi|pythonhosted|/simple\b|mirrors?\.)",
            "file" + r"://\S*/simple\b",
            r"(?<![\w-])--(?:extra-)?index" + r"-url\b",
            r"^\s*(?:extra-)?index" + r"-url\s*=",
            r"\[\[tool\.uv\." + r"index\]\]",
            "registry" + r"\.npmjs",
        )
    ),
    re.MULTILINE,
)
"""What names an index: a host or path of one, or pip's and uv's own options for it (split, so as not to find itself)."""


def committed_files() -> list[Path]:
    """Every file that a commit holds or would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git clone: there is no list of committed files")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_every_requirement_is_pinned_and_hashed() -> None:
    loose = [
        block
        for block in BLOCKS
        if not re.match(r"[a-z0-9][a-z0-9._-]*==[^\s;]+", block) or "--hash=sha256:" not in block
    ]
    assert not loose


def test_the_lock_holds_pins_and_hashes_only() -> None:
    strange = [
        line
        for line in LOCK.splitlines()
        if not re.fullmatch(
            r"[a-z0-9][a-z0-9._-]*==[^\s;]+(?: ; [\w .'<>=!()]+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?", line
        )
    ]
    assert not strange


def test_no_committed_file_names_an_index_or_a_mirror() -> None:
    found = []
    for path in committed_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in ADDRESSES.finditer(text)]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "--index" + "-url https" + "://example.org/simple",
        "index" + "-url = https" + "://mirrors.example.org/python",
        "see https://py" + "pi.org/project/x",
        "file" + ":///opt/x/simple",
    ],
)
def test_an_index_would_be_noticed(line: str) -> None:
    assert ADDRESSES.search(line)
