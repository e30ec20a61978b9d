"""The pages of the intake, in Chinese, for a phone as well; the frame of the report, and no script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.replies.answer import Answer
from connectors.replies.problems import Problem, problems_of
from connectors.report.page import page_environment
from connectors.warehouse.owed import Owed
from connectors.warehouse.uploads import Upload
from expectations.contract import forms
from flows.schedule import now
from flows.web_intake.owing import Owing
from flows.web_intake.receiving import Received, Shown
from flows.web_intake.refusals import TurnedAwayError

MOST_PROBLEMS = 100
"""A page shows so many lines; the workbook that goes back has them all."""

MOST_OWED = 40
"""A page lists so many answers that are owed, what is due first first."""


def sign_in_page(said: str = "") -> str:
    """The page that asks for the token."""
    return _render("upload_sign_in.html.j2", said=said)


def home_page(unit_id: str, uploads: Sequence[Upload], owing: Owing, limit_mb: int) -> str:
    """The page with the form, what the unit owes with the empty workbooks for it, and what it has uploaded."""
    today = now().date()
    return _render(
        "upload_home.html.j2",
        owed=[(each, _title(each.form_id), *_due(each, today)) for each in owing.owed[:MOST_OWED]],
        owed_more=max(0, len(owing.owed) - MOST_OWED),
        current=owing.current,
        unit_id=unit_id,
        unit_name=owing.unit_name,
        limit_mb=limit_mb,
        uploads=[(upload, *_standing(upload)) for upload in uploads],
    )


def received_page(unit_id: str, received: Sequence[Received]) -> str:
    """What became of the files of one request."""
    return _render(
        "upload_received.html.j2",
        unit_id=unit_id,
        taken=sum(each.upload_id is not None for each in received),
        received=[(each, [_card(answer) for answer in each.answers]) for each in received],
    )


def shown_page(unit_id: str, shown: Shown) -> str:
    """One upload with what is said about it."""
    return _render(
        "upload_shown.html.j2", unit_id=unit_id, shown=shown, cards=[_card(answer) for answer in shown.answers]
    )


def refusal_page(refused: TurnedAwayError) -> str:
    """Why a request was turned away."""
    return _render("upload_refused.html.j2", refused=refused)


def _title(form_id: str) -> str:
    form = forms().get(form_id)
    return form.title_zh if form else form_id


def _due(owed: Owed, today: date) -> tuple[bool, str]:
    """Whether it is late, and how it stands."""
    days = (today - owed.due_date).days
    when = f"逾期 {days} 天" if days > 0 else "今天截止" if days == 0 else f"还有 {-days} 天"
    return days > 0, f"已退回，请改正后重报（{when}）" if owed.is_refused else when


def _standing(upload: Upload) -> tuple[str, str]:
    """How an upload stands, and what there is to do about it."""
    if upload.receipt is None:
        return "等待夜间读取", "明早可以看回执"
    must, check = upload.receipt["must_mend"], upload.receipt["please_check"]
    outcome = {
        "accepted": "已接收",
        "refused": "已退回",
        "unrecognised": "未能识别",
        "unpacked": "已拆开",
        "duplicate_bytes": "重复，不再计入",
        "duplicate_content": "重复，不再计入",
    }[upload.receipt["outcome"]]
    wanted = [f"必须改 {must} 处"] * bool(must) + [f"请核对 {check} 处"] * bool(check)
    return outcome, "，".join(wanted) or "没有问题"


def _card(answer: Answer) -> tuple[Answer, list[Problem], int]:
    """An answer, its first problems, and how many more there are."""
    problems = problems_of(answer.findings, answer.sheet)
    return answer, problems[:MOST_PROBLEMS], max(0, len(problems) - MOST_PROBLEMS)


def _render(template: str, **facts: Any) -> str:
    return page_environment().get_template(template).render(**facts)
