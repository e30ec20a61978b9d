"""Schema `bi` as a product: what is not dbt's has types with their digits, comments in Chinese and English, and one way to add up."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

KEY = {
    "indicator_id": "指标编号\nId of the indicator",
    "org_level": "组织层级：unit 单位、group 行业组、province 全省\nLevel of the organisation: unit, group (an industry) or province",
    "org_id": "组织代码\nCode of the organisation",
    "period_type": "期间种类：month 月、quarter 季、year 年、plan 规划期（累计至今）\nKind of period: month, quarter, year or plan (so far)",
    "period": "期间，如 2021-03、2021-Q1、2021、2021-2025\nPeriod, such as 2021-03, 2021-Q1, 2021, 2021-2025",
}
FACTS = {
    "value": "指标值（单位见 indicator.unit）；空为无数据\nThe figure, in indicator.unit; null: no data",
    "numerator": "分子（单位见其度量）；非比率指标等于值\nAbove the line, in the unit of its measure; of what is no ratio, the figure; null: no data",
    "denominator": "分母（单位见其度量）；非比率指标为空\nBelow the line, in the unit of its measure; null: the indicator is not a ratio, or no data",
    "completeness": "相关报表已报比例（0 到 1）；空为本期没有应报\n"
    "Share (0 to 1) of the expected answers that came; null: none was expected in the period",
    "status": "状态：provisional 初步、closed 已结账、restated 已更正\nState: provisional, closed or restated",
}
COMMENTS = {
    "table release": {
        "": "粒度：每次发布一行；读者看到的是期号最大的一期\nOne row per release; readers see the one with the largest number",
        "release_id": "期号，每次发布加一\nNumber of the release, one more each time",
        "published_at": "发布时间\nWhen it was published",
        "night": "业务日期\nBusiness date",
        "cause": "发布原因\nWhy it was published",
        "row_counts": "各表写入的行数（行），JSON 对象：表名 → 行数\nRows written (count), a JSON object: table → rows",
        "build_id": "本期所发布的构建（ops.dbt_build）；空为此前的版本没有记录\n"
        "Build that it published (ops.dbt_build); null: an earlier version kept no record",
    },
    "table release_change": {
        "": "粒度：每次发布中每个变动的数字一行（指标 × 组织 × 期间）\n"
        "One row per release and figure that it changed (indicator, organisation, period)",
        "release_id": "期号\nNumber of the release",
        **KEY,
        "old_value": "上一期的值（单位见 indicator.unit）；空为当时没有\nThe figure before, in indicator.unit; null: there was none",
        "new_value": "本期的值（单位见 indicator.unit）；空为不再有\nThe figure since, in indicator.unit; null: there is none any more",
        "cause": "主要变动原因：restatement 已结账期间的更正、correction 经批准的更正、withdrawal 撤回、"
        "rule_change 规则变动后重新判定、resubmission 单位重新报送、late_data 迟报、new_data 新数据、"
        "register_change 名册变动、code_change 程序变动、calendar 日期推移、unexplained 原因不明\n"
        "Main cause: restatement of a closed period, correction, withdrawal, rule_change, resubmission, late_data, new_data,"
        " register_change, code_change, calendar, or unexplained",
        "causes": "全部变动原因，主要的在前（数组）\nAll causes, the main one first (an array)",
        "submission_ids": "引起变动的报送（报送编号，数组），最多列出 20 份；一期改动的报送超过 1000 份的，每种原因只列一份\n"
        "Submissions behind it (an array of ids), 20 at most; one per cause in a release that more than 1000 changed",
        "submission_count": "引起变动的报送共多少份（份）；改动很多的一期只计所列的\n"
        "How many submissions are behind it (count); only those listed in a release that very many changed",
    },
    "table indicator_value_history": {
        "": "粒度：指标 × 组织 × 期间 × 生效的期号区间；曾经发布过的每个值\n"
        "One row per indicator, organisation, period and span of releases: every figure that was ever published",
        **KEY,
        **FACTS,
        "valid_from_release": "自哪一期起（期号）\nFirst release with it (number)",
        "valid_to_release": "到哪一期止（期号，不含该期）；空为当前\nFirst release without it (number); null: it is current",
    },
    "table waiting_change": {
        "": "粒度：指标 × 组织 × 已结账的期间，现在算来与结账不同的每个数字一行；重新打开该期间才会变\n"
        "One row per indicator, organisation and closed period whose figure would now be another; it changes when the period is reopened",
        **KEY,
        "period": "已结账的期间\nThe closed period",
        "closed_value": "结账的值，读者看到的（单位见 indicator.unit）；空为无数据或结账时没有\n"
        "The figure as closed, which readers see, in indicator.unit; null: no data, or there was none",
        "new_value": "照现在的数据、名册和算法会成为的值（单位见 indicator.unit）；空为无数据\n"
        "What it would be by the data, register and rules of now, in indicator.unit; null: no data",
        "closed_completeness": "结账时应报单位中已报的比例（0 到 1）；空为本期没有应报\n"
        "Share (0 to 1) of the expected answers that had come at closing; null: none was expected",
        "new_completeness": "现在应报单位中已报的比例（0 到 1）；空为本期没有应报\n"
        "Share (0 to 1) of the expected answers that have come by now; null: none was expected",
        "since_release": "自哪一期起等待（期号）\nRelease since which it waits (number)",
    },
    "view indicator_value": {
        "": "粒度：指标 × 组织 × 期间，组织存续的每个期间一行，当前一期。值为空表示无数据；0 表示已报但没有发生。能否相加见 indicator。\n"
        "One row per indicator, organisation and period in which the organisation existed, of the current release. A null figure: no data;"
        " 0: reported, and there was nothing. Whether figures add up is told in indicator.",
        **KEY,
        **FACTS,
        "release_id": "当前的期号\nNumber of the current release",
    },
}
FUNCTIONS = {
    "release_at(timestamptz)": "某一时刻读者看到的期号；当时还没有发布则为空\nRelease that readers saw at a time; null: none was published yet",
    **{
        f"indicator_value_as_of({kind})": f"粒度：指标 × 组织 × 期间，{zh}发布时的值，各列同 bi.indicator_value；当时没有发布则没有行。{also_zh}\n"
        f"One row per indicator, organisation and period, as published {en}, with the columns of bi.indicator_value; no row if nothing was. {also_en}"
        for kind, zh, en, also_zh, also_en in (
            ("bigint", "第几期", "in that release", "", ""),
            (
                *("timestamptz", "某一时刻", "at that time"),
                "时刻请写明类型：bi.indicator_value_as_of(timestamptz '2022-01-31 18:00')",
                "Name the type of the time.",
            ),
        )
    },
    "orgs_in_my_care()": "粒度：当前账号所管的每个组织，连同全部下级（按生效的单位名册；已失效的单位按其最后一个时段的上级）\n"
    "One row per organisation in the care of this account, with all below it (by the register in force; a unit that is no more, by its last parent)",
}
DEPENDENT_VIEWS = """
select distinct r.ev_class::regclass::text, pg_get_viewdef(r.ev_class) from pg_depend d join pg_rewrite r on r.oid = d.objid
where d.classid = 'pg_rewrite'::regclass and d.refobjid in
  ('bi.indicator_value_history'::regclass, 'bi.release_change'::regclass, 'bi.waiting_change'::regclass)
