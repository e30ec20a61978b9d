"""What a sending and a reminding came to, in words: for the command line and for the pages of Prefect. Counts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.alerts.sending import Sent
    from flows.staff import Reminded

NO_OWNERS = (
    "没有可用的责任人名册（owners.yaml），没有发送；请用 warehouse alerts owners 检查。",
    "There is no register of owners that can be used (owners.yaml), nothing was sent; see: warehouse alerts owners",
)


def words_of_sending(sent: Sent, standing: Mapping[str, int]) -> tuple[str, str]:
    """What a sending came to, and how many messages wait then, in Chinese and in English."""
    waiting = standing.get("waiting", 0)
    return (
        f"送达 {sent.sent} 条，待重发 {sent.again} 条，对方拒收 {sent.failed} 条，不知是否送达 {sent.unknown} 条；"
        f"发件箱中待发 {waiting} 条。",
        f"{sent.sent} sent, {sent.again} to be tried again, {sent.failed} refused, {sent.unknown} unknown; "
        f"{waiting} wait in the outbox.",
    )


def words_of_reminding(reminded: Reminded) -> tuple[str, str]:
    """Whom a reminding has asked, in Chinese and in English."""
    match reminded.why_nobody:
        case "no_owners":
            return NO_OWNERS
        case "no_night":
            return (
                f"{reminded.day} 的夜间流程还没有完成，已经报送的可能还没有读到，所以不催报。",
                f"The night of {reminded.day} has not come to its end: what was handed in may be unread, so nobody is asked.",
            )
        case None if reminded.people:
            return (f"催报 {reminded.people} 人。", f"{reminded.people} people are asked.")
        case None:
            return ("没有要催的，或今天都已催过。", "Nobody is to be asked, or all were asked today.")
