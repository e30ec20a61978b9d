"""The words and numbers of the page: every code in Chinese, every number exact, with thousands separators and its unit."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from expectations.periods import Period

NO_VALUE = "暂无数据"

SAMPLE_NOTICE = "单位与人员均为虚构；2021 年各项合计与公开报道的数字一致，合计以下的明细和其他年份的全部数字由程序生成，不代表任何真实工作。"
"""What a page of the sample says after the words “样例数据。”."""

UNITS = {
    "CNY": "元",
    "CNY per person": "元/人",
    "share": "%",
    "share of units": "%",
    "share of supervisors": "%",
    "persons": "人",
    "person-times": "人次",
    "participations": "人次",
    "units": "家",
    "families": "户",
    "batches": "批",
    "trades": "个工种",
    "alliances": "个",
    "categories": "类",
    "projects": "项",
    "items": "项",
    "stations": "个",
    "events": "场",
    "places": "个",
    "rounds": "轮",
}
"""Units of indicators, targets and published figures, as people say them."""

VERDICTS = {"equal": "一致", "within": "在限定范围内", "differs": "不符", "no_data": "无数据"}
"""How a computed figure stands to the published one."""

PACE = {"met": "已达到", "ahead": "超前", "on_path": "正常", "behind": "滞后", "no_data": "无数据"}
"""How a target's actual value stands to its path."""

SEVERITIES = {"critical": "退回", "error": "待更正", "warning": "请核对", "info": "已自动处理"}
"""What a finding of each severity means to the unit."""

PILLARS = {
    "guidance": "思想引领",
    "workforce": "建功立业",
    "rights_services": "维权服务",
    "organisation": "自身建设",
    "operations": "报送与数据",
}
"""The parts of a union's work, in the order in which it tells of them; the last is the work of reporting itself."""

STATUSES = {"provisional": "初步", "closed": "已结账", "restated": "已更正"}

_QUARTERS = "一二三四"
_TEN_THOUSAND = Decimal(10_000)


def number(value: Decimal | int) -> str:
    """The number exactly, with thousands separators and without idle zeros: `38,329,900`, `3,559.854`."""
    text = f"{Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ten_thousands(cny: Decimal) -> str:
    """An amount in 万元, exactly: 35 598 540 CNY is `3,559.854`."""
    return number(cny / _TEN_THOUSAND)


def rounded(value: Decimal, places: int) -> str:
    """The number rounded half up, for labels in charts; the exact one stands in the table beside."""
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"


def percent(share: Decimal) -> str:
    """A share as per cent with one decimal: `83.3%`; never rounded up to 100 % nor down to 0 %."""
    shown = rounded(share * 100, 1)
    if shown == "100.0":
        return "100%" if share == 1 else "99.9%" if share < 1 else f"{number(share * 100)}%"
    return "<0.1%" if shown == "0.0" and share > 0 else f"{shown}%"


def measure(value: Decimal | None, unit: str) -> str:
    """A value with its unit: `1,420,000 元`, `83.3%`, `40 家`; plain words where there is none.

    What is a quotient (an average, rounds of training) has two decimals at most.
    """
    if value is None:
        return NO_VALUE
    if UNITS.get(unit, unit) == "%":
        return percent(value)
    shown = Decimal(rounded(value, 2).replace(",", "")) if unit in ("CNY per person", "rounds") else value
    return f"{number(shown)} {UNITS.get(unit, unit)}"


def estimate(value: Decimal | None, unit: str) -> str:
    """A value of a path or a forecast, which no row stands behind: one decimal, two of money and rounds."""
    if value is None or UNITS.get(unit, unit) == "%":
        return measure(value, unit)
    return measure(Decimal(rounded(value, 2 if unit in ("CNY", "rounds") else 1).replace(",", "")), unit)


def money(cny: Decimal | None) -> str:
    """An amount in 元 and, from 万 up, in 万元 too: `1,420,000 元（142 万元）`."""
    if cny is None:
        return NO_VALUE
    return f"{number(cny)} 元" + (f"（{ten_thousands(cny)} 万元）" if abs(cny) >= _TEN_THOUSAND else "")


def period_name(period: Period) -> str:
    """The period as people say it: `2021 年 3 月`, `2021 年第一季度`, `2021 年`, `2021—2025 年`."""
    first = period.first_day
    match period.kind:
        case "month":
            return f"{first.year} 年 {first.month} 月"
        case "quarter":
            return f"{first.year} 年第{_QUARTERS[first.month // 3]}季度"
        case "year":
            return f"{first.year} 年"
        case "plan":
            return f"{first.year}—{period.last_day.year} 年"


def day(value: date) -> str:
    """A date in Chinese: `2022 年 1 月 31 日`."""
    return f"{value.year} 年 {value.month} 月 {value.day} 日"


def month_number(month: str) -> str:
    """The month of a period id, as on an axis: `2021-03` is `3`."""
    return str(int(month[-2:]))
