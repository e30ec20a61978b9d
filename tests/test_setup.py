"""The set-up: what it takes out of the lock, and how pip's mirrors become uv's. The whole of it runs before every test session."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    spec = importlib.util.spec_from_file_location("project_setup", ROOT / "bin" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_gives_its_own_uv_with_all_its_hashes(setup: ModuleType) -> None:
    block = setup.lock_block("uv", (ROOT / "requirements.lock").read_text())
    assert block.startswith("uv==")
    assert block.count("==") == 1
    assert block.count("--hash=sha256:") > 1
    assert not block.rstrip().endswith("\\")


def test_a_package_that_is_not_locked_is_an_error(setup: ModuleType) -> None:
    with pytest.raises(LookupError, match="does not pin poetry"):
        setup.lock_block("poetry", "uv==1.0 \\\n    --hash=sha256:00\n")


def test_the_last_package_of_the_lock_is_found_whole(setup: ModuleType) -> None:
    assert setup.lock_block("b", "a==1 \\\n    --hash=sha256:00\nb==2 \\\n    --hash=sha256:01\n") == (
        "b==2 \\\n    --hash=sha256:01\n"
    )


def test_the_environment_wins_over_a_file_in_pips_configuration(setup: ModuleType) -> None:
    listed = "\n".join(
        (
            ":env:.index-url='https://env.test/a'",
            "global.index-url='https://file.test/b'",
            "global.extra-index-url='\\nhttps://one.test/c\\nhttps://two.test/d'",
            "install.find-links='/wheels'",
        )
    )
    assert setup.pip_configuration(listed) == {
        "index-url": "https://env.test/a",
        "extra-index-url": "https://one.test/c https://two.test/d",
        "find-links": "/wheels",
    }


def test_uv_is_handed_the_mirrors_of_pip(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_INDEX_STRATEGY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        setup, "said", lambda *_: "global.index-url='https://a.test/x'\nglobal.extra-index-url='https://b.test/y'"
    )
    given = setup.uv_environment()
    assert given["UV_DEFAULT_INDEX"] == "https://a.test/x"
    assert given["UV_INDEX"] == "https://b.test/y"
    assert given["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_an_index_set_for_uv_itself_is_left_alone(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "https://own.test/z")
    monkeypatch.setattr(setup, "said", lambda *_: "global.index-url='https://a.test/x'")
    assert "UV_DEFAULT_INDEX" not in setup.uv_environment()


def test_a_ready_environment_costs_no_process() -> None:
    asked = subprocess.run(
        ["make", "--question", "--old-file=pyproject.toml", "--old-file=bin/setup.py", ".venv/.ready"],
        cwd=ROOT,
        check=False,
    )
    assert asked.returncode == 0


def test_a_python_that_is_too_old_or_too_new_is_not_chosen(tmp_path: Path) -> None:
    refusing = tmp_path / "python3"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    fitting = tmp_path / "python3.13"
    fitting.symlink_to(sys.executable)
    found = subprocess.run(
        ["/bin/sh", ROOT / "bin" / "find-python"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == str(fitting)
