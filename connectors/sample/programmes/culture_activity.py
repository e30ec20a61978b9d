"""Culture and publicity: two events taken to the front line, 386 places of art education, 7 010 000 quiz answers, 426 singles.

Source of the totals of 2021: the figures that the union published (P02, P03, P04, P29).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.sample.chance import split
from connectors.sample.days import YEAR, chance_of, day_in, grown, months
from connectors.sample.organisation import OFFICE, reporters
from connectors.sample.reported import Reported

FRONT_LINE_EVENTS = {2021: 2, 2022: 3, 2023: 4, 2024: 4, 2025: 5}
ART_PLACES, SINGLES, PARTICIPATIONS = 386, 426, 7_010_000
"""Published as nearly 400, 400-odd and 701 times ten thousand; the participations are person-times."""

SIX_ONES_CNY = {
    "song": 45_000,
    "dance": 38_000,
    "play": 92_000,
    "book": 60_000,
    "contest": 41_500,
    "exhibition": 36_000,
}
"""What the office spends on its one song, dance, play, book, contest and exhibition of 2021, CNY."""

_SIX_ONES_ZH = {
    "song": "原创歌曲《示例之歌》",
    "dance": "原创舞蹈《匠心》",
    "play": "小品《车间的灯》",
    "book": "劳模故事集",
    "contest": "职工书法大赛",
    "exhibition": "职工美术摄影展",
}
_OF_UNITS = {
    "lecture": "劳模工匠宣讲",
    "show": "职工文艺演出",
    "legal_service": "职工法律服务日",
    "media": "工会新媒体专栏",
    "education_base": "红色教育基地参观",
}
"""What enterprises do by themselves in an ordinary month."""


def reported(year: int) -> tuple[Reported, ...]:
    """The activities of the year: the office's, the great quiz, and what the enterprises do by themselves."""
    rows = (*_of_office(year), *_quiz(year), *_of_enterprises(year))
    return tuple(sorted(rows, key=lambda row: (row.period, row.unit_id)))


def _of_office(year: int) -> Iterator[Reported]:
    chance = chance_of(year, "culture", "office")
    for number in range(1, FRONT_LINE_EVENTS[year] + 1):
        held_on = day_in(f"{year}-{2 * number + 1:02d}", chance)
        yield _row(
            OFFICE, "culture_to_front_line", f"送文化到一线慰问演出（第{number}场）", held_on, 320, spend_cny=28_000
        )
    for number, places in enumerate(split(grown(ART_PLACES, year), [3, 2, 2, 1], 1), start=1):
        held_on = day_in(f"{year}-{(7, 7, 8, 9)[number - 1]:02d}", chance)
        yield _row(OFFICE, "art_education", f"职工子女公益艺术班第{number}期", held_on, places, places=places)
    # 中秋 falls in September or at the beginning of October.
    yield _row(
        OFFICE, "singles_social", "“缘聚中秋”单身职工联谊", day_in(f"{year}-09", chance, 10), grown(SINGLES, year)
    )
    for number, (kind, cny) in enumerate(SIX_ONES_CNY.items()):
        held_on, spent = day_in(f"{year}-{4 + number:02d}", chance), grown(cny, year, 500)
        yield _row(OFFICE, kind, f"{_SIX_ONES_ZH[kind]}（{year}）", held_on, chance.between(30, 200), spend_cny=spent)
    for month in (3, 5, 6, 9, 11):
        yield _row(OFFICE, "lecture", f"{month}月劳模宣讲团宣讲", day_in(f"{year}-{month:02d}", chance), 260)


def _quiz(year: int) -> Iterator[Reported]:
    """A hundred days of questions, from April to July: the office counts what came by its own page, enterprises theirs."""
    chance = chance_of(year, "culture", "quiz")
    title = "党史知识百日网络答题" if year == YEAR else "职工知识网络答题"
    drafts = []
    for month in months(year)[3:7]:
        drafts.append((OFFICE, month, chance.share(900, 1_500), 30))
        drafts += [
            (unit.unit_code, month, unit.size * chance.share(0.002, 0.012), 12)
            for unit in reporters(month)
            if chance.happens(0.6)
        ]
    total, step = (PARTICIPATIONS, 10) if year == YEAR else (grown(PARTICIPATIONS // 40, year), 1)
    for (unit_id, month, _, times), count in zip(drafts, split(total, [d[2] for d in drafts], step), strict=True):
        held_on = day_in(month, chance, 20)
        yield _row(unit_id, "quiz", title, held_on, max(1, count // times), participations=count)


def _of_enterprises(year: int) -> Iterator[Reported]:
    chance = chance_of(year, "culture", "enterprises")
    for month in months(year):
        for unit in reporters(month):
            if not chance.happens(0.35):
                continue
            kind = chance.pick(tuple(_OF_UNITS))
            attending, held_on = chance.between(20, 60) + unit.size // 20, day_in(month, chance, 4)
            spent = chance.between(5, 40) * 100 if kind in ("show", "education_base") else 0
            yield _row(unit.unit_code, kind, _OF_UNITS[kind], held_on, attending, spend_cny=spent)
    for unit in chance.some(reporters(f"{year}-10"), 8):
        held_on, spent = day_in(f"{year}-10", chance, 10), chance.between(20, 50) * 100
        yield _row(unit.unit_code, "exhibition", "职工书画摄影展", held_on, chance.between(40, 200), spend_cny=spent)


def _row(
    unit_id: str,
    kind: str,
    title: str,
    held_on: date,
    participants: int,
    *,
    participations: int | None = None,
    places: int = 0,
    spend_cny: int = 0,
) -> Reported:
    """One activity; unless it is said, everyone who took part did so once."""
    values = {
        "activity_kind": kind,
        "title": title,
        "participants": participants,
        "participations": participants if participations is None else participations,
        "places": places,
        "spend_cny": spend_cny,
        "held_on": held_on,
    }
    return Reported("culture_activity", unit_id, f"{held_on:%Y-%m}", values)
