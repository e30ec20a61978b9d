"""The reading desk of the command line: a connection for commands that only ask, and the checks of what people ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.settings import Settings
from flows.failures import NothingYet
from flows.schedule import now
from flows.speech import option
from flows.usage import WrongUsage

if TYPE_CHECKING:
    import psycopg

    from expectations.contract import Form
    from expectations.periods import Period

IDENTIFYING = re.compile("[0-9][0-9Xx]{14,}")
"""What every citizen ID and bank card is, and nothing in a reason need be."""


@contextmanager
def reading(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a warehouse that has been filled. Raises: NothingYet, DatabaseError."""
    from connectors.warehouse.engine import connect
    from connectors.warehouse.ledger import is_prepared

    if not settings.url and not settings.home.exists():
        # Asking is no reason to make a database.
        raise NothingYet
    with connect(settings) as conn:
        if not is_prepared(conn):
            raise NothingYet
        yield conn


def check_orgs(conn: psycopg.Connection[Any], orgs: Sequence[str]) -> None:
    """Raises: WrongUsage naming the organisations that today's register does not have."""
    from connectors.warehouse.ledger import read_units

    today = now().date()
    known = {code for code, _, _ in read_units(conn, today, today)}
    if unknown := sorted(set(orgs) - known):
        raise WrongUsage(
            f"今天的单位名册中没有 {'、'.join(unknown)}。", f"Today's register has no {', '.join(unknown)}."
        )


def known_form(form_id: str | None) -> Form | None:
    """The form of that id (none: none asked for). Raises: WrongUsage naming the forms that there are."""
    from expectations.contract import forms

    if form_id is None or form_id in forms():
        return forms()[form_id] if form_id else None
    listed = [f"{form.form_id}（{form.title_zh}）" for form in forms().values()]
    raise WrongUsage(
        f"没有报表 {form_id}。可以是：{'、'.join(listed)}。",
        f"There is no form {form_id}; it may be: {', '.join(forms())}.",
    )


def known_period(text: str | None) -> Period | None:
    """The period that a text names (none: none asked for). Raises: WrongUsage showing how periods are written."""
    from expectations.periods import PeriodError, parse_period

    if text is None:
        return None
    try:
        return parse_period(text)
    except PeriodError:
        raise WrongUsage(
            f"“{text}”不是期间。写法：2021-03、2021-Q1、2021 或 2021-2025。",
            f"'{text}' is no period; write 2021-03, 2021-Q1, 2021 or 2021-2025.",
        ) from None


def refuse_other_frequency(form: Form, period: Period) -> None:
    """Raises: WrongUsage if the form is not handed in for such a period."""
    if period.kind != form.frequency:
        zh = {"month": "月报，期间如 2021-03", "quarter": "季报，期间如 2021-Q1", "year": "年报，期间如 2021"}[
            form.frequency
        ]
        raise WrongUsage(
            f"《{form.title_zh}》是{zh}。", f"{form.title_en} is handed in each {form.frequency}; {period.id} is none."
        )


def sound_reason(text: str) -> str:
    """What a person gave as the reason or as their name, on one line. Raises: WrongUsage if it is blank or holds a long number."""
    plain = " ".join(text.split())
    if not plain:
        raise WrongUsage("请写明理由和决定人。", "Give a reason, and who answers for it.")
    if IDENTIFYING.search(plain):
        # It is shown to everybody who reads findings.
        raise WrongUsage("理由中不要写身份证号、银行卡号。", "Write no citizen ID and no bank card into a reason.")
    return plain


reason_option = option("--reason", required=True, zh="理由，会随问题一起展示", en="Why; shown with what it is about")
author_option = option("--author", required=True, zh="决定人", en="Who answers for it")
