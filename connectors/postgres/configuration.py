"""How the embedded server is set up; written anew at each start, so a change here reaches every home."""

from __future__ import annotations

import os
from pathlib import Path

from connectors.postgres.location import PORT, Location

SETTINGS: dict[str, str] = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "192MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    # An SSD's ratio; with the default of 4 the join of changed rows took 4.1 s instead of 0.5 s.
    "random_page_cost": "1.1",
    "effective_cache_size": "1GB",
    "synchronous_commit": "on",
    "timezone": "'Asia/Shanghai'",
    "log_timezone": "'Asia/Shanghai'",
    "datestyle": "'iso, ymd'",
    "lc_messages": "'C'",
    # A week of logs, each day's over that of the week before.
    "log_destination": "'stderr'",
    "logging_collector": "on",
    "log_filename": "'postgres-%a.log'",
    "log_rotation_age": "'1d'",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
    # Errors of statements go to the client, which knows what it may show; in the log they would be row values:
    # texts of statements, "Failing row contains (...)", the line of a COPY.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def write_configuration(location: Location) -> None:
    """Write the server's configuration: what initdb found out about this machine, then ours over it."""
    lines = [
        "# Written at each start by union-warehouse; put your own settings in custom.conf beside this file.",
        f"include_if_exists = {_quoted(location.data / 'postgresql.conf')}",
        *(f"{name} = {value}" for name, value in SETTINGS.items()),
        f"unix_socket_directories = {_quoted(Path(location.socket_dir))}",
        f"log_directory = {_quoted(location.log)}",
        f"include_if_exists = {_quoted(Path(location.base) / 'custom.conf')}",
        "",
    ]
    temporary = location.config.with_suffix(f".{os.getpid()}")
    temporary.write_text("\n".join(lines), encoding="utf-8")
    temporary.chmod(0o644)
    temporary.replace(location.config)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
