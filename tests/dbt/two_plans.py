"""What only shows over years: two plans, growth, counts to date, posts and trainings; put straight into the tables.

The night is in the first year of the second plan, which is a row that a test adds. A0102 closed in June 2021 and went into A0201.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from connectors.settings import Settings
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.engine import connect
from tests.dbt.small_year import Row, register, submit

NIGHT = date(2026, 3, 31)


def add_second_plan(project: Path, copy: Path) -> None:
    """Copy dbt's project and give it the plan of 2026 to 2030 with one target, as rows of its seeds."""
    shutil.copytree(project, copy)
    with (copy / "seeds" / "plans.csv").open("a", encoding="utf-8") as file:
        file.write("2026-2030,2026,2030,“十五五”规划,15th five-year plan\n")
    with (copy / "seeds" / "targets.csv").open("a", encoding="utf-8") as file:
        file.write(
            "N03,team_leaders_trained,team_leaders_trained_in_plan,2026-2030,cumulative,plan,0,100,persons,班组长,Leaders,\n"
        )


def put_two_plans(settings: Settings) -> None:
    """Put the register, the calendar and every submission into the database."""
    with connect(settings) as conn:
        sync_calendar(conn, NIGHT, settings.dbt_project_dir / "seeds" / "plans.csv")
        submit(conn, "unit_register", "S0001", "2021", register())
        submit(conn, "skills_contest", "S0001", "2020", [contest("钳工", date(2020, 9, 1))])
        submit(conn, "skills_contest", "S0001", "2021", [])
        submit(conn, "skills_contest", "S0001", "2024", [contest(t, date(2024, 9, 1)) for t in ("钳工", "焊工")])
        submit(
            conn,
            "skills_contest",
            "S0001",
            "2025",
            [
                *(contest(trade, date(2025, 9, 1)) for trade in ("钳 工", "焊工", "铣工")),
                contest("车工", date(2025, 9, 1), level="provincial"),
            ],
        )
        submit(conn, "skills_contest", "A0101", "2024", [])
        submit(conn, "skills_contest", "A0101", "2025", [contest("钳工", date(2025, 6, 1))])
        submit(conn, "skills_contest", "A0201", "2025", [contest("磨工", date(2025, 6, 1))])
        fitters = studio("钳工联盟", "钳工", date(2021, 2, 10))
        submit(conn, "innovation_studio", "A0101", "2021-Q1", [fitters, studio("老联盟", "车工", date(2020, 2, 10))])
        submit(conn, "innovation_studio", "A0101", "2021-Q2", [fitters])
        submit(conn, "innovation_studio", "A0201", "2021-Q1", [studio("钳工 联盟", "钳 工", date(2021, 2, 10))])
        submit(conn, "innovation_studio", "A0201", "2026-Q1", [studio("数控联盟", "数控", date(2026, 1, 5)), studio()])
        submit(
            conn,
            "model_worker",
            "A0101",
            "2021",
            [honour("ann", 2017), honour("ann", 2018), honour("bob", 2021), honour("cat", 2020, "national")],
        )
        submit(conn, "model_worker", "A0101", "2022", [honour("ann", 2018), honour("bob", 2021)])
        submit(
            conn,
            "post_roster",
            "A0101",
            "2025-Q3",
            [post("ann", date(2024, 1, 1)), post("bob", date(2024, 1, 1))],
        )
        submit(
            conn,
            "post_roster",
            "A0101",
            "2025-Q4",
            [
                post("ann", date(2024, 1, 1)),
                post("bob", date(2024, 1, 1), date(2025, 11, 30)),
                post("cat", date(2025, 10, 1)),
                post("eve", date(2025, 10, 1), role="safety_supervisor"),
            ],
        )
        submit(
            conn,
            "training",
            "S0001",
            "2025-03",
            [
                training("ann", "甲", date(2025, 3, 10)),
                training("bob", "甲", date(2025, 3, 10)),
                training("bob", "甲 ", date(2025, 3, 20)),
                training("cat", "甲", date(2025, 3, 10), passed="no"),
            ],
        )
        submit(conn, "training", "A0101", "2025-10", [training("ann", "乙", date(2025, 10, 15))])
        leader = training("dan", "丙", date(2025, 5, 12), kind="team_leader")
        submit(conn, "training", "A0101", "2025-05", [leader, training("fay", "丙", date(2025, 5, 12), "team_leader")])
        submit(conn, "training", "A0201", "2025-05", [leader])
        submit(conn, "training", "A0201", "2026-02", [training("dan", "丁", date(2026, 2, 2), kind="team_leader")])
        submit(
            conn,
            "target_allocation",
            "S0001",
            "2021",
            [{"target_id": "T03", "org_code": "A01", "target_period": "2021-2025", "target_value": 4}],
        )


def contest(trade: str, day: date, level: str = "own_second_class") -> Row:
    """A contest of one trade."""
    return {"contest": "技能大赛", "contest_level": level, "trade": trade, "held_on": day}


def studio(alliance: str | None = None, trade: str | None = None, founded: date | None = None) -> Row:
    """A studio, in an alliance or in none."""
    return {"studio": "工作室", "alliance": alliance, "alliance_trade": trade, "alliance_founded_on": founded}


def honour(person: str, year: int, level: str = "defence_industry") -> Row:
    """A model worker's honour."""
    return {"person_token": person, "honour_level": level, "honour_year": year}


def post(person: str, started: date, ended: date | None = None, role: str = "union_cadre") -> Row:
    """A person in a post."""
    return {"person_token": person, "role": role, "post_started_on": started, "post_ended_on": ended}


def training(person: str, course: str, day: date, kind: str = "union_cadre", passed: str = "yes") -> Row:
    """A person in a course of one day."""
    return {
        "trainee_token": person,
        "training_kind": kind,
        "course": course,
        "first_day": day,
        "last_day": day,
        "passed": passed,
    }
