"""The account of a run, for people: what came, what became of it, what was published, and what somebody has to do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.warehouse import ledger, looks, releases
from connectors.warehouse.calendar import undated
from flows.comparison import count_verdicts, draw_comparison
from flows.moments import STEPS
from flows.speech import Speaker
from flows.tables import Draw, draw_table, markdown_table, visible
from flows.year_figures import draw_indicators, draw_targets

if TYPE_CHECKING:
    import psycopg

    from connectors.report.standing import Standing

MOST_TO_DO = 8
"""A summary names so many things to do; `warehouse findings` has them all."""

STATUS = {
    "running": ("进行中", "running"),
    "succeeded": ("成功", "succeeded"),
    "data_problems": ("完成，有数据问题待处理", "done, with data problems that need people"),
    "failed": ("未完成", "failed"),
    "stopped": ("中途停止", "stopped half-way"),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that a run's end is told with; rows as `connectors.warehouse.ledger` gives them."""

    run: ledger.Row
    steps: list[ledger.Row]
    release: ledger.Row | None
    comparison: list[ledger.Row]
    sent_back: list[ledger.Row]
    waiting: list[ledger.Row]
    rows_waiting_in_all: int
    failed_rules: list[str]
    standing: Standing | None = None
    broken_sources: list[ledger.Row] = field(default_factory=list)
    refused_mail: list[ledger.Row] = field(default_factory=list)

    @property
    def is_new_release(self) -> bool:
        """Whether this run made the release that it ended with."""
        if self.release is None or self.run["release_id"] != self.release["release_id"]:
            return False
        return bool(self.release["published_at"] >= self.run["started_at"])

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON-able facts."""
        return {**asdict(self), "is_new_release": self.is_new_release}


def read_summary(conn: psycopg.Connection[Any], run_id: int | None = None, lang: str = "zh") -> Summary | None:
    """The summary of a run (none given: the newest), or None before the first; reasons in `lang`."""
    from connectors.report.standing import read_standing
    from flows.night_steps import last_ended_month_year

    run = ledger.read_run(conn, run_id)
    if run is None:
        return None
    return Summary(
        run=run,
        steps=ledger.read_steps(conn, run["run_id"]),
        release=next(iter(releases.read_releases(conn, limit=1)), None),
        comparison=ledger.read_published_comparison(conn),
        sent_back=ledger.read_files_sent_back(conn, run["run_id"]),
        waiting=ledger.read_waiting_rows(conn, run["run_id"]),
        rows_waiting_in_all=ledger.count_waiting_rows(conn),
        failed_rules=ledger.read_failed_rules(conn, run["run_id"]),
        broken_sources=looks.read_broken(conn, run["run_id"]),
        refused_mail=looks.count_refused(conn, run["run_id"]),
        standing=read_standing(conn, last_ended_month_year(run["business_date"]), lang),
    )


def draw_summary(summary: Summary, speaker: Speaker) -> str:
    """The summary as text for a terminal."""
    return "\n\n".join(_parts(summary, speaker, draw_table, "【{}】"))


def markdown_summary(summary: Summary, speaker: Speaker) -> str:
    """The summary as Markdown, for Prefect's page of the run."""
    return "\n\n".join(_parts(summary, speaker, markdown_table, "## {}"))


def _parts(summary: Summary, speaker: Speaker, draw: Draw, heading: str) -> list[str]:
    run, w = summary.run, speaker.words
    # A run that could not say its last word to the database still counts as running there.
    status = "stopped" if run["status"] == "running" and not run["is_alive"] else run["status"]
    parts = [
        w(
            f"运行 {run['run_id']}（业务日期 {run['business_date']}）：{STATUS[status][0]}",
            f"Run {run['run_id']} (business date {run['business_date']}): {STATUS[status][1]}",
        )
    ]
    if run["account"]:
        parts += [heading.format(w("账目", "Account")), _account(run["account"], speaker, draw)]
    to_do = things_to_do(summary, speaker)
    if to_do:
        parts += [heading.format(w("需要处理", "To do")), "\n".join(f"- {line}" for line in to_do)]
    if summary.comparison:
        parts += [
            heading.format(w("与公布数字比较", "Against the published figures")),
            draw_comparison(summary.comparison, speaker, draw),
            count_verdicts(summary.comparison, speaker),
        ]
    standing = summary.standing
    if standing and standing.targets:
        title = w(f"{standing.year} 年规划目标", f"Targets in {standing.year}")
        parts += [heading.format(title), draw_targets(standing, speaker, draw)]
    if standing and standing.indicators:
        parts += [heading.format(w("指标", "Indicators")), draw_indicators(standing, speaker, draw)]
    parts.append(_release(summary, speaker))
    if summary.steps:
        parts += [heading.format(w("用时", "Time")), _steps(summary, speaker)]
    return parts


