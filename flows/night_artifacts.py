"""What the Prefect page of a night shows: its account, the published figures and where the report lies, in Chinese."""

from __future__ import annotations

from prefect.artifacts import create_markdown_artifact

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from flows.account import markdown_summary, read_summary
from flows.comparison import draw_comparison
from flows.night_steps import NightResult
from flows.speech import Speaker
from flows.tables import markdown_table


def create_night_artifacts(settings: Settings, result: NightResult, because: str = "") -> None:
    """Put three artifacts on the run's page. Counts, figures and words only, no row of anybody; `because` is why it was caught up."""
    speaker = Speaker("zh")
    with connect(settings) as conn:
        summary = read_summary(conn, result.run_id)
    if summary is None:
        return
    notice = f"**{because}**\n\n" if because else ""
    create_markdown_artifact(
        f"# 夜间账目\n\n{notice}{markdown_summary(summary, speaker)}",
        key="night-account",
        description="夜间账目：收到、去向、待办、用时",
    )
    create_markdown_artifact(
        f"# 与公布数字比较\n\n{draw_comparison(summary.comparison, speaker, markdown_table)}",
        key="published-comparison",
        description="与公布数字比较",
    )
    create_markdown_artifact(
        f"# 年度报告\n\n[{result.report.name}]({result.report.as_uri()})\n\n在运行本系统的机器上打开：`{result.report}`",
        key="report",
        description="年度报告的位置",
    )
