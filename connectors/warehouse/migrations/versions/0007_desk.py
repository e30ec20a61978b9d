"""What staff decide at the desk: waivers, withdrawals, and the replay of what waits; which submission is in force.

Every table is append-only: a decision that is taken back is another row, so that who decided what when stays known.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

Time = sa.DateTime(timezone=True)

SUBMISSION = (
    *(
        "submission_id",
        "delivery_id",
        "form_id",
        "edition",
        "unit_id",
        "period",
        "version",
        "outcome",
        "is_nil",
        "sheet",
    ),
    *("columns", "content_token", "rows_read", "rows_loaded", "rows_quarantined", "rows_ignored", "received_at"),
    *("decided_at", "run_id"),
)
"""The columns of `ops.submission`, and so of the view of those in force."""


def upgrade() -> None:
    """Make the tables of the desk, let a delivery have replays, and say once which submissions are in force."""
    _waivers()
    _withdrawals()
    _replays()
    _in_force()


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _identity(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.Identity(always=True), primary_key=True, comment=comment)


def _signed() -> list[sa.Column[object]]:
    return [
        _column("reason", sa.Text, "理由；不含个人信息"),
        _column("author", sa.Text, "决定人"),
        _column("decided_at", Time, "决定的时间"),
    ]


def _waivers() -> None:
    op.create_table(
        "waiver",
        _identity("waiver_id", "豁免编号"),
        _column("rule_code", sa.Text, "豁免的规则，见报表合同"),
        _column("unit_id", sa.Text, "单位代码"),
        _column("first_day", sa.Date, "豁免的第一天：报告期须整个落在起止日之内"),
        _column("last_day", sa.Date, "豁免的最后一天"),
        *_signed(),
        sa.CheckConstraint("first_day <= last_day", name="waiver_days_in_order"),
        schema="ops",
        comment="粒度：规则 × 单位 × 起止日的每次豁免一行；只增不改",
    )
    op.create_table(
        "waiver_end",
        _column("waiver_id", sa.BigInteger, "豁免编号", primary_key=True, autoincrement=False),
        *_signed(),
        sa.ForeignKeyConstraint(["waiver_id"], ["ops.waiver.waiver_id"]),
        schema="ops",
        comment="粒度：每个提前终止的豁免一行；此后作出的结果不再豁免，已作出的不变",
    )


def _withdrawals() -> None:
    op.create_table(
        "withdrawal",
        _column("submission_id", sa.BigInteger, "撤回的报送", primary_key=True, autoincrement=False),
        *_signed(),
        sa.ForeignKeyConstraint(["submission_id"], ["ops.submission.submission_id"]),
        schema="ops",
        comment="粒度：每份撤回的报送一行；只增不改，撤回后该单位该期没有生效的报送，直到重新报送",
    )


def _replays() -> None:
    op.add_column(
        "submission",
        _column(
            "cause",
            sa.Text,
            "由来：delivery 收到文件、replay 规则或名册改正后重新判定存档的原件",
            server_default="delivery",
        ),
        schema="ops",
    )
    op.create_check_constraint("cause_is_known", "submission", "cause in ('delivery', 'replay')", schema="ops")
    op.drop_constraint("submission_delivery_id_key", "submission", schema="ops")
    op.create_index(
        "submission_of_delivery_once",
        "submission",
        ["delivery_id"],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("cause = 'delivery'"),
    )
    op.create_index("submission_by_delivery", "submission", ["delivery_id"], schema="ops")
    op.create_table(
        "replay",
        _column("submission_id", sa.BigInteger, "重新判定后成为的报送", primary_key=True, autoincrement=False),
        _column("replayed_submission_id", sa.BigInteger, "重新判定的报送；每份只有一次得到新结果", unique=True),
        _column("delivery_id", sa.BigInteger, "原件的送达编号"),
        _column("rows_read", sa.Integer, "读到的数据行数（行）"),
        _column("rows_loaded", sa.Integer, "入库行数（行）"),
        _column("rows_quarantined", sa.Integer, "待更正行数（行）"),
        _column("rows_ignored", sa.Integer, "有原因的忽略行数（行），如合计行"),
        _column("ignored", JSONB, '忽略的行及原因，如 {"15": "total_row"}'),
        _column("run_id", sa.BigInteger, "重新判定的批次"),
        # As for deliveries: no row is lost between a file and the warehouse.
        sa.CheckConstraint("rows_read = rows_loaded + rows_quarantined + rows_ignored", name="replay_rows_balance"),
        schema="ops",
        comment="粒度：每次得到新结果的重新判定一行；原送达的账目不变",
    )
    op.create_index("replay_by_run", "replay", ["run_id"], schema="ops")


def _in_force() -> None:
    columns = ", ".join(f"s.{name}" for name in SUBMISSION)
    op.execute(
        # The newest accepted version in a subquery of its own: what joins the view does not look for it row by row.
        f"create view ops.submission_in_force as select {columns} from"  # noqa: S608 - the names above
        " (select distinct on (form_id, unit_id, period) * from ops.submission where outcome = 'accepted'"
        " order by form_id, unit_id, period, version desc) as s"
        " where not exists (select from ops.withdrawal as w where w.submission_id = s.submission_id)"
    )
    op.execute(
        "comment on view ops.submission_in_force is"
        " '粒度：单位 × 报表 × 报告期，生效的一份：版本最高的已接收报送；它被撤回的，没有生效的报送'"
    )
    op.execute(
        "do $$ declare c record; begin for c in select v.attname, col_description(t.attrelid, t.attnum) as said"
        " from pg_attribute v join pg_attribute t on t.attrelid = 'ops.submission'::regclass and t.attname = v.attname"
        " where v.attrelid = 'ops.submission_in_force'::regclass and v.attnum > 0 loop"
        " execute format('comment on column ops.submission_in_force.%I is %L', c.attname, c.said); end loop; end $$"
    )
    op.execute(
        "comment on table ops.submission is"
        " '粒度：单位 × 报表 × 报告期 × 版本；只增不改，生效的是版本最高的 accepted 一行，它被撤回则没有'"
    )
