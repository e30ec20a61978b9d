"""The report and, for a year, its account: what `warehouse report` and the flow `report` write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connectors.settings import Settings
from flows.desk import known_period, reading
from flows.failures import NothingYet


@dataclass(frozen=True, slots=True)
class Reports:
    """What was written about a period: the page, and the files of the year's account if it is a year."""

    period: str
    page: Path
    year_account: tuple[Path, ...]


def write_reports(settings: Settings, period: str | None, folder: Path) -> Reports:
    """Write the report of a period (none: the year of the last ended month) into a folder. Raises: WrongUsage, NothingYet."""
    from connectors.report import write_account, write_report
    from connectors.warehouse.releases import read_releases
    from flows.night import today
    from flows.night_steps import last_ended_month_year

    asked = known_period(period)
    with reading(settings) as conn:
        releases = read_releases(conn, limit=1)
    if not releases:
        raise NothingYet
    chosen = asked.id if asked else last_ended_month_year(min(releases[0]["night"], today()))
    page = write_report(settings, chosen, folder)
    is_year = asked is None or asked.kind == "year"
    account = write_account(settings, chosen, folder) if is_year else None
    return Reports(chosen, page, (account.page, account.document) if account else ())
