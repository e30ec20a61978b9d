"""Corrections: what staff put over a cell of an archived original, with a second person's approval.

Both tables are append-only, and the original stays as it was sent: a correction is read over it each time that it is judged anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of corrections, and let a version be there because of one."""
    _causes()
    _corrections()
    _approvals()


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _causes() -> None:
    op.drop_constraint("cause_is_known", "submission", schema="ops")
    op.create_check_constraint(
        "cause_is_known", "submission", "cause in ('delivery', 'replay', 'correction')", schema="ops"
    )
    op.execute(
        "comment on column ops.submission.cause is"
        " '由来：delivery 收到文件、replay 规则或名册改正后重新判定存档的原件、correction 经批准的更正'"
    )
    op.execute(
        "comment on table ops.replay is '粒度：每次得到新结果的重新判定一行，更正引起的也在内；原送达的账目不变'"
    )


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="更正编号"),
        _column("submission_id", sa.BigInteger, "提出更正时生效的报送"),
        _column("delivery_id", sa.BigInteger, "更正的是哪次送达的原件；该单位重新报送的不再更正"),
        _column("form_id", sa.Text, "报表"),
        _column("unit_id", sa.Text, "单位代码"),
        _column("period", sa.Text, "报告期"),
        _column("row_number", sa.Integer, "工作表的行号"),
        _column("field", sa.Text, "字段；个人信息不能这样更正"),
        _column("value_before", sa.Text, "更正前：已入库的为读出的值，待更正的为原文；空为没有填写", null=True),
        _column("value", sa.Text, "更正为；空为清空这一格", null=True),
        _column("reason", sa.Text, "理由；不含个人信息"),
        _column("author", sa.Text, "提出人"),
        _column("decided_at", Time, "提出的时间"),
        sa.ForeignKeyConstraint(["submission_id"], ["ops.submission.submission_id"]),
        sa.UniqueConstraint("correction_id", "author", name="correction_by_author"),
        schema="ops",
        comment="粒度：每次提出的更正一行（一个单元格）；只增不改，批准之前不生效",
    )
    op.create_index("correction_by_delivery", "correction", ["delivery_id"], schema="ops")


def _approvals() -> None:
    op.create_table(
        "correction_approval",
        _column("correction_id", sa.BigInteger, "更正编号", primary_key=True, autoincrement=False),
        _column("author", sa.Text, "提出人，与更正一致"),
        _column("approver", sa.Text, "批准人，不能是提出人"),
        _column("reason", sa.Text, "批准的理由；可以不写", null=True),
        _column("submission_id", sa.BigInteger, "更正后成为的报送"),
        _column("decided_at", Time, "批准的时间"),
        # The author stands here too, so that the database itself refuses one person for both.
        sa.ForeignKeyConstraint(["correction_id", "author"], ["ops.correction.correction_id", "ops.correction.author"]),
        sa.ForeignKeyConstraint(["submission_id"], ["ops.submission.submission_id"]),
        sa.CheckConstraint("approver <> author", name="approver_is_another"),
        schema="ops",
        comment="粒度：每个已批准的更正一行；只增不改",
    )
