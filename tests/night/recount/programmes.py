"""What the programmes come to for one organisation and period, in the words of the forms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.night.recount.answers import Answer
from tests.night.recount.cells import Row
from tests.night.recount.days import Span

Amount = int | Decimal | None
"""None: nobody has said anything."""

PLAN = date(2021, 1, 1)
"""The first day of the plan."""

FED_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("relief_paid", "relief_persons"), ("relief", "hardship_aid", "student_aid")),
    **dict.fromkeys(
        (
            "relief_units_reached", "relief_coverage", "winter_warmth_units", "winter_warmth_money", "gift_parcel_units",
            "gift_parcel_persons", "gift_parcel_money", "summer_cooling_raised", "nuclear_hardship_money",
            "disaster_relief_money",
        ),
        ("relief",),
    ),
    **dict.fromkeys(("daily_relief_persons", "daily_relief_money", "daily_relief_average"), ("hardship_aid",)),
    **dict.fromkeys(("student_aid_money", "student_aid_students"), ("student_aid",)),
    "consumption_assistance_money": ("consumption_assistance",),
    **dict.fromkeys(("mother_baby_provincial", "childcare_national", "childcare_subsidy"), ("service_site",)),
    **dict.fromkeys(
        ("smart_union_rate", "collective_contract_coverage", "workers_congress_rate"), ("unit_profile",)
    ),
    **dict.fromkeys(
        ("supervisor_training_coverage", "cadre_training_round_1", "cadre_training_round_2"),
        ("post_roster", "training"),
    ),
    "proposal_settlement_rate": ("democratic_management",),
    "task_completion": ("task_list",),
    "award_money": ("innovation_award",),
    "rules_revised": ("office_management",),
    "team_leaders_trained": ("training",),
    **dict.fromkeys(("labour_contest_categories", "task_books_signed"), ("labour_contest",)),
    "contest_participation": ("labour_contest", "unit_profile"),
    **dict.fromkeys(("skills_contest_trades", "skills_contest_new_trades"), ("skills_contest",)),
    **dict.fromkeys(("studio_alliances", "studio_alliance_trades"), ("innovation_studio",)),
    "model_workers_named": ("model_worker",),
    **dict.fromkeys(
        ("recuperation_batches", "recuperation_family_batches", "recuperation_families"), ("recuperation",)
    ),
    **dict.fromkeys(("corps_units_visited", "corps_stations", "corps_problems_solved_rate"), ("corps_activity",)),
    **dict.fromkeys(
        ("apprenticeship_batches", "apprenticeship_mentors", "apprenticeship_apprentices"), ("apprenticeship",)
    ),
    **dict.fromkeys(
        ("education_uplift_workers", "education_uplift_money", "education_uplift_standard"), ("education_uplift",)
    ),
    **dict.fromkeys(
        (
            "culture_six_ones_spend", "culture_front_line_events", "art_education_places", "quiz_participations",
            "singles_social_persons", "lectures_held",
        ),
        ("culture_activity",),
    ),
}  # fmt: skip
"""The forms behind an indicator; behind those of the reporting itself stand all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of one organisation and period; `below` is what a share or an average is divided by, `less` what growth is over."""

    above: Amount
    below: Amount = None
    is_ratio: bool = False
    less: Amount = 0

    @property
    def value(self) -> Fraction | None:
        """The exact figure; None where there is none."""
        if self.above is None or self.less is None or (self.is_ratio and not self.below):
            return None
        return (
            Fraction(self.above) / Fraction(self.below)
            if self.is_ratio and self.below
            else Fraction(self.above - self.less)
        )


def ratio(above: Amount, below: Amount) -> Figure:
    """What is divided."""
    return Figure(above, below, is_ratio=True)


@dataclass(frozen=True, slots=True)
class Line:
    """A row and the unit that reported it."""

    reporter: str
    row: Row


class Year:
    """All answers of a year, and what is asked of them again and again."""

    def __init__(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        self.answers = answers
        self._lines: dict[tuple[str, str | None, Span], list[Line]] = {}
        self._heard: dict[tuple[str, Span], set[str]] = {}
        self._passed: dict[tuple[str, date], dict[str, set[object]]] = {}

    def lines(self, form: str, day: str | None, period: Span) -> list[Line]:
        """The rows of all units whose day lies in the period; without such a day, those told for it."""
        if (form, day, period) not in self._lines:
            self._lines[form, day, period] = [
                Line(answer.unit, row)
                for answer in self.answers[form]
                for row in answer.rows
                if (happened := row[day] if day else answer.period.last) is not None and happened in period
            ]
        return self._lines[form, day, period]

    def heard(self, form: str, period: Span) -> set[str]:
        """The units that have answered for a time that ends in the period."""
        if (form, period) not in self._heard:
            self._heard[form, period] = {a.unit for a in self.answers[form] if a.told_for in period}
        return self._heard[form, period]

    def passed(self, kind: str, today: date) -> Mapping[str, set[object]]:
        """The different courses of a kind that each person has passed from the plan's first day to today."""
        if (kind, today) not in self._passed:
            passed: dict[str, set[object]] = {}
            for answer in self.answers["training"]:
                for row in answer.rows:
                    if row["培训类别"] == kind and row["是否合格"] == "合格" and PLAN <= row["结束日期"] <= today:
                        passed.setdefault(row["身份证号"], set()).add(plain(row["课程名称"]))
            self._passed[kind, today] = passed
        return self._passed[kind, today]


