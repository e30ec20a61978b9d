"""A machine with other keys than the database was written with writes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import KeyringError
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.key_register import open_keyring


def test_the_same_keys_are_welcome_again(settings: Settings) -> None:
    with connect(settings) as conn:
        open_keyring(conn, settings)
        open_keyring(conn, settings)


def test_another_machine_with_keys_of_its_own_is_stopped(settings: Settings, tmp_path: Path) -> None:
    elsewhere = replace(settings, home=tmp_path / "other", keys_dir=tmp_path / "other" / "keys")
    with connect(settings) as conn:
        open_keyring(conn, settings)
        with pytest.raises(KeyringError, match="written with"):
            open_keyring(conn, elsewhere)
