"""Makes `.venv` hold exactly what requirements.lock says, with nothing on the machine but Python.

Steps: venv → the lock's own uv, by pip with hashes → every other package, by that uv with hashes → this project, editable.
Harmless to run twice (a stamp keyed on the lock ends it at once), twice at the same time (one waits), and after a kill
(an environment left half made is removed and made again). Names no index: mirrors configured for pip are handed to uv.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
READY = VENV / ".ready"
"""Written last, holds the key of the set-up that finished; an environment without it is half made. make compares its date."""


class SetupRefused(Exception):
    """The machine lacks something that only its owner can add; the message is the one sentence to show."""


def main() -> int:
    """`setup.py` brings the environment up to date, `setup.py lock [uv's options]` resolves the lock again.

    Gives the exit code: 0 ready, 1 with one sentence on standard error.
    """
    with LOCK.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            if sys.argv[1:2] == ["lock"]:
                resolve(sys.argv[2:])
            else:
                make_ready()
        except SetupRefused as refusal:
            print(f"Set-up: {refusal}", file=sys.stderr)
            return 1
        except subprocess.CalledProcessError as failure:
            command = " ".join(str(part) for part in failure.cmd)
            print(
                f"Set-up: `{command}` ended with code {failure.returncode}; its own words are above.", file=sys.stderr
            )
            return 1
    return 0


def make_ready() -> None:
    """Make `.venv` agree with the lock, or find that it does."""
    key = setup_key()
    if not (READY.exists() and runs(PYTHON, "-m", "pip", "--version")):
        make_venv()
    elif READY.read_text() == key:
        READY.touch()
        return
    READY.unlink(missing_ok=True)
    environment = {**os.environ, **uv_environment()}
    bring_uv()
    print("Set-up: the packages of requirements.lock (700 MB on disk) and their bytecode ...", flush=True)
    uv: list[str | Path] = [UV, "pip"]
    quiet: list[str | Path] = ["--quiet", "--python", PYTHON]
    subprocess.run([*uv, "sync", *quiet, "--require-hashes", "--compile-bytecode", LOCK], env=environment, check=True)
    subprocess.run(
        [*uv, "install", *quiet, "--no-deps", "--no-build-isolation", "--editable", ROOT], env=environment, check=True
    )
    READY.write_text(key)
    print("Set-up: ready.")


def resolve(options: list[str]) -> None:
    """Resolve pyproject.toml into requirements.lock: every platform and Python that we support, hashes, no addresses."""
    compile_lock: list[str | Path] = [
        UV,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "--group",
        "dev",
    ]
    form = ["--no-header", "--no-annotate", "--generate-hashes"]
    output = ["pyproject.toml", "--output-file", LOCK.name]
    environment = {**os.environ, **uv_environment()}
    subprocess.run([*compile_lock, *form, *options, *output], cwd=ROOT, env=environment, check=True)


def setup_key() -> str:
    """What the environment depends on: the lock, this script, and what pyproject.toml says of the distribution itself."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    distribution = [pyproject["build-system"], pyproject["project"], pyproject["tool"]["hatch"]]
    parts = [LOCK.read_bytes(), Path(__file__).read_bytes(), json.dumps(distribution, sort_keys=True).encode()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def make_venv() -> None:
    """A fresh `.venv` of the interpreter that runs this script.

    Raises: SetupRefused where Debian's python3-venv is missing and cannot be installed.
    """
    if not runs(sys.executable, "-c", "import ensurepip"):
        bring_ensurepip()
    if VENV.exists():
        print("Set-up: the environment that is there was left half made; starting over.")
        READY.unlink(missing_ok=True)
        shutil.rmtree(VENV)
    print(f"Set-up: .venv with Python {sys.version.split()[0]}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def bring_ensurepip() -> None:
    """Install Debian's python3-venv, which Debian splits from Python.

    Raises: SetupRefused for an ordinary user, or where there is no apt-get.
    """
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupRefused(
            f"this Python cannot make environments; ask for the system package {package} (python3-venv)."
        )
    print(f"Set-up: installing {package}")
    silent = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        subprocess.run(["apt-get", "--quiet=2", *step], env=silent, stdout=subprocess.DEVNULL, check=True)


def bring_uv() -> None:
    """Install the uv that the lock pins, checked by the lock's own hashes, unless that one is there."""
    block = lock_block("uv", LOCK.read_text())
    version = block.split("==", 1)[1].split()[0]
    if UV.exists() and said(UV, "--version").split()[1:2] == [version]:
        return
    print(f"Set-up: uv {version}", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirement:
        requirement.write(block)
        requirement.flush()
        pip: list[str | Path] = [
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
        ]
        subprocess.run([*pip, "-r", requirement.name], check=True)


def lock_block(name: str, lock: str) -> str:
    """One package's lines of a hash lock: its pin and all its hashes.

    Raises: LookupError when the lock does not pin it.
    """
    lines = lock.splitlines()
    for start, line in enumerate(lines):
        if line.startswith(f"{name}=="):
            end = next((n for n in range(start, len(lines)) if not lines[n].endswith("\\")), len(lines) - 1)
            return "\n".join(lines[start : end + 1]) + "\n"
    raise LookupError(f"requirements.lock does not pin {name}")


def uv_environment() -> dict[str, str]:
    """Variables that make uv use the mirrors, certificates and proxy that pip is configured for.

    uv does not read pip's configuration. A UV_ variable that is already set is left as it is.
    """
    pip = pip_configuration(said(PYTHON, "-m", "pip", "config", "list"))
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": pip.get("extra-index-url"),
        "UV_FIND_LINKS": ",".join(pip["find-links"].split()) if pip.get("find-links") else None,
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout")),
        "SSL_CERT_FILE": pip.get("cert"),
        "ALL_PROXY": pip.get("proxy"),
    }
    if wanted["UV_INDEX"]:
        # pip looks at all indexes alike; uv would stop at the first that knows the name. Hashes make that safe here.
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "UV_INDEX_URL" in os.environ:
        wanted["UV_DEFAULT_INDEX"] = None
    return {name: value for name, value in wanted.items() if value and name not in os.environ}


def pip_configuration(listed: str) -> Mapping[str, str]:
    """Pip's effective options, from what `pip config list` prints; the environment wins over install, install over global."""
    options: dict[str, str] = {}
    for family in ("global.", "install.", ":env:."):
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(family):
                options[name.removeprefix(family)] = " ".join(str(ast.literal_eval(value)).split())
    return options


def runs(*command: str | Path) -> bool:
    """Whether the command starts and ends well; its words are of no interest."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def said(*command: str | Path) -> str:
    """What the command printed."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
