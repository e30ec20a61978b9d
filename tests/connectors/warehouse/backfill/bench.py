"""A workbench for backfills without dbt and without children: what is read, judged and brought in, as the flow does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.backfill.boundary import read_ledger_boundary
from connectors.warehouse.backfill.bringing_in import bring_in
from connectors.warehouse.backfill.candidates import read_partitions
from connectors.warehouse.backfill.folder import Scanned, archive_originals, scan_folder
from connectors.warehouse.backfill.parameters import Parameters
from connectors.warehouse.backfill.plans import make_plan
from connectors.warehouse.backfill.records import (
    end_partition,
    open_backfill,
    read_backfills,
    write_partitions,
)
from connectors.warehouse.backfill.staging import Staged, Staging
from expectations import contract, contract_document
from expectations.finding import Severity
from tests.connectors.warehouse.desk import PoolHere
from tests.night import inbox

YEAR = Parameters("2021-01", "2021-12")


class Bench:
    """One backfill, prepared up to the transaction that brings it in."""

    def __init__(self, settings: Settings, conn: psycopg.Connection[Any], parameters: Parameters = YEAR) -> None:
        self.conn, self.keyring = conn, Keyring.load(settings)
        self.archive = Archive(settings, self.keyring)
        plan = make_plan(parameters, datetime.now(UTC), inbox.NIGHT, read_ledger_boundary(conn), {})
        self.staging = Staging(settings, self.keyring, plan.plan_id)
        self.backfill_id = open_backfill(conn, plan, "测试", "王处", 7)
        pool: Any = PoolHere()
        self.scanned: Scanned | None = None
        if parameters.folder:
            self.scanned = scan_folder(settings, conn, pool, self.staging, parameters)
            write_partitions(conn, self.backfill_id, self.scanned.files, self.scanned.staged)
            return
        partitions = read_partitions(conn, parameters)
        write_partitions(conn, self.backfill_id, {key: len(of) for key, of in partitions.items()}, {})
        for key, candidates in partitions.items():
            batch = pool.read([(c.delivery_id, self.archive.get(c.sha256)) for c in candidates])
            end_partition(conn, self.backfill_id, key, [self.staging.put(Staged(batch))])

    def bring_in(self, expected: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Load everything, as the step does."""
        [record] = read_backfills(self.conn, backfill_id=self.backfill_id)
        for names in self.scanned.staged.values() if self.scanned else ():
            for name in names:
                archive_originals(self.archive, self.staging, self.staging.get(name).files)
        return bring_in(self.conn, self.keyring, self.staging, record, 7, expected)


def endings(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Form, unit and ending of each answer that did not stay as it is."""
    return [(a["form"], a["unit"], a["ending"]) for a in found["answers"] if a["ending"] != "unchanged"]


def rule_of_today(monkeypatch: pytest.MonkeyPatch, severity: str, least: int) -> None:
    """From now on a line of relief of less than that many yuan breaks its rule about amounts, which is of that severity."""
    as_written = contract_document.form_from_contract

    def as_today(text: str) -> contract.Form:
        form = as_written(text)
        rules = (
            replace(r, severity=Severity(severity), expression=f"cash_cny + goods_cny >= {least}")
            if r.code == "relief.amount_positive"
            else r
            for r in form.rules
        )
        return replace(form, rules=tuple(rules))

    monkeypatch.setattr(contract_document, "form_from_contract", as_today)
    contract.forms.cache_clear()
