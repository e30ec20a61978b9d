"""The answer to one delivery, as a value: what it was, what was found in it, and what changed since the last version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.replies.progress import Progress
from connectors.workbooks.template import period_label
from expectations.contract import forms
from expectations.finding import Finding, Severity

OUTCOMES = {
    "accepted": "已接收",
    "refused": "已退回，请改正后重新报送",
    "unrecognised": "未能识别，请改正后重新报送",
    "duplicate_bytes": "与已收文件完全相同，不重复计入",
    "duplicate_content": "与已收内容相同，不重复计入",
    "unpacked": "已拆开，其中的文件各有回执",
}
"""What became of a delivery, for its submitter."""

TRIALS = {"accepted": "可以接收", "refused": "会被退回", "unrecognised": "无法识别"}
"""What would become of it, where it was only tried."""


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The account of a delivery's rows: read = loaded + waiting + ignored."""

    read: int = 0
    loaded: int = 0
    waiting: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one delivery. `sheet` is the one that its rows were read from; `version` is None where nothing was counted as one.

    `fingerprints`, beside the findings, are of the warnings that can be confirmed. `waits_for` is the closed
    period for which it waits, where it came after the closing. `is_trial` is true where the workbook was only
    looked at and not handed in.
    """

    delivery_id: int
    file_name: str
    outcome: str
    form_id: str | None = None
    unit_id: str | None = None
    period: str | None = None
    version: int | None = None
    sheet: str | None = None
    received_at: datetime | None = None
    rows: RowCounts = RowCounts()
    findings: tuple[Finding, ...] = ()
    fingerprints: tuple[str | None, ...] = ()
    progress: Progress | None = None
    waits_for: str | None = None
    is_trial: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether there is something for the submitter to mend or to check."""
        return any(f.severity is not Severity.INFO for f in self.findings)

    @property
    def outcome_words(self) -> str:
        """What became of it, in a sentence."""
        if self.waits_for:
            return f"已接收，但 {self.waits_for} 已结账，先不计入数字；省工会重新打开该期时计入，不必重报"
        return OUTCOMES[self.outcome]

    @property
    def form_title(self) -> str:
        """The form's name, as far as it is known."""
        if self.outcome == "unpacked":
            return "压缩包"
        form = forms().get(self.form_id or "")
        return form.title_zh if form else "未能识别的报表"

    def count(self, *severities: Severity) -> int:
        """How many findings have one of these severities."""
        return sum(f.severity in severities for f in self.findings)

    def headlines(self) -> list[str]:
        """The lines above the problem list."""
        about = [f"单位：{self.unit_id or '—'}", f"报表：{self.form_title}"]
        if self.period:
            about.append(f"报告期：{_period(self.period)}")
        if self.version:
            about.append(f"第 {self.version} 次报送")
        if self.received_at:
            about.append(f"收到时间：{self.received_at:%Y-%m-%d %H:%M}")
        must, rows = self.count(Severity.CRITICAL, Severity.ERROR), self.rows
        outcome = f"试读，{TRIALS[self.outcome]}" if self.is_trial else self.outcome_words
        lines = [
            "　　".join(about),
            f"结果：{outcome}。读到 {rows.read} 行，入库 {rows.loaded} 行，待更正 {rows.waiting} 行，不计 {rows.ignored} 行。",
            f"必须改 {must} 处，请核对 {self.count(Severity.WARNING)} 处，告知 {self.count(Severity.INFO)} 处。",
        ]
        if self.progress:
            lines.append(f"与上次报送相比：{self.progress.words()}。")
        return lines


def _period(period: str) -> str:
    try:
        return period_label(period)
    except ValueError:
        return period