class Told:
    """What was told of one organisation and period: its rows by the day on which things happened."""

    def __init__(self, year: Year, members: Collection[str], in_force: Collection[str], period: Span) -> None:
        self.year, self.members, self.in_force, self.period = year, members, in_force, period

    def everywhere(self, form: str, day: str | None, period: Span | None = None) -> list[Line]:
        """The rows of all units whose day lies in the period; without such a day, those told for it."""
        return self.year.lines(form, day, period or self.period)

    def rows(self, form: str, day: str | None, period: Span | None = None) -> list[Row]:
        """The same, of the organisation's own units."""
        return [line.row for line in self.everywhere(form, day, period) if line.reporter in self.members]

    def heard(self, form: str, period: Span | None = None) -> bool:
        """Whether one of its units has answered for a time that ends in the period."""
        return not self.year.heard(form, period or self.period).isdisjoint(self.members)

    def known(self, number: int | Decimal, rows: Collection[object], *forms: str, period: Span | None = None) -> Amount:
        """Nothing is 0 only where one of the forms was heard of."""
        return number if rows or any(self.heard(form, period) for form in forms) else None

    def total(self, form: str, day: str | None, heading: str, **wanted: str | tuple[str, ...]) -> Amount:
        """The sum of a column over the rows that say what is wanted."""
        rows = only(self.rows(form, day), wanted)
        return self.known(sum((row[heading] for row in rows), 0), rows, form)

    def different(self, form: str, day: str | None, *headings: str, **wanted: str | tuple[str, ...]) -> Amount:
        """How many different things stand in those columns of the rows that say what is wanted."""
        rows = only(self.rows(form, day), wanted)
        return self.known(len({tuple(plain(row[h]) for h in headings) for row in rows}), rows, form)

    def number(self, form: str, day: str | None, **wanted: str | tuple[str, ...]) -> Amount:
        """How many rows say what is wanted."""
        rows = only(self.rows(form, day), wanted)
        return self.known(len(rows), rows, form)

    def since(self, form: str, first: date, happened: Callable[[Row], date | None], heading: str) -> Amount:
        """How many different things there are from that day to the end of the period."""
        rows = [
            row
            for answer in self.year.answers[form]
            if answer.unit in self.members
            for row in answer.rows
            if (day := happened(row)) is not None and first <= day <= self.period.as_of
        ]
        heard = any(
            answer.unit in self.members and first <= answer.period.last <= self.period.as_of
            for answer in self.year.answers[form]
        )
        return len({plain(row[heading]) for row in rows}) if rows or heard else None

    def last_told(self, form: str) -> list[Answer]:
        """What each of its enterprises in force told last before the end of the period."""
        last: dict[str, Answer] = {}
        for answer in self.year.answers[form]:
            if answer.unit in self.in_force and answer.period.last <= self.period.as_of:
                last[answer.unit] = answer
        return list(last.values())


