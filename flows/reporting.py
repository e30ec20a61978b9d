"""The flow `report`: the report of a period written anew, started from Prefect's UI. It reads only."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from connectors.settings import load_settings
from flows.reports import write_reports
from flows.spoken_state import spoken


def _run_name() -> str:
    return f"report {flow_run.parameters.get('period') or ''}".strip()


@flow(name="report", flow_run_name=_run_name)
@spoken
def report(period: str = "") -> State[Any]:
    """重新生成某一期间的报告（期间为一年时，连同年度工作报告），写到报告文件夹。

    Args:
        period: 期间，如 2021-03、2021-Q1、2021；空为最近结束的月份所在的年。
    """
    settings = load_settings()
    written = write_reports(settings, period or None, settings.reports_dir)
    files = "\n".join(f"- `{path}`" for path in (written.page, *written.year_account))
    create_markdown_artifact(
        f"# 报告（{written.period}）\n\n在运行本系统的机器上打开：\n\n{files}", key="report", description="报告的位置"
    )
    return Completed(message=f"报告（{written.period}）已生成：{written.page.name}")
