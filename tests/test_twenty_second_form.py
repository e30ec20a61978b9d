"""A form more is a contract, a staging model and seed rows: in a copy of the project, not one line of Python changed.

The copy is asked from outside, as people would: templates by the command line, filled in with openpyxl, handed in, one night.
"""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from openpyxl import load_workbook

from connectors.postgres import ensure_database
from connectors.settings import Settings
from tests.conftest import HOME, of_database, template_of

ROOT = Path(__file__).parents[1]
PACKAGES = ("expectations", "connectors", "flows", "dbt_project")

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: volunteer_service
name: Volunteer service
version: "2021.1"
status: active
domain: guidance
team: {name: guidance}
support: [{channel: guidance}]
slaProperties: [{property: frequency, value: month}, {property: due, value: 5, unit: working_days}]
customProperties: [{property: kind, value: form}, {property: submittedBy, value: [enterprise]}, {property: nilReturn, value: true}]
schema:
  - name: volunteer_service
    physicalName: volunteer_service
    physicalType: table
    businessName: 志愿服务活动
    dataGranularityDescription: one row per service
    properties:
      - {name: service, businessName: 服务项目, description: What was done., logicalType: string, logicalTypeOptions: {maxLength: 60},
         required: true, primaryKey: true, primaryKeyPosition: 1, examples: [义务维修]}
      - {name: hours, businessName: 服务时长, description: Hours of all volunteers., logicalType: number, required: true,
         logicalTypeOptions: {minimum: 0, maximum: 100000}, examples: [12.5],
         customProperties: [{property: unitZh, value: 小时}, {property: unitEn, value: hours}]}
      - {name: volunteers, businessName: 志愿者人数, description: Volunteers., logicalType: integer, required: true,
         logicalTypeOptions: {minimum: 0, maximum: 100000}, examples: [5],
         customProperties: [{property: unitZh, value: 人}, {property: unitEn, value: persons}]}
      - {name: served_on, businessName: 服务日期, description: Day of the service., logicalType: date, required: true,
         primaryKey: true, primaryKeyPosition: 2, examples: ["2021-02-05"]}
    quality:
      - id: a_day_has_24_hours
        type: custom
        engine: greatExpectations
        severity: error
        dimension: accuracy
        implementation: {expression: "hours <= volunteers * 24", fields: [hours, volunteers]}
        customProperties:
          - {property: failing, value: {hours: 500}}
          - property: words
            value:
              zh: {what: 人均服务时长超过 24 小时, fix: 请核对服务时长与人数}
              en: {what: more than 24 hours per person, fix: check hours and volunteers}
"""

STAGING = """with

source as (

    select * from {{ source('landing', 'volunteer_service') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        service,
        hours,
        volunteers,
        served_on as served_date

    from source

)

select * from final
"""

SEED_ROWS: Mapping[str, Sequence[Mapping[str, str]]] = {
    "measures.csv": [
        {
            "measure_id": measure,
            "aggregation": "sum",
            "over_time": "flow",
            "membership": "as_then",
            "shift_years": "0",
            "forms": "volunteer_service",
            "name_zh": name,
            "name_en": measure,
            "unit_zh": unit,
            "unit": unit,
        }
        for measure, name, unit in (
            ("volunteer_hours", "志愿服务时长", "小时"),
            ("volunteer_times", "志愿者人次", "人次"),
        )
    ],
    "measure_sources.csv": [
        {
            "measure_id": measure,
            "form_id": "volunteer_service",
            "value": field,
            "fields": field,
            "date": "served_date",
        }
        for measure, field in (("volunteer_hours", "hours"), ("volunteer_times", "volunteers"))
    ],
    "indicators.csv": [
        {
            "indicator_id": "volunteer_hours_average",
            "position": "9000",
            "pillar": "guidance",
            "programme": "volunteering",
            "name_zh": "志愿者人均服务时长",
            "name_en": "Hours per volunteer",
            "numerator_measure": "volunteer_hours",
            "denominator_measure": "volunteer_times",
            "unit": "hours per person",
            "unit_zh": "小时/人",
            "over_time": "ratio of totals",
            "better": "up",
            "sensitivity": "none",
            "definition_zh": "志愿服务时长 ÷ 志愿者人次",
            "definition_en": "volunteer_hours / volunteer_times",
        }
    ],
}

REGISTER = [
    ("SN", "样例省工会", "样例省", "省工会", None),
    ("S0001", "样例省工会机关", "机关", "省工会机关", "SN"),
    ("A01", "样例航天组", "航天", "行业组", "SN"),
    ("A0101", "样例一厂工会", "一厂", "企业工会", "A01"),
]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the project with the form in it, and a warehouse of its own."""

    folder: Path
    inbox: Path
    url: str
    environment: Mapping[str, str]

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python over the copy's packages."""
        return subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=280,
        )

    def warehouse(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line of the copy."""
        return self.python("-c", "from flows.command import main; main()", *arguments)

    def hand_in(self, form_id: str, unit: str, period: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Ask for the template, type the rows below its headings and put it into the inbox."""
        path = self.inbox / f"{form_id}_{unit}_{period}.xlsx"
        done = self.warehouse("template", form_id, "--unit", unit, "--period", period, "-o", str(path))
        assert done.returncode == 0, done.stderr
        book = load_workbook(path)
        sheet = next(s for s in book.worksheets if s.sheet_state == "visible" and _heading_row(s, next(iter(rows[0]))))
        top = _heading_row(sheet, next(iter(rows[0])))
        places = {_plain(cell.value): cell.column for cell in sheet[top]}
        for number, row in enumerate(rows, start=top + 1):
            for heading, value in row.items():
                sheet.cell(number, places[heading]).value = value
        book.save(path)


@pytest.fixture(scope="module")
def copy(cluster: Settings, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Copy]:
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "target", "logs")
        )
    before = _python_of(folder)
    _add_the_form(folder)
    server, name = ensure_database(cluster), f"copy_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"create database {name} template {template_of(pytestconfig.stash[HOME])}")
    own = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "PREFECT_"))}
    url, inbox = of_database(server, name), folder / "inbox"
    inbox.mkdir()
    environment = own | {
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WAREHOUSE_HOME": str(folder / "home"),
        "WAREHOUSE_URL": url,
        "WAREHOUSE_INBOX": str(inbox),
    }
    made = Copy(folder, inbox, url, environment)
    for generator in ("connectors.dbt_sources", "connectors.dbt_measures"):
        done = made.python("-m", generator)
        assert done.returncode == 0, done.stderr
    assert _python_of(folder) == before
    yield made
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"drop database {name} with (force)")
        conn.execute(f"drop database if exists {name}_prefect with (force)")


