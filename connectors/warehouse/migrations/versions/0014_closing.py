"""Closing: which periods are closed, with which release; the answers that wait for them; what restated them; what waits visibly."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"

Time = sa.DateTime(timezone=True)

CLOSED = {
    "closing_id": "结账编号",
    "period": "所结的期间；其中较短的期间一并结账",
    "period_type": "期间种类：month 月、quarter 季、year 年、plan 规划期",
    "first_day": "期间的第一天",
    "last_day": "期间的最后一天",
    "release_id": "以哪一期的数字结账（期号）",
    "author": "结账人",
    "closed_at": "结账时间",
}


def upgrade() -> None:
    """Make the tables of closing, and let an answer that waits be none in force."""
    _closings()
    _waiting_answers()
    _in_force()
    _restatements()


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _closings() -> None:
    op.create_table(
        "closing",
        sa.Column("closing_id", sa.BigInteger, primary_key=True, autoincrement=False, comment=CLOSED["closing_id"]),
        _column("period", sa.Text, CLOSED["period"]),
        _column("period_type", sa.Text, CLOSED["period_type"]),
        _column("first_day", sa.Date, CLOSED["first_day"]),
        _column("last_day", sa.Date, CLOSED["last_day"]),
        _column("release_id", sa.BigInteger, CLOSED["release_id"]),
        _column("author", sa.Text, CLOSED["author"]),
        _column("closed_at", Time, CLOSED["closed_at"]),
        _column("expected", sa.Integer, "结账时应报的份数"),
        _column("missing", sa.Integer, "结账时应报未收的份数"),
        _column("reason", sa.Text, "未收齐仍结账的理由；收齐的为空，不含个人信息", null=True),
        _column("pack_sha256", sa.Text, "结账包（zip 文件）的 SHA-256（十六进制）"),
        _column("manifest", JSONB, "结账包的清单：各文件的摘要、事件链末端、经手人和数字签名"),
        schema="ops",
        comment="粒度：每次结账一行；只增不改，重新打开的见 ops.reopening",
    )
    op.execute("create sequence ops.closing_number")
    op.create_table(
        "reopening",
        sa.Column("reopening_id", sa.BigInteger, sa.Identity(always=True), primary_key=True, comment="重新打开的编号"),
        _column("closing_id", sa.BigInteger, "重新打开的是哪次结账；每次结账至多一次", unique=True),
        _column("reason", sa.Text, "理由；不含个人信息"),
        _column("author", sa.Text, "决定人"),
        _column("reopened_at", Time, "重新打开的时间"),
        sa.ForeignKeyConstraint(["closing_id"], ["ops.closing.closing_id"]),
        schema="ops",
        comment="粒度：每次重新打开的结账一行；只增不改",
    )
    op.execute(
        f"create view ops.period_closed as select {', '.join('c.' + name for name in CLOSED)} from ops.closing as c"  # noqa: S608 - the names above
        " where not exists (select from ops.reopening as r where r.closing_id = c.closing_id)"
    )
    op.execute("comment on view ops.period_closed is '粒度：现在有效的每次结账一行；完全落在其中的期间都已结账'")
    for name, comment in CLOSED.items():
        op.execute(f"comment on column ops.period_closed.{name} is '{comment}'")


def _waiting_answers() -> None:
    op.create_table(
        "submission_held",
        _column("submission_id", sa.BigInteger, "等待的报送", primary_key=True, autoincrement=False),
        _column("closing_id", sa.BigInteger, "因哪次结账而等待"),
        _column("run_id", sa.BigInteger, "收到它的批次"),
        _column("held_at", Time, "开始等待的时间"),
        sa.ForeignKeyConstraint(["closing_id"], ["ops.closing.closing_id"]),
        schema="ops",
        comment="粒度：每份结账后才到、待重述时计入的报送一行；只增不改，已计入的见 ops.submission_let_in",
    )
    op.create_index("submission_held_by_run", "submission_held", ["run_id"], schema="ops")
    op.create_table(
        "submission_let_in",
        _column("submission_id", sa.BigInteger, "计入的报送", primary_key=True, autoincrement=False),
        _column("reopening_id", sa.BigInteger, "因哪次重新打开而计入"),
        _column("let_in_at", Time, "计入的时间"),
        sa.ForeignKeyConstraint(["submission_id"], ["ops.submission_held.submission_id"]),
        sa.ForeignKeyConstraint(["reopening_id"], ["ops.reopening.reopening_id"]),
        schema="ops",
        comment="粒度：每份等待过、重新打开后计入的报送一行；只增不改",
    )


def _in_force() -> None:
    columns = [
        row[0]
        for row in op.get_bind().execute(
            sa.text(
                "select attname from pg_attribute where attrelid = 'ops.submission_in_force'::regclass and attnum > 0 order by attnum"
            )
        )
    ]
    op.execute(
        f"create or replace view ops.submission_in_force as select {', '.join('s.' + c for c in columns)} from"  # noqa: S608 - names of our own columns
        " (select distinct on (form_id, unit_id, period) * from ops.submission as a where outcome = 'accepted'"
        " and not exists (select from ops.submission_held as h where h.submission_id = a.submission_id"
        "   and not exists (select from ops.submission_let_in as l where l.submission_id = h.submission_id))"
        " order by form_id, unit_id, period, version desc) as s"
        " where not exists (select from ops.withdrawal as w where w.submission_id = s.submission_id)"
    )
    op.execute(
        "comment on view ops.submission_in_force is '粒度：单位 × 报表 × 报告期，生效的一份：不在等待重述的、版本最高的已接收报送；"
        "它被撤回的，没有生效的报送'"
    )

    op.execute(
        "create or replace function ops.submission_in_force_at("
        "   asked_form_id text, asked_unit_id text, asked_period text, last_submission_id bigint, last_event_id bigint)"
        " returns bigint language sql stable parallel safe as $$"
        " select s.submission_id from (select a.submission_id from ops.submission a"
        "   where (a.form_id, a.unit_id, a.period) = (asked_form_id, asked_unit_id, asked_period)"
        "   and a.outcome = 'accepted' and a.submission_id <= $4"
        # It waits from the transaction on that brought it.
        "   and (not exists (select from ops.submission_held h where h.submission_id = a.submission_id)"
        "     or exists (select from ops.event e where e.submission_id = a.submission_id and e.kind = 'let_in' and e.event_id <= $5))"
        "   order by a.version desc limit 1) s"
        # A withdrawal of the time before events is older than every boundary.
        " where not exists (select from ops.withdrawal w where w.submission_id = s.submission_id and coalesce("
        "   (select min(e.event_id) from ops.event e where e.submission_id = s.submission_id and e.kind = 'withdrawn'), 0) <= $5)"
        " $$"
    )


def _restatements() -> None:
    op.create_table(
        "restatement",
        _column("release_id", sa.BigInteger, "重述的那一期（期号）", primary_key=True, autoincrement=False),
        _column("reopening_id", sa.BigInteger, "由哪次重新打开引起", primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["reopening_id"], ["ops.reopening.reopening_id"]),
        schema="ops",
        comment="粒度：每期发布 × 它重述的结账期间一行；重述说明由此写出",
    )
    op.create_table(
        "waiting_change",
        *(
            _column(name, sa.Text, comment, primary_key=True)
            for name, comment in (
                ("indicator_id", "指标编号"),
                ("org_level", "组织层级：unit 单位、group 行业组、province 全省"),
                ("org_id", "组织代码"),
                ("period_type", "期间种类：month 月、quarter 季、year 年、plan 规划期"),
                ("period", "已结账的期间"),
            )
        ),
        _column("closed_value", sa.Numeric, "结账的值，读者看到的（单位见指标）；空为无数据或结账时没有", null=True),
        _column("new_value", sa.Numeric, "照现在的数据、名册和算法会成为的值（单位见指标）；空为无数据", null=True),
        _column("closed_completeness", sa.Numeric, "结账时应报单位中已报的比例（0 到 1）", null=True),
        _column("new_completeness", sa.Numeric, "现在应报单位中已报的比例（0 到 1）", null=True),
        _column("since_release", sa.BigInteger, "自哪一期起等待（期号）"),
        schema="bi",
        comment="粒度：指标 × 组织 × 已结账的期间，现在算来与结账不同的每个数字一行；重新打开该期间才会变",
    )
