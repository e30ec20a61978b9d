"""The same facts for Prometheus, in its text format. Labels are names of ours only: no unit, no file, no person."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from flows.watching.facts import Facts, Pulse, age_of
from flows.watching.verdict import reasons

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

OUTCOMES = ("succeeded", "data_problems", "failed", "running", "stopped")


def metrics_text(facts: Facts) -> bytes:
    """All metrics of this moment; what is not known now is absent, and `warehouse_up` says that."""
    registry = CollectorRegistry()
    wrong = reasons(facts)
    _number(registry, "up", "1 if the database answers", facts.database_answers)
    _number(registry, "healthy", "1 if /health has no reason against it", not wrong)
    by_reason = dict.fromkeys((reason.code for reason in wrong), 1)
    _by(registry, "reason", "unhealthy_reason", "1 for each reason why /health is red", by_reason)
    up = {name: life == "up" for name, life in facts.services.items()}
    _by(registry, "service", "service_up", "1 if the service works", up)
    _number(registry, "nights_missed", "Nights that were due and have not come to their end", len(facts.missed))
    _number(registry, "next_night_timestamp_seconds", "When the next night is due", facts.next_due.timestamp())
    _by(registry, "folder", "disk_free_bytes", "Room on its disk", {room.folder: room.free for room in facts.room})
    _by(registry, "folder", "disk_size_bytes", "Size of its disk", {room.folder: room.total for room in facts.room})
    if facts.pulse:
        _pulse(registry, facts, facts.pulse)
    return generate_latest(registry)


def _pulse(registry: CollectorRegistry, facts: Facts, pulse: Pulse) -> None:
    if pulse.night:
        status = pulse.night["status"]
        status = "stopped" if status == "running" and not pulse.night["is_alive"] else status
        outcomes = {outcome: outcome == status for outcome in OUTCOMES}
        _by(registry, "outcome", "last_night_outcome", "1 for how the newest night stands", outcomes)
        began = pulse.night["started_at"].timestamp()
        _number(registry, "last_night_started_timestamp_seconds", "When the newest night began", began)
        _by(registry, "step", "last_night_step_seconds", "Wall time of each step of the newest night", pulse.steps)
        received = (pulse.night["account"] or {}).get("received", 0)
        _number(registry, "last_night_deliveries", "Deliveries that the newest night took in", received)
    if pulse.good_night:
        age = age_of(pulse.good_night["finished_at"], facts.at).total_seconds()
        _number(registry, "last_good_night_age_seconds", "Since the last night that came to its end", age)
    if pulse.release:
        _number(registry, "release_number", "The release that readers see", pulse.release["release_id"])
        age = age_of(pulse.release["published_at"], facts.at).total_seconds()
        _number(registry, "release_age_seconds", "Since that release was published", age)
    _number(registry, "deliveries", "Deliveries ever received", pulse.waiting["deliveries"])
    undecided = pulse.waiting["deliveries_undecided"]
    _number(registry, "deliveries_undecided", "Deliveries that no night has decided", undecided)
    _number(registry, "rows_quarantined", "Rows that wait for a correction", pulse.waiting["rows_waiting"])
    _by(registry, "severity", "findings_open", "Open findings", pulse.findings)
    held = {lease["name"]: lease["is_held"] for lease in pulse.leases}
    _by(registry, "lease", "lease_held", "1 while somebody holds the lease", held)


def _number(registry: CollectorRegistry, name: str, words: str, value: float) -> None:
    Gauge(f"warehouse_{name}", words, registry=registry).set(float(value))


def _by(registry: CollectorRegistry, label: str, name: str, words: str, values: Mapping[str, float]) -> None:
    gauge = Gauge(f"warehouse_{name}", words, labelnames=[label], registry=registry)
    for of, value in values.items():
        gauge.labels(of).set(float(value))
