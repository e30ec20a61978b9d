"""The forms as the union's handbook has them: who hands them in, when they are due, what a row must say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.night.recount.cells import Row, Unit, amount, citizen_id, count, day, must, one_of
from tests.night.recount.days import Span

Reader = Callable[[object], Any]
Units = Mapping[str, Unit]

PLANTS, OFFICE = "企业工会", "省工会机关"
YES_NO = one_of("是", "否")
MONEY, PEOPLE, WORKFORCE = amount("0", "1000000000"), count(0, 1_000_000), count(0, 200_000)
ANY_MONEY, ANY_COUNT, POINTS = amount("0", "100000000000"), count(0, 100_000_000), amount("0", "100")


def _stands(_row: Row, _period: Span, _units: Units) -> None:
    """Nothing more is asked of the row."""


@dataclass(frozen=True, slots=True)
class Told:
    """One form. `due` is so many days (10), working days (-5) or a month and day of the year; no two rows have the same `key`."""

    title: str
    frequency: str
    due: int | tuple[int, int]
    by: tuple[str, ...]
    key: tuple[str, ...]
    required: Mapping[str, Reader]
    optional: Mapping[str, Reader] = field(default_factory=dict)
    hold: Callable[[Row, Span, Units], None] = _stands


MONTHLY, QUARTERLY = -5, 10


def _in_period(heading: str) -> Callable[[Row, Span, Units], None]:
    def hold(row: Row, period: Span, _units: Units) -> None:
        must(row[heading] in period)

    return hold


def _relief(row: Row, period: Span, units: Units) -> None:
    reached = units.get(row["受益单位代码"])
    must(reached is not None and reached.exists(period.first, period.last))
    must(row["慰问金"] + row["慰问品折价"] > 0)
    must(row["慰问日期"] in period)
    must(row["筹集或支付"] == "筹集" or row["慰问人次"] > 0)


def _profile(row: Row, period: Span, _units: Units) -> None:
    for part in ("女职工人数", "工会会员人数", "班组长人数", "集体合同覆盖职工人数"):
        must(row[part] <= row["职工人数"])
    signed, held = row["集体合同签订日期"], row["最近一次职代会召开日期"]
    must(signed is not None or not row["集体合同覆盖职工人数"])
    must(signed is None or signed <= period.last)
    must(held is None or held <= period.last)


def _training(row: Row, period: Span, _units: Units) -> None:
    must(row["开始日期"] <= row["结束日期"] and row["结束日期"] in period)


def _recuperation(row: Row, period: Span, units: Units) -> None:
    sender = units.get(row["所在单位代码"])
    must(sender is not None and sender.exists(period.first, period.last))
    must(row["开始日期"] <= row["结束日期"])


def _pair(row: Row, period: Span, units: Units) -> None:
    for heading in ("师傅所在单位代码", "徒弟所在单位代码"):
        home = units.get(row[heading])
        must(home is not None and home.exists(period.first, period.last))
    must(row["师傅身份证号"] != row["徒弟身份证号"])


def _settled(row: Row, _period: Span, _units: Units) -> None:
    must(row["提案办结数"] <= row["职代会提案数"])


def _solved(row: Row, period: Span, _units: Units) -> None:
    must(row["解决技术难题"] <= row["征集技术难题"] and row["活动日期"] in period)


FORMS: dict[str, Told] = {
    "unit_profile": Told(
        "单位基本情况表", "quarter", QUARTERLY, (PLANTS,), (),
        {
            "职工人数": count(1, 200_000), "女职工人数": WORKFORCE, "工会会员人数": WORKFORCE, "班组数": count(0, 20_000),
            "班组长人数": count(0, 40_000), "智慧工会建设情况": one_of("未建设", "建设中", "已建成"),
            "集体合同覆盖职工人数": WORKFORCE,
        },
        {"最近一次职代会召开日期": day, "集体合同签订日期": day}, _profile,
    ),
    "post_roster": Told(
        "在岗人员花名册", "quarter", QUARTERLY, (PLANTS,), ("身份证号", "岗位", "任职日期"),
        {
            "姓名": str, "身份证号": citizen_id, "岗位": one_of("基层工会干部", "劳动保护监督员", "班组长"), "任职日期": day,
        },
        {"离任日期": day},
    ),
    "training": Told(
        "培训台账", "month", MONTHLY, (PLANTS, OFFICE), ("培训类别", "课程名称", "开始日期", "身份证号"),
        {
            "培训类别": one_of("工会干部培训", "劳动保护监督员培训", "班组长培训", "讲座", "其他培训"), "课程名称": str,
            "主办单位": str, "开始日期": day, "结束日期": day, "学时": amount("0.5", "400"), "姓名": str,
            "身份证号": citizen_id, "是否合格": one_of("合格", "不合格"),
        },
        hold=_training,
    ),
    "relief": Told(
        "慰问救助台账", "month", MONTHLY, (PLANTS, OFFICE),
        ("慰问活动", "慰问对象", "受益单位代码", "资金来源", "筹集或支付", "慰问日期"),
        {
            "慰问活动": one_of("送温暖", "爱心大礼包", "送清凉", "防汛救灾", "其他慰问"),
            "慰问对象": one_of("一般职工", "一线职工", "困难职工", "退休职工", "职工遗属", "核工业特殊困难群体"),
            "受益单位代码": str, "资金来源": one_of("企业工会", "省级工会", "全国总工会", "社会捐赠"),
            "筹集或支付": one_of("筹集", "支付"), "慰问人次": PEOPLE, "慰问金": MONEY, "慰问品折价": MONEY, "慰问日期": day,
        },
        hold=_relief,
    ),
    "hardship_aid": Told(
        "困难职工救助明细", "month", MONTHLY, (PLANTS,), ("身份证号", "救助类型", "发放日期"),
        {
            "姓名": str, "身份证号": citizen_id, "致困原因": one_of("疾病", "残疾", "意外灾害", "收入低", "子女上学", "其他"),
            "救助类型": one_of("日常救助", "临时救助"), "救助金额": amount("0.01", "1000000"), "发放日期": day,
        },
        {"救助标准": amount("0", "1000000")}, _in_period("发放日期"),
    ),
    "student_aid": Told(
        "金秋助学明细", "year", (10, 15), (PLANTS,), ("学生身份证号", "发放日期"),
        {
            "职工姓名": str, "职工身份证号": citizen_id, "学生姓名": str, "学生身份证号": citizen_id,
            "与职工关系": one_of("子女", "被监护人", "其他"),
            "就学阶段": one_of("小学", "初中", "高中", "中职", "大专", "本科", "研究生"), "资助金额": ANY_MONEY, "发放日期": day,
        },
        hold=_in_period("发放日期"),
    ),
    "consumption_assistance": Told(
        "消费帮扶采购", "month", MONTHLY, (PLANTS,), ("帮扶地区", "产品名称", "用途", "采购日期"),
        {
            "帮扶地区": str, "产品名称": str, "用途": one_of("职工慰问", "食堂采购", "其他"), "采购金额": ANY_MONEY,
            "采购日期": day,
        },
        hold=_in_period("采购日期"),
    ),
    "labour_contest": Told(
        "劳动竞赛任务书", "quarter", QUARTERLY, (PLANTS,), ("竞赛类别", "竞赛项目"),
        {
            "竞赛类别": one_of("专项劳动竞赛", "技能提升竞赛", "创新工作室创建"), "竞赛项目": str, "是否重点项目": YES_NO,
            "本季新增参赛人数": ANY_COUNT, "进展": one_of("筹备", "进行中", "已完成", "已终止"),
        },
        {"任务书签订日期": day, "经济效益": ANY_MONEY},
    ),
    "skills_contest": Told(
        "技能大赛", "year", (12, 20), (OFFICE, PLANTS), ("竞赛名称", "竞赛工种", "举办日期"),
        {
            "竞赛名称": str, "竞赛级别": one_of("本级二类大赛", "省级", "国家级"), "竞赛工种": str, "参赛人数": ANY_COUNT,
            "决赛人数": ANY_COUNT, "举办日期": day,
        },
        hold=_in_period("举办日期"),
    ),
    "innovation_studio": Told(
        "创新工作室与联盟", "quarter", QUARTERLY, (PLANTS,), ("工作室名称",),
        {
            "工作室名称": str, "领衔人": str, "工作室级别": one_of("企业级", "市级", "省级", "国家级"), "工种": str,
            "创建日期": day, "本季创新成果": ANY_COUNT,
        },
        {"所属联盟": str, "联盟工种": str, "联盟角色": one_of("牵头", "成员"), "联盟成立日期": day},
    ),
    "model_worker": Told(
        "劳模名册", "year", (12, 20), (PLANTS,), ("身份证号", "荣誉级别", "授予年份"),
        {
            "姓名": str, "身份证号": citizen_id,
            "荣誉级别": one_of("省国防科技工业劳动模范", "省劳动模范", "全国劳动模范", "其他"), "授予年份": count(1949, 2100),
        },
        {"技能工种": str},
    ),
    "recuperation": Told(
        "劳模疗休养", "month", MONTHLY, (OFFICE,), ("批次", "身份证号", "开始日期"),
        {
            "批次": str, "批次类型": one_of("劳模疗休养", "劳模家庭疗休养"), "姓名": str, "身份证号": citizen_id,
            "所在单位代码": str, "随行家属人数": count(0, 10), "疗休养地点": str, "开始日期": day, "结束日期": day,
        },
        hold=_recuperation,
    ),
    "corps_activity": Told(
        "劳模服务团活动", "month", MONTHLY, (OFFICE, PLANTS), ("接待单位", "活动类型", "活动日期"),
        {
            "接待单位": str, "单位性质": one_of("企业", "学校"),
            "活动类型": one_of("事迹报告", "技能演示", "技术指导", "设立服务指导工作站", "交流座谈"), "征集技术难题": ANY_COUNT,
            "解决技术难题": ANY_COUNT, "参加人数": ANY_COUNT, "活动日期": day,
        },
        hold=_solved,
    ),
    "apprenticeship": Told(
        "名师带徒", "quarter", QUARTERLY, (PLANTS,), ("批次", "师傅身份证号", "徒弟身份证号"),
        {
            "批次": str, "师傅姓名": str, "师傅身份证号": citizen_id, "师傅所在单位代码": str, "徒弟姓名": str,
            "徒弟身份证号": citizen_id, "徒弟所在单位代码": str, "工种": str, "签约日期": day,
            "带徒结果": one_of("带教中", "出师", "提前终止"),
        },
        {"结束日期": day}, _pair,
    ),
    "education_uplift": Told(
        "学历提升补助", "year", (12, 20), (PLANTS,), ("身份证号",),
        {
            "姓名": str, "身份证号": citizen_id, "是否一线职工": YES_NO,
            "原学历": one_of("初中", "高中", "中专", "大专", "本科", "研究生"),
            "现学历": one_of("初中", "高中", "中专", "大专", "本科", "研究生"), "毕业院校": str, "毕业日期": day,
            "补助金额": ANY_MONEY,
        },
    ),
    "service_site": Told(
        "职工服务阵地", "quarter", QUARTERLY, (PLANTS,), ("阵地名称", "阵地类型"),
        {
            "阵地名称": str, "阵地类型": one_of("母婴关爱室", "爱心托管班", "智慧工会", "其他"),
            "认定级别": one_of("未认定", "企业级", "市级", "省级", "国家级"), "容量": ANY_COUNT, "本季服务人次": ANY_COUNT,
            "本季补贴": ANY_MONEY,
        },
        {"认定日期": day},
    ),
    "culture_activity": Told(
        "宣传文化活动", "month", MONTHLY, (OFFICE, PLANTS), ("活动类别", "活动名称", "举办日期"),
        {
            "活动类别": one_of(
                "宣讲", "教育基地", "歌曲", "舞蹈", "戏剧", "图书", "赛事", "展览", "演出", "答题", "送文化到一线",
                "公益艺术教育", "法律服务", "单身职工联谊", "媒体宣传",
            ),
            "活动名称": str, "参加人数": ANY_COUNT, "参与人次": ANY_COUNT, "学位数": ANY_COUNT, "活动经费": ANY_MONEY,
            "举办日期": day,
        },
        hold=_in_period("举办日期"),
    ),
    "democratic_management": Told(
        "民主管理与集体协商", "year", (12, 20), (PLANTS,), (),
        {
            "职代会召开次数": count(0, 12), "职代会提案数": ANY_COUNT, "提案办结数": ANY_COUNT, "集体合同种类数": count(0, 6),
            "集体合同覆盖职工": ANY_COUNT, "厂务公开事项": ANY_COUNT, "调解劳动争议": ANY_COUNT,
        },
        hold=_settled,
    ),
    "task_list": Told(
        "目标任务清单", "quarter", QUARTERLY, (PLANTS,), ("任务名称",),
        {
            "单位类别": one_of("大型", "中型", "小型"), "任务名称": str, "权重": amount("0.01", "100"), "任务目标": str,
            "完成进度": POINTS, "自评分": POINTS,
        },
        {"复核分": POINTS},
    ),
    "innovation_award": Told(
        "创新创优项目", "year", (12, 20), (PLANTS,), ("项目名称",),
        {
            "项目名称": str, "获奖等级": one_of("一等奖", "二等奖", "三等奖", "优秀奖"), "奖励金额": ANY_MONEY,
            "推广单位数": ANY_COUNT,
        },
    ),
    "office_management": Told(
        "机关管理工作", "quarter", QUARTERLY, (OFFICE,), ("事项类别", "事项名称", "日期"),
        {
            "事项类别": one_of("修订制度", "半月通报", "主题党日", "学习会"), "事项名称": str, "日期": day,
            "参加人数": ANY_COUNT,
        },
        hold=_in_period("日期"),
    ),
}  # fmt: skip
"""The 21 forms."""


def _register(row: Row, _period: Span, _units: Units) -> None:
    must(row["失效日期"] is None or row["生效日期"] <= row["失效日期"])
    must((row["上级代码"] is None) == (row["类别"] == "省工会"))
    must(row["上级代码"] != row["单位代码"])


REGISTER = Told(
    "单位名册", "year", 0, (OFFICE,), ("单位代码", "生效日期"),
    {
        "单位代码": str, "单位名称": str, "简称": str, "类别": one_of("省工会", "行业组", "省工会机关", "企业工会"),
        "生效日期": day,
    },
    {"曾用名": str, "上级代码": str, "统一社会信用代码": str, "失效日期": day, "承接单位代码": str}, _register,
)  # fmt: skip
"""The register of units, which is never due."""
