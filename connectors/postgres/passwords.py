"""The generated passwords of the embedded server's roles, one file of mode 0600 each."""

from __future__ import annotations

import secrets

from connectors.home import write_private
from connectors.settings import Settings

ADMIN_ROLE = "warehouse_admin"
"""The superuser that initdb makes; used to make our own role, and for nothing else."""

APP_ROLE = "warehouse_app"
"""The role that the warehouse works as: it owns its databases and is no superuser."""


def password(settings: Settings, role: str) -> str:
    """The password of that role, made on first use; the caller holds the home's lock then."""
    path = settings.secrets_dir / role
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        settings.secrets_dir.mkdir(mode=0o700, exist_ok=True)
        made = secrets.token_urlsafe(32)
        write_private(path, made)
        return made
