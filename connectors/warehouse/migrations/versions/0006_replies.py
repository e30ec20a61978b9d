"""Replies: which deliveries were answered, how, and with which receipt; warnings that the submitters confirmed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables of replies and of confirmations, and the mark by which a confirmed warning is known again."""
    _replies()
    _confirmations()


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("delivery_id", sa.BigInteger, primary_key=True, autoincrement=False, comment="送达编号"),
        sa.Column(
            "kind",
            sa.Text,
            nullable=False,
            comment="答复：receipt 仅回执、annotated 批注后的原工作簿、listed 单独的问题清单",
        ),
        sa.Column("reason", sa.Text, comment="不能在原工作簿上批注的原因；空为已批注，或没有需要批注的问题"),
        sa.Column("receipt", JSONB, nullable=False, comment="签名的回执，与发出的文件一致"),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False, comment="答复的时间"),
        sa.Column("run_id", sa.BigInteger, nullable=False, comment="答复的批次"),
        sa.CheckConstraint("kind in ('receipt', 'annotated', 'listed')", name="kind_is_known"),
        schema="ops",
        comment="粒度：每次已答复的送达一行；没有行的送达尚未答复",
    )


def _confirmations() -> None:
    op.add_column(
        "finding",
        sa.Column(
            "fingerprint", sa.Text, comment="提醒的指纹（带密钥摘要）：同一规则、字段、行键和内容则相同；其他程度为空"
        ),
        schema="ops",
    )
    op.create_index("finding_by_fingerprint", "finding", ["fingerprint"], schema="ops")
    op.create_table(
        "confirmation",
        sa.Column("fingerprint", sa.Text, primary_key=True, comment="所确认的提醒的指纹"),
        sa.Column("code", sa.Text, nullable=False, comment="规则代码"),
        sa.Column("form_id", sa.Text, nullable=False, comment="报表"),
        sa.Column("unit_id", sa.Text, nullable=False, comment="单位代码"),
        sa.Column("period", sa.Text, nullable=False, comment="报告期"),
        sa.Column("delivery_id", sa.BigInteger, nullable=False, comment="在哪次送达中确认"),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False, comment="记录确认的时间"),
        sa.Column("run_id", sa.BigInteger, nullable=False, comment="记录确认的批次"),
        schema="ops",
        comment="粒度：报送单位确认过的每个提醒一行；内容改变后指纹不同，会再次提醒",
    )
