"""What can go wrong with reading and judging on other machines.

WorkersError                    exit 3
├── SchedulerUnreachable        nobody answers at the scheduler's address, or whoever does speaks otherwise
├── WorkersMissing              the scheduler has no worker, or lost those that had the work
├── WorkersUnlike               a worker runs other code than this machine, so its results could differ
├── WorkFailed                  a worker could not do its work; never for a bad file
├── SchedulerOpen               the scheduler keeps or shows more than it may
└── CertificatesUnusable        the certificates of a tls:// address cannot be used
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import WarehouseError


@dataclass(eq=False)
class WorkersError(WarehouseError):
    """Other machines cannot read and judge for us. What was not decided stays undecided; the next run takes it up."""


@dataclass(eq=False)
class SchedulerUnreachable(WorkersError):
    """Nobody answers at `address`, or answers no longer. `reason` is the kind of the error."""

    address: str
    reason: str
    zh: ClassVar[str] = (
        "无法连接 Dask 调度器 {address}（{reason}）。请在该机器上运行 warehouse dask scheduler，检查网络与证书；"
        "或取消 WAREHOUSE_DASK_SCHEDULER，由本机读取。文件都已存档，不会丢失。"
    )
    en: ClassVar[str] = (
        "Cannot reach the Dask scheduler {address} ({reason}). Run `warehouse dask scheduler` there and check network and certificates, "
        "or unset WAREHOUSE_DASK_SCHEDULER to read on this machine. All files are kept in the archive."
    )


@dataclass(eq=False)
class WorkersMissing(WorkersError):
    """The scheduler has no worker, or lost every worker that had the same piece of work."""

    address: str
    reason: str
    zh: ClassVar[str] = (
        "Dask 调度器 {address} 没有可用的执行进程（{reason}）。请在各台机器上运行 warehouse dask worker，并查看它们为何停止；"
        "或取消 WAREHOUSE_DASK_SCHEDULER，由本机读取。文件都已存档，不会丢失。"
    )
    en: ClassVar[str] = (
        "The Dask scheduler {address} has no worker for the work ({reason}). Run `warehouse dask worker` on the machines, see why they ended, "
        "or unset WAREHOUSE_DASK_SCHEDULER to read on this machine. All files are kept in the archive."
    )


@dataclass(eq=False)
class WorkersUnlike(WorkersError):
    """A worker runs other code, contracts or libraries than this machine."""

    address: str
    worker: str
    zh: ClassVar[str] = (
        "Dask（{address}）的执行进程 {worker} 与本机的程序、表样或依赖版本不同，其结果不可用；"
        "请在该机器上安装同一版本（make run 所用的锁文件），然后重新启动 warehouse dask worker。"
    )
    en: ClassVar[str] = (
        "The worker {worker} of Dask at {address} has other code, contracts or libraries than this machine, so its results cannot be used; "
        "install the same version from the same lock there and start `warehouse dask worker` again."
    )


@dataclass(eq=False)
class WorkFailed(WorkersError):
    """A worker could not do its work: the kind and the place of the error, never its text, which may quote a cell."""

    address: str
    worker: str
    kind: str
    where: str
    zh: ClassVar[str] = (
        "Dask（{address}）的执行进程 {worker} 未完成工作：{kind}（{where}）。"
        "请检查该机器；或取消 WAREHOUSE_DASK_SCHEDULER，由本机读取。文件都已存档，不会丢失。"
    )
    en: ClassVar[str] = (
        "The worker {worker} of Dask at {address} could not do its work: {kind} at {where}. "
        "Look at that machine, or unset WAREHOUSE_DASK_SCHEDULER to read on this one. All files are kept in the archive."
    )


@dataclass(eq=False)
class SchedulerOpen(WorkersError):
    """The scheduler was not started by us: it keeps or shows more than it may, or waits for workers for ever."""

    address: str
    setting: str
    zh: ClassVar[str] = (
        "Dask 调度器 {address} 的设置 {setting} 不是本系统的，未发送任何内容；请改用 warehouse dask scheduler 启动它。"
    )
    en: ClassVar[str] = (
        "The Dask scheduler {address} does not have our {setting}, and nothing was sent to it; start it by `warehouse dask scheduler`."
    )


@dataclass(eq=False)
class CertificatesUnusable(WorkersError):
    """A tls:// address needs `ca.pem`, `cert.pem` and `key.pem`, the key readable by its owner alone."""

    path: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "Dask 的证书 {path} 不可用：{why_zh}。请在 WAREHOUSE_DASK_TLS_DIR 中放入 ca.pem、cert.pem、key.pem（key.pem 权限 0600）。"
    )
    en: ClassVar[str] = (
        "The certificate {path} for Dask cannot be used: {why_en}. Put ca.pem, cert.pem and key.pem (mode 0600) in WAREHOUSE_DASK_TLS_DIR."
    )
