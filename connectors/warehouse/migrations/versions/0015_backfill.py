"""Backfills: what was to be judged again or brought in, who wanted it and why, how far it is, and the partitions it goes by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the ledger of backfills, and let a version be there because of one."""
    op.drop_constraint("cause_is_known", "submission", schema="ops")
    op.create_check_constraint(
        "cause_is_known", "submission", "cause in ('delivery', 'replay', 'correction', 'backfill')", schema="ops"
    )
    op.execute(
        "comment on column ops.submission.cause is '由来：delivery 收到文件、replay 规则或名册改正后重新判定存档的原件、"
        "correction 经批准的更正、backfill 补录重算'"
    )
    _backfills()
    _partitions()


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _backfills() -> None:
    op.create_table(
        "backfill",
        sa.Column("backfill_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="补录编号"),
        _column("plan_id", sa.Text, "所依据的预览的编号；一次预览只执行一次", unique=True),
        _column("parameters", JSONB, "范围：起止期间、报表、单位、文件夹等"),
        _column("business_date", sa.Date, "业务日期，与预览一致"),
        _column("boundary", JSONB, "预览时所见：事件、发布、合同、程序、密钥等的摘要"),
        _column("expected_digest", sa.Text, "预览结果的 SHA-256（十六进制）"),
        _column("reason", sa.Text, "理由；不含个人信息"),
        _column("author", sa.Text, "决定人"),
        _column("state", sa.Text, "状态：reading 读取中、paused 已暂停、cancelled 已取消、loaded 已入库、done 已发布"),
        _column("sends_answers", sa.Boolean, "是否答复报送单位"),
        _column("run_id", sa.BigInteger, "最近执行它的批次"),
        _column("release_id", sa.Integer, "完成后读者所见的发布", null=True),
        _column("decided_at", Time, "开始的时间"),
        _column("changed_at", Time, "状态最近一次改变的时间"),
        sa.CheckConstraint(
            "state in ('reading', 'paused', 'cancelled', 'loaded', 'done')", name="backfill_state_is_known"
        ),
        schema="ops",
        comment="粒度：每次补录（执行，不含预览）一行；入库之前的状态对读者和夜间流程没有影响",
    )


def _partitions() -> None:
    op.create_table(
        "backfill_partition",
        _column("backfill_id", sa.BigInteger, "补录编号", primary_key=True, autoincrement=False),
        _column("form_id", sa.Text, "报表", primary_key=True),
        _column("period", sa.Text, "报告期", primary_key=True),
        _column("state", sa.Text, "状态：waiting 待读取、read 已读取、loaded 已入库"),
        _column("files", sa.Integer, "原件数（个）"),
        _column("versions", sa.Integer, "成为新版本的报送数（份）", server_default="0"),
        _column("staged", JSONB, "读取结果所在：暂存区中加密文件的 SHA-256，依次"),
        _column("started_at", Time, "开始读取的时间", null=True),
        _column("finished_at", Time, "读取结束的时间", null=True),
        sa.ForeignKeyConstraint(["backfill_id"], ["ops.backfill.backfill_id"]),
        sa.CheckConstraint("state in ('waiting', 'read', 'loaded')", name="partition_state_is_known"),
        schema="ops",
        comment="粒度：补录 × 报表 × 报告期；中断后从没有读取的继续",
    )
