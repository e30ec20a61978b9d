"""What can go wrong with a source. The tree of errors begins in `connectors.errors`.

WarehouseError
├── SourceFailed                    a source could not be looked at to the end; the others are not affected
│   ├── SourceBroken                    heals: it did not answer, broke off, or gave a set that is not whole
│   ├── SourceBusy                      heals: it asked us to come again later
│   ├── SourceShut                      does not heal: it does not let us in, or is not what was declared
│   └── SourceOverdue                   its time is over
└── UsageError
    └── SourcesUnsound                  sources.yaml does not say what it must

Reasons are our own words: what a server or a library says may quote a password or a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import UsageError, WarehouseError


@dataclass(eq=False)
class SourceFailed(WarehouseError):
    """A source could not be looked at to the end; what came whole before that is kept."""

    heals: ClassVar[bool] = False


@dataclass(eq=False)
class SourceBroken(SourceFailed):
    """The source did not answer, broke off or gave a set that is not whole; it may succeed in a moment."""

    heals: ClassVar[bool] = True

    source_id: str
    location: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "来源 {source_id}（{location}）这次没有读完：{why_zh}。不完整的内容没有收取，下次运行会再试；"
        "一直如此的，请检查网络和对方服务器（warehouse sources --check）。"
    )
    en: ClassVar[str] = (
        "The source {source_id} ({location}) could not be read to the end: {why_en}. Nothing incomplete was taken in and the next run "
        "tries again; if it goes on, check the network and that server (warehouse sources --check)."
    )


@dataclass(eq=False)
class SourceBusy(SourceFailed):
    """The source asked us to come again after so many seconds."""

    heals: ClassVar[bool] = True

    source_id: str
    location: str
    seconds: float
    zh: ClassVar[str] = (
        "来源 {source_id}（{location}）请我们 {seconds:g} 秒后再来，这次没有读完；不完整的内容没有收取，下次运行会再试。"
    )
    en: ClassVar[str] = (
        "The source {source_id} ({location}) asked us to come again after {seconds:g} seconds and was not read to the end; "
        "nothing incomplete was taken in and the next run tries again."
    )


@dataclass(eq=False)
class SourceShut(SourceFailed):
    """The source does not let us in, or is not what sources.yaml says; trying again does not help."""

    source_id: str
    location: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "来源 {source_id}（{location}）不能使用：{why_zh}。请更正 sources.yaml 或对方的授权，再用 warehouse sources --check 试一次。"
    )
    en: ClassVar[str] = (
        "The source {source_id} ({location}) cannot be used: {why_en}. Correct sources.yaml or our rights there, and try it with "
        "warehouse sources --check."
    )


@dataclass(eq=False)
class SourceOverdue(SourceFailed):
    """A look lasted longer than its source may take."""

    source_id: str
    seconds: float
    zh: ClassVar[str] = (
        "来源 {source_id} 在 {seconds:g} 秒内没有读完，已放下，下次运行继续；确需更久的，请调大 sources.yaml 中的 deadline_seconds。"
    )
    en: ClassVar[str] = (
        "The source {source_id} was not read to the end in {seconds:g} seconds and was left; the next run goes on with it. "
        "If it really takes longer, raise its deadline_seconds in sources.yaml."
    )


class Located:
    """What speaks to one source, and says in our words why that failed. `location`: where the source is, without any secret."""

    source_id: str
    location: str

    def broken(self, why_zh: str, why_en: str) -> SourceBroken:
        """What may heal."""
        return SourceBroken(self.source_id, self.location, why_zh, why_en)

    def shut(self, why_zh: str, why_en: str) -> SourceShut:
        """What does not."""
        return SourceShut(self.source_id, self.location, why_zh, why_en)


@dataclass(eq=False)
class SourcesUnsound(UsageError):
    """sources.yaml does not say what it must; `problems_zh` and `problems_en` hold one line for each thing to mend."""

    path: str
    count: int
    problems_zh: str
    problems_en: str
    zh: ClassVar[str] = (
        "来源清单 {path} 有 {count} 处需要改正：\n{problems_zh}\n改正后用 warehouse sources --check 试一次。"
    )
    en: ClassVar[str] = (
        "The list of sources {path} has {count} things to mend:\n{problems_en}\nMend them and try with warehouse sources --check."
    )
