"""Small numbers: which figures show people, what readers were shown of them at which release, and what is withheld (`small_numbers`)."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

SENSITIVE = (
    *("relief_paid", "relief_persons", "winter_warmth_money", "gift_parcel_persons", "gift_parcel_money"),
    *("summer_cooling_raised", "nuclear_hardship_money", "student_aid_money", "student_aid_students"),
    *("daily_relief_persons", "daily_relief_money", "daily_relief_average", "disaster_relief_money"),
    *("education_uplift_workers", "education_uplift_money", "education_uplift_standard", "row_acceptance_rate"),
)
"""The indicators that show people, when this was written; each publish reads the seed anew."""

SENSITIVE_FORMS = ("hardship_aid", "student_aid", "education_uplift")

FIGURE = {
    "indicator_id": "指标编号\nId of the indicator",
    "org_level": "组织层级：unit 单位、group 行业组、province 全省\nLevel of the organisation: unit, group (an industry) or province",
    "org_id": "组织代码\nCode of the organisation",
}
CURRENT = (
    *("indicator_id", "org_level", "org_id", "period_type", "period"),
    *("value", "numerator", "denominator", "completeness", "status"),
)


def upgrade() -> None:
    """Withhold every sensitive figure until a publish has judged it; make the two logs that it judges by."""
    _names()
    _people()
    _figures()
    # It was no coverage, and with the rows of the other forms it told how many rows, each a person, the sensitive ones had.
    op.execute("alter table if exists bi.coverage_summary drop column if exists row_acceptance_rate")


def _names() -> None:
    op.create_table(
        "sensitive_indicator",
        sa.Column("indicator_id", sa.Text, primary_key=True, comment="指标编号"),
        sa.Column("sensitivity", sa.Text, nullable=False, comment="people 受助或领款的人、health 因病受助的人"),
        schema="ops",
        comment="粒度：小数字会显出人的指标，取自最近一次生成的指标表",
    )
    op.create_table(
        "sensitive_form",
        sa.Column("form_id", sa.Text, primary_key=True, comment="报表编号"),
        schema="ops",
        comment="粒度：这类指标所用、一行就是一个人的报表；其行数本身就是人数",
    )
    indicators = ", ".join(
        f"('{name}', '{'health' if name.startswith('nuclear') else 'people'}')" for name in SENSITIVE
    )
    forms = ", ".join(f"('{name}')" for name in SENSITIVE_FORMS)
    op.execute(f"insert into ops.sensitive_indicator values {indicators}")  # noqa: S608 - the names above
    op.execute(f"insert into ops.sensitive_form values {forms}")  # noqa: S608 - the names above
    for name, column, said in (
        (
            "sensitive_indicators",
            "indicator_id",
            "小数字会显出人的指标\nOne row per indicator of which a small figure would show people",
        ),
        (
            "sensitive_forms",
            "form_id",
            "这类指标所用、一行就是一个人的报表\nOne row per form behind such indicators in which a row is a person",
        ),
    ):
        op.execute(
            f"create function bi.{name}() returns setof text language sql stable security definer"  # noqa: S608 - the names above
            f" set search_path = pg_catalog, pg_temp rows 20 as $$ select {column} from ops.{name[:-1]} $$"
        )
        op.execute(f"comment on function bi.{name} is '粒度：{said}'")


def _people() -> None:
    key = {
        "year": (sa.Integer, "年"),
        "counted_in": (sa.Text, "该行计入的度量，逗号分隔"),
        "unit_id": (sa.Text, "报送单位代码"),
        "group_id": (sa.Text, "当月所属行业组；不在任何组则为空串"),
    }

    def columns() -> list[sa.Column[object]]:
        return [sa.Column(name, kind, primary_key=True, comment=comment) for name, (kind, comment) in key.items()]

    op.create_table(
        "people_behind",
        *columns(),
        sa.Column("persons", sa.BigInteger, nullable=False, comment="人数：有身份的去重，台账按人次"),
        sa.Column("facts", sa.Text, nullable=False, comment="各度量的合计，用来认出变动；空串为已无"),
        schema="ops",
        comment="粒度：年 × 计入的度量 × 单位 × 行业组；敏感数字背后现在有多少人",
    )
    op.create_table(
        "people_change",
        *columns(),
        sa.Column("release_id", sa.BigInteger, primary_key=True, comment="在哪一期变动"),
        sa.Column("persons", sa.BigInteger, nullable=False, comment="增加的人数；减少为负，只有金额变动为 0"),
        schema="ops",
        comment="粒度：年 × 计入的度量 × 单位 × 行业组 × 期号；敏感数字背后的人每次变动多少",
    )
    op.create_table(
        "figure_shown",
        *(sa.Column(name, sa.Text, primary_key=True, comment=comment) for name, comment in FIGURE.items()),
        sa.Column("year", sa.Integer, primary_key=True, comment="年"),
        sa.Column("release_id", sa.BigInteger, primary_key=True, comment="期号"),
        schema="ops",
        comment="粒度：敏感的年度数字 × 期号；只读账号曾在哪一期看到它变动",
    )


def _figures() -> None:
    for name, default, comment in (
        (
            "shown",
            "true",
            "只读账号是否可见；小数字会显出人的指标只有可见的一行\nWhether readers see the row; of indicators that show people they see one",
        ),
        (
            "kept",
            "false",
            "新值变动太小，只读账号仍看这一行\nWhether readers go on seeing this row, because too little has changed since",
        ),
    ):
        column = sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text(default), comment=comment)
        op.add_column("indicator_value_history", column, schema="bi")
    op.execute(
        "update bi.indicator_value_history set shown = false where indicator_id in (select indicator_id from ops.sensitive_indicator)"
    )
    op.create_index(
        "indicator_value_kept",
        "indicator_value_history",
        list(CURRENT[:5]),
        unique=True,
        schema="bi",
        postgresql_where=sa.text("kept"),
    )
    op.create_table(
        "withheld_figure",
        *(sa.Column(name, sa.Text, primary_key=True, comment=comment) for name, comment in FIGURE.items()),
        sa.Column(
            "period_type",
            sa.Text,
            primary_key=True,
            comment="期间种类：year 年、plan 规划期\nKind of period: year or plan",
        ),
        sa.Column(
            "period", sa.Text, primary_key=True, comment="期间，如 2021、2021-2025\nPeriod, such as 2021, 2021-2025"
        ),
        sa.Column(
            "reason",
            sa.Text,
            nullable=False,
            comment="too_few 人数太少或可由此推算；change_too_small 变动的人太少，仍显示旧值\n"
            "too_few: few people, or it would give few away; change_too_small: too few changed, the former figure is shown",
        ),
        sa.Column(
            "seen_release",
            sa.BigInteger,
            comment="只读账号看到的是哪一期的值；空为不显示\nRelease whose figure readers see (number); null: none is shown",
        ),
        schema="bi",
        comment="粒度：对只读账号隐去或未更新的年和规划期数字（指标 × 组织 × 期间），不含任何值；月和季的敏感数字一律隐去，不逐一列出\n"
        "One row per figure of a year or plan that readers do not see, or not as it is now; it has no values. Months and quarters of"
        " such indicators are all withheld and not listed.",
    )
    op.execute(
        # Who is bound by the rules about rows, and by those for readers: not the owner, whom none binds.
        "create function bi.is_reader() returns boolean language sql stable set search_path = pg_catalog, pg_temp as"
        " $$ select row_security_active('bi.indicator_value_history') and pg_has_role('warehouse_bi_reader', 'usage') $$"
    )
    op.execute(
        "comment on function bi.is_reader is '当前账号是否只看对只读账号公开的数字\nWhether this account sees only what readers may see'"
    )
    columns = ", ".join(f"h.{name}" for name in CURRENT)
    release = "(select max(release_id) from bi.release) as release_id"
    op.execute(
        "create or replace view bi.indicator_value with (security_invoker = true) as"  # noqa: S608 - the names above
        f" select {columns}, {release} from bi.indicator_value_history h where h.valid_to_release is null"
        # Readers see a kept row in the place of the newer one, which the rules about rows keep from them.
        f" union all select {columns}, {release} from bi.indicator_value_history h where h.kept and (select bi.is_reader())"
    )
