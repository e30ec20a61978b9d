"""Which rows count and which wait: the rules of the four forms, by the headings that people see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.night.recount.days import Span

Row = Mapping[str, Any]


class WaitsError(ValueError):
    """A cell or a row does not say what it must."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A row of the register of units."""

    code: str
    kind: str
    parent: str | None
    valid_from: date
    valid_to: date | None

    def exists(self, first: date, last: date) -> bool:
        """Whether it exists on one of those days."""
        return self.valid_from <= last and (self.valid_to is None or first <= self.valid_to)


def _must(is_so: bool) -> None:
    if not is_so:
        raise WaitsError


def _amount(least: str, most: str) -> Callable[[object], Decimal]:
    """Money, to the cent: what is typed finer is rounded, and only warned of."""

    def read(value: object) -> Decimal:
        _must(isinstance(value, int | float))
        cents = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        _must(Decimal(least) <= cents <= Decimal(most))
        return cents

    return read


def _count(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        _must(isinstance(value, int) and least <= value <= most)
        assert isinstance(value, int)
        return value

    return read


def _one_of(*labels: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        _must(value in labels)
        return str(value)

    return read


def _day(value: object) -> date:
    _must(isinstance(value, datetime))
    assert isinstance(value, datetime)
    return value.date()


def citizen_id(value: object) -> str:
    """A citizen ID: 18 characters, and with the weights 2^17 … 2^0 they add up to 1 modulo 11 (X is ten)."""
    _must(isinstance(value, str) and len(value) == 18 and value[:17].isdigit())
    assert isinstance(value, str)
    digits = [10 if character == "X" else int(character) for character in value]
    _must(sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11 == 1)
    return value


_MONEY, _WORKFORCE = _amount("0", "1000000000"), _count(0, 200_000)

REQUIRED: dict[str, dict[str, Callable[[object], Any]]] = {
    "relief": {
        "慰问活动": _one_of("送温暖", "爱心大礼包", "送清凉", "防汛救灾", "其他慰问"),
        "慰问对象": _one_of("一般职工", "一线职工", "困难职工", "退休职工", "职工遗属", "核工业特殊困难群体"),
        "受益单位代码": str,
        "资金来源": _one_of("企业工会", "省级工会", "全国总工会", "社会捐赠"),
        "筹集或支付": _one_of("筹集", "支付"),
        "慰问人次": _count(0, 1_000_000),
        "慰问金": _MONEY,
        "慰问品折价": _MONEY,
        "慰问日期": _day,
    },
    "hardship_aid": {
        "姓名": str,
        "身份证号": citizen_id,
        "致困原因": _one_of("疾病", "残疾", "意外灾害", "收入低", "子女上学", "其他"),
        "救助类型": _one_of("日常救助", "临时救助"),
        "救助金额": _amount("0.01", "1000000"),
        "发放日期": _day,
    },
    "unit_profile": {
        "职工人数": _count(1, 200_000),
        "女职工人数": _WORKFORCE,
        "工会会员人数": _WORKFORCE,
        "班组数": _count(0, 20_000),
        "班组长人数": _count(0, 40_000),
        "智慧工会建设情况": _one_of("未建设", "建设中", "已建成"),
        "集体合同覆盖职工人数": _WORKFORCE,
    },
    "unit_register": {
        "单位代码": str,
        "单位名称": str,
        "简称": str,
        "类别": _one_of("省工会", "行业组", "省工会机关", "企业工会"),
        "生效日期": _day,
    },
}

OPTIONAL: dict[str, dict[str, Callable[[object], Any]]] = {
    "relief": {},
    "hardship_aid": {"救助标准": _amount("0", "1000000")},
    "unit_profile": {"最近一次职代会召开日期": _day, "集体合同签订日期": _day},
    "unit_register": {"曾用名": str, "上级代码": str, "统一社会信用代码": str, "失效日期": _day},
}

KEYS = {
    "relief": ("慰问活动", "慰问对象", "受益单位代码", "资金来源", "筹集或支付", "慰问日期"),
    "hardship_aid": ("身份证号", "救助类型", "发放日期"),
    "unit_profile": (),
    "unit_register": ("单位代码", "生效日期"),
}
"""No two rows of a workbook have these the same; the profile has one row."""


def _hold_relief(row: Row, period: Span, units: Mapping[str, Unit]) -> None:
    reached = units.get(row["受益单位代码"])
    _must(reached is not None and reached.exists(period.first, period.last))
    _must(row["慰问金"] + row["慰问品折价"] > 0)
    _must(row["慰问日期"] in period)
    _must(row["筹集或支付"] == "筹集" or row["慰问人次"] > 0)


def _hold_hardship_aid(row: Row, period: Span, _units: Mapping[str, Unit]) -> None:
    _must(row["发放日期"] in period)


def _hold_unit_profile(row: Row, period: Span, _units: Mapping[str, Unit]) -> None:
    for part in ("女职工人数", "工会会员人数", "班组长人数", "集体合同覆盖职工人数"):
        _must(row[part] <= row["职工人数"])
    signed, held = row["集体合同签订日期"], row["最近一次职代会召开日期"]
    _must(signed is not None or not row["集体合同覆盖职工人数"])
    _must(signed is None or signed <= period.last)
    _must(held is None or held <= period.last)


def _hold_unit_register(row: Row, _period: Span, _units: Mapping[str, Unit]) -> None:
    _must(row["失效日期"] is None or row["生效日期"] <= row["失效日期"])
    _must((row["上级代码"] is None) == (row["类别"] == "省工会"))
    _must(row["上级代码"] != row["单位代码"])


_HOLD = {
    "relief": _hold_relief,
    "hardship_aid": _hold_hardship_aid,
    "unit_profile": _hold_unit_profile,
    "unit_register": _hold_unit_register,
}


def rows_that_count(form: str, rows: Sequence[Row], period: Span, units: Mapping[str, Unit]) -> list[Row]:
    """The rows of a workbook that count, their cells read; the others wait for somebody."""
    keys = Counter(_key(form, row) for row in rows)
    once = [row for row in rows if keys[_key(form, row)] == 1]
    return [read for row in once if (read := _read(form, row, period, units)) is not None]


def _key(form: str, row: Row) -> tuple[object, ...]:
    return tuple(row[heading] for heading in KEYS[form])


def _read(form: str, row: Row, period: Span, units: Mapping[str, Unit]) -> Row | None:
    try:
        _must(all(row[heading] is not None for heading in REQUIRED[form]))
        readers = REQUIRED[form] | OPTIONAL[form]
        read = {heading: None if row[heading] is None else reader(row[heading]) for heading, reader in readers.items()}
        _HOLD[form](read, period, units)
    except WaitsError:
        return None
    return read


def units_of(rows: Sequence[Row]) -> dict[str, Unit]:
    """The units of a register by code. In the sample each has one span, so no unit has a parent then and another now."""
    units = [Unit(row["单位代码"], row["类别"], row["上级代码"], row["生效日期"], row["失效日期"]) for row in rows]
    assert len({unit.code for unit in units}) == len(units)
    return {unit.code: unit for unit in units}
