"""The locked room: keys that were destroyed, and files that went with them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Let a key be retired and an archived file be lost with it."""
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
