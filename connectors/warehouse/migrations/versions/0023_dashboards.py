"""What dashboards need beside the figures: the words of rules, how a figure is written, and the alerts without what they are about in detail."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

ALERT_COLUMNS = {
    "alert_id": "预警编号\nNumber of the alert",
    "kind": "种类，如 quarantined 有行待更正、overdue 逾期未报\nKind, such as quarantined or overdue",
    "severity": "程度：critical 紧急、error 错误、warning 提醒\nSeverity: critical, error or warning",
    "form_id": "报表；不限于一张的为空\nId of the form; null: not of one alone",
    "unit_id": "单位代码；不限于一个的为空\nCode of the unit; null: not of one alone",
    "period": "报告期；不限于一期的为空\nPeriod; null: not of one alone",
    "state": "状态：open 待处理、acknowledged 已认领、silenced 已静默、resolved 已解决\nState: open, acknowledged, silenced or resolved",
    "owner_id": "通知了谁（责任人代码，以顿号分隔）；空为还没有通知\nWho was told (ids of owners); null: nobody yet",
    "things_count": "所指的各项合计（行、处、份，依种类）；一行就是一个人的报表，只读账号看到的为空\n"
    "What it is about, added up (rows, answers or findings, by kind); null to readers where a row of the form is a person",
    "opened_night": "首次出现的业务日期\nBusiness date on which it first held",
    "resolved_night": "解决的业务日期；空为未解决\nBusiness date on which it was over; null: it is not",
    "age_days": "从首次出现到解决，或到当前一期的业务日期（天）\nDays from the first business date to the last, or to that of the release",
}


def upgrade() -> None:
    """Make the register of rules, the function that writes figures and the view of alerts."""
    op.create_table(
        "rule",
        sa.Column("code", sa.Text, primary_key=True, comment="问题代码"),
        sa.Column("form_id", sa.Text, comment="哪张报表的规则；空为不限于一张"),
        sa.Column("what_zh", sa.Text, nullable=False, comment="查出什么；因填写而异的部分写作“…”"),
        sa.Column("fix_zh", sa.Text, nullable=False, comment="怎样改正；无需改正的为空文本"),
        schema="registers",
        comment="粒度：问题代码，来自报表合同和检查目录",
    )
    op.execute(
        # A share is read as per cent, money to the fen, a count as it is; grouped as the reports group. Written so that a query takes it in.
        "create function bi.as_written(value numeric, unit text) returns text language sql immutable parallel safe return case"
        " when unit in ('share', 'rounds') then to_char(value * 100, 'FM999999990.0') || '%'"
        " when unit like 'CNY%' then to_char(value, 'FM999,999,999,999,990.00')"
        " else rtrim(to_char(value, 'FM999,999,999,999,990.99'), '.') end"
    )
    op.execute(
        "comment on function bi.as_written(numeric, text) is"
        " '一个数字写给人看的样子：比率写作百分数，金额到分，其余照实；分组用逗号。unit 是 bi.indicator.unit\n"
        "A figure as people read it: a share in per cent, money to the fen, else as it is, grouped by commas; unit is that of bi.indicator'"
    )
    _alerts()


def _alerts() -> None:
    op.execute(
        # As its owner, for readers see nothing of `ops`; so it asks itself who is asking, as the policies on tables do.
        "create view bi.alert as select a.alert_id, a.kind, a.severity, a.form_id, a.unit_id, a.period, a.state,"
        " (select string_agg(distinct o.recipient_id, '、') from ops.outbox_item i join ops.outbox o using (outbox_id)"
        "   where i.alert_id = a.alert_id) as owner_id,"
        # In these forms a row is a person.
        " case when coalesce(a.form_id = any(array(select bi.sensitive_forms())), false) and exists ("
        "   select from pg_roles r where r.rolname = session_user and not r.rolsuper"
        "   and pg_has_role(r.oid, to_regrole('warehouse_bi_reader'), 'usage')) then null"
        " else (select sum(v.value::numeric)::bigint from jsonb_each_text(a.facts) v) end as things_count,"
        " a.opened_night, a.resolved_night,"
        " coalesce(a.resolved_night, (select night from bi.release order by release_id desc limit 1)) - a.opened_night as age_days"
        " from ops.alert a"
        " where a.unit_id = any(array(select bi.orgs_in_my_care())) or not exists ("
        "   select from pg_roles r where r.rolname = session_user and not r.rolsuper"
        "   and pg_has_role(r.oid, to_regrole('warehouse_steward'), 'usage'))"
    )
    op.execute(
        "comment on view bi.alert is '粒度：预警的每次出现；现在的状态，不随期号。不含填写的内容。管理员账号只见所管单位的\n"
        "One row per opening of an alert, as it is now whatever the release; nothing that was typed; a steward sees those of the units in care'"
    )
    for name, comment in ALERT_COLUMNS.items():
        op.execute(f"comment on column bi.alert.{name} is '{comment}'")
