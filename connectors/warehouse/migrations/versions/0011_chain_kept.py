"""The chain of events refuses every change, and begins with what the tables of an older warehouse tell of."""

from typing import TYPE_CHECKING, Any, cast

from alembic import op

from connectors.warehouse.past_events import write_past_events

if TYPE_CHECKING:
    import psycopg

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Write the events of what is there, then let nobody change an event."""
    write_past_events(cast("psycopg.Connection[Any]", op.get_bind().connection.driver_connection))
    op.execute(
        "create function ops.refuse_change() returns trigger language plpgsql as $$ begin"
        " raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$"
    )
    op.execute("comment on function ops.refuse_change() is '拒绝修改、删除只增不改的表'")
    op.execute(
        "create trigger append_only before update or delete or truncate on ops.event"
        " for each statement execute function ops.refuse_change()"
    )
