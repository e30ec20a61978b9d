"""Schemas, what is received, what is decided about it, and what keeps a night in order.

Every time is `timestamptz`; every comment begins with the grain. Codes are text with a check, not enums, so that adding one
is a new check and not a type.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

SCHEMAS = {
    "archive": "收到的文件：每次送达一行，字节本身加密存放在档案文件夹",
    "landing": "入库数据：每张报表一张表，保留每个版本的每一行；各表由报表合同生成",
    "quarantine": "待更正数据：有错误、未入库的行",
    "registers": "名册与日历：单位、报表、代码、应报日期",
    "pii": "个人信息：仅此处存放，逐行加密",
    "staging": "dbt：改名、定型后的来源数据",
    "intermediate": "dbt：中间计算",
    "marts": "dbt：事实表、维度表与指标",
    "bi_candidate": "dbt：待发布的一期数据，检查通过后整体发布到 bi",
    "bi": "对外发布的数据：读者始终看到完整的一期",
    "ops": "运行记录：批次、报送、问题、发布、租约",
}


def upgrade() -> None:
    """Make the schemas and the tables of the intake."""
    for schema, comment in SCHEMAS.items():
        op.execute(f"create schema if not exists {schema}")
        op.execute(f"comment on schema {schema} is '{comment}'")
    # Alembic has made it by now, in this transaction.
    op.execute("comment on table ops.schema_version is '粒度：仅一行，本库结构的版本'")
    op.execute("comment on column ops.schema_version.version_num is '已应用的最后一个结构版本号'")
    _deliveries()
    _runs()
    _submissions()
    _rows_that_wait()


def _column(name: str, type_: object, comment: str, null: bool = False, **options: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=null, comment=comment, **options)  # type: ignore[arg-type]


def _identity(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.Identity(always=True), primary_key=True, comment=comment)


def _one_of(name: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{name} in ({listed})", name=f"{name}_is_known")


def _counts() -> list[sa.Column[object]]:
    return [
        _column("rows_read", sa.Integer, "读到的数据行数（行）"),
        _column("rows_loaded", sa.Integer, "入库行数（行）"),
        _column("rows_quarantined", sa.Integer, "待更正行数（行）"),
        _column("rows_ignored", sa.Integer, "有原因的忽略行数（行），如合计行"),
    ]


Time = sa.DateTime(timezone=True)


def _deliveries() -> None:
    op.create_table(
        "delivery",
        _identity("delivery_id", "送达编号，按收到先后递增"),
        _column("source_id", sa.Text, "来源编号"),
        _column("object_name", sa.Text, "来源中的文件名，仅作数据"),
        _column("size_bytes", sa.BigInteger, "文件大小（字节）"),
        _column("modified_ns", sa.BigInteger, "来源所报的修改时间（纳秒，自 1970-01-01 UTC 起）"),
        _column("sha256", sa.Text, "文件内容的 SHA-256（十六进制）"),
        _column("received_at", Time, "来源收到文件的时间"),
        _column("collected_at", Time, "本系统取走文件的时间"),
        _column("run_id", sa.BigInteger, "取走文件的批次"),
        _column("form_hint", sa.Text, "据文件名或模板猜测的报表，只用于排定先后", null=True),
        schema="archive",
        comment="粒度：每个文件每次送达一行；只增不改",
    )
    op.create_index("delivery_by_object", "delivery", ["source_id", "object_name", "delivery_id"], schema="archive")
    op.create_index("delivery_by_sha256", "delivery", ["sha256"], schema="archive")


def _runs() -> None:
    op.create_table(
        "run",
        _identity("run_id", "批次编号"),
        _column("kind", sa.Text, "批次种类，如 nightly"),
        _column("business_date", sa.Date, "业务日期"),
        _column("started_at", Time, "开始时间"),
        _column("finished_at", Time, "结束时间；空为未结束", null=True),
        _column("status", sa.Text, "状态：running 运行中、succeeded 成功、data_problems 有待处理问题、failed 失败"),
        _column("account", JSONB, "收支账：收到、入库、待更正、忽略的数目", null=True),
        _column("release_id", sa.BigInteger, "本批次发布的期号", null=True),
        _one_of("status", "running", "succeeded", "data_problems", "failed"),
        schema="ops",
        comment="粒度：每次运行一行",
    )
    op.create_table(
        "run_step",
        _column("run_id", sa.BigInteger, "批次编号", primary_key=True),
        _column("step", sa.Text, "步骤", primary_key=True),
        _column("detail", sa.Text, "步骤中的一份，如某来源、某报表", primary_key=True, server_default=""),
        _column("started_at", Time, "开始时间"),
        _column("finished_at", Time, "结束时间；空为未完成", null=True),
        schema="ops",
        comment="粒度：每次运行的每个步骤（及其分份）一行",
    )
    op.create_table(
        "lease",
        _column("name", sa.Text, "租约名称", primary_key=True),
        _column("holder", sa.Text, "持有者"),
        _column("fence", sa.BigInteger, "栅栏号，每换一次持有者加一；旧号不得发布"),
        _column("expires_at", Time, "到期时间"),
        schema="ops",
        comment="粒度：每个租约一行，决定谁可以发布",
    )
    op.create_table(
        "dbt_build",
        _identity("build_id", "构建编号"),
        _column("run_id", sa.BigInteger, "批次编号"),
        _column("business_date", sa.Date, "业务日期"),
        _column("fence", sa.BigInteger, "构建时的栅栏号"),
        _column("started_at", Time, "开始时间"),
        _column("finished_at", Time, "结束时间；空为未完成", null=True),
        _column("passed", sa.Boolean, "是否全部检查通过", null=True),
        _column("inputs", sa.Text, "构建所依据的数据、日期与程序的摘要；未变则不必重建"),
        schema="ops",
        comment="粒度：每次 dbt 构建一行",
    )


def _submissions() -> None:
    op.create_table(
        "submission",
        _identity("submission_id", "报送编号"),
        _column("delivery_id", sa.BigInteger, "来自哪次送达", unique=True),
        _column("form_id", sa.Text, "报表"),
        _column("edition", sa.Text, "报表版本"),
        _column("unit_id", sa.Text, "单位代码"),
        _column("period", sa.Text, "报告期，如 2021-03、2021-Q1、2021"),
        _column("version", sa.Integer, "同一单位、报表、报告期的第几次报送，从 1 起"),
        _column("outcome", sa.Text, "结果：accepted 接收、refused 退回"),
        _column("is_nil", sa.Boolean, "是否零报告"),
        _column("sheet", sa.Text, "工作表名", null=True),
        _column("columns", JSONB, '字段所在的列，如 {"amount": "F"}'),
        _column("content_token", sa.Text, "内容（与文件格式无关）的带密钥摘要，用来认出重复的内容"),
        *_counts(),
        _column("received_at", Time, "收到时间"),
        _column("decided_at", Time, "作出结果的时间"),
        _column("run_id", sa.BigInteger, "作出结果的批次"),
        sa.UniqueConstraint("form_id", "unit_id", "period", "version", name="submission_version_once"),
        _one_of("outcome", "accepted", "refused"),
        schema="ops",
        comment="粒度：单位 × 报表 × 报告期 × 版本；只增不改，生效的是版本最高的 accepted 一行",
    )
    op.create_table(
        "delivery_outcome",
        _column("delivery_id", sa.BigInteger, "送达编号", primary_key=True, autoincrement=False),
        _column("outcome", sa.Text, "结果：接收、退回、无法识别、文件相同、内容相同"),
        _column("duplicate_of", sa.BigInteger, "与哪次送达相同", null=True),
        _column("submission_id", sa.BigInteger, "成为哪次报送", null=True),
        *_counts(),
        _column("run_id", sa.BigInteger, "作出结果的批次"),
        _column("decided_at", Time, "作出结果的时间"),
        # Promise 1, kept by the database itself: no row is lost between a file and the warehouse.
        sa.CheckConstraint(
            "rows_read = rows_loaded + rows_quarantined + rows_ignored", name="delivery_outcome_rows_balance"
        ),
        _one_of("outcome", "accepted", "refused", "unrecognised", "duplicate_bytes", "duplicate_content"),
        schema="ops",
        comment="粒度：每次已处理的送达一行；没有行的送达尚未处理",
    )
    op.create_index("delivery_outcome_by_run", "delivery_outcome", ["run_id"], schema="ops")
    op.create_table(
        "finding",
        _identity("finding_id", "问题编号"),
        _column("delivery_id", sa.BigInteger, "送达编号"),
        _column("submission_id", sa.BigInteger, "报送编号", null=True),
        _column("unit_id", sa.Text, "单位代码", null=True),
        _column("form_id", sa.Text, "报表", null=True),
        _column("period", sa.Text, "报告期", null=True),
        _column("code", sa.Text, "问题代码，见问题目录与报表合同"),
        _column("severity", sa.Text, "程度：critical 退回、error 该行待更正、warning 请确认、info 告知"),
        _column("sheet", sa.Text, "工作表名", null=True),
        _column("cell", sa.Text, "单元格，如 F12", null=True),
        _column("row_number", sa.Integer, "表中行号，从 1 起", null=True),
        _column("field", sa.Text, "字段", null=True),
        _column("value", sa.Text, "填写的内容；个人信息已遮盖", null=True),
        _column("params", JSONB, "说明文字中的其他内容"),
        _column("run_id", sa.BigInteger, "发现问题的批次"),
        _one_of("severity", "critical", "error", "warning", "info"),
        schema="ops",
        comment="粒度：每个问题一行（一个单元格、一行、一表或一个文件）",
    )
    op.create_index("finding_by_delivery", "finding", ["delivery_id"], schema="ops")
    op.create_index("finding_by_run", "finding", ["run_id"], schema="ops")
    op.create_table(
        "ignored_row",
        _column("delivery_id", sa.BigInteger, "送达编号", primary_key=True, autoincrement=False),
        _column("row_number", sa.Integer, "表中行号，从 1 起", primary_key=True, autoincrement=False),
        _column("reason", sa.Text, "原因：合计行、说明行、示例行、内容重复、整份退回等"),
        schema="ops",
        comment="粒度：每个忽略的行一行",
    )


def _rows_that_wait() -> None:
    op.create_table(
        "submitted_row",
        _column("submission_id", sa.BigInteger, "报送编号", primary_key=True, autoincrement=False),
        _column("unit_id", sa.Text, "单位代码"),
        _column("form_id", sa.Text, "报表"),
        _column("period", sa.Text, "报告期"),
        _column("row_number", sa.Integer, "表中行号，从 1 起", primary_key=True, autoincrement=False),
        _column("texts", JSONB, "各字段填写的原文；不含个人信息"),
        schema="quarantine",
        comment="粒度：每个待更正的行一行",
    )
    op.create_table(
        "personal_row",
        _column("submission_id", sa.BigInteger, "报送编号", primary_key=True, autoincrement=False),
        _column("unit_id", sa.Text, "单位代码"),
        _column("form_id", sa.Text, "报表"),
        _column("row_number", sa.Integer, "表中行号，从 1 起", primary_key=True, autoincrement=False),
        _column("person_token", sa.Text, "个人代号：身份证号的带密钥摘要", null=True),
        _column("key_id", sa.Text, "加密所用密钥的编号"),
        _column("nonce", sa.LargeBinary, "加密用的一次性随机数（12 字节）"),
        _column("ciphertext", sa.LargeBinary, "个人字段的密文（AES-GCM）"),
        schema="pii",
        comment="粒度：含个人信息的每一行一行",
    )
    op.create_index("personal_row_by_token", "personal_row", ["person_token"], schema="pii")
    op.create_table(
        "key_fingerprint",
        _column("name", sa.Text, "密钥名称", primary_key=True),
        _column("fingerprint", sa.Text, "密钥的指纹（摘要前 16 位）；不能由它推出密钥"),
        schema="pii",
        comment="粒度：每个用过的密钥一行；换了密钥的机器不得写入，否则同一个人会被计为两人",
    )
