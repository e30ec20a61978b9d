"""Why each figure changed, and any figure as it was: causes with their submissions, and functions that give a past release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0013"
down_revision = "0012"

FIGURE = {
    **dict.fromkeys(("indicator_id", "org_level", "org_id", "period_type", "period"), "text"),
    **dict.fromkeys(("value", "numerator", "denominator", "completeness"), "numeric"),
    "status": "text",
}
"""The columns of `bi.indicator_value` but the last, which is the release."""


def upgrade() -> None:
    """Let changes name their causes, releases their build, and give functions for what was published and what was in force."""
    _causes()
    _builds()
    _in_force_at()
    _as_of()


def _causes() -> None:
    for column in (
        sa.Column("causes", ARRAY(sa.Text), nullable=False, server_default="{}", comment="全部变动原因，主要的在前"),
        sa.Column(
            "submission_ids",
            ARRAY(sa.BigInteger),
            nullable=False,
            server_default="{}",
            comment="引起变动的报送（报送编号），最多列出 20 份；一期改动的报送超过 1000 份的，每种原因只列一份",
        ),
        sa.Column(
            "submission_count",
            sa.Integer,
            nullable=False,
            server_default="0",
            comment="引起变动的报送共多少份（份）；同上，改动很多的一期只计所列的",
        ),
    ):
        op.add_column("release_change", column, schema="bi")
    op.execute("update bi.release_change set causes = array[cause]")
    op.execute(
        "comment on column bi.release_change.cause is '主要变动原因：restatement 已结账期间的更正、correction 经批准的更正、"
        "withdrawal 撤回、rule_change 规则变动后重新判定、resubmission 单位重新报送、late_data 迟报、new_data 新数据、"
        "register_change 名册变动、code_change 程序变动、calendar 日期推移、unexplained 原因不明'"
    )


def _builds() -> None:
    op.execute("alter table bi.release add column if not exists build_id bigint")
    op.execute("comment on column bi.release.build_id is '本期所发布的构建（ops.dbt_build）；空为此前的版本没有记录'")
    op.add_column(
        "dbt_build",
        sa.Column("code_digest", sa.Text, comment="构建所用的 dbt 项目与报表清单的摘要；空为此前的版本没有记录"),
        schema="ops",
    )
    # What earlier versions did not write down is told by the clock, the best that there is: a release is that of the newest build
    # which had ended when it was published, and a build saw what had been decided when it began.
    op.execute(
        "update bi.release r set build_id = (select max(b.build_id) from ops.dbt_build b"
        " where b.passed and b.finished_at <= r.published_at) where build_id is null"
    )
    op.execute(
        "update ops.dbt_build b set last_submission_id ="
        "   (select coalesce(max(s.submission_id), 0) from ops.submission s where s.decided_at <= b.started_at),"
        " last_event_id = (select coalesce(max(e.event_id), 0) from ops.event e"
        "   where coalesce((e.details ->> 'at')::timestamptz, e.happened_at) <= b.started_at)"
        " where last_submission_id = 0 and last_event_id = 0"
    )


def _in_force_at() -> None:
    op.execute(
        "create function ops.submission_in_force_at("
        "   asked_form_id text, asked_unit_id text, asked_period text, last_submission_id bigint, last_event_id bigint)"
        " returns bigint language sql stable parallel safe as $$"
        " select s.submission_id from (select submission_id from ops.submission"
        "   where (form_id, unit_id, period) = (asked_form_id, asked_unit_id, asked_period)"
        "   and outcome = 'accepted' and submission_id <= $4 order by version desc limit 1) s"
        # A withdrawal of the time before events is older than every boundary.
        " where not exists (select from ops.withdrawal w where w.submission_id = s.submission_id and coalesce("
        "   (select min(e.event_id) from ops.event e where e.submission_id = s.submission_id and e.kind = 'withdrawn'), 0) <= $5)"
        " $$"
    )
    op.execute(
        "comment on function ops.submission_in_force_at is '粒度：单位 × 报表 × 报告期，到某份报送和某个事件为止生效的报送编号；没有则为空'"
    )


def _as_of() -> None:
    # By organisation and period, as dashboards ask; the key already begins with the indicator.
    op.create_index("indicator_value_history_by_org", "indicator_value_history", ["org_id", "period"], schema="bi")
    op.execute(
        "create function bi.release_at(at timestamptz) returns bigint language sql stable parallel safe as"
        " $$ select max(release_id) from bi.release where published_at <= at $$"
    )
    op.execute("comment on function bi.release_at is '某一时刻读者看到的期号；当时还没有发布则为空'")
    columns = ", ".join(f"{name} {kind}" for name, kind in FIGURE.items())
    values = ", ".join(f"h.{name}" for name in FIGURE)
    for argument, release, said in (
        ("release bigint", "$1", "第几期"),
        ("at timestamptz", "(select bi.release_at($1))", "某一时刻"),
    ):
        # A plain query, so that Postgres folds it into whoever calls it, and a filter on the figures reaches the index.
        op.execute(
            f"create function bi.indicator_value_as_of({argument})"  # noqa: S608 - the names above
            f" returns table ({columns}, release_id bigint) language sql stable parallel safe rows 100000 as $$"
            f" select {values}, r.release_id from bi.release r join bi.indicator_value_history h"
            " on h.valid_from_release <= r.release_id"
            " and (h.valid_to_release is null or h.valid_to_release > r.release_id)"
            f" where r.release_id = {release} $$"
        )
        op.execute(
            f"comment on function bi.indicator_value_as_of({argument.split()[1]}) is"
            f" '粒度：指标 × 组织 × 期间，{said}（{argument}）发布时的值，各列同 bi.indicator_value；当时没有发布则没有行。"
            "时刻请写明类型：bi.indicator_value_as_of(timestamptz ''2022-01-31 18:00'')'"
        )
