"""How our Superset is set up. Read by Superset itself, in its own environment; everything private lies in files that only we may read."""

import os
import re
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["WAREHOUSE_BI_FOLDER"])

SECRET_KEY = (FOLDER / "secret_key").read_text().strip()
SQLALCHEMY_DATABASE_URI = (FOLDER / "metadata_url").read_text().strip()

BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "简体中文"}, "en": {"flag": "us", "name": "English"}}
APP_NAME = "工会报表看板"
CURRENCIES = ["CNY"]
# 35 000 000 is 3500万 to its readers, not 35M; digits are grouped as the reports group them.
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["¥", ""]}

FEATURE_FLAGS = {"ALERT_REPORTS": False, "ENABLE_TEMPLATE_PROCESSING": False, "EMBEDDED_SUPERSET": False}
PREVENT_UNSAFE_DB_CONNECTIONS = True


def _as_reader(url: Any, arguments: dict[str, Any], reader: str | None, *_: object) -> tuple[Any, dict[str, Any]]:
    """Connect everybody but the administrator under a login of their own, whose rows Postgres chooses (`warehouse bi admit`)."""
    if reader in (None, "admin"):
        return url, arguments
    if not re.fullmatch("[a-z][a-z0-9_]{1,31}", str(reader)):
        raise PermissionError(f"{reader!r} has no login to the warehouse.")
    account, password = (FOLDER / "readers" / str(reader)).read_text(encoding="ascii").split()
    return url.set(username=account, password=password), arguments


DB_CONNECTION_MUTATOR = _as_reader
# A figure that was published a moment ago is what readers want, and `bi` answers in milliseconds.
CACHE_DEFAULT_TIMEOUT = 0
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 86400}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 86400}
ROW_LIMIT = 10_000
RATELIMIT_STORAGE_URI = "memory://"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
WTF_CSRF_ENABLED = True
# Superset's own policy lets pages send a pixel to its makers and fetch maps; ours knows no other place than this one.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
