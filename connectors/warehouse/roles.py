"""The roles of a warehouse, which nobody logs in as, and what each may do in which schema.

Four work. The account that the warehouse logs in with is a member of all of them and steps into one for as long as a step lasts
(`connectors.warehouse.engine.connect`), so that a fault in one step cannot reach what is another's: the SQL of dbt writes nothing that
was received, and what reads workbooks writes nothing that readers see.

    warehouse_owner         owns what migrations make: all but what the next two own
    warehouse_loader        takes in: adds to what was received and never changes it; keeps the ledgers of `ops`
    warehouse_transformer   dbt: owns staging to bi_candidate, reads what was loaded, not what is personal
    warehouse_publisher     owns what readers see, `bi`, and moves it from release to release

Four read. A person or a program logs in as a member of one of them (`connectors.warehouse.access`).

    warehouse_bi_reader     what is published, but for numbers that show a few people: the BI tool and the leaders' dashboards
    warehouse_steward       what is published about the units in their care, and what is about nobody
    warehouse_auditor       every table but the room of personal data and the digests of tokens
    warehouse_backup        every table, with sealed personal data as it lies there: what pg_dump needs, and no more
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OWNER, LOADER, TRANSFORMER, PUBLISHER = WORKERS = (
    "warehouse_owner",
    "warehouse_loader",
    "warehouse_transformer",
    "warehouse_publisher",
)
BI_READER, STEWARD, AUDITOR, BACKUP = READERS = (
    "warehouse_bi_reader",
    "warehouse_steward",
    "warehouse_auditor",
    "warehouse_backup",
)
ROLES = (*WORKERS, *READERS)

RECEIVED = ("archive", "landing", "quarantine")
BUILT = ("staging", "intermediate", "marts", "bi_candidate")
OPEN_SCHEMAS = (*RECEIVED, "registers", "checks", "ops", *BUILT, "bi")
OUR_SCHEMAS = (*OPEN_SCHEMAS, "pii")
"""All that a warehouse has, whether it holds data yet or not; a restore puts its own in the place of it."""

OWNERS: Mapping[str, str] = MappingProxyType(
    {schema: TRANSFORMER if schema in BUILT else PUBLISHER if schema == "bi" else OWNER for schema in OUR_SCHEMAS}
)
"""Whose the tables, views and functions of a schema are."""

READ, ADD, KEEP = ("SELECT",), ("SELECT", "INSERT"), ("SELECT", "INSERT", "UPDATE", "DELETE")

RIGHTS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        OWNER: {},
        LOADER: dict.fromkeys(OPEN_SCHEMAS, READ)
        | dict.fromkeys(RECEIVED, ADD)
        | {"registers": KEEP, "ops": KEEP, "pii": ADD},
        TRANSFORMER: dict.fromkeys((*RECEIVED, "registers", "checks", "ops", "bi"), READ),
        PUBLISHER: dict.fromkeys(OPEN_SCHEMAS, READ) | {"ops": KEEP},
        BI_READER: {"bi": READ},
        STEWARD: {"bi": READ},
        AUDITOR: dict.fromkeys(OPEN_SCHEMAS, READ),
        BACKUP: dict.fromkeys(OUR_SCHEMAS, READ),
    }
)
"""What a role may do to every table and view of a schema that is not its own, but for the exceptions."""

EXCEPTIONS: Mapping[tuple[str, str, str], tuple[str, ...]] = MappingProxyType(
    {
        (AUDITOR, "ops", "upload_token"): (),
        # Its rows are locked while they are compared.
        (LOADER, "pii", "key_fingerprint"): (*ADD, "UPDATE"),
        # No step of a night looks at people.
        (LOADER, "ops", "unmasking"): READ,
        (PUBLISHER, "ops", "unmasking"): READ,
        # None erases anybody, or takes an original away.
        (LOADER, "pii", "erasure"): READ,
        (LOADER, "archive", "redacted_file"): READ,
    }
)
"""By role, schema and table."""


def rights_on(role: str, schema: str, name: str, kind: str) -> set[str]:
    """What a role is to have on a table, view or sequence (`pg_class.relkind`), beside what it may do as its owner."""
    if OWNERS[schema] == role:
        return set()
    rights = set(EXCEPTIONS.get((role, schema, name), RIGHTS[role].get(schema, ())))
    if kind == "S":
        # Who adds rows draws their numbers; where a sequence stands is nothing that people read.
        return {"USAGE"} if "INSERT" in rights else rights & set(READ) if role == BACKUP else set()
    return rights if kind in "rp" else rights & set(READ)
