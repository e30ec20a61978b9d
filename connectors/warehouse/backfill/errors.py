"""Why a backfill does not go on. The tree of errors begins in `connectors.errors`.

UsageError                  exit 2
└── BackfillRefused                  a backfill may not go on; nothing of it is in the ledger
    ├── BackfillMoved                something that its plan depends on is not as it was
    ├── BackfillDiffers              it came to something else than its plan showed
    ├── BackfillStopped              somebody paused or cancelled it
    ├── BackfillBusy                 another process carries it out
    ├── BackfillClosed               it would touch closed periods and is no restatement
    └── NoPlan                       there is no preview of it
WarehouseError              exit 3
└── BackfillUnpublished              it is in the ledger, but what was built is not what its plan showed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import UsageError, WarehouseError


@dataclass(eq=False)
class BackfillRefused(UsageError):
    """A backfill may not go on. Nothing of it is in the ledger."""


@dataclass(eq=False)
class BackfillMoved(BackfillRefused):
    """Something that the plan depends on is not as it was when the preview was made; `what_zh` and `what_en` name it."""

    plan_id: str
    what_zh: str
    what_en: str
    zh: ClassVar[str] = (
        "预览 {plan_id} 已过时，没有执行，数据未改动：{what_zh}。请重新预览（--preview），看过之后再执行。"
    )
    en: ClassVar[str] = (
        "The plan {plan_id} is out of date and was not applied; nothing has changed. Moved since: {what_en}. Preview again, "
        "look at it, and apply that."
    )


@dataclass(eq=False)
class BackfillDiffers(BackfillRefused):
    """An apply came to something else than its plan showed; `places` names where, without any value."""

    plan_id: str
    places: str
    zh: ClassVar[str] = (
        "执行的结果与预览 {plan_id} 不一致，已全部退回，数据未改动：{places}。请重新预览；若再次如此，请告知维护人员。"
    )
    en: ClassVar[str] = (
        "Applying came to something else than the plan {plan_id} showed and was taken back whole; nothing has changed. "
        "Different: {places}. Preview again; if it happens again, tell the maintainers."
    )

    @classmethod
    def at(cls, plan_id: str, places: list[str], most: int = 5) -> BackfillDiffers:
        """The refusal that names the first of these places."""
        return cls(plan_id, ", ".join(places[:most]) + (" …" if len(places) > most else ""))


@dataclass(eq=False)
class BackfillStopped(BackfillRefused):
    """Somebody paused or cancelled the backfill while it was being carried out."""

    backfill_id: int
    zh: ClassVar[str] = (
        "补录 {backfill_id} 已暂停或取消，尚未入库，数据未改动；warehouse backfill show {backfill_id} 查看，暂停的用 resume 继续。"
    )
    en: ClassVar[str] = (
        "The backfill {backfill_id} was paused or cancelled before anything of it was in the ledger; see `warehouse backfill "
        "show {backfill_id}`; a paused one goes on with `resume`."
    )


@dataclass(eq=False)
class BackfillBusy(BackfillRefused):
    """Another process carries the backfill out."""

    backfill_id: int
    zh: ClassVar[str] = "补录 {backfill_id} 正由另一个进程执行；warehouse backfill show {backfill_id} 查看进度。"
    en: ClassVar[str] = (
        "Another process carries out backfill {backfill_id}; see `warehouse backfill show {backfill_id}`."
    )


@dataclass(eq=False)
class BackfillClosed(BackfillRefused):
    """Closed periods lie in the range, and nobody said that they are to be restated."""

    periods: str
    zh: ClassVar[str] = (
        "这次补录涉及已结账的期间：{periods}，数据未改动。确需改动的，预览和执行时都加 --restate，按重述处理，理由记入重述说明。"
    )
    en: ClassVar[str] = (
        "Closed periods lie in this backfill: {periods}. Nothing has changed. If they must change, preview and apply with --restate; "
        "the reason goes into the restatement note."
    )


@dataclass(eq=False)
class NoPlan(BackfillRefused):
    """Something was to be applied that nobody has looked at."""

    command: str
    zh: ClassVar[str] = "没有这次补录的预览，不能执行。请先用 {command} 预览。"
    en: ClassVar[str] = "There is no preview of this backfill, so it cannot be applied. Preview it first by {command}."


@dataclass(eq=False)
class BackfillUnpublished(WarehouseError):
    """What was built is not what the plan showed; readers keep the release before."""

    plan_id: str
    zh: ClassVar[str] = (
        "补录（预览 {plan_id}）已入库，但生成的指标与预览不一致，没有发布；读者仍看到上一次发布。请告知维护人员，暂停夜间流程，查明之前不要再发布。"
    )
    en: ClassVar[str] = (
        "The backfill of plan {plan_id} is in the ledger, but what was built is not what the plan showed, and was not published; readers "
        "keep the release before. Tell the maintainers, and publish nothing until it is understood."
    )
