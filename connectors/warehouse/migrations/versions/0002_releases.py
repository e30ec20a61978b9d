"""Releases: what readers of `bi` see, what each release changed, and every value that was ever published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

GRAIN = {
    "indicator_id": "指标编号",
    "org_level": "组织层级：unit 单位、group 行业组、province 全省",
    "org_id": "组织代码",
    "period_type": "期间种类：month 月、quarter 季、year 年、plan 规划期",
    "period": "期间，如 2021-03、2021-Q1、2021、2021-2025",
}
VALUES = {
    "numerator": (sa.Numeric, "分子（单位见指标）"),
    "denominator": (sa.Numeric, "分母（单位见指标）；非比率指标为空"),
    "completeness": (sa.Numeric, "应报单位中已报的比例（0 到 1）"),
    "status": (sa.Text, "状态：provisional 初步、closed 已结账、restated 已更正"),
}


def upgrade() -> None:
    """Make the tables of releases and the view of the current one."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "release",
        sa.Column("release_id", sa.BigInteger, primary_key=True, autoincrement=False, comment="期号，每次发布加一"),
        sa.Column("published_at", time, nullable=False, comment="发布时间"),
        sa.Column("night", sa.Date, nullable=False, comment="业务日期"),
        sa.Column("cause", sa.Text, nullable=False, comment="发布原因"),
        sa.Column("row_counts", JSONB, nullable=False, comment="各表行数（行）"),
        schema="bi",
        comment="粒度：每次发布一行；读者看到的是期号最大的一期",
    )
    op.create_table(
        "release_change",
        sa.Column("release_id", sa.BigInteger, primary_key=True, autoincrement=False, comment="期号"),
        *_key(),
        sa.Column("old_value", sa.Numeric, comment="上一期的值（单位见指标）；空为当时没有"),
        sa.Column("new_value", sa.Numeric, comment="本期的值（单位见指标）；空为不再有"),
        sa.Column("cause", sa.Text, nullable=False, comment="变动原因"),
        schema="bi",
        comment="粒度：每次发布中每个变动的数字一行（指标 × 组织 × 期间）",
    )
    op.create_table(
        "indicator_value_history",
        *_key(),
        sa.Column("value", sa.Numeric, comment="指标值（单位见指标）；空为无数据"),
        *(sa.Column(name, type_, comment=comment) for name, (type_, comment) in VALUES.items()),
        sa.Column(
            "valid_from_release", sa.BigInteger, primary_key=True, autoincrement=False, comment="自哪一期起（期号）"
        ),
        sa.Column("valid_to_release", sa.BigInteger, comment="到哪一期止（期号，不含该期）；空为当前"),
        schema="bi",
        comment="粒度：指标 × 组织 × 期间 × 生效的期号区间；曾经发布过的每个值",
    )
    op.create_index(
        "indicator_value_current",
        "indicator_value_history",
        list(GRAIN),
        unique=True,
        schema="bi",
        postgresql_where=sa.text("valid_to_release is null"),
    )
    _current_values()


def _key() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text, primary_key=True, comment=comment) for name, comment in GRAIN.items()]


def _current_values() -> None:
    columns = [*GRAIN, "value", *VALUES]
    op.execute(
        f"create view bi.indicator_value as select {', '.join('h.' + c for c in columns)},"  # noqa: S608 - the names above
        " (select max(release_id) from bi.release) as release_id"
        " from bi.indicator_value_history as h where h.valid_to_release is null"
    )
    comments = {
        **GRAIN,
        "value": "指标值（单位见指标）；空为无数据",
        **{name: comment for name, (_, comment) in VALUES.items()},
        "release_id": "当前的期号",
    }
    op.execute("comment on view bi.indicator_value is '粒度：指标 × 组织 × 期间，当前一期的值'")
    for name, comment in comments.items():
        op.execute(f"comment on column bi.indicator_value.{name} is '{comment}'")
