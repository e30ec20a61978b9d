"""Our own tables in Postgres: what was received, decided, loaded, built and published."""
