"""What can go wrong with Superset.

SupersetError                exit 3   our failure
├── SupersetNotInstalled              its environment could not be made
├── SupersetFailed                    a step of its set-up, or its server, ended before its time
├── SupersetUnreachable               it does not answer, or refuses us
└── DashboardsUnsound                 what is declared under bi/ is not in the warehouse, or Superset does not take it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import WarehouseError


@dataclass(eq=False)
class SupersetError(WarehouseError):
    """Superset cannot be used."""


@dataclass(eq=False)
class SupersetNotInstalled(SupersetError):
    """Its environment could not be made; what uv and Python said stands above."""

    folder: str
    exit_status: int
    zh: ClassVar[str] = (
        "Superset 没有装好（{folder}，退出码 {exit_status}）；原因见上面的输出，多半是连不上软件源。改正后再运行一次，会接着装。"
    )
    en: ClassVar[str] = (
        "Superset could not be installed in {folder} (exit code {exit_status}); the reason stands above, mostly an index that cannot be"
        " reached. Mend it and run this again."
    )


@dataclass(eq=False)
class SupersetFailed(SupersetError):
    """A step of its set-up, or its server, ended before its time."""

    step: str
    log: str
    last_words: str
    zh: ClassVar[str] = "Superset 的“{step}”这一步没有成功：{last_words}。完整的输出在 {log}；改正后再运行一次。"
    en: ClassVar[str] = (
        "Superset failed at '{step}': {last_words}. All it said is in {log}; mend it and run this again."
    )


@dataclass(eq=False)
class SupersetUnreachable(SupersetError):
    """It does not answer, or refuses us."""

    address: str
    reason: str
    zh: ClassVar[str] = (
        "连不上 Superset（{address}）：{reason}。先运行 warehouse bi up；它在运行的，看日志 superset.log。"
    )
    en: ClassVar[str] = (
        "Superset at {address} cannot be used: {reason}. Run warehouse bi up first; if it runs, look into superset.log."
    )


@dataclass(eq=False)
class DashboardsUnsound(SupersetError):
    """What is declared under bi/ is not in the warehouse, or Superset does not take it."""

    what_zh: str
    what_en: str
    zh: ClassVar[str] = "看板的声明有误，什么也没有部署：{what_zh}。请改正 bi/ 下的文件，再运行一次。"
    en: ClassVar[str] = (
        "The declared dashboards are not sound, and nothing was deployed: {what_en}. Correct the files under bi/ and run this again."
    )


@dataclass(eq=False)
class ChartsFailing(SupersetError):
    """Charts were deployed and get no answer."""

    count: int
    first: str
    zh: ClassVar[str] = (
        "看板已部署，但有 {count} 张图取不到数据，第一张是“{first}”。请看 superset.log，改正后再运行一次。"
    )
    en: ClassVar[str] = (
        "The dashboards are deployed, but {count} charts get no data; the first: {first}. See superset.log, mend it and run this again."
    )
