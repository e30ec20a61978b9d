"""The registry of checks, and how they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from connectors.errors import WarehouseError
from connectors.settings import Settings


class Grade(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    ADVICE = "advice"
    """Works, and will not for ever."""
    BROKEN = "broken"
    """Something does not work until it is mended."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """About one thing: its name, how it stands, what was seen, and how to mend it (empty where there is nothing to mend)."""

    name_zh: str
    name_en: str
    grade: Grade
    what_zh: str
    what_en: str
    mend_zh: str = ""
    mend_en: str = ""
    check: str = ""

    def to_dict(self) -> dict[str, str]:
        """The verdict as JSON-able facts."""
        return asdict(self)


Check = Callable[[Settings], Iterator[Verdict]]

_CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Join the registry; checks are asked in the order in which they joined."""
    _CHECKS.append(function)
    return function


def examine(settings: Settings, checks: Iterable[Check] | None = None) -> Iterator[Verdict]:
    """The verdicts of all checks (or of these), each as it comes."""
    for function in _CHECKS if checks is None else checks:
        name = getattr(function, "__name__", "check")
        try:
            for verdict in function(settings):
                yield Verdict(**{**asdict(verdict), "check": name})
        except WarehouseError as error:
            yield Verdict(name, name, Grade.BROKEN, error.sentence("zh"), error.sentence("en"), check=name)
        except Exception as error:  # noqa: BLE001 - one check that breaks must not keep the others from being asked
            kind = type(error).__name__
            yield Verdict(
                name,
                name,
                Grade.BROKEN,
                f"这项检查本身出错（{kind}）",
                f"this check itself broke ({kind})",
                "请把本条告知维护人员",
                "tell the maintainers",
                check=name,
            )


def grade_of(verdicts: Iterable[Verdict]) -> Grade:
    """The worst grade of all."""
    order = list(Grade)
    return max((verdict.grade for verdict in verdicts), key=order.index, default=Grade.GOOD)


def good(name_zh: str, name_en: str, what_zh: str, what_en: str) -> Verdict:
    """A thing that is as it should be."""
    return Verdict(name_zh, name_en, Grade.GOOD, what_zh, what_en)


def advice(names: tuple[str, str], what: tuple[str, str], mend: tuple[str, str]) -> Verdict:
    """A thing that works and will not for ever; each pair in Chinese and English."""
    return Verdict(*names, Grade.ADVICE, *what, *mend)


def broken(names: tuple[str, str], what: tuple[str, str], mend: tuple[str, str]) -> Verdict:
    """A thing that does not work; each pair in Chinese and English."""
    return Verdict(*names, Grade.BROKEN, *what, *mend)
