"""The word that Prefect's API and UI ask for: `warehouse:` and a generated secret, in a file of mode 0600 in the home.

Whoever may read the file may start flows; nobody else of this machine or network may.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from connectors.home import file_lock, make_home, write_private
from connectors.settings import Settings


def key_file(settings: Settings) -> Path:
    """Where it stands, for a person who opens the UI."""
    return settings.secrets_dir / "prefect_ui"


def api_key(settings: Settings) -> str:
    """What the UI asks for, made on first use. Raises: FolderUnwritable, FolderBusy."""
    path = key_file(settings)
    if not path.exists():
        make_home(settings)
        with file_lock(settings.home / "prefect_ui.lock"):
            if not path.exists():
                settings.secrets_dir.mkdir(mode=0o700, exist_ok=True)
                write_private(path, f"warehouse:{secrets.token_urlsafe(24)}")
    return path.read_text(encoding="ascii").strip()


def authorization(settings: Settings) -> str:
    """The HTTP header of that name that Prefect's API wants."""
    return "Basic " + base64.b64encode(api_key(settings).encode()).decode()
