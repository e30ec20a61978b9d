"""A zip of many files is a delivery too: its outcome says that its files were taken out, each a delivery of its own."""

from alembic import op

revision = "0008"
down_revision = "0007"

OUTCOMES = ("accepted", "refused", "unrecognised", "duplicate_bytes", "duplicate_content", "unpacked")


def upgrade() -> None:
    """Let a delivery be one that was unpacked."""
    listed = ", ".join(f"'{outcome}'" for outcome in OUTCOMES)
    op.drop_constraint("outcome_is_known", "delivery_outcome", schema="ops")
    op.create_check_constraint("outcome_is_known", "delivery_outcome", f"outcome in ({listed})", schema="ops")
    op.execute(
        "comment on column ops.delivery_outcome.outcome is '结果：接收、退回、无法识别、文件相同、内容相同、压缩包已拆开'"
    )
    op.execute(
        "comment on column archive.delivery.object_name is"
        " '来源中的文件名，仅作数据；从压缩包取出的，是压缩包的文件名、斜线与其中的文件名'"
    )