def test_a_contract_a_staging_model_and_seed_rows_are_a_form(copy: Copy) -> None:
    copy.hand_in(
        "unit_register",
        "S0001",
        "2021",
        [
            {
                "单位代码": code,
                "单位名称": name,
                "简称": short,
                "类别": kind,
                "上级代码": parent,
                "生效日期": date(2018, 1, 1),
            }
            for code, name, short, kind, parent in REGISTER
        ],
    )
    copy.hand_in(
        "volunteer_service",
        "A0101",
        "2021-02",
        [
            {"服务项目": "义务维修", "服务时长": 31.5, "志愿者人数": 6, "服务日期": date(2021, 2, 5)},
            {"服务项目": "义务献血", "服务时长": "10小时", "志愿者人数": 4, "服务日期": date(2021, 2, 9)},
            {"服务项目": "社区清洁", "服务时长": 500, "志愿者人数": 5, "服务日期": date(2021, 2, 10)},
            {"服务项目": "敬老", "服务时长": "若干", "志愿者人数": 5, "服务日期": date(2021, 2, 11)},
        ],
    )
    night = copy.warehouse("run", "--date", "2021-03-31")
    assert night.returncode == 1, night.stderr
    with closing(psycopg.connect(copy.url)) as conn:
        landed = conn.execute("select service, hours, volunteers from landing.volunteer_service order by row_number")
        assert landed.fetchall() == [("义务维修", Decimal("31.50"), 6), ("义务献血", Decimal("10.00"), 4)]
        said = conn.execute("select code, cell from ops.finding where severity = 'error' order by row_number")
        assert [code for code, _ in said] == ["volunteer_service.a_day_has_24_hours", "value.not_a_number"]
        values = conn.execute(
            "select org_level, period, numerator, denominator, value from bi.indicator_value"
            " where indicator_id = 'volunteer_hours_average' and period in ('2021-02', '2021-Q1') and value is not null"
        )
        expected = (Decimal("41.5"), Decimal(10), Decimal("4.15"))
        assert set(values) == {
            (level, period, *expected) for level in ("unit", "group", "province") for period in ("2021-02", "2021-Q1")
        }
        asked = conn.execute("select unit_id, accepted from bi.completeness where form_id = 'volunteer_service'")
        assert sorted(asked) == [("A0101", False), ("A0101", True)], "January is missing, February is there"


def test_its_figure_is_explained_down_to_the_cells(copy: Copy) -> None:
    said = copy.warehouse("explain", "volunteer_hours_average", "--unit", "A0101", "--period", "2021-02")
    assert said.returncode == 0, said.stderr
    assert "31.5" in said.stdout
    assert "volunteer_service_A0101_2021-02.xlsx" in said.stdout


def _add_the_form(folder: Path) -> None:
    (folder / "expectations" / "contracts" / "volunteer_service.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    staging = folder / "dbt_project" / "models" / "staging" / "volunteer_service"
    staging.mkdir()
    (staging / "stg_volunteer_service.sql").write_text(STAGING)
    for name, rows in SEED_ROWS.items():
        path = folder / "dbt_project" / "seeds" / name
        with path.open(encoding="utf-8", newline="") as file:
            header = csv.DictReader(file).fieldnames
        assert header is not None
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, header, restval="", lineterminator="\n").writerows(rows)


def _python_of(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.py")}


def _heading_row(sheet: object, heading: str) -> int:
    rows = sheet.iter_rows(max_row=12)  # type: ignore[attr-defined]  # openpyxl's sheets have no common type
    return next((cell.row for row in rows for cell in row if _plain(cell.value) == heading), 0)


def _plain(value: object) -> str:
    return str(value or "").replace("*", "").split("\n")[0].split("（")[0].strip()
