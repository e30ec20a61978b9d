"""The chain of events as people ask it: what happened lately, and the life of one answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.warehouse.ledger import Row, submissions_of

KINDS_ZH = {
    "received": "收到",
    "accepted": "接收",
    "superseded": "被代替",
    "refused": "退回",
    "unrecognised": "无法识别",
    "copied": "内容重复",
    "unpacked": "拆开压缩包",
    "withdrawn": "撤回",
    "correction_proposed": "提出更正",
    "correction_approved": "批准更正",
    "waived": "豁免",
    "waiver_ended": "终止豁免",
    "confirmed": "确认提醒",
    "replayed": "重新判定",
    "held": "结账后暂存",
    "let_in": "暂存放行",
    "closed": "结账",
    "reopened": "重开",
    "published": "发布",
    "access_given": "授予读取权限",
    "access_taken": "收回读取权限",
    "backfilled": "回补",
    "unmasked": "查看个人信息",
    "erased": "抹除一个人的个人信息",
    "expired": "销毁保存期满的个人信息",
    "key_made": "启用新密钥",
    "key_retired": "停用并销毁密钥",
}
"""Every kind of event, and what people call it."""


def read_events(
    conn: psycopg.Connection[Any],
    *,
    form_id: str | None = None,
    unit_id: str | None = None,
    period: str | None = None,
    kind: str | None = None,
    author: str | None = None,
    since: date | None = None,
    limit: int = 100,
) -> list[Row]:
    """What happened, the newest first; `since` is the first day asked for."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select e.*, d.object_name from ops.event e left join archive.delivery d using (delivery_id)"
            " where (%(form)s::text is null or form_id = %(form)s) and (%(unit)s::text is null or unit_id = %(unit)s)"
            " and (%(period)s::text is null or period = %(period)s) and (%(kind)s::text is null or kind = %(kind)s)"
            " and (%(author)s::text is null or author = %(author)s) and (%(since)s::date is null or happened_at >= %(since)s)"
            " order by event_id desc limit %(limit)s",
            {
                "form": form_id,
                "unit": unit_id,
                "period": period,
                "kind": kind,
                "author": author,
                "since": since,
                "limit": limit,
            },
        ).fetchall()


def read_life(conn: psycopg.Connection[Any], form_id: str, unit_id: str, period: str) -> list[Row]:
    """Every version of one answer, the first first, with its state and its `events` in order: when, what, by whom, why."""
    versions = submissions_of(conn, form_id, unit_id, period)
    by_id: dict[int, list[Row]] = {version["submission_id"]: [] for version in versions}
    by_delivery = {version["delivery_id"]: version["submission_id"] for version in reversed(versions)}
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select event_id, happened_at, kind, author, reason, delivery_id, submission_id, details - 'rows' as details"
            " from ops.event where submission_id = any(%s)"
            " or (submission_id is null and kind in ('received', 'confirmed') and delivery_id = any(%s)) order by event_id",
            (list(by_id), list(by_delivery)),
        )
        for event in cursor:
            by_id[event["submission_id"] or by_delivery[event["delivery_id"]]].append(event)
    return [{**version, "events": by_id[version["submission_id"]]} for version in versions]
