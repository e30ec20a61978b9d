"""A condition: something that is wrong tonight, as a check finds it; and the kinds that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert: how grave it is, what it says, and whose move it is, for people.

    `is_of_night`: about the run itself and not about what was sent, so that only the run can say that it is over.
    """

    severity: str
    title: str
    move: str
    is_of_night: bool = False


UNIT = "请报送单位改正后重报"
STAFF = "请本处核实处理"
MAINTAINERS = "请维护人员处理"

KINDS: Mapping[str, Kind] = {
    "night_failed": Kind("critical", "夜间流程没有完成，读者仍看到上一次发布的数据", MAINTAINERS, is_of_night=True),
    "checks_failed": Kind("critical", "指标没有通过检验，没有发布", MAINTAINERS, is_of_night=True),
    "unbalanced": Kind("critical", "账目不平：有文件没有处理完", MAINTAINERS, is_of_night=True),
    "source_broken": Kind("error", "来源收取不到", MAINTAINERS, is_of_night=True),
    "rule_unasked": Kind("error", "跨报表规则未能核对", MAINTAINERS),
    "owners_invalid": Kind("error", "责任人名册有误，消息发不出去", MAINTAINERS, is_of_night=True),
    "undelivered": Kind("error", "消息没有送达", MAINTAINERS),
    "register_refused": Kind("critical", "名册被退回", "请本处改正名册后重报"),
    "refused": Kind("error", "报表被退回", UNIT),
    "unrecognised": Kind("error", "文件认不出来", "请本处找到报送人，请其用模板重报"),
    "quarantined": Kind("error", "有行待更正，没有计入", UNIT),
    "overdue": Kind("error", "逾期未报", "请报送单位尽快报送"),
    "cross_finding": Kind("warning", "与其他报表或往期核对有疑问", STAFF),
}
"""Every kind, the gravest first: the order in which people read them."""

SEVERITIES = ("critical", "error", "warning")
"""The gravest first."""

FROM_RELEASE = frozenset({"overdue"})
"""Kinds that are read from what was published, and so say nothing new in a night that publishes nothing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong: its kind, what it is about, and its facts.

    `facts` are the subjects that one cause explains (rules, periods, forms with periods) with how many of each: they may change from night to
    night while it stays the same alert. Neither they nor the rest hold anything that was typed into a workbook. `cause` is the
    fingerprint of the condition that explains this one.
    """

    kind: str
    form_id: str | None = None
    unit_id: str | None = None
    period: str | None = None
    about: str | None = None
    facts: Mapping[str, int] = field(default_factory=dict)
    cause: str | None = None

    @property
    def fingerprint(self) -> str:
        """What makes it the same alert tomorrow: no counts, no dates of tonight, no values."""
        return "|".join((self.kind, *(part or "" for part in (self.form_id, self.unit_id, self.period, self.about))))

    @property
    def severity(self) -> str:
        """How grave it is."""
        return KINDS[self.kind].severity
