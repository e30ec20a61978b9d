"""A small province on disk: the workbooks that the tests of the whole night take in, each made for one thing to be seen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = date(2021, 4, 20)
"""A night after the first quarter of 2021 is due."""

UNITS = {
    "SN": ("样例省工会", "province", None),
    "A01": ("样例航天组", "group", "SN"),
    "A02": ("样例兵器组", "group", "SN"),
    "S0001": ("样例省工会机关", "provincial_office", "SN"),
    "A0101": ("样例一厂", "enterprise", "A01"),
    "A0102": ("样例二厂", "enterprise", "A01"),
    "A0201": ("样例三厂", "enterprise", "A02"),
}
"""Code: name, kind, parent."""

KIND_LABELS = {"province": "省工会", "group": "行业组", "provincial_office": "省工会机关", "enterprise": "企业工会"}

WORKER_NAME = "欧阳测试"


def citizen_id(first_17: str) -> str:
    """An invented citizen ID with its check character (GB 11643-1999: weights 2^(17-i) mod 11)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return first_17 + "10X98765432"[total % 11]


PERSON = citizen_id("61019919800101001")
"""An invented person of an area that does not exist."""


def put(
    folder: Path,
    name: str,
    form_id: str,
    unit_id: str,
    period: str,
    rows: Sequence[Mapping[str, object]],
    *,
    arrived: datetime | None = None,
    nil: bool = False,
) -> Path:
    """Write one workbook into a folder, as if it had arrived then (default: in time)."""
    form = forms()[form_id]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    identity = Identity(form_id, form.edition, unit_id, UNITS.get(unit_id, ("？",))[0], period)
    write_workbook(path, form, identity, rows, nil=nil, spare_rows=3)
    stamp = (arrived or datetime(2021, 4, 2, 10, tzinfo=SHANGHAI)).timestamp()
    os.utime(path, (stamp, stamp))
    return path


def register_rows() -> list[dict[str, object]]:
    """The register of the small province."""
    return [
        {
            "unit_code": code,
            "unit_name": name,
            "short_name": name,
            "unit_kind": KIND_LABELS[kind],
            "parent_code": parent,
            "valid_from": date(2018, 1, 1),
        }
        for code, (name, kind, parent) in UNITS.items()
    ]


def relief_row(**changes: object) -> dict[str, object]:
    """One good relief line of March 2021, with these cells changed."""
    return {
        "campaign": "送温暖",
        "beneficiary_group": "困难职工",
        "beneficiary_unit": "A0101",
        "funding_level": "企业工会",
        "money_flow": "支付",
        "persons": 10,
        "cash_cny": Decimal("5000"),
        "goods_cny": Decimal("250.50"),
        "given_on": date(2021, 3, 5),
    } | changes


def hardship_row(**changes: object) -> dict[str, object]:
    """One good hardship payment of March 2021, with these cells changed."""
    return {
        "worker_name": WORKER_NAME,
        "worker_citizen_id": PERSON,
        "hardship_cause": "疾病",
        "aid_kind": "日常救助",
        "standard_cny": Decimal("2000"),
        "amount_cny": Decimal("2000"),
        "paid_on": date(2021, 3, 10),
    } | changes


def profile_row(**changes: object) -> dict[str, object]:
    """One good profile of 2021-Q1, with these cells changed."""
    return {
        "employees": 1000,
        "female_employees": 300,
        "members": 950,
        "teams": 40,
        "team_leaders": 40,
        "smart_union_status": "已建成",
        "congress_held_on": date(2021, 2, 3),
        "contract_signed_on": date(2020, 6, 1),
        "contract_covered_employees": 900,
    } | changes


def fill(folder: Path) -> None:
    """The small province: a register, good workbooks, a correction, a copy, three bad cells, a text and a torso."""
    put(folder, "名册.xlsx", "unit_register", "S0001", "2021", register_rows())
    put(folder, "A0101_基本情况.xlsx", "unit_profile", "A0101", "2021-Q1", [profile_row()])
    put(folder, "A0102_基本情况.xlsx", "unit_profile", "A0102", "2021-Q1", [profile_row(smart_union_status="建设中")])
    good = put(
        folder, "A0101_慰问_3月.xlsx", "relief", "A0101", "2021-03",
        [relief_row(), relief_row(campaign="送清凉", money_flow="筹集", persons=0, beneficiary_group="核工业特殊困难群体")],
    )  # fmt: skip
    put(folder, "A0102_慰问_3月.xlsx", "relief", "A0102", "2021-03", [relief_row(beneficiary_unit="A0102")])
    put(
        folder, "A0102_慰问_3月（更正）.xlsx", "relief", "A0102", "2021-03",
        [relief_row(beneficiary_unit="A0102", cash_cny=Decimal("6000"))],
        arrived=datetime(2021, 4, 15, 9, tzinfo=SHANGHAI),
    )  # fmt: skip
    put(
        folder,
        "S0001_慰问_3月.xlsx",
        "relief",
        "S0001",
        "2021-03",
        [relief_row(beneficiary_unit="A0201", funding_level="省级工会")],
    )
    put(
        folder,
        "A0101_救助_3月.xlsx",
        "hardship_aid",
        "A0101",
        "2021-03",
        [hardship_row(), hardship_row(paid_on=date(2021, 3, 20))],
    )
    put(folder, "A0201_救助_3月.xlsx", "hardship_aid", "A0201", "2021-03", [], nil=True)
    put(
        folder, "A0201_慰问_3月.xlsx", "relief", "A0201", "2021-03",
        [
            relief_row(beneficiary_unit="A0201"),
            relief_row(beneficiary_unit="A0201", cash_cny="约2000", given_on=date(2021, 3, 6)),
            relief_row(beneficiary_unit="A0201", campaign="送关怀", given_on=date(2021, 3, 7)),
            relief_row(beneficiary_unit="Z9999", given_on=date(2021, 3, 8)),
        ],
    )  # fmt: skip
    copy = folder / "A0101_慰问_3月_副本.xlsx"
    copy.write_bytes(good.read_bytes())
    text = folder / "说明.xlsx"
    text.write_text("这不是工作簿", encoding="utf-8")
    torso = folder / "A0102_救助_3月.xlsx"
    torso.write_bytes(good.read_bytes()[:2000])
    stamp = datetime(2021, 4, 3, 10, tzinfo=SHANGHAI).timestamp()
    for path in (copy, text, torso):
        os.utime(path, (stamp, stamp))
