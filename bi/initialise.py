"""Brings Superset's own database to this version, with its roles and its administrator; run in Superset's environment, harmless to repeat.

One process does what three of Superset's commands do, each of which would begin anew with half a minute of imports.
"""

import os
from pathlib import Path

from flask_migrate import upgrade
from superset.app import create_app

FOLDER = Path(os.environ["WAREHOUSE_BI_FOLDER"])
ADMINISTRATOR = "admin"

application = create_app()
with application.app_context():
    import superset
    from superset.extensions import appbuilder, security_manager

    upgrade(str(Path(superset.__file__).parent / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    password = (FOLDER / "admin_password").read_text().strip()
    found = security_manager.find_user(ADMINISTRATOR)
    if found is None:
        role = security_manager.find_role("Admin")
        security_manager.add_user(ADMINISTRATOR, "管理", "员", "admin@localhost", role, password=password)
    elif not security_manager.auth_user_db(ADMINISTRATOR, password):
        security_manager.reset_password(found.id, password)
