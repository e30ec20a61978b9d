"""The words and numbers of the page: every code in Chinese, every number exact, with thousands separators and its unit."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from expectations.periods import Period

NO_VALUE = "暂无数据"

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

PACE_SENTENCES = {
    "met": "已达到目标",
    "ahead": "快于计划路径",
    "on_path": "与计划路径相符",
    "behind": "落后于计划路径",
    "no_data": "暂无数据",
}
"""The same in a sentence."""

SEVERITIES = {"critical": "退回", "error": "待更正", "warning": "请核对", "info": "已自动处理"}
"""What a finding of each severity means to the unit."""

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
    """A value with its unit: `1,420,000 元`, `83.3%`, `40 家`; plain words where there is none."""
    if value is None:
        return NO_VALUE
    if UNITS.get(unit, unit) == "%":
        return percent(value)
    shown = (
        rounded(value, 2) if unit == "CNY per person" and value != value.quantize(Decimal("0.01")) else number(value)
    )
    return f"{shown} {UNITS.get(unit, unit)}"


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
