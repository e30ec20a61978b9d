"""What can be set from outside is declared once, checked once and written down for people."""

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.settings import (
    PROJECT_FOLDER,
    VARIABLES,
    Settings,
    environment_example,
    load_settings,
    without_password,
)


def test_the_example_file_is_what_the_variables_say() -> None:
    assert (PROJECT_FOLDER / ".env.example").read_text(encoding="utf-8") == environment_example(), (
        "run: python -c 'from connectors.settings import *; "
        '(PROJECT_FOLDER / ".env.example").write_text(environment_example())\''
    )


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda v: v.name)
def test_every_variable_is_a_setting_and_stands_in_the_example(variable) -> None:  # type: ignore[no-untyped-def]
    assert variable.attribute in Settings.__dataclass_fields__
    assert f"\n# {variable.name}={variable.default}\n" in environment_example()


def test_every_setting_has_a_variable() -> None:
    assert {v.attribute for v in VARIABLES} == set(Settings.__dataclass_fields__)


def test_defaults_are_those_of_the_settings_and_lie_in_the_home() -> None:
    settings = load_settings({})
    home = Path.cwd() / ".warehouse"
    assert settings == Settings(home=home, inbox=home / "inbox", keys_dir=home / "keys")


def test_paths_follow_the_home_unless_they_are_given(tmp_path: Path) -> None:
    settings = load_settings({"WAREHOUSE_HOME": str(tmp_path), "WAREHOUSE_KEYS_DIR": "/run/secrets"})
    assert settings.inbox == tmp_path / "inbox"
    assert settings.keys_dir == Path("/run/secrets")


def test_an_empty_variable_counts_as_unset() -> None:
    assert load_settings({"WAREHOUSE_URL": "", "WAREHOUSE_CHUNK_SIZE": " "}).chunk_size == 400


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_a_postgres_url_becomes_the_one_that_libpq_reads(scheme: str) -> None:
    settings = load_settings({"WAREHOUSE_URL": f"{scheme}://me:secret@db:5433/union?sslmode=require"})
    assert settings.url == "postgresql://me:secret@db:5433/union?sslmode=require"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAREHOUSE_CHUNK_SIZE", "0"),
        ("WAREHOUSE_CHUNK_SIZE", "many"),
        ("WAREHOUSE_READERS", "1.5"),
        ("WAREHOUSE_PREFECT_PORT", "65536"),
        ("WAREHOUSE_LANG", "fr"),
        ("WAREHOUSE_URL", "mysql://db/union"),
        ("WAREHOUSE_URL", "postgresql://db"),
        ("WAREHOUSE_DASK_SCHEDULER", "tcp://10.0.0.5:8786"),
        ("WAREHOUSE_DASK_SCHEDULER", "tcp://farm.example.cn:8786"),
        ("WAREHOUSE_DASK_SCHEDULER", "tls://10.0.0.5"),
        ("WAREHOUSE_DASK_SCHEDULER", "10.0.0.5:8786"),
        ("WAREHOUSE_POSTGRES_ACCOUNT", "no such; account"),
        ("PREFECT_API_DATABASE_CONNECTION_URL", "postgresql://db/prefect"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({name: value})
    assert raised.value.variable == name
    for lang in ("zh", "en"):
        assert name in raised.value.sentence(lang)
        assert value in raised.value.sentence(lang)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    "address", ["tls://10.0.0.5:8786", "tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1"]
)
def test_an_open_connection_to_dask_stays_on_this_machine_and_another_is_encrypted(address: str) -> None:
    assert load_settings({"WAREHOUSE_DASK_SCHEDULER": address}).dask_scheduler == address


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://me:hush@db/union", "postgresql://me:***@db/union"),
        ("postgresql://me@db/union?password=hush", "postgresql://me@db/union?password=***"),
        ("postgresql://me:hu@sh@db/union", "postgresql://me:***@db/union"),
        ("postgresql://me:hush@[db/union", "postgresql://***@[db/union"),
        ("postgresql://me:hu/sh@db/union", "postgresql://me:***@db/union"),
        ("postgresql://me:hu#s?h@db/union", "postgresql://me:***@db/union"),
        ("postgresql://db:5432/union?application_name=a@b", "postgresql://db:***@b"),
        ("postgresql://me@db/union", "postgresql://me@db/union"),
        ("plain", "plain"),
    ],
)
def test_a_password_is_never_shown(url: str, masked: str) -> None:
    assert without_password(url) == masked


def test_settings_do_not_show_their_passwords() -> None:
    assert "hush" not in repr(load_settings({"WAREHOUSE_URL": "postgresql://me:hush@db/union"}))


def test_a_quick_command_imports_nothing_slow() -> None:
    program = (
        "import sys, connectors.warehouse.engine, connectors.postgres, connectors.settings, connectors.errors;"
        "print(sorted({'sqlalchemy', 'alembic', 'prefect', 'dbt', 'great_expectations', 'pandas', 'polars'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
