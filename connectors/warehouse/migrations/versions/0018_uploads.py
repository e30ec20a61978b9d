"""Workbooks uploaded over HTTP: the tokens by which units are known there, and what came by them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of tokens and uploads."""
    op.create_table(
        "upload_token",
        _identity("token_id", "口令编号"),
        _column("unit_id", sa.Text, "口令属于哪个单位"),
        _column("digest", sa.LargeBinary, "口令的 SHA-256；口令本身不保存"),
        _column("last_day", sa.Date, "有效期的最后一天"),
        _column("author", sa.Text, "发放人"),
        _column("issued_at", Time, "发放的时间"),
        schema="ops",
        comment="粒度：每个发给单位的网上报送口令一行；只增不改",
    )
    op.create_index("upload_token_digest", "upload_token", ["digest"], unique=True, schema="ops")
    op.create_table(
        "upload_token_end",
        _column("token_id", sa.BigInteger, "口令编号", primary_key=True, autoincrement=False),
        _column("reason", sa.Text, "理由；不含个人信息"),
        _column("author", sa.Text, "收回人"),
        _column("ended_at", Time, "收回的时间"),
        sa.ForeignKeyConstraint(["token_id"], ["ops.upload_token.token_id"]),
        schema="ops",
        comment="粒度：每个收回的口令一行；此后不再有效",
    )
    op.create_table(
        "upload",
        _identity("upload_id", "上传编号", always=False),
        _column("token_id", sa.BigInteger, "凭哪个口令"),
        _column("unit_id", sa.Text, "上传的单位"),
        _column("file_name", sa.Text, "文件名，去掉了路径和控制字符"),
        _column("object_name", sa.Text, "在收件文件夹中的位置，与 archive.delivery.object_name 相同"),
        _column("sha256", sa.Text, "内容的 SHA-256"),
        _column("size_bytes", sa.BigInteger, "字节数"),
        _column("uploaded_at", Time, "放入收件文件夹的时间"),
        sa.ForeignKeyConstraint(["token_id"], ["ops.upload_token.token_id"]),
        schema="ops",
        comment="粒度：每个经网上报送放入收件文件夹的文件一行；读取和判定见 archive.delivery、ops.delivery_outcome",
    )
    op.create_index("upload_of_unit", "upload", ["unit_id", "upload_id"], schema="ops")


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _identity(name: str, comment: str, *, always: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.Identity(always=always), primary_key=True, comment=comment)
