"""What can go wrong in the order of things. The tree of errors begins in `connectors.errors`.

WarehouseError                exit 3
├── ChecksFailed                        dbt's tests say that the new state is wrong
├── AccountUnbalanced                  something received was not accounted for
├── StepFailed                         a step stopped for a reason that nobody foresaw
├── SchedulerWontStart                 Prefect's server did not answer
├── PortTaken                          the UI's port cannot be listened on
├── ServiceStopped                     a service of `warehouse serve` keeps ending by itself
└── UsageError            exit 2
    ├── NothingYet                     the warehouse has not been filled
    └── NoRegister                     no register of units has been accepted that reaches the period
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from connectors.dask.errors import SchedulerUnreachable, WorkersMissing
from connectors.errors import DatabaseUnreachable, UsageError, WarehouseError

PACKAGES = Path(__file__).parent.parent
"""Where our own packages lie: a failure is located in them, not in a library's depths."""


@dataclass(eq=False)
class ChecksFailed(WarehouseError):
    """dbt failed, or its tests did; nothing was published. `failures` names the nodes."""

    failures: str
    zh: ClassVar[str] = (
        "指标未通过检验，没有发布：{failures}。读者仍看到上一次发布的数据；请把失败的检验名称告知维护人员，排除后重新运行 warehouse run。"
    )
    en: ClassVar[str] = (
        "The indicators did not pass their tests and were not published: {failures}. Readers still see the release before; "
        "mend what these tests name and run `warehouse run` again."
    )


@dataclass(eq=False)
class AccountUnbalanced(WarehouseError):
    """The night's account does not add up: promise 1 is broken or a delivery is stuck."""

    run_id: int
    undecided: int
    zh: ClassVar[str] = (
        "运行 {run_id} 的账目不平（未能处理的文件 {undecided} 个），请查看日志并告知维护人员；下次运行会再次处理它们。"
    )
    en: ClassVar[str] = (
        "The account of run {run_id} does not balance ({undecided} deliveries without a decision); see the log and tell the "
        "maintainers. The next run takes them up again."
    )


@dataclass(eq=False)
class StepFailed(WarehouseError):
    """A step stopped for a reason that nobody foresaw.

    Carries the kind of the error and where it arose, never its text: that may quote a row, and Prefect keeps what it is told.
    The error itself stays its `__context__`, for `--debug` on the terminal only.
    """

    step: str
    kind: str
    where: str
    zh: ClassVar[str] = (
        "步骤 {step} 未完成：{kind}（{where}）。已完成的部分已保存；请重新运行 warehouse run，再次失败时加 --debug 并告知维护人员。"
    )
    en: ClassVar[str] = (
        "The step {step} did not end: {kind} at {where}. What was done is kept; run `warehouse run` again, "
        "and if it fails again add --debug and tell the maintainers."
    )

    @classmethod
    def because(cls, step: str, detail: str, error: Exception) -> StepFailed:
        """The failure of a step by this error."""
        return cls(f"{step} {detail}".strip(), _kind(error), _where(error))


def heals(error: BaseException | None) -> bool:
    """Whether the same step may succeed if it is tried again in a moment: only a lost connection does, or lost workers."""
    import psycopg

    lost = (psycopg.OperationalError, psycopg.InterfaceError)
    return isinstance(error, (DatabaseUnreachable, SchedulerUnreachable, WorkersMissing)) or (
        isinstance(error, StepFailed) and isinstance(error.__context__, lost)
    )


@dataclass(eq=False)
class SchedulerWontStart(WarehouseError):
    """Prefect's server died or did not answer in time."""

    address: str
    log: str
    zh: ClassVar[str] = "流程服务（Prefect，{address}）没有启动；请查看日志 {log}，排除原因后重试。"
    en: ClassVar[str] = (
        "Prefect's server at {address} did not start; see the log {log}, remove the cause and try again."
    )


@dataclass(eq=False)
class PortTaken(WarehouseError):
    """The port of the UI cannot be listened on."""

    host: str
    port: int
    reason: str
    zh: ClassVar[str] = (
        "无法使用 {host} 的端口 {port}（{reason}）；请用 warehouse serve --port 另选一个，或设置 WAREHOUSE_PREFECT_PORT。"
    )
    en: ClassVar[str] = (
        "Cannot listen on port {port} of {host} ({reason}); choose another with `warehouse serve --port` or WAREHOUSE_PREFECT_PORT."
    )


@dataclass(eq=False)
class NothingYet(UsageError):
    """Something was asked of a warehouse that no night has filled."""

    zh: ClassVar[str] = "仓库还没有数据；请先把报表放入收件文件夹（warehouse submit），再执行 warehouse run。"
    en: ClassVar[str] = (
        "The warehouse is still empty; put workbooks into the inbox (warehouse submit), then: warehouse run"
    )


@dataclass(eq=False)
class NoRegister(UsageError):
    """Something was asked for every unit of a period in which the register has none."""

    period: str
    zh: ClassVar[str] = "单位名册中没有 {period} 在册的单位；请先报送《单位名册》，再执行 warehouse run。"
    en: ClassVar[str] = "The register has no units in {period}; hand it in, then run `warehouse run`."


@dataclass(eq=False)
class ServiceStopped(WarehouseError):
    """One of the services keeps ending by itself, or never got ready; the others were stopped with it."""

    service: str
    exit_code_seen: int
    log: str
    zh: ClassVar[str] = (
        "服务 {service} 反复意外停止（退出码 {exit_code_seen}），不再自动重启，其余服务已停止；请查看日志 {log}，排除原因后重新运行 warehouse serve。"
    )
    en: ClassVar[str] = (
        "The service {service} keeps ending by itself (exit code {exit_code_seen}), is not started again, and the others were "
        "stopped with it; see the log {log}, remove the cause and run `warehouse serve` again."
    )


def _kind(error: Exception) -> str:
    sqlstate = getattr(error, "sqlstate", None)
    return f"{type(error).__name__} {sqlstate}" if sqlstate else type(error).__name__


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if _is_ours(Path(f.filename))] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"


def _is_ours(file: Path) -> bool:
    return file.is_relative_to(PACKAGES) and not file.is_relative_to(PACKAGES / ".venv")
