"""Findings of rules that compare submissions, with the time in which they held; the validity of codes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

CHECKS = "跨报送核对：每张报表一个视图，只含生效的行，供合同中的 sql 规则查询"

ROW_FINDING = (
    *("finding_id", "delivery_id", "submission_id", "unit_id", "form_id", "period", "code", "severity"),
    *("sheet", "cell", "row_number", "field", "value", "params", "run_id"),
)
"""The columns of `ops.finding`, and so of the view that shows both kinds of findings."""


def upgrade() -> None:
    """Make the schema of the rules, the tables of what they found, and the view of everything found."""
    op.execute("create schema if not exists checks")
    op.execute(f"comment on schema checks is '{CHECKS}'")
    _code_validity()
    _cross_findings()
    _findings_that_hold()


def _code_validity() -> None:
    op.add_column("code", sa.Column("valid_from", sa.Date, comment="可用的第一天；空为一直可用"), schema="registers")
    op.add_column("code", sa.Column("valid_to", sa.Date, comment="可用的最后一天；空为至今"), schema="registers")


def _cross_findings() -> None:
    op.create_table(
        "cross_check",
        sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False, comment="核对的批次"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="核对的时间"),
        sa.Column("inputs", sa.Text, nullable=False, comment="所核对的报送与规则的摘要；未变则不必再核对"),
        sa.Column("rules", sa.Integer, nullable=False, comment="核对的规则数（条）"),
        sa.Column("failed", sa.ARRAY(sa.Text), nullable=False, comment="因本系统的故障未能执行的规则，附错误类别"),
        schema="ops",
        comment="粒度：每次跨报送核对一行",
    )
    op.create_table(
        "cross_finding",
        sa.Column(
            "finding_id",
            sa.BigInteger,
            # One sequence for both kinds, so that an id names one finding wherever it is shown.
            server_default=sa.text("nextval(pg_get_serial_sequence('ops.finding', 'finding_id'))"),
            primary_key=True,
            autoincrement=False,
            comment="问题编号，与 ops.finding 不重复",
        ),
        sa.Column("code", sa.Text, nullable=False, comment="规则代码，见报表合同"),
        sa.Column("severity", sa.Text, nullable=False, comment="程度：warning 请确认、info 告知"),
        sa.Column("is_shadow", sa.Boolean, nullable=False, comment="是否只计数、不展示"),
        sa.Column("fields", sa.ARRAY(sa.Text), nullable=False, comment="规则所指的字段"),
        sa.Column("heading", sa.Text, nullable=False, comment="所指字段的表头"),
        sa.Column("submission_id", sa.BigInteger, nullable=False, comment="报送编号"),
        sa.Column("row_number", sa.Integer, comment="表中行号，从 1 起；空为针对整份报送"),
        sa.Column("evidence", sa.Text, nullable=False, comment="所比较的数字；不含个人信息"),
        sa.Column("from_run_id", sa.BigInteger, nullable=False, comment="自哪个批次起成立"),
        sa.Column("until_run_id", sa.BigInteger, comment="到哪个批次不再成立；空为仍成立"),
        sa.CheckConstraint("severity in ('warning', 'info')", name="severity_is_known"),
        schema="ops",
        comment="粒度：规则 × 报送 × 行 × 成立的时段；只增不删，不再成立时写明批次",
    )
    op.create_index(
        "cross_finding_open_once",
        "cross_finding",
        ["code", "submission_id", sa.text("coalesce(row_number, 0)")],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("until_run_id is null"),
    )
    op.create_index("cross_finding_by_run", "cross_finding", ["from_run_id"], schema="ops")


def _findings_that_hold() -> None:
    op.execute(
        f"create view ops.finding_open as select {', '.join(ROW_FINDING)} from ops.finding"  # noqa: S608 - the names above
        " union all select c.finding_id, s.delivery_id, c.submission_id, s.unit_id, s.form_id, s.period, c.code, c.severity,"
        " s.sheet, (s.columns ->> c.fields[1]) || c.row_number, c.row_number, c.fields[1], null,"
        " jsonb_build_object('form', s.form_id, 'heading', c.heading, 'evidence', c.evidence, 'cells', coalesce((select"
        " string_agg((s.columns ->> f.name) || c.row_number, '、' order by f.place)"
        " from unnest(c.fields) with ordinality as f (name, place)), '')), c.from_run_id"
        " from ops.cross_finding as c join ops.submission as s using (submission_id)"
        " where c.until_run_id is null and not c.is_shadow"
    )
    op.execute("comment on view ops.finding_open is '粒度：每个问题一行：文件与行的全部问题，以及仍成立的跨报送问题'")
    op.execute(
        "do $$ declare c record; begin for c in select attname, col_description(attrelid, attnum) as said"
        " from pg_attribute where attrelid = 'ops.finding'::regclass and attnum > 0 and not attisdropped loop"
        " execute format('comment on column ops.finding_open.%I is %L', c.attname, c.said); end loop; end $$"
    )