def only(rows: Iterable[Row], wanted: Mapping[str, str | tuple[str, ...]]) -> list[Row]:
    """The rows that say what is wanted in each of those columns."""
    return [
        row
        for row in rows
        if all(row[h] in ((words,) if isinstance(words, str) else words) for h, words in wanted.items())
    ]


def plain(text: object) -> object:
    """A name as it is compared: blanks and letter case make no other thing."""
    return "".join(text.split()).lower() if isinstance(text, str) else text


def programmes(told: Told) -> dict[str, Figure]:
    """Every indicator but those of the reporting itself."""
    return relief(told) | rights(told) | organisation(told) | workforce(told) | guidance(told)


def relief(told: Told) -> dict[str, Figure]:
    """Relief by campaign, by person and by student."""
    lines = told.everywhere("relief", "慰问日期")
    own = [line.row for line in lines if line.reporter in told.members]
    aid, students = told.rows("hardship_aid", "发放日期"), told.rows("student_aid", "发放日期")
    money = sum((row["慰问金"] + row["慰问品折价"] for row in own), Decimal(0))
    by_person = sum((row["救助金额"] for row in aid), Decimal(0)) + sum(
        (row["资助金额"] for row in students), Decimal(0)
    )
    helped = sum(row["慰问人次"] for row in own) + len(aid) + len(students)
    feeding = ("relief", "hardship_aid", "student_aid")

    def given(**wanted: str) -> Figure:
        rows = only(own, wanted)
        return Figure(told.known(sum((r["慰问金"] + r["慰问品折价"] for r in rows), Decimal(0)), rows, "relief"))

    def reached(units: Collection[str], **wanted: str) -> Amount:
        codes = {row["受益单位代码"] for row in only((line.row for line in lines), wanted)}.intersection(units)
        return told.known(len(codes), codes, "relief")

    paid_daily = told.total("hardship_aid", "发放日期", "救助金额", 救助类型="日常救助")
    helped_daily = told.different("hardship_aid", "发放日期", "身份证号", 救助类型="日常救助")
    return {
        "relief_paid": Figure(told.known(money + by_person, [*own, *aid, *students], *feeding)),
        "relief_persons": Figure(told.known(helped, [*own, *aid, *students], *feeding)),
        "relief_units_reached": Figure(reached(told.members)),
        "relief_coverage": ratio(reached(told.in_force), len(told.in_force) or None),
        "winter_warmth_units": Figure(reached(told.members, 慰问活动="送温暖")),
        "winter_warmth_money": given(慰问活动="送温暖"),
        "gift_parcel_units": Figure(reached(told.members, 慰问活动="爱心大礼包")),
        "gift_parcel_persons": Figure(told.total("relief", "慰问日期", "慰问人次", 慰问活动="爱心大礼包")),
        "gift_parcel_money": given(慰问活动="爱心大礼包"),
        "summer_cooling_raised": given(慰问活动="送清凉"),
        "nuclear_hardship_money": given(慰问对象="核工业特殊困难群体"),
        "disaster_relief_money": given(慰问活动="防汛救灾"),
        "daily_relief_persons": Figure(helped_daily),
        "daily_relief_money": Figure(paid_daily),
        "daily_relief_average": ratio(paid_daily, helped_daily),
        "student_aid_money": Figure(told.total("student_aid", "发放日期", "资助金额")),
        "student_aid_students": Figure(told.different("student_aid", "发放日期", "学生身份证号")),
        "consumption_assistance_money": Figure(told.total("consumption_assistance", "采购日期", "采购金额")),
    }


