"""The chain of events: every change of state, who made it and why, each event holding the hash of the one before it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the chain and its head, and let a build say up to where it saw the ledger."""
    op.create_table(
        "event",
        _column("event_id", sa.BigInteger, "事件编号，从 1 起连续", primary_key=True, autoincrement=False),
        _column("happened_at", Time, "发生的时间"),
        _column("kind", sa.Text, "种类，如 accepted 接收、withdrawn 撤回、closed 结账"),
        _column("delivery_id", sa.BigInteger, "有关的送达", null=True),
        _column("submission_id", sa.BigInteger, "有关的报送", null=True),
        _column("form_id", sa.Text, "报表", null=True),
        _column("unit_id", sa.Text, "单位代码", null=True),
        _column("period", sa.Text, "报告期或期间", null=True),
        _column("author", sa.Text, "何人或哪个批次，如 run 12"),
        _column("reason", sa.Text, "理由；自动处理的为空，不含个人信息", null=True),
        _column("details", JSONB, "其他事实；不含个人信息"),
        _column("hash", sa.Text, "本事件与前一事件的哈希一起计算的 SHA-256（十六进制）"),
        schema="ops",
        comment="粒度：每次状态变化一行；只增不改，以哈希相连，改动任何一行都会被 warehouse audit verify 发现",
    )
    op.create_index("event_by_submission", "event", ["submission_id"], schema="ops")
    op.create_table(
        "event_head",
        _column("event_id", sa.BigInteger, "最后一个事件的编号；0 为还没有", primary_key=True, autoincrement=False),
        _column("hash", sa.Text, "最后一个事件的哈希；还没有事件时为空文本"),
        schema="ops",
        comment="粒度：仅一行，事件链的末端；写入事件的事务锁住它，因此编号与提交的先后一致",
    )
    op.execute("insert into ops.event_head (event_id, hash) values (0, '')")
    for name, comment in (
        ("last_submission_id", "构建所见的最后一份报送；此后的报送不在这次构建之内"),
        ("last_event_id", "构建所见的最后一个事件；此后的事件不在这次构建之内"),
    ):
        op.add_column("dbt_build", _column(name, sa.BigInteger, comment, server_default="0"), schema="ops")


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]
