"""Confirmations: a warning that its submitter confirmed is only told (info) while what it is about stays the same.

A warning is known again by its fingerprint, a keyed digest of form, unit, period, rule, field, key of the row and what was typed. It is
keyed, because what was typed may be personal, and so that nobody confirms what was never asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg

from expectations.contract import Form, forms
from expectations.finding import Finding, Severity

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.warehouse.decision import Decision

Told = tuple[Finding, str | None]
"""A finding as it is written down, and the fingerprint of a warning (confirmed or not)."""

CONFIRMED = "confirmed"
"""The param that says why a warning is only told."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The findings of decisions as they are told, and the fingerprints that are confirmed from now on; both by delivery."""

    told: dict[int, list[Told]]
    new: dict[int, list[str]] = field(default_factory=dict)


def confirm_findings(
    conn: psycopg.Connection[Any], keyring: Keyring, decisions: Sequence[Decision], run_id: int
) -> Confirmed:
    """The findings of these decisions, by delivery, with confirmed warnings turned into information.

    Records what their submitters confirm now: only warnings that are found in the very workbook that confirms them, so that no
    unit can confirm for another. Warnings of the version before that said the same are told as confirmed from now on too.
    """
    told = {d.delivery_id: fingerprinted(keyring, d) for d in decisions}
    asked = {fingerprint for found in told.values() for _, fingerprint in found if fingerprint}
    if not asked:
        return Confirmed(told)
    confirmations: dict[int, list[str]] = {}
    confirmed = {
        row[0]
        for row in conn.execute("select fingerprint from ops.confirmation where fingerprint = any(%s)", (list(asked),))
    }
    for decision in decisions:
        if decision.reading is None or not decision.reading.confirmed:
            continue
        marks = set(decision.reading.confirmed) - confirmed
        new = {fingerprint: f for f, fingerprint in told[decision.delivery_id] if fingerprint and fingerprint in marks}
        _record(conn, decision, new, run_id)
        confirmed |= set(new)
        confirmations[decision.delivery_id] = list(new)
    toned = {delivery_id: [_toned(f, p, confirmed) for f, p in found] for delivery_id, found in told.items()}
    return Confirmed(toned, confirmations)


def _record(conn: psycopg.Connection[Any], decision: Decision, new: Mapping[str, Finding], run_id: int) -> None:
    reading = decision.reading
    if reading is None or not new:
        return
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into ops.confirmation (fingerprint, code, form_id, unit_id, period, delivery_id, confirmed_at, run_id)"
            " values (%s, %s, %s, %s, %s, %s, now(), %s) on conflict do nothing",
            [
                (fingerprint, f.code, reading.form_id, reading.unit_id, reading.period, decision.delivery_id, run_id)
                for fingerprint, f in new.items()
            ],
        )
        cursor.execute(
            "update ops.finding set severity = 'info', params = params || jsonb_build_object(%s::text, '1')"
            " where fingerprint = any(%s) and severity = 'warning'",
            (CONFIRMED, list(new)),
        )


def _toned(finding: Finding, fingerprint: str | None, confirmed: set[str]) -> Told:
    if fingerprint not in confirmed:
        return finding, fingerprint
    return replace(finding, severity=Severity.INFO, params={**finding.params, CONFIRMED: "1"}), fingerprint


def fingerprinted(keyring: Keyring, decision: Decision) -> list[Told]:
    """The findings of a decision, each warning with its fingerprint."""
    reading = decision.reading
    form = forms().get((reading.form_id if reading else None) or "")
    numbers = {f.row_number for f in decision.findings if f.severity is Severity.WARNING and f.row_number is not None}
    rows: dict[int, dict[str, Any]] = {}
    if numbers and decision.rows is not None:
        wanted = decision.rows.filter(pl.col("row_number").is_in(list(numbers)))
        rows = {row["row_number"]: row for row in wanted.iter_rows(named=True)}
    return [
        (f, _fingerprint(keyring, form, (reading.unit_id, reading.period), f, rows.get(f.row_number or 0)))
        if form and reading and f.severity is Severity.WARNING
        else (f, None)
        for f in decision.findings
    ]


def _fingerprint(
    keyring: Keyring, form: Form, whose: tuple[str | None, str | None], finding: Finding, row: Mapping[str, Any] | None
) -> str:
    about: list[object] = [
        finding.field,
        finding.value,
        sorted((k, v) for k, v in finding.params.items() if k != "cells"),
    ]
    if row is not None:
        rule = next((r for r in form.row_rules if r.code == finding.code), None)
        names = rule.fields if rule else (finding.field,) if finding.field else ()
        about = [finding.field, [str(row[k]) for k in form.key], [row.get(f"{name}__text") for name in names]]
    said = json.dumps([form.form_id, *whose, finding.code, about], ensure_ascii=True, default=str)
    return keyring.token(f"confirmation|{said}")