def rights(told: Told) -> dict[str, Figure]:
    """Service sites, smart unions, collective contracts, congresses and proposals."""
    sites = told.everywhere("service_site", "认定日期")

    def recognised(kind: str, *levels: str) -> Figure:
        units = {s.reporter for s in sites if s.row["阵地类型"] == kind and s.row["认定级别"] in levels}.intersection(
            told.members
        )
        return Figure(told.known(len(units), units, "service_site"))

    profiles = [(answer.period, row) for answer in told.last_told("unit_profile") for row in answer.rows]
    # A profile of last year knows nothing of this year's congresses.
    this_year = [row for quarter, row in profiles if quarter.last.year == told.period.as_of.year]
    held = [row["最近一次职代会召开日期"] for row in this_year]
    congresses = sum(day is not None and day.year == told.period.as_of.year for day in held)
    built = sum(row["智慧工会建设情况"] == "已建成" for _, row in profiles)
    covered = sum(row["集体合同覆盖职工人数"] for _, row in profiles)
    count = len(told.in_force) or None
    return {
        "mother_baby_provincial": recognised("母婴关爱室", "省级", "国家级"),
        "childcare_national": recognised("爱心托管班", "国家级"),
        "childcare_subsidy": Figure(told.total("service_site", None, "本季补贴", 阵地类型="爱心托管班")),
        "smart_union_rate": ratio(built if profiles else None, count),
        "collective_contract_coverage": ratio(covered if profiles else None, employees(told)),
        "workers_congress_rate": ratio(congresses if this_year else None, count),
        "proposal_settlement_rate": ratio(
            told.total("democratic_management", None, "提案办结数"),
            told.total("democratic_management", None, "职代会提案数"),
        ),
    }


def employees(told: Told) -> Amount:
    """The employees of the enterprises in force, as told last."""
    rows = [row for answer in told.last_told("unit_profile") for row in answer.rows]
    return sum(row["职工人数"] for row in rows) if rows else None


def organisation(told: Told) -> dict[str, Figure]:
    """Training coverage of those in post, tasks, awards and the office."""
    tasks = [row for answer in told.last_told("task_list") for row in answer.rows]
    weight = sum((row["权重"] for row in tasks), Decimal(0))
    done = sum((row["权重"] * row["完成进度"] for row in tasks), Decimal(0)) / 100
    return {
        "supervisor_training_coverage": coverage(told, "劳动保护监督员", "劳动保护监督员培训", 1),
        "cadre_training_round_1": coverage(told, "基层工会干部", "工会干部培训", 1),
        "cadre_training_round_2": coverage(told, "基层工会干部", "工会干部培训", 2),
        "task_completion": ratio(done if tasks else None, weight if tasks else None),
        "award_money": Figure(told.total("innovation_award", None, "奖励金额")),
        "rules_revised": Figure(told.number("office_management", "日期", 事项类别="修订制度")),
    }


def coverage(told: Told, post: str, kind: str, courses: int) -> Figure:
    """Of the people in post on the last day, who has passed so many different courses of that kind since the plan began."""
    today = told.period.as_of
    rosters = told.last_told("post_roster")
    in_post = {
        row["身份证号"]
        for answer in rosters
        for row in answer.rows
        if row["岗位"] == post and row["任职日期"] <= today and (row["离任日期"] is None or today <= row["离任日期"])
    }
    passed = told.year.passed(kind, today)
    trained = sum(len(passed.get(person, ())) >= courses for person in in_post)
    # Either form says that nobody is trained.
    told_of = rosters or told.last_told("training")
    return ratio(trained if told_of else None, len(in_post) if rosters else None)


