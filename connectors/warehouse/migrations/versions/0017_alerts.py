"""Alerts to staff: what is wrong since when and what became of it, the messages to be sent, and what each server answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the ledger of alerts, the outbox with its attempts, and the indexes by which the night finds what is wrong."""
    _alerts()
    _outbox()
    _reminders()
    _short_ways()


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _identity(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.Identity(always=True), primary_key=True, comment=comment)


def _alerts() -> None:
    op.create_table(
        "alert",
        _identity("alert_id", "预警编号"),
        _column("fingerprint", sa.Text, "指纹：种类与所指的单位、报表、期间、规则等；不含数量、日期和填写的内容"),
        _column("kind", sa.Text, "种类，如 quarantined 有行待更正、overdue 逾期未报"),
        _column("severity", sa.Text, "程度：critical 紧急、error 错误、warning 提醒"),
        _column("form_id", sa.Text, "报表；不限于一张的为空", null=True),
        _column("unit_id", sa.Text, "单位代码；不限于一个的为空", null=True),
        _column("period", sa.Text, "报告期；不限于一期的为空", null=True),
        _column("state", sa.Text, "状态：open 待处理、acknowledged 已认领、silenced 已静默、resolved 已解决"),
        _column("facts", JSONB, '所指的各项及数量，如 {"relief.persons_positive": 3}；不含个人信息'),
        _column("cause_id", sa.BigInteger, "由哪个预警引起；它未解决时不单独通知", null=True),
        _column("opened_night", sa.Date, "首次出现的业务日期"),
        _column("opened_at", Time, "首次出现的时间"),
        _column("silenced_until", sa.Date, "静默到哪一天（含）；空为直到情况变化", null=True),
        _column("resolved_night", sa.Date, "解决的业务日期：同一检查在更新的数据上通过；空为未解决", null=True),
        _column("resolved_at", Time, "解决的时间", null=True),
        sa.CheckConstraint("state in ('open', 'acknowledged', 'silenced', 'resolved')", name="alert_state_is_known"),
        sa.CheckConstraint("severity in ('critical', 'error', 'warning')", name="alert_severity_is_known"),
        sa.CheckConstraint("(state = 'resolved') = (resolved_at is not null)", name="alert_is_resolved_at_a_time"),
        schema="ops",
        comment="粒度：指纹 × 每次出现；解决后再次出现是新的一行",
    )
    op.create_index(
        "alert_open_once",
        "alert",
        ["fingerprint"],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "alert_change",
        _column("alert_id", sa.BigInteger, "预警编号", primary_key=True, autoincrement=False),
        _column("change_no", sa.Integer, "该预警的第几次变化，从 1 起", primary_key=True, autoincrement=False),
        _column(
            "kind",
            sa.Text,
            "变化：opened 出现、changed 情况变化、acknowledged 认领、silenced 静默、woken 静默结束、resolved 解决",
        ),
        _column("night", sa.Date, "业务日期"),
        _column("happened_at", Time, "发生的时间"),
        _column("author", sa.Text, "何人或哪个批次，如 run 12"),
        _column("reason", sa.Text, "理由；自动发生的为空，不含个人信息", null=True),
        _column("facts", JSONB, "当时所指的各项及数量；不含个人信息"),
        sa.CheckConstraint(
            "kind in ('opened', 'changed', 'acknowledged', 'silenced', 'woken', 'resolved')",
            name="alert_change_is_known",
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["ops.alert.alert_id"]),
        schema="ops",
        comment="粒度：预警的每次变化一行；只增不改",
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        _identity("outbox_id", "消息编号"),
        _column("subject", sa.Text, "是什么消息，如 digest/li/2021-04-20/1：给谁、哪一夜、当夜的第几份"),
        _column("channel_id", sa.Text, "通道，见责任人名册"),
        _column("recipient_id", sa.Text, "收件的责任人，见责任人名册"),
        _column("content", JSONB, "标题、各节与各行；不含个人信息"),
        _column("message_id", sa.Text, "固定的消息标识，重发时不变，供对方去重"),
        _column("state", sa.Text, "waiting 待发、sending 发送中、sent 已送达、unknown 不知是否送达、failed 放弃"),
        _column("attempts", sa.Integer, "尝试的次数（次）", server_default="0"),
        _column("next_try_at", Time, "此时之前不发：免打扰时段，或失败后的等待"),
        _column("lease_until", Time, "发送中：到此时没有记下结果的，发送者已中断", null=True),
        _column("night", sa.Date, "业务日期"),
        _column("written_at", Time, "写入的时间"),
        sa.UniqueConstraint("subject", "channel_id", name="outbox_message_once"),
        sa.CheckConstraint(
            "state in ('waiting', 'sending', 'sent', 'unknown', 'failed')", name="outbox_state_is_known"
        ),
        schema="ops",
        comment="粒度：消息 × 通道；与发布（或预警的变化）在同一事务中写入",
    )
    op.create_index(
        "outbox_unsent",
        "outbox",
        ["channel_id", "outbox_id"],
        schema="ops",
        postgresql_where=sa.text("state in ('waiting', 'sending')"),
    )
    op.create_table(
        "outbox_item",
        _column("alert_id", sa.BigInteger, "预警编号", primary_key=True, autoincrement=False),
        _column("change_no", sa.Integer, "该预警的第几次变化", primary_key=True, autoincrement=False),
        _column("channel_id", sa.Text, "通道", primary_key=True),
        _column("outbox_id", sa.BigInteger, "在哪条消息中通知"),
        sa.ForeignKeyConstraint(["alert_id", "change_no"], ["ops.alert_change.alert_id", "ops.alert_change.change_no"]),
        sa.ForeignKeyConstraint(["outbox_id"], ["ops.outbox.outbox_id"]),
        schema="ops",
        comment="粒度：预警的变化 × 通道；每次变化在每个通道只通知一次",
    )
    op.create_table(
        "outbox_attempt",
        _column("outbox_id", sa.BigInteger, "消息编号", primary_key=True, autoincrement=False),
        _column("attempt", sa.Integer, "第几次尝试，从 1 起", primary_key=True, autoincrement=False),
        _column("started_at", Time, "开始的时间"),
        _column("finished_at", Time, "记下结果的时间；空为发送中，或发送者已中断", null=True),
        _column(
            "outcome",
            sa.Text,
            "delivered 送达、temporary 暂时失败、permanent 对方拒收、unanswered 没有回应、unknown 发送者中断",
            null=True,
        ),
        _column("status", sa.Text, "服务器的状态码，如 200、250", null=True),
        _column("answer", sa.Text, "服务器回答的开头；其中的密钥已遮盖", null=True),
        sa.CheckConstraint(
            "outcome in ('delivered', 'temporary', 'permanent', 'unanswered', 'unknown')",
            name="outbox_attempt_outcome_is_known",
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["ops.outbox.outbox_id"]),
        schema="ops",
        comment="粒度：每次发送的尝试一行，开始之前写入",
    )


