"""Roles that read: what they may see is in `connectors.warehouse.rights`; here, whom a steward cares for, and views that ask who is asking."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table of care, the function that policies ask, and let the view of current figures be ruled like its table."""
    op.create_table(
        "care",
        sa.Column("login", sa.Text, primary_key=True, comment="登录数据库的账号"),
        sa.Column("org_id", sa.Text, primary_key=True, comment="所管的单位、行业组或全省；下级一并可见"),
        sa.Column("author", sa.Text, nullable=False, comment="授予人"),
        sa.Column("given_at", Time, nullable=False, comment="授予的时间"),
        schema="ops",
        comment="粒度：账号 × 所管组织，现在有效的；授予和收回的经过见 ops.event",
    )
    # The view that it reads is made after the migrations, from the contract of the register.
    op.execute("set local check_function_bodies = off")
    op.execute(
        # By the account that logged in: a member of the role that asks for another's rows by SET ROLE gets its own.
        "create function bi.orgs_in_my_care() returns setof text language sql stable security definer"
        " set search_path = pg_catalog, pg_temp rows 100 as $$"
        " with recursive newest as ("
        "   select distinct on (unit_id) unit_id, parent_id from registers.unit order by unit_id, valid_from desc"
        " ), cared (org_id) as ("
        "   select org_id from ops.care where login = session_user"
        "   union"
        "   select newest.unit_id from newest join cared on newest.parent_id = cared.org_id"
        " ) select org_id from cared $$"
    )
    op.execute(
        "comment on function bi.orgs_in_my_care() is"
        " '粒度：当前账号所管的每个组织，连同全部下级（按生效的单位名册；已失效的单位按其最后一个时段的上级）'"
    )
    # As its owner it would show everybody all rows.
    op.execute("alter view bi.indicator_value set (security_invoker = true)")