def workforce(told: Told) -> dict[str, Figure]:
    """Contests, studios, model workers, masters and apprentices, education."""
    before = told.period.year_before
    own_class = {"竞赛级别": "本级二类大赛"}
    trades = told.different("skills_contest", "举办日期", "竞赛工种", **own_class)
    old_rows = only(told.rows("skills_contest", "举办日期", before), own_class)
    old_trades = told.known(
        len({plain(row["竞赛工种"]) for row in old_rows}), old_rows, "skills_contest", period=before
    )
    family = {"批次类型": "劳模家庭疗休养"}
    solved = told.total("corps_activity", "活动日期", "解决技术难题")
    granted = told.total("education_uplift", None, "补助金额")
    workers = told.different("education_uplift", None, "身份证号")

    def named(row: Row) -> date | None:
        return date(row["授予年份"], 12, 31) if row["荣誉级别"] == "省国防科技工业劳动模范" else None

    def founded(row: Row) -> date | None:
        return row["联盟成立日期"] if row["联盟工种"] else None

    return {
        "team_leaders_trained": Figure(
            told.different("training", "结束日期", "身份证号", 培训类别="班组长培训", 是否合格="合格")
        ),
        "labour_contest_categories": Figure(told.different("labour_contest", None, "竞赛类别")),
        "task_books_signed": Figure(_task_books(told)),
        "contest_participation": ratio(told.total("labour_contest", None, "本季新增参赛人数"), employees(told)),
        "skills_contest_trades": Figure(trades),
        "skills_contest_new_trades": Figure(trades, less=old_trades),
        "studio_alliances": Figure(_alliances(told)),
        "studio_alliance_trades": Figure(told.since("innovation_studio", PLAN, founded, "联盟工种")),
        "model_workers_named": Figure(told.since("model_worker", date(2018, 1, 1), named, "身份证号")),
        "recuperation_batches": Figure(told.different("recuperation", "开始日期", "批次")),
        "recuperation_family_batches": Figure(told.different("recuperation", "开始日期", "批次", **family)),
        "recuperation_families": Figure(told.different("recuperation", "开始日期", "身份证号", **family)),
        "corps_units_visited": Figure(told.different("corps_activity", "活动日期", "接待单位")),
        "corps_stations": Figure(told.number("corps_activity", "活动日期", 活动类型="设立服务指导工作站")),
        "corps_problems_solved_rate": ratio(solved, told.total("corps_activity", "活动日期", "征集技术难题")),
        "apprenticeship_batches": Figure(told.since("apprenticeship", PLAN, lambda row: row["签约日期"], "批次")),
        "apprenticeship_mentors": Figure(told.different("apprenticeship", "签约日期", "师傅身份证号")),
        "apprenticeship_apprentices": Figure(told.different("apprenticeship", "签约日期", "徒弟身份证号")),
        "education_uplift_workers": Figure(workers),
        "education_uplift_money": Figure(granted),
        "education_uplift_standard": ratio(granted, workers),
    }


def _task_books(told: Told) -> Amount:
    """A project is listed again while it runs, and its task book is signed once."""
    lines = [line for line in told.everywhere("labour_contest", "任务书签订日期") if line.reporter in told.members]
    books = {(line.reporter, line.row["竞赛类别"], plain(line.row["竞赛项目"])) for line in lines}
    return told.known(len(books), books, "labour_contest")


def _alliances(told: Told) -> Amount:
    rows = [row for row in told.rows("innovation_studio", "联盟成立日期") if row["所属联盟"]]
    return told.known(len({plain(row["所属联盟"]) for row in rows}), rows, "innovation_studio")


def guidance(told: Told) -> dict[str, Figure]:
    """Publicity and culture."""

    def counted(kind: str, heading: str) -> Figure:
        return Figure(told.total("culture_activity", "举办日期", heading, 活动类别=kind))

    def held(kind: str) -> Figure:
        return Figure(told.number("culture_activity", "举办日期", 活动类别=kind))

    six_ones = ("歌曲", "舞蹈", "戏剧", "图书", "赛事", "展览")
    spend = told.total("culture_activity", "举办日期", "活动经费", 活动类别=six_ones)
    return {
        "culture_six_ones_spend": Figure(spend),
        "culture_front_line_events": held("送文化到一线"),
        "art_education_places": counted("公益艺术教育", "学位数"),
        "quiz_participations": counted("答题", "参与人次"),
        "singles_social_persons": counted("单身职工联谊", "参加人数"),
        "lectures_held": held("宣讲"),
    }