def _reminders() -> None:
    op.create_table(
        "reminder",
        _column("form_id", sa.Text, "报表", primary_key=True),
        _column("unit_id", sa.Text, "单位代码", primary_key=True),
        _column("period", sa.Text, "报告期", primary_key=True),
        _column(
            "stage", sa.Integer, "距应报日期的天数（天），负为之前：催到了哪一步", primary_key=True, autoincrement=False
        ),
        _column("recipient_id", sa.Text, "催了谁，见责任人名册"),
        _column("subject", sa.Text, "在哪份消息中，见 ops.outbox"),
        _column("night", sa.Date, "业务日期"),
        schema="ops",
        comment="粒度：报表 × 单位 × 报告期 × 催报的每一步；每一步只催一次",
    )


def _short_ways() -> None:
    """What is wrong is little beside what there is: the night must not read the whole ledger to find it."""
    for name, table, columns, condition in (
        ("submission_refused", "submission", ["form_id", "unit_id", "period"], "outcome = 'refused'"),
        ("submission_waiting_rows", "submission", ["form_id", "unit_id", "period"], "rows_quarantined > 0"),
        ("delivery_unrecognised", "delivery_outcome", ["delivery_id"], "outcome = 'unrecognised'"),
    ):
        op.create_index(name, table, columns, schema="ops", postgresql_where=sa.text(condition))
