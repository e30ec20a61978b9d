"""The locked room: who looked into it, for whom, and why; keys that were destroyed, and files that went with them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the log of unmaskings; let a key be retired and an archived file be lost with it."""
    op.create_table(
        "unmasking",
        sa.Column("unmasking_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="查看编号"),
        _column("happened_at", sa.DateTime(timezone=True), "查看的时间；先有记录，后见内容"),
        _column("author", sa.Text, "查看人，由其自报"),
        _column("account", sa.Text, "查看时所用的操作系统账户"),
        _column("command", sa.Text, "所用的命令"),
        _column("reason", sa.Text, "理由；不含个人信息"),
        _column("person_token", sa.Text, "被查看者的个人代号"),
        _column("rows", sa.Integer, "查看到的行数（行）"),
        schema="ops",
        comment="粒度：每次查找或查看一个人的个人信息一行；只增不改",
    )
    op.add_column(
        "key_fingerprint",
        sa.Column("retired_at", sa.DateTime(timezone=True), comment="停用并销毁的时间；空为在用"),
        schema="pii",
    )
    op.create_table(
        "lost_file",
        sa.Column("sha256", sa.Text, primary_key=True, comment="文件内容的 SHA-256（十六进制）"),
        _column("lost_at", sa.DateTime(timezone=True), "发现不能打开的时间"),
        schema="archive",
        comment="粒度：每个因密钥已销毁而不能从备份取回的存档文件一行；其数据行仍在",
    )


def _column(name: str, type_: type[TypeEngine[Any]] | TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, comment=comment)
