"""Erasing a person: the record of each erasure, which originals were redacted for it, and why a file cannot be had any more."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the record of erasures and of redacted files; let a lost file say why it is."""
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="抹除编号"),
        sa.Column("person_token", sa.Text, comment="被抹除者的个人代号，未完成时用来接着做；完成后为空"),
        sa.Column("substitute_token", sa.Text, nullable=False, comment="替代的个人代号，由替代的身份证号得出"),
        sa.Column("substitute_id", sa.Text, nullable=False, comment="替代的身份证号：随机虚构，不属于任何人"),
        sa.Column("key_id", sa.Text, comment="为这次抹除新建的密钥；空为尚未新建"),
        sa.Column("author", sa.Text, nullable=False, comment="决定人"),
        sa.Column("reason", sa.Text, nullable=False, comment="理由；不含个人信息"),
        sa.Column("started_at", Time, nullable=False, comment="开始时间"),
        sa.Column("rows_erased_at", Time, comment="数据库中的行抹除完毕的时间；空为尚未"),
        sa.Column("finished_at", Time, comment="全部完成的时间；空为未完成，再次执行会接着做"),
        schema="pii",
        comment="粒度：每次抹除一个人一行",
    )
    op.create_table(
        "redacted_file",
        sa.Column("sha256", sa.Text, primary_key=True, comment="原件内容的 SHA-256（十六进制）；副本仍以它为名"),
        sa.Column(
            "erasure_id", sa.BigInteger, primary_key=True, autoincrement=False, comment="为哪次抹除（pii.erasure）"
        ),
        sa.Column("is_destroyed", sa.Boolean, nullable=False, comment="是否整份销毁：不能只抹去此人的，不留副本"),
        sa.Column("redacted_at", Time, nullable=False, comment="时间"),
        schema="archive",
        comment="粒度：原件 × 抹除；原件已由抹去此人的副本代替，其内容与 SHA-256 不再相符",
    )
    op.add_column(
        "lost_file",
        sa.Column(
            "reason",
            sa.Text,
            nullable=False,
            server_default="key_retired",
            comment="原因：key_retired 密钥已销毁、erased 因抹除个人信息而销毁、expired 保存期满而销毁",
        ),
        schema="archive",
    )
    op.create_check_constraint(
        "reason_is_known", "lost_file", "reason in ('key_retired', 'erased', 'expired')", schema="archive"
    )
    op.execute("comment on table archive.lost_file is '粒度：每个不能再取得的存档文件一行；其数据行仍在'")
