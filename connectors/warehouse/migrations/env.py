"""What Alembic runs for each command: our connection, our transaction, our version table. There is no offline mode."""

from alembic import context

from connectors.warehouse.migrations import VERSION_SCHEMA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    version_table_schema=VERSION_SCHEMA,
)
with context.begin_transaction():
    context.run_migrations()
