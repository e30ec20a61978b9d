"""Several people in a row: one that names a mentor and an apprentice is found by either."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the one person of a row a list of people, keeping those that are known."""
    op.add_column(
        "personal_row",
        sa.Column(
            "person_tokens",
            sa.ARRAY(sa.Text),
            nullable=False,
            server_default="{}",
            comment="该行各人的个人代号：身份证号的带密钥摘要",
        ),
        schema="pii",
    )
    op.execute("update pii.personal_row set person_tokens = array[person_token] where person_token is not null")
    op.alter_column("personal_row", "person_tokens", server_default=None, schema="pii")
    op.drop_column("personal_row", "person_token", schema="pii")
    op.create_index("personal_row_by_token", "personal_row", ["person_tokens"], schema="pii", postgresql_using="gin")
