"""An explanation drawn for people: a figure as a tree, down to the cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.comparison import plain_number
from flows.speech import Speaker

if TYPE_CHECKING:
    from connectors.warehouse.explain import ExplainedMeasure, ExplainedRow, ExplainedSubmission, Explanation


ROWS_UNKNOWN = {
    "code_changed": (
        "该期发布之后，计算指标的程序已变动，按现行程序算出的各行与当时的数字不等，因此不列出各行；数字本身与当时发布的一致。",
        "The program has changed since that release and its rows no longer come to the figure of then, so none are listed; "
        "the figure itself is the one that was published.",
    ),
    "boundary_unknown": (
        "该期发布时没有记录它所依据的报送，因此不列出各行；数字本身与当时发布的一致。",
        "What that release was made from was not written down, so no rows are listed; the figure itself is the one that was published.",
    ),
}
"""Why a past figure is told without its rows."""


def draw_explanation(found: Explanation, speaker: Speaker) -> str:
    """The figure, its numerator and denominator, their submissions and files, rows and cells; personal values are left out."""
    name = speaker.words(found.name_zh, found.name_en)
    lines = [f"{name}（{found.indicator_id}） {found.org_id} {found.period} = {plain_number(found.value)} {found.unit}"]
    lines.append(
        speaker.words(
            f"第 {found.release_id} 期发布，状态 {found.status}", f"release {found.release_id}, {found.status}"
        )
    )
    has_rows = found.rows_unknown is None
    lines += _side(found.numerator, speaker.words("分子", "numerator") if found.denominator else "", speaker, has_rows)
    if found.subtracted:
        lines += _side(found.subtracted, speaker.words("减去", "less"), speaker, has_rows)
    if found.denominator:
        lines += _side(found.denominator, speaker.words("分母", "denominator"), speaker, has_rows)
    if found.rows_unknown:
        lines.append(speaker.words(*ROWS_UNKNOWN[found.rows_unknown]))
    elif found.is_reconciled:
        lines.append(speaker.words("各行合计与该数字相等。", "The rows add up to the figure."))
    else:
        lines.append(
            speaker.words(
                "各行合计与该数字不等，请告知维护人员！", "THE ROWS DO NOT ADD UP TO THE FIGURE: tell the maintainers."
            )
        )
    return "\n".join(lines)


def _side(measure: ExplainedMeasure, side: str, speaker: Speaker, has_rows: bool) -> Iterator[str]:
    name = speaker.words(measure.name_zh, measure.name_en)
    count = speaker.words(f"，共 {measure.rows_total} 行", f", {measure.rows_total} rows") if has_rows else ""
    yield f"└ {side} {name}（{measure.measure_id}） = {plain_number(measure.value)} {measure.unit}{count}".replace(
        "└  ", "└ "
    )
    for submission in measure.submissions:
        yield f"   └ {_submission(submission, speaker)}"
        for row in submission.rows:
            yield f"      └ {_row(row, speaker)}"
    listed = sum(len(submission.rows) for submission in measure.submissions)
    if listed < measure.rows_total:
        yield speaker.words(
            f"   … 另有 {measure.rows_total - listed} 行（--limit 0 全部列出）",
            f"   … {measure.rows_total - listed} more rows (--limit 0 lists all)",
        )


def _submission(submission: ExplainedSubmission, speaker: Speaker) -> str:
    if submission.submission_id is None:
        return speaker.words(f"{submission.form_id}：未报送", f"{submission.form_id}: not handed in")
    version = speaker.words(f"第 {submission.version} 版", f"version {submission.version}")
    place = f"{submission.source_id}/{submission.file_name}" + (f" [{submission.sheet}]" if submission.sheet else "")
    return f"{submission.form_id} {submission.unit_id} {submission.period} {version}：{place}"


def _row(row: ExplainedRow, speaker: Speaker) -> str:
    at = (
        speaker.words("整份", "as a whole")
        if row.row_number is None
        else speaker.words(f"第 {row.row_number} 行", f"row {row.row_number}")
    )
    hidden = speaker.words("（个人信息）", "(personal)")
    mended = speaker.words("（更正）", " (corrected)")
    cells = "，".join(
        f"{c.address} {c.heading}={hidden if c.is_personal else c.value}{mended if c.is_corrected else ''}"
        for c in row.cells
        if c.address
    )
    return f"{at}：{plain_number(row.value)}" + (f"  {cells}" if cells else "")
