"""What the staff are told: alerts in the transaction that publishes, messages after it, of a night that failed as well; and who is asked for
what is due.

Nothing here fails a night or holds it up for more than a minute: what cannot be told now is told by the next sending.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Protocol

import psycopg

from connectors.errors import SourceUnreachable
from connectors.settings import Settings
from flows.failures import AccountUnbalanced, ChecksFailed, StepFailed

if TYPE_CHECKING:
    from connectors.alerts.condition import Condition
    from connectors.alerts.sending import Patience, Sent
    from connectors.alerts.telling import Told

log = logging.getLogger(__name__)


class Run(Protocol):
    """What has a number in the ledger and a business date, such as a night."""

    settings: Settings
    run_id: int
    business_date: date


def tell(
    conn: psycopg.Connection[Any], run: Run, conditions: Sequence[Condition] = (), *, is_whole: bool = True
) -> Told | None:
    """Bring the alerts to what holds and write what people are told, in a transaction or, inside one, a savepoint of their own.

    None, and the night goes on, if that is not possible: the next one makes up for it. Raises: psycopg.OperationalError.
    """
    from connectors.alerts.ledger import Night
    from connectors.alerts.telling import Seen, tell_staff

    seen = Seen(Night(run.run_id, run.business_date), run.settings.dbt_project_dir, conditions, is_whole)
    try:
        with conn.transaction():
            return tell_staff(conn, seen, run.settings.owners_file)
    except psycopg.OperationalError:
        raise
    except Exception as error:
        if isinstance(error, psycopg.Error) and conn.closed:
            raise
        # Its text may quote a row.
        log.error("alerts of run %s were not written: %s", run.run_id, type(error).__name__)
        return None


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many people were asked on a day for what is due; or why nobody was: no register of owners, or no night of that day that came to
    its end, so that what was handed in may be unread."""

    day: date
    people: int = 0
    why_nobody: Literal["no_owners", "no_night"] | None = None


def remind(conn: psycopg.Connection[Any], settings: Settings, day: date) -> Reminded:
    """Write a message to everybody of whom something is due or owed that day, at most one a person and day, whoever asks and however often.

    It does not wait for a night. Raises: OwnersInvalid.
    """
    from connectors.alerts.owners_file import load_owners
    from connectors.alerts.reminding import write_reminders
    from connectors.alerts.telling import read_names
    from connectors.warehouse.engine import database_clock
    from connectors.warehouse.pulse import newest_good_night

    owners = load_owners(settings.owners_file)
    if owners is None:
        return Reminded(day, why_nobody="no_owners")
    night = newest_good_night(conn)
    if night is None or night["business_date"] < day:
        return Reminded(day, why_nobody="no_night")
    with conn.transaction():
        names = read_names(conn, day, settings.dbt_project_dir)
        return Reminded(day, write_reminders(conn, day, owners, names, database_clock(conn)))


def send(conn: psycopg.Connection[Any], settings: Settings, patience: Patience | None = None) -> Sent | None:
    """Send what is due, for a minute at most; None where there is no register of owners that can be used."""
    from connectors.alerts.owners_file import OwnersInvalid, load_owners
    from connectors.alerts.sending import send_due

    try:
        owners = load_owners(settings.owners_file)
    except OwnersInvalid:
        # It is an alert by now.
        return None
    return send_due(conn, owners, patience) if owners else None


def balance(undecided: int, *, is_balanced: bool) -> list[Condition]:
    """What is wrong with the account of a run, if anything."""
    from connectors.alerts.condition import Condition

    return [] if is_balanced else [Condition("unbalanced", facts={"undecided": undecided})]


@contextmanager
def telling_of_failure(run: Run) -> Iterator[None]:
    """Tell the staff of an error that ends the run in this block, once the run itself is closed; the error goes on."""
    try:
        yield
    except Exception as error:
        try:
            _tell_of_failure(run, error)
        except Exception as other:  # noqa: BLE001 - what ended the night is what people must hear, from whoever started it
            log.error("the failure of run %s was not told: %s", run.run_id, type(other).__name__)
        raise


def _tell_of_failure(run: Run, error: Exception) -> None:
    from connectors.warehouse.engine import connect

    if not run.run_id:
        # The database was not reached, or is not ours: who watches from outside has to tell.
        return
    with connect(run.settings) as conn:
        tell(conn, run, [condition_of(error)], is_whole=False)
        send(conn, run.settings)


def condition_of(error: Exception) -> Condition:
    """What a failed run means for the staff: names of checks, steps and classes only, never a text that may quote a row."""
    from connectors.alerts.condition import Condition

    match error:
        case ChecksFailed(failures=failures):
            return Condition("checks_failed", facts=dict.fromkeys(failures.split("、"), 1))
        case AccountUnbalanced(undecided=undecided):
            return Condition("unbalanced", facts={"undecided": undecided})
        case SourceUnreachable(source_id=source_id, why_zh=why):
            return Condition("source_broken", about=source_id, facts={why: 1})
        case StepFailed(step=step, kind=kind, where=where):
            return Condition("night_failed", about=step.split(" ")[0], facts={f"{kind} {where}": 1})
        case _:
            return Condition("night_failed", about=type(error).__name__, facts={type(error).__name__: 1})
