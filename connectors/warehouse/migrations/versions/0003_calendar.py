"""What SQL must know of the contracts and of the working days: forms, submitters, codes, due dates."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the register tables that `connectors.warehouse.calendar` fills."""
    _table(
        "form",
        "粒度：每张报表一行，来自报表合同",
        {
            "form_id": (sa.Text, "报表"),
        },
        {
            "title_zh": (sa.Text, "中文名称"),
            "title_en": (sa.Text, "英文名称"),
            "pillar": (sa.Text, "业务板块"),
            "frequency": (sa.Text, "频率：month 月报、quarter 季报、year 年报"),
            "is_register": (sa.Boolean, "是否名册"),
            "is_nil_allowed": (sa.Boolean, "是否可零报告"),
        },
    )
    _table(
        "form_submitter",
        "粒度：报表 × 单位类别，该类单位应报该表",
        {"form_id": (sa.Text, "报表"), "unit_kind": (sa.Text, "单位类别")},
        {},
    )
    _table(
        "code",
        "粒度：报表 × 字段 × 代码",
        {"form_id": (sa.Text, "报表"), "field": (sa.Text, "字段"), "code": (sa.Text, "代码")},
        {
            "label_zh": (sa.Text, "中文名称"),
            "label_en": (sa.Text, "英文名称"),
            "position": (sa.Integer, "排列次序，从 1 起"),
        },
    )
    _table(
        "reporting_calendar",
        "粒度：报表 × 报告期",
        {"form_id": (sa.Text, "报表"), "period": (sa.Text, "报告期")},
        {
            "period_type": (sa.Text, "期间种类：month、quarter、year"),
            "first_day": (sa.Date, "报告期第一天"),
            "last_day": (sa.Date, "报告期最后一天"),
            "due_date": (sa.Date, "应报日期（按法定工作日顺延）"),
        },
    )


def _table(name: str, comment: str, key: dict[str, tuple[type, str]], rest: dict[str, tuple[type, str]]) -> None:
    op.create_table(
        name,
        *(sa.Column(column, type_, primary_key=True, comment=words) for column, (type_, words) in key.items()),
        *(sa.Column(column, type_, nullable=False, comment=words) for column, (type_, words) in rest.items()),
        schema="registers",
        comment=comment,
    )
