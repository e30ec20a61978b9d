"""Nights over month, quarter and year ends, a leap day and New York's two changes of the clock, on machines that stand elsewhere.

Each night is a real `warehouse run` under libfaketime at 02:00 in Shanghai, which is the day before in UTC and in New York; nobody tells it a
date. `WAREHOUSE_TIMEWARP_NIGHTS=30` lives through all of them, on a machine in UTC and on one in New York (`make soak`); `3` through three
in New York, which is what a change of dates should see at least: too long for `make test`.
"""

from __future__ import annotations

import email
import email.policy
import os
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.connectors.channels.servers import Postman, mail_server
from tests.timewarp.expected import Year, decisions_after, owed
from tests.timewarp.machine import Machine, machine, why_not
from tests.timewarp.story import FILES, NIGHTS, SHANGHAI, SHORT, Decision, begins

MANY = int(os.environ.get("WAREHOUSE_TIMEWARP_NIGHTS", "0"))
LIVED = NIGHTS[:MANY] if len(SHORT) < MANY else SHORT
ZONES = ["UTC", "America/New_York"] if len(SHORT) < MANY else ["America/New_York"]
SLOWEST = timedelta(minutes=15)

OWNERS = """
mail_servers:
  office: {{host: 127.0.0.1, port: {port}, security: plain, sender: warehouse@example.invalid}}
channels:
  li-mail: {{kind: mail, to: li@example.invalid, server: office}}
people:
  li: {{name: 李处, channels: [li-mail]}}
default: li
"""

NIGHT_SECONDS = 300
"""Twenty times what a night takes where nothing else runs; soaks run beside."""


@pytest.mark.skipif(not MANY, reason="make soak")
@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
@pytest.mark.timeout((len(LIVED) + 4) * NIGHT_SECONDS)
@pytest.mark.parametrize("zone", ZONES)
def test_nights_have_the_date_of_shanghai_wherever_the_machine_stands(zone: str) -> None:
    with mail_server() as (postman, port), machine(zone, begins(LIVED[0])) as host:
        (host.home / "owners.yaml").write_text(OWNERS.format(port=port))
        for number, night in enumerate(LIVED):
            live_night(host, night, LIVED[number - 1] if number else None)
            look_at_night(host, night, LIVED[: number + 1], postman)
            for decision in decisions_after(LIVED, number):
                decide(host, decision)
        year = Year().live(LIVED)
        look_at_arrivals(host)
        look_at_alerts(host, year)
        look_at_mail(postman, year)


def live_night(host: Machine, night: date, before: date | None) -> None:
    """What arrived since the night before, and the night itself."""
    inbox: Path = host.home / "inbox"
    inbox.mkdir(exist_ok=True)
    for file in FILES:
        if (before is None or begins(before) <= file.arrived) and file.arrived < begins(night):
            file.put(inbox)
    host.set_clock(begins(night))
    done = host.call("run")
    assert done.returncode in (0, 1), (night, done.stderr)
    assert f"业务日期 {night}" in done.stdout


def look_at_night(host: Machine, night: date, nights: Sequence[date], postman: Postman) -> None:
    """The run's date and hour, and what is overdue since."""
    runs = host.rows("select business_date, started_at, finished_at, status <> 'failed' from ops.run order by run_id")
    assert [run[0] for run in runs] == list(nights)
    _, started, finished, is_good = runs[-1]
    assert is_good
    assert begins(night) <= started <= finished < begins(night) + SLOWEST  # type: ignore[operator]
    late = host.rows("select form_id, unit_id, period from bi.completeness where expected and state = 'overdue'")
    assert set(late) == Year().live(nights).overdue[night]
    mails = [subject for subject in subjects(postman) if str(night) in subject]
    print(night, "late", len(late), *mails, flush=True)  # noqa: T201 - who runs all of them for half an hour wants to see where they are


def decide(host: Machine, decision: Decision) -> None:
    """Staff acknowledge or silence the alert of a unit's relief report."""
    host.set_clock(decision.made)
    [(alert_id,)] = host.rows(
        f"select alert_id from ops.alert where kind = 'quarantined' and unit_id = '{decision.unit_id}' and state <> 'resolved'"
    )
    how = ["silence", "--until", str(decision.until), "--reason", "等核实"] if decision.until else ["ack"]
    done = host.call("alerts", *how, str(alert_id), "--by", "李处")
    assert done.returncode == 0, done.stderr


def look_at_arrivals(host: Machine) -> None:
    """Each file was received when it arrived, and is on time or late by the day in Shanghai."""
    came = [file for file in FILES if file.arrived < begins(LIVED[-1])]
    received = dict(host.rows("select object_name, received_at from archive.delivery"))  # type: ignore[arg-type]
    assert {name: moment.astimezone(SHANGHAI) for name, moment in received.items()} == {f.name: f.arrived for f in came}
    due = {answer: day for answer, (day, _) in owed().items()}
    first = {(f.form_id, f.unit_id, f.period): f for f in sorted(came, key=lambda f: f.arrived, reverse=True)}
    found = host.rows("select form_id, unit_id, period, due_date, on_time from bi.completeness where accepted")
    assert {row[:3]: row[3:] for row in found} == {
        answer: (due[answer], file.arrived.date() <= due[answer]) for answer, file in first.items() if answer in due
    }
    assert {True, False} == {row[4] for row in found}, "the story has somebody on time and somebody late"


def look_at_alerts(host: Machine, year: Year) -> None:
    """The history of every alert, to the day; nights ask nobody for anything."""
    history = host.rows("select kind, unit_id, change, night from (select a.kind, a.unit_id, c.kind as change, c.night"
                        " from ops.alert_change c join ops.alert a using (alert_id)) h")  # fmt: skip
    assert Counter(history) == Counter(year.changes)
    days = host.rows("select night, (happened_at at time zone 'Asia/Shanghai')::date from ops.alert_change")
    assert [day for day in days if day[0] != day[1]] == []
    assert host.rows("select * from ops.reminder") == []


def look_at_mail(postman: Postman, year: Year) -> None:
    """One digest a night at most, each once, and units in the same trouble in one line."""
    said = subjects(postman)
    assert sorted(said) == sorted(year.digests.values())
    first = read(postman.taken[0])
    text = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    [line] = [line for line in text.splitlines() if "有行待更正" in line]
    assert "、".join(f"A010{n} 样例{zh}厂" for n, zh in ((2, "二"), (3, "三"), (4, "四"), (5, "五"))) in line
    assert "共 4 件" in line


def subjects(postman: Postman) -> list[str]:
    """The subjects of the mails that came, in order."""
    return [str(read(raw)["Subject"]) for raw in postman.taken]


def read(raw: bytes) -> email.message.EmailMessage:
    """A mail as people see it."""
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_the_expectation_names_days_that_people_can_look_up() -> None:
    """The hand-made calendar against dates of the manual, so that the expectation itself is not wrong unseen."""
    days = {answer: day for answer, (day, _) in owed().items()}
    assert days["relief", "A0101", "2023-12"] == date(2024, 1, 8)
    assert days["relief", "A0101", "2024-01"] == date(2024, 2, 6)
    assert days["relief", "A0101", "2024-03"] == date(2024, 4, 8)
    assert days["unit_profile", "A0101", "2023-Q4"] == date(2024, 1, 10)
    assert days["skills_contest", "S0001", "2024"] == date(2024, 12, 20)
