"""Consumption assistance: what the enterprises buy from regions that are helped, 12 471 100 CNY in 2021 (P24)."""

from __future__ import annotations

from connectors.sample.chance import split
from connectors.sample.days import chance_of, day_in, grown
from connectors.sample.organisation import reporters
from connectors.sample.reported import Reported

BOUGHT_CNY = 12_471_100

_REGIONS = ("安康市汉滨区", "汉中市略阳县", "商洛市丹凤县", "延安市延川县", "榆林市清涧县", "铜川市宜君县")
_PRODUCTS = ("小米", "苹果", "木耳", "香菇", "核桃", "蜂蜜", "菜籽油", "大米", "红枣", "茶叶")
_SEASONS = {1: 0.7, 3: 0.2, 5: 0.2, 6: 0.45, 9: 0.75, 10: 0.2, 12: 0.55}
"""In which months enterprises buy, and how likely: before the festivals above all."""


def reported(year: int) -> tuple[Reported, ...]:
    """The purchases of the year, by month and unit."""
    chance = chance_of(year, "consumption_assistance")
    drafts = []
    for month, likely in _SEASONS.items():
        period = f"{year}-{month:02d}"
        for unit in reporters(period):
            if not chance.happens(likely):
                continue
            for product in chance.some(_PRODUCTS, chance.between(1, 3)):
                use = chance.pick(("gift", "gift", "gift", "canteen", "canteen", "other"))
                values = {
                    "supplier_region": chance.pick(_REGIONS),
                    "product": product,
                    "product_use": use,
                    "purchased_on": day_in(period, chance, 4),
                }
                drafts.append((unit, period, values, unit.size**0.8 * chance.share(0.5, 1.5)))
    amounts = split(grown(BOUGHT_CNY, year, 100), [weight for *_, weight in drafts], 100)
    return tuple(
        Reported("consumption_assistance", unit.unit_code, period, values | {"amount_cny": amount})
        for (unit, period, values, _), amount in zip(drafts, amounts, strict=True)
    )
