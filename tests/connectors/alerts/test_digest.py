"""The digest: one message per owner and night, each change once, what it means, whose move it is, and nobody's data."""

from __future__ import annotations

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.alerts.condition import Condition
from connectors.alerts.ledger import acknowledge, silence
from tests.connectors.alerts.world import OWNERS, World

N20, N21, N22 = (date(2021, 4, day) for day in range(20, 23))
SHANGHAI = ZoneInfo("Asia/Shanghai")
PERSON = "610199198001010014"


def test_each_owner_is_told_once_a_night_what_is_new_still_open_and_resolved(world: World) -> None:
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    world.owes("relief", "A0201", "2021-03", date(2020, 4, 10))
    assert world.night(N20).digests == 2
    assert world.night(N20).digests == 0, "a second run of the night has no news"
    [mine], [other] = world.sections("li-group"), world.sections("wang-group")
    assert [len(lines) for lines in mine.values()] == [1]
    assert "A0101 A0101《慰问救助台账》2021-03：有行待更正，没有计入" in mine["新出现"][0]
    assert "影响“救助慰问资金总额”" in mine["新出现"][0]
    assert "请报送单位改正后重报" in mine["新出现"][0]
    assert "A0201 A0201：逾期未报 1 份（《慰问救助台账》2021-03）" in other["新出现"][0]
    acknowledge(world.conn, 1, N20, "李处")
    world.night(N21)
    assert world.sections("li-group")[1].keys() == {"仍未解决"}
    assert "已 1 天，李处已认领" in world.sections("li-group")[1]["仍未解决"][0]
    world.answer("relief", "A0101", "2021-03")
    world.night(N22)
    assert world.sections("li-group")[2].keys() == {"已解决"}
    assert world.night(N22).digests == 0
    assert len(world.sections("li-group")) == 3


def test_a_second_run_of_a_night_tells_only_what_is_news(world: World) -> None:
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    failure = Condition("checks_failed", facts={"assert_relief_adds_up": 1})
    world.night(N20, failure, is_whole=False)
    world.night(N20)
    assert [list(said) for said in world.sections("wang-group")] == [["新出现"], ["已解决"]]
    assert "指标没有通过检验，没有发布（assert_relief_adds_up）" in world.sections("wang-group")[0]["新出现"][0]
    assert len(world.sections("li-group")) == 1


def test_what_is_silenced_is_counted_and_not_repeated(world: World) -> None:
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    world.answer("relief", "A0102", "2021-03", refused={"form.no_rows": 1})
    world.night(N20)
    silence(world.conn, 1, N20, "李处", "等单位核实", None)
    world.night(N21)
    [_, said] = world.messages("li-group")
    assert [len(section["lines"]) for section in said["content"]["sections"]] == [1]
    assert said["content"]["foot"].startswith("另有 1 件已静默。")


def test_the_same_trouble_of_many_units_is_one_line(world: World) -> None:
    for group in ("A01", "A03"):
        for number in range(1, 7):
            world.answer("relief", f"{group}{number:02}", "2021-03", waiting={"relief.persons_positive": number})
    world.night(N20)
    [said] = world.sections("li-group")
    [line] = said["新出现"]
    assert "等 12 个单位，共 12 件" in line


def test_no_message_and_no_alert_holds_what_was_typed(world: World) -> None:
    for code in ("relief.persons_positive", "value.id_invalid", "value.not_a_number", "value.unknown_code"):
        world.answer("relief", "A0101", f"2021-0{len(code) % 9 + 1}", waiting={code: 3}, value=f"张三{PERSON}")
    world.answer("relief", "A0102", "2021-03", refused={"form.unit_proposed": 1}, value=f"张三{PERSON}")
    world.night(N20)
    tables = ("ops.alert", "ops.alert_change", "ops.outbox", "ops.outbox_item")
    kept = [str(row) for table in tables for row in world.conn.execute(f"select t::text from {table} t")]
    assert len(kept) > 4
    assert not [row for row in kept if PERSON in row or "张三" in row]


def test_quiet_hours_hold_a_message_until_they_end(world: World) -> None:
    world.owners.write_text(OWNERS.replace("name: 李处,", 'name: 李处, quiet: "22:00-07:30",'))
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    world.night(N20, now=datetime(2021, 4, 20, 2, 5, tzinfo=SHANGHAI))
    [message] = world.messages()
    assert message["next_try_at"] == datetime(2021, 4, 20, 7, 30, tzinfo=SHANGHAI)


def test_a_register_of_owners_that_is_wrong_is_an_alert_and_stops_nothing(world: World) -> None:
    world.owners.write_text("default: niemand\n")
    world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
    assert world.night(N20).digests == 0
    assert {kind for kind, _, _ in world.alerts()} == {"owners_invalid", "quarantined"}
    world.owners.write_text(OWNERS)
    world.night(N21)
    [said] = world.sections("li-group")
    assert "有行待更正" in json.dumps(said, ensure_ascii=False), (
        "what nobody could be told is new to whoever can be told now"
    )
