"""Increments: what a build goes on from, which release shows it, and which build a release shows."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

COLUMNS = (
    ("base_build_id", sa.BigInteger, "从哪次构建继续，只重算此后的变化；空为全部重建"),
    ("foundation", sa.Text, "程序、报表合同与日历的摘要；变了就须全部重建"),
    ("release_id", sa.BigInteger, "展示这次构建的发布；空为没有发布"),
)


def upgrade() -> None:
    """Add the columns; what was built before has none of these facts, and so the next build is one of everything."""
    for name, type_, comment in COLUMNS:
        op.add_column("dbt_build", sa.Column(name, type_, nullable=True, comment=comment), schema="ops")
    op.add_column(
        "release",
        sa.Column("build_id", sa.BigInteger, nullable=True, comment="发布的是哪次构建；空为早于此记录的发布"),
        schema="bi",
    )
