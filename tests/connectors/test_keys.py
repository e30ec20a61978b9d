"""Keys are made once, noticed when lost, and never made anew in silence."""

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import KeyringError
from connectors.keys import Keyring
from connectors.settings import PROJECT_FOLDER, Settings
from tests.conftest import settings_in

CITIZEN_ID = "11010519491231002X"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


def test_keys_are_made_on_first_use_for_this_account_only(home: Settings) -> None:
    Keyring.load(home)
    files = sorted(home.keys_dir.iterdir())
    assert [f.name for f in files] == ["seal-k0001.key", "token.key"]
    assert [f.stat().st_mode & 0o777 for f in (home.keys_dir, *files)] == [0o700, 0o600, 0o600]


def test_a_person_has_one_token_however_often_the_keys_are_loaded(home: Settings) -> None:
    token = Keyring.load(home).token(CITIZEN_ID)
    assert Keyring.load(home).token(CITIZEN_ID) == token
    assert len(token) == 32
    assert int(token, 16)


def test_a_token_cannot_be_made_without_the_key(home: Settings, tmp_path: Path) -> None:
    other = settings_in(tmp_path / "other")
    assert Keyring.load(home).token(CITIZEN_ID) != Keyring.load(other).token(CITIZEN_ID)


def test_what_is_sealed_opens_in_its_place_only(home: Settings) -> None:
    keyring = Keyring.load(home)
    key_id, nonce, ciphertext = keyring.encrypt("张三".encode(), b"relief|A0101|7|12")
    assert "张三".encode() not in ciphertext
    assert Keyring.load(home).decrypt(key_id, nonce, ciphertext, b"relief|A0101|7|12") == "张三".encode()
    for place, what in [(b"relief|A0101|7|13", ciphertext), (b"relief|A0101|7|12", ciphertext[:-1] + b"\0\0")]:
        with pytest.raises(KeyringError):
            keyring.decrypt(key_id, nonce, what, place)


def test_the_same_text_is_never_sealed_alike(home: Settings) -> None:
    keyring = Keyring.load(home)
    assert keyring.encrypt(b"x", b"") != keyring.encrypt(b"x", b"")


def test_a_new_seal_key_seals_and_the_former_still_opens(home: Settings) -> None:
    former = Keyring.load(home).encrypt(b"x", b"")
    new = home.keys_dir / "seal-k0002.key"
    new.touch(0o600)
    new.write_text("ab" * 32)
    keyring = Keyring.load(home)
    assert keyring.encrypt(b"x", b"")[0] == "k0002"
    assert keyring.decrypt(*former, b"") == b"x"


def test_keys_brought_by_hand_are_used_as_they_are(home: Settings) -> None:
    home.keys_dir.mkdir(mode=0o700, parents=True)
    for name in ("token", "seal-k0007"):
        path = home.keys_dir / f"{name}.key"
        path.touch(0o600)
        path.write_text("cd" * 32 + "\n")
    assert Keyring.load(home).encrypt(b"x", b"")[0] == "k0007"
    assert len(list(home.keys_dir.iterdir())) == 2


@pytest.mark.parametrize("name", ["token", "seal-k0001"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("ef" * 32),
        lambda path: path.write_text("not a key"),
        lambda path: path.write_text("ef"),
        lambda path: path.chmod(0o644),
    ],
    ids=["gone", "another", "no key", "too short", "open to others"],
)
def test_a_key_that_cannot_be_used_stops_the_run_and_is_not_replaced(home: Settings, name: str, damage) -> None:  # type: ignore[no-untyped-def]
    Keyring.load(home)
    path = home.keys_dir / f"{name}.key"
    damage(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(KeyringError) as raised:
        Keyring.load(home)
    assert raised.value.path == str(path)
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_whole_folder_of_keys_that_is_gone_is_noticed(home: Settings, tmp_path: Path) -> None:
    Keyring.load(home)
    home.keys_dir.rename(tmp_path / "elsewhere")
    with pytest.raises(KeyringError):
        Keyring.load(home)


def test_two_processes_that_start_at_once_make_the_same_keys(home: Settings) -> None:
    program = (
        "from connectors.keys import Keyring; from connectors.settings import load_settings;"
        f"print(Keyring.load(load_settings({{'WAREHOUSE_HOME': {str(home.home)!r}}})).token('x'))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1
    assert all(process.returncode == 0 for process in started)
