"""An explanation drawn for people: a figure as a tree, down to the cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.comparison import plain_number
from flows.speech import Speaker

if TYPE_CHECKING:
    from connectors.warehouse.explain import ExplainedMeasure, ExplainedRow, ExplainedSubmission, Explanation


def draw_explanation(found: Explanation, speaker: Speaker) -> str:
    """The figure, its numerator and denominator, their submissions and files, rows and cells; personal values are left out."""
    name = speaker.words(found.name_zh, found.name_en)
    lines = [f"{name}（{found.indicator_id}） {found.org_id} {found.period} = {plain_number(found.value)} {found.unit}"]
    lines.append(
        speaker.words(
            f"第 {found.release_id} 期发布，状态 {found.status}", f"release {found.release_id}, {found.status}"
        )
    )
    lines += _side(found.numerator, speaker.words("分子", "numerator") if found.denominator else "", speaker)
    if found.subtracted:
        lines += _side(found.subtracted, speaker.words("减去", "less"), speaker)
    if found.denominator:
        lines += _side(found.denominator, speaker.words("分母", "denominator"), speaker)
    if found.is_reconciled:
        lines.append(speaker.words("各行合计与该数字相等。", "The rows add up to the figure."))
    else:
        lines.append(
            speaker.words(
                "各行合计与该数字不等，请告知维护人员！", "THE ROWS DO NOT ADD UP TO THE FIGURE: tell the maintainers."
            )
        )
    return "\n".join(lines)


def _side(measure: ExplainedMeasure, side: str, speaker: Speaker) -> Iterator[str]:
    name = speaker.words(measure.name_zh, measure.name_en)
    count = speaker.words(f"共 {measure.rows_total} 行", f"{measure.rows_total} rows")
    yield f"└ {side} {name}（{measure.measure_id}） = {plain_number(measure.value)} {measure.unit}，{count}".replace(
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
