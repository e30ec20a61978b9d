"""Looks at sources: when each was looked at, how that ended, and since when one cannot be read."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table of looks."""
    op.create_table(
        "source_look",
        sa.Column("look_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="查看编号"),
        _column("source_id", sa.Text, "来源代号，见 sources.yaml；inbox 为默认收件文件夹"),
        _column("kind", sa.Text, "来源种类：folder、sftp、s3、imap、http_api、sql"),
        _column("run_id", sa.BigInteger, "所属批次"),
        _column("began_at", Time, "开始的时间"),
        _column("ended_at", Time, "结束的时间；进行中或中途被终止的为空", null=True),
        _column(
            "outcome",
            sa.Text,
            "结果：looking 进行中、good 完整、broken 没有读完（下次再试）、shut 不能使用、overdue 超过时限、failed 本系统故障",
        ),
        _column("attempts", sa.Integer, "尝试次数（次）", server_default="0"),
        _column("received", sa.Integer, "新收到的文件（个）", server_default="0"),
        _column("unchanged", sa.Integer, "与上次相同的文件（个）", server_default="0"),
        _column("waiting", sa.Integer, "仍在变化、留待下次的文件（个）", server_default="0"),
        _column("skipped", sa.Integer, "不打开或无权读取的（个）", server_default="0"),
        _column("refused", sa.Integer, "发件人不在名单而不收的（个）", server_default="0"),
        _column("error_zh", sa.Text, "没有读完的原因；不含密码和报表内容", null=True),
        _column("error_en", sa.Text, "同上，英文", null=True),
        sa.CheckConstraint(
            "outcome in ('looking', 'good', 'broken', 'shut', 'overdue', 'failed')", name="look_outcome_is_known"
        ),
        schema="ops",
        comment="粒度：批次 × 来源 × 一次查看一行；一次查看可含数次尝试",
    )
    op.create_index("source_look_by_source", "source_look", ["source_id", "look_id"], schema="ops")


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]
