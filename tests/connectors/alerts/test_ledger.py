"""Alerts over several nights: opened, grouped, acknowledged, silenced, resolved, opened anew."""

from __future__ import annotations

import threading
from datetime import date

from connectors.alerts.condition import Condition
from connectors.alerts.ledger import acknowledge, read_alert, silence
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.alerts.world import World

N20, N21, N22, N23, N24, N25 = (date(2021, 4, day) for day in range(20, 26))
WAITING = {"relief.persons_positive": 2}


def history(world: World, alert_id: int) -> list[tuple[str, date, str]]:
    row = read_alert(world.conn, alert_id)
    assert row is not None
    return [(change["kind"], change["night"], change["author"]) for change in row["changes"]]


def test_an_alert_lives_through_its_nights(world: World) -> None:
    world.answer("relief", "A0101", "2021-03", waiting=WAITING)
    assert world.night(N20).moved.opened == 1
    assert acknowledge(world.conn, 1, N20, "李处") == "open"
    assert acknowledge(world.conn, 1, N20, "王工") == "acknowledged", "it stays with whoever was first"
    world.night(N21)
    assert silence(world.conn, 1, N21, "李处", "等单位核实", None) == "acknowledged"
    world.night(N22)
    assert world.alerts() == [("quarantined", "A0101", "silenced")]
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 3})
    assert world.night(N23).moved.woken == 1, "its facts have changed"
    assert world.alerts() == [("quarantined", "A0101", "open")]
    world.answer("relief", "A0101", "2021-03")
    assert world.night(N24).moved.resolved == 1
    world.answer("relief", "A0101", "2021-03", waiting=WAITING)
    world.night(N25)
    assert world.alerts() == [("quarantined", "A0101", "resolved"), ("quarantined", "A0101", "open")]
    assert history(world, 1) == [
        ("opened", N20, "run 1"), ("acknowledged", N20, "李处"), ("silenced", N21, "李处"), ("changed", N23, "run 4"),
        ("woken", N23, "run 4"), ("resolved", N24, "run 5"),
    ]  # fmt: skip
    assert history(world, 2) == [("opened", N25, "run 6")]


def test_silence_until_a_day_ends_when_that_day_is_over(world: World) -> None:
    world.answer("relief", "A0101", "2021-03", waiting=WAITING)
    world.night(N20)
    silence(world.conn, 1, N20, "李处", "出差", N22)
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 9})
    assert [world.night(night).moved.woken for night in (N21, N22, N23)] == [0, 0, 1]


def test_a_night_that_does_not_look_resolves_nothing(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", date(2021, 4, 10))
    failure = Condition("night_failed", about="build", facts={"RuntimeError x.py:1": 1})
    world.night(N20)
    world.conn.execute("delete from bi.completeness")
    world.night(N21, failure, is_whole=False)
    assert world.alerts() == [("overdue", "A0101", "open"), ("night_failed", "", "open")]
    world.night(N22)
    assert world.alerts() == [("overdue", "A0101", "resolved"), ("night_failed", "", "resolved")]


def test_one_unit_that_owes_eight_forms_and_one_file_with_200_findings_are_one_alert_each(world: World) -> None:
    forms = (
        "relief",
        "hardship_aid",
        "student_aid",
        "training",
        "labour_contest",
        "skills_contest",
        "model_worker",
        "recuperation",
    )
    for form in forms:
        world.owes(form, "A0101", "2021-03", date(2021, 4, 10))
    world.answer("relief", "A0102", "2021-03", waiting={"relief.persons_positive": 150, "value.not_a_number": 50})
    world.night(N20)
    found = world.conn.execute("select kind, facts from ops.alert order by kind").fetchall()
    assert found == [
        ("overdue", {f"{form} 2021-03": 1 for form in forms}),
        ("quarantined", {"relief.persons_positive": 150, "value.not_a_number": 50}),
    ]


def test_what_a_refused_register_explains_is_told_with_it_and_by_itself_only_when_it_stays(world: World) -> None:
    world.answer("unit_register", "S0001", "2021", refused={"unit_register.parent_known": 200})
    for unit in ("A0404", "A0405"):
        world.answer("relief", unit, "2021-03", refused={"form.unit_unknown": 1})
    world.night(N20)
    [said] = world.sections("li-group")
    assert [len(lines) for lines in said.values()] == [1], "one cause, one line"
    assert "名册被退回" in said["新出现"][0]
    assert "另有 2 项由此引起" in said["新出现"][0]
    world.answer("unit_register", "S0001", "2021")
    world.answer("relief", "A0405", "2021-03")
    world.night(N21)
    said = world.sections("li-group")[1]
    assert ["A0404《慰问救助台账》2021-03" in line for line in said["新出现"]] == [True]
    assert ["名册被退回" in line for line in said["已解决"]] == [True], "what was never told is not told as resolved"


def test_two_nights_at_once_open_an_alert_once(world: World, settings: Settings) -> None:
    world.answer("relief", "A0101", "2021-03", waiting=WAITING)

    def look() -> None:
        with connect(settings) as conn:
            World(conn, world.owners).night(N20)

    both = [threading.Thread(target=look) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert world.alerts() == [("quarantined", "A0101", "open")]
    assert len(world.messages()) == 1