def _account(account: Mapping[str, Any], speaker: Speaker, draw: Draw) -> str:
    w, a = speaker.words, account
    # Runs before the first zip did not count them.
    unpacked = w(f" + 拆开的压缩包 {a['unpacked']}", f" + zips unpacked {a['unpacked']}") if a.get("unpacked") else ""
    # Runs before the first closing did not count them.
    held = w(f"，其中待重述 {a['held']}", f", of them held {a['held']}") if a.get("held") else ""
    rows: list[list[object]] = [
        [
            w("文件", "files"),
            w(f"收到 {a['received']}", f"received {a['received']}"),
            w(
                f"= 新报送 {a['new']}（接收 {a['accepted']}{held}，退回 {a['refused']}）+ 重复 {a['duplicate']}"
                f" + 无法识别 {a['unrecognised']}{unpacked}",
                f"= new {a['new']} (accepted {a['accepted']}{held}, refused {a['refused']}) + duplicate {a['duplicate']}"
                f" + unrecognised {a['unrecognised']}{unpacked}",
            ),
        ],
        [
            w("数据行", "rows"),
            w(f"读到 {a['rows_read']}", f"read {a['rows_read']}"),
            w(
                f"= 入库 {a['rows_loaded']} + 待更正 {a['rows_quarantined']} + 忽略（合计、说明等）{a['rows_ignored']}",
                f"= loaded {a['rows_loaded']} + quarantined {a['rows_quarantined']} + ignored {a['rows_ignored']}",
            ),
        ],
    ]
    verdict = w("账目相符。", "The account balances.")
    if not a["is_balanced"]:
        verdict = w(
            f"账目不平！未能处理的文件 {a['undecided']} 个。",
            f"THE ACCOUNT DOES NOT BALANCE: {a['undecided']} files undecided.",
        )
    return draw(w("项目 总数 去向", "what total became").split(), rows, ()) + "\n\n" + verdict


def broken_source_line(row: Mapping[str, Any], speaker: Speaker) -> str:
    """Which source could not be read to the end, since when, and why."""
    until = row["good_until"]
    since = (
        speaker.words(f"自 {until:%Y-%m-%d %H:%M} 起", f"since {until:%Y-%m-%d %H:%M}")
        if until
        else speaker.words("从未读完过", "never until now")
    )
    why = row[f"error_{'en' if speaker.lang == 'en' else 'zh'}"] or speaker.words("中途停止", "it was stopped half-way")
    return speaker.words(
        f"来源 {row['source_id']} 未能读完（{since}）：{why}", f"Source {row['source_id']} ({since}): {why}"
    )


def things_to_do(summary: Summary, speaker: Speaker) -> list[str]:
    """What people have to do after this run, the gravest first, each with its remedy."""
    from expectations.catalogue import words

    def remedy(row: Mapping[str, Any]) -> tuple[str, str]:
        said = words(ledger.finding_of(row["finding"]), "en" if speaker.lang == "en" else "zh")
        return said.what, said.fix

    lines = [broken_source_line(row, speaker) for row in summary.broken_sources]
    lines += [
        speaker.words(
            f"来源 {row['source_id']} 有 {row['refused']} 件来自名单以外的发件人，没有收取；确是报送单位的，请加入 sources.yaml 的 senders",
            f"The source {row['source_id']} has {row['refused']} mails of senders who are not on its list and were not taken in;"
            " add those who hand in to its senders in sources.yaml",
        )
        for row in summary.refused_mail
    ]
    for row in summary.sent_back[:MOST_TO_DO]:
        what, fix = remedy(row) if row["finding"] else (row["outcome"], "")
        name = visible(row["object_name"])
        lines.append(speaker.words(f"文件《{name}》：{what}。{fix}。", f"File {name}: {what}; {fix}."))
    if len(summary.sent_back) > MOST_TO_DO:
        more = len(summary.sent_back) - MOST_TO_DO
        lines.append(
            speaker.words(
                f"另有 {more} 个文件被退回或无法识别：warehouse findings --severity critical",
                f"{more} more files were refused or not recognised: warehouse findings --severity critical",
            )
        )
    for row in summary.waiting[:MOST_TO_DO]:
        what, fix = remedy(row)
        lines.append(
            speaker.words(
                f"{row['units']} 个单位的 {row['rows']} 行待更正：{what}。{fix}。（warehouse findings --code {row['code']}）",
                f"{row['rows']} rows of {row['units']} units wait: {what}; {fix}. (warehouse findings --code {row['code']})",
            )
        )
    if summary.rows_waiting_in_all and not summary.waiting:
        lines.append(
            speaker.words(
                f"此前的报送中仍有 {summary.rows_waiting_in_all} 行待更正：warehouse findings --severity error",
                f"{summary.rows_waiting_in_all} rows of earlier submissions still wait: warehouse findings --severity error",
            )
        )
    if summary.failed_rules:
        rules = "、".join(summary.failed_rules)
        lines.append(
            speaker.words(
                f"跨报送核对规则未能执行，是本系统的故障，与填报无关，请告知维护人员：{rules}",
                f"Rules that compare submissions could not be asked; that is our fault, tell the maintainers: {rules}",
            )
        )
    if named := undated(summary.run["business_date"]):
        earliest = min(period for _, period in named)
        lines.append(
            speaker.words(
                f"{len(named)} 个报表期的截止日无法确定（{earliest} 等），未列入应报：节假日安排尚未收录，请维护人员升级 chinesecalendar",
                f"{len(named)} forms and periods have no due date yet ({earliest} and others) and are not expected: the public"
                " holidays are not known; install the newer chinesecalendar",
            )
        )
    return lines


def _release(summary: Summary, speaker: Speaker) -> str:
    if summary.release is None:
        return speaker.words("尚无发布。", "Nothing is published yet.")
    release = summary.release
    if summary.is_new_release:
        return speaker.words(
            f"已发布第 {release['release_id']} 期，{release['figures_changed']} 个数字有变动。",
            f"Published release {release['release_id']}; {release['figures_changed']} figures changed.",
        )
    return speaker.words(
        f"没有变动，读者仍看到第 {release['release_id']} 期。",
        f"Nothing changed; readers still see release {release['release_id']}.",
    )


def _steps(summary: Summary, speaker: Speaker) -> str:
    shown = [f"{speaker.words(*STEPS.get(s['step'], (s['step'],) * 2))} {s['seconds']} s" for s in summary.steps]
    return speaker.words("，", ", ").join(shown)
