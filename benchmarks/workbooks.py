"""The workbooks of the measurement: clean reports of three forms by 84 invented enterprises, 40 rows each, seeded.

Grain: one `Order` per workbook. The first `n` orders are the workbooks of size `n`; the register comes on top of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from io import BytesIO
from itertools import islice, product
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.sample.answers import Row, typed
from connectors.sample.chance import Chance
from connectors.workbooks import template
from connectors.workbooks.template import Identity, write_workbook
from expectations.citizen_id import check_character
from expectations.contract import forms
from expectations.periods import Period, periods_between

ENTERPRISES = 84
ROWS = 40
OFFICE = "S0001"
ARRIVED = datetime(2022, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
FIRST_DAY, LAST_DAY = date(2021, 1, 1), date(2021, 12, 31)

CAMPAIGNS = ("winter_warmth", "gift_parcel", "summer_cooling", "disaster_relief")
GROUPS = ("general", "front_line", "hardship", "retiree", "bereaved")
LEVELS = ("enterprise", "provincial")
CAUSES = ("illness", "disability", "low_income", "child_education")


@dataclass(frozen=True, slots=True)
class Order:
    """One workbook that is to be: which form, by whom, for which period."""

    form_id: str
    unit_id: str
    period: Period

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.form_id}_{self.unit_id}_{self.period.id}.xlsx"


@cache
def orders() -> tuple[Order, ...]:
    """Every workbook of the year, month by month, so that a size is a span of the year; 2 352 of them."""
    units = [unit_code(number) for number in range(ENTERPRISES)]
    made: list[Order] = []
    for month in periods_between("month", FIRST_DAY, LAST_DAY):
        made += [Order(form_id, unit, month) for form_id in ("relief", "hardship_aid") for unit in units]
        if month.last_day.month % 3 == 0:
            quarter = periods_between("quarter", month.last_day, month.last_day)[0]
            made += [Order("unit_profile", unit, quarter) for unit in units]
    return tuple(made)


def unit_code(number: int) -> str:
    """The code of the enterprise of that number: 14 in each of six groups."""
    return f"A{number // 14 + 1:02d}{number % 14 + 1:02d}"


def write_inbox(size: int, cache_folder: Path, inbox: Path, progress: Callable[[int, int], None]) -> int:
    """Fill the inbox with the first `size` workbooks and the register, and give how many rows of reports they hold.

    Workbooks are made once, kept under the cache folder and linked from there.
    """
    wanted = list(islice(orders(), size))
    kept = cache_folder / f"workbooks-{_edition()}"
    kept.mkdir(parents=True, exist_ok=True)
    inbox.mkdir(parents=True)
    missing = [order for order in wanted if not (kept / order.name).exists()]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for done, _ in enumerate(pool.map(_write, missing, [kept] * len(missing), chunksize=20), start=1):
            progress(done, len(missing))
    for order in wanted:
        os.link(kept / order.name, inbox / order.name)
    register = inbox / f"unit_register_{OFFICE}_2021.xlsx"
    register.write_bytes(_register())
    _date(register)
    return sum(1 if order.form_id == "unit_profile" else ROWS for order in wanted)


def _edition() -> str:
    """A print of all that decides the bytes of a workbook, so that old ones are never measured."""
    sources = [Path(__file__), *sorted(Path(str(template.__file__)).parent.glob("*.py"))]
    return sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def _write(order: Order, folder: Path) -> None:
    form, buffer = forms()[order.form_id], BytesIO()
    rows = [typed(form, row) for row in _rows(order)]
    identity = Identity(form.form_id, form.edition, order.unit_id, f"示例{order.unit_id}工会", order.period.id)
    write_workbook(buffer, form, identity, rows, spare_rows=20)
    part = folder / f".{order.name}.part"
    part.write_bytes(buffer.getvalue())
    _date(part)
    part.replace(folder / order.name)


def _date(path: Path) -> None:
    """Give the file an arrival that is long past, as a file that may still be growing waits for another night."""
    os.utime(path, (ARRIVED.timestamp(), ARRIVED.timestamp()))


def _rows(order: Order) -> Iterator[Row]:
    chance = Chance("bench", order.form_id, order.unit_id, order.period.id)
    match order.form_id:
        case "relief":
            yield from _relief(order, chance)
        case "hardship_aid":
            yield from _hardship_aid(order, chance)
        case _:
            yield _unit_profile(order)


def _relief(order: Order, chance: Chance) -> Iterator[Row]:
    for campaign, group, level in islice(product(CAMPAIGNS, GROUPS, LEVELS), ROWS):
        persons = chance.between(5, 80)
        yield {
            "campaign": campaign,
            "beneficiary_group": group,
            "beneficiary_unit": order.unit_id,
            "funding_level": level,
            "money_flow": "paid",
            "persons": persons,
            "cash_cny": persons * chance.between(100, 900),
            "goods_cny": persons * chance.between(10, 90),
            "given_on": _day(order, chance),
        }


def _hardship_aid(order: Order, chance: Chance) -> Iterator[Row]:
    for number in range(ROWS):
        born = date(1964, 1, 1) + timedelta(days=Chance("bench born", order.unit_id, number).between(0, 11_500))
        place = int(order.unit_id[1:]) % 25 * ROWS + number
        seventeen = f"6199{int(order.unit_id[1:3]):02d}{born:%Y%m%d}{place % 1000:03d}"
        yield {
            "worker_name": f"示例{'甲乙丙丁戊己庚辛壬癸'[number % 10]}",
            "worker_citizen_id": seventeen + check_character(seventeen),
            "hardship_cause": chance.pick(CAUSES),
            "aid_kind": "daily",
            "standard_cny": 500,
            "amount_cny": 500,
            "paid_on": _day(order, chance),
        }


def _unit_profile(order: Order) -> Row:
    employees = Chance("bench size", order.unit_id).between(200, 5_000)
    return {
        "employees": employees,
        "female_employees": employees // 3,
        "members": employees - 10,
        "teams": employees // 20,
        "team_leaders": employees // 20,
        "smart_union_status": "building",
        "congress_held_on": date(2021, 1, 20),
        "contract_signed_on": date(2020, 6, 1),
        "contract_covered_employees": employees - 20,
    }


def _day(order: Order, chance: Chance) -> date:
    return order.period.first_day + timedelta(days=chance.between(0, 27))


def _register() -> bytes:
    form, buffer = forms()["unit_register"], BytesIO()
    groups = [f"A{number:02d}" for number in range(1, 7)]
    kinds = {"SN": ("province", None), OFFICE: ("provincial_office", "SN")} | dict.fromkeys(groups, ("group", "SN"))
    kinds |= {unit_code(number): ("enterprise", unit_code(number)[:3]) for number in range(ENTERPRISES)}
    rows = [
        typed(
            form,
            {
                "unit_code": code,
                "unit_name": f"示例{code}",
                "short_name": f"示例{code}",
                "unit_kind": kind,
                "parent_code": parent,
                "valid_from": date(2018, 1, 1),
            },
        )
        for code, (kind, parent) in kinds.items()
    ]
    write_workbook(
        buffer, form, Identity(form.form_id, form.edition, OFFICE, "示例省工会机关", "2021"), rows, spare_rows=5
    )
    return buffer.getvalue()
