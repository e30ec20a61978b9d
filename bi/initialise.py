"""Brings Superset's own database to this version, with its roles and its administrator; run in Superset's environment, harmless to repeat.

One process does what three of Superset's commands do, each of which would begin anew with half a minute of imports.
"""

import os
from pathlib import Path

from flask_migrate import upgrade
from superset.app import create_app

FOLDER = Path(os.environ["WAREHOUSE_BI_FOLDER"])
ADMINISTRATOR = "admin"
READER = "看板读者"
"""The role of everybody but the administrator: looks at dashboards, and neither writes queries nor changes, uploads or downloads anything."""

EXPORTS = {"can_external_metadata"}
"""What Superset lets visitors of a public dashboard do, and we let nobody do: look at tables that no chart shows."""

ALLOWED = {
    ("all_datasource_access", "all_datasource_access"),
    ("can_language_pack", "Superset"),
    ("can_log", "Superset"),
    ("can_read", "Dataset"),
    ("can_read", "SecurityRestApi"),
    ("can_recent_activity", "Log"),
    ("can_get", "MenuApi"),
    ("can_view_chart_as_table", "Dashboard"),
    ("menu_access", "Home"),
    ("menu_access", "Dashboards"),
}
"""What a reader may do beside that. Which rows the datasets give is decided by Postgres, under the reader's own login."""

application = create_app()
with application.app_context():
    import superset
    from superset.extensions import appbuilder, db, security_manager

    upgrade(str(Path(superset.__file__).parent / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    rights = {each for each in security_manager.PUBLIC_ROLE_PERMISSIONS if each[0] not in EXPORTS} | ALLOWED
    # The words of the page on which people log in are behind a right, too.
    for name, wanted in ((READER, rights), ("Public", {("can_language_pack", "Superset")})):
        known = map(security_manager.find_permission_view_menu, *zip(*sorted(wanted), strict=True))
        security_manager.add_role(name)
        security_manager.find_role(name).permissions = [each for each in known if each is not None]
    db.session.commit()
    password = (FOLDER / "admin_password").read_text().strip()
    found = security_manager.find_user(ADMINISTRATOR)
    if found is None:
        role = security_manager.find_role("Admin")
        security_manager.add_user(ADMINISTRATOR, "管理", "员", "admin@localhost", role, password=password)
    elif not security_manager.auth_user_db(ADMINISTRATOR, password):
        security_manager.reset_password(found.id, password)