"""
"""Views over the tables whose types change, and their queries."""


def upgrade() -> None:
    """Give the tables of releases the types of what dbt declares, their comments, and the function that adds up."""
    _types()
    _added_up()
    for relation, comments in COMMENTS.items():
        kind, name = relation.split()
        for column, comment in comments.items():
            target = f"column bi.{name}.{column}" if column else f"{kind} bi.{name}"
            op.execute(f"comment on {target} is {_quoted(comment)}")
    for function, comment in FUNCTIONS.items():
        op.execute(f"comment on function bi.{function} is {_quoted(comment.strip())}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _types() -> None:
    """A numeric without digits is no type that an ODBC or JDBC driver can size: it tells tools of anything from 0 to 131 072 digits."""
    values = ("value", "numerator", "denominator")
    op.execute("drop view bi.indicator_value")
    # dbt's view over the history holds on to the types of its columns, and is not made again by every night.
    views = op.get_bind().execute(sa.text(DEPENDENT_VIEWS)).all()
    for name, _ in views:
        op.execute(f"drop view {name}")
    for table, figures, shares in (
        ("indicator_value_history", values, ("completeness",)),
        ("release_change", ("old_value", "new_value"), ()),
        ("waiting_change", ("closed_value", "new_value"), ("closed_completeness", "new_completeness")),
    ):
        changes = [f"alter {name} type numeric(38, 10)" for name in figures]
        changes += [f"alter {name} type numeric(12, 10)" for name in shares]
        op.execute(f"alter table bi.{table} {', '.join(changes)}")
    for name, query in views:
        op.get_bind().exec_driver_sql(f"create view {name} as {query}")
    columns = ", ".join(f"h.{name}" for name in (*KEY, *FACTS))
    op.execute(
        f"create view bi.indicator_value with (security_invoker = true) as select {columns},"  # noqa: S608 - the names above
        " (select max(release_id) from bi.release) as release_id"
        " from bi.indicator_value_history as h where h.valid_to_release is null"
    )


def _added_up() -> None:
    # The dimension that it asks is made by the first publish.
    op.execute("set local check_function_bodies = off")
    op.execute(
        "create function bi.indicator_added_up(asked_indicator_id text, org_ids text[], periods text[])"
        " returns table (value numeric, numerator numeric, denominator numeric, figures bigint, asked bigint, refusal text)"
        " language sql stable parallel safe rows 1 as $$"
        " with figure as ("
        "   select org_level, org_id, period_type, period, v.value, v.numerator, v.denominator from bi.indicator_value v"
        "   where v.indicator_id = $1 and v.org_id = any($2) and v.period = any($3)"
        " ), total as ("
        "   select count(f.value) as figures, sum(f.value) as value, sum(f.numerator) as numerator, sum(f.denominator) as denominator,"
        "     count(distinct org_id) as orgs, count(distinct period) as periods,"
        "     count(distinct org_level) > 1 or count(distinct period_type) > 1 as is_mixed from figure f"
        " ), judged as ("
        "   select total.*, i.denominator_measure is not null as is_ratio, case"
        "     when i.indicator_id is null then 'unknown_indicator'"
        "     when total.orgs = 0 then 'no_figures'"
        "     when total.is_mixed then 'mixed_grains'"
        "     when total.orgs > 1 and i.adds_over_units = 'no' then 'units_do_not_add_up'"
        "     when total.periods > 1 and i.adds_over_time = 'no' then 'periods_do_not_add_up' end as refusal"
        "   from total left join bi.indicator i on i.indicator_id = $1"
        " ) select"
        "   case when refusal is null then"
        "     (case when is_ratio then j.numerator / nullif(j.denominator, 0) else j.value end)::numeric(38, 10) end,"
        "   case when refusal is null then j.numerator end, case when refusal is null then j.denominator end, j.figures,"
        "   (select count(distinct o) from unnest($2) o) * (select count(distinct p) from unnest($3) p), refusal from judged j $$"
    )
    comment = (
        "一个指标在若干单位、若干期间上的合计：可相加的相加，比率用分子之和除以分母之和；不能相加的给出原因（refusal）而不给数。"
        "figures 为有值的数字个数，asked 为所问的个数。原因：unknown_indicator 没有此指标、no_figures 没有数字、mixed_grains 组织层级或期间种类不一、"
        "units_do_not_add_up 各单位不能相加、periods_do_not_add_up 各期间不能相加\n"
        "One row: an indicator over several organisations and periods. What adds up is added, a ratio is the sum above over the sum below the line;"
        " what does not gives the reason (refusal) and no figure. figures: how many there were, of so many asked."
        " Reasons: unknown_indicator, no_figures, mixed_grains (levels or kinds of period), units_do_not_add_up, periods_do_not_add_up"
    )
    op.execute(f"comment on function bi.indicator_added_up is {_quoted(comment)}")
