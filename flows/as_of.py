"""What people call a past state by: the number of a release, or a day or time in Shanghai."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from flows.schedule import SHANGHAI
from flows.usage import WrongUsage

if TYPE_CHECKING:
    import psycopg

_RELEASE = re.compile(r"(?:第\s*)?(\d+)(?:\s*期)?")


def known_release(conn: psycopg.Connection[Any], text: str) -> int:
    """The release that a text names: 12 or 第 12 期, a day (its end), or a time. Raises: WrongUsage if there was none."""
    from connectors.warehouse.explain_as_of import release_at, release_span

    span = release_span(conn)
    if named := _RELEASE.fullmatch(text.strip()):
        release_id = int(named[1])
        if not (span.last and span.first <= release_id <= span.last):
            raise WrongUsage(
                f"没有第 {release_id} 期；现有 {span.first} 到 {span.last}。" if span.last else "还没有发布过。",
                f"There is no release {release_id}; there are {span.first} to {span.last}."
                if span.last
                else "Nothing has been published yet.",
            )
        return release_id
    moment = _moment(text.strip())
    found = release_at(conn, moment)
    if found is None:
        raise WrongUsage(
            f"{moment:%Y-%m-%d %H:%M:%S} 时还没有发布过。", f"Nothing had been published by {moment:%Y-%m-%d %H:%M:%S}."
        )
    return found


def _moment(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.max, SHANGHAI)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(
            f"“{text}”不是期号、日期或时刻。写法：12、第12期、2022-01-31（当日终了）或 2022-01-31T18:00。",
            f"'{text}' is no release, day or time; write 12, 2022-01-31 (the end of that day) or 2022-01-31T18:00.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
