"""What can go wrong with the embedded server. All are `DatabaseError`s, exit 3.

ClusterError
├── ClusterAccountMissing       no account that it could run under
├── ClusterNotOurs              it belongs to another account
├── ClusterVersionDiffers       its data were made by another major version
└── ClusterWontStart            it was asked to start and did not
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import DatabaseError


@dataclass(eq=False)
class ClusterError(DatabaseError):
    """The embedded server cannot be used."""


@dataclass(eq=False)
class ClusterAccountMissing(ClusterError):
    """Postgres refuses to run as root, and needs an account that is in passwd."""

    account: str
    zh: ClassVar[str] = (
        "内置数据库不能以 root 运行，需要本机账户 {account}，但系统中没有该账户；"
        "请创建它，或用 WAREHOUSE_POSTGRES_ACCOUNT 指定另一个普通账户，或用 WAREHOUSE_URL 使用现有的 Postgres。"
    )
    en: ClassVar[str] = (
        "The embedded database needs the account {account}, which this machine does not have (Postgres does not run as root); "
        "create it, name another ordinary account in WAREHOUSE_POSTGRES_ACCOUNT, or use your own Postgres by WAREHOUSE_URL."
    )


@dataclass(eq=False)
class ClusterNotOurs(ClusterError):
    """The cluster belongs to another account than ours."""

    data: str
    owner: str
    user: str
    zh: ClassVar[str] = (
        "内置数据库 {data} 属于账户 {owner}，当前账户 {user} 不能使用它；请以 {owner}（或 root）运行，或另设 WAREHOUSE_HOME。"
    )
    en: ClassVar[str] = (
        "The embedded database in {data} belongs to {owner}, and {user} may not use it; "
        "run as {owner} (or root), or set another WAREHOUSE_HOME."
    )


@dataclass(eq=False)
class ClusterVersionDiffers(ClusterError):
    """The data were made by another major version of Postgres than the one installed."""

    data: str
    found: str
    installed: str
    zh: ClassVar[str] = (
        "内置数据库 {data} 由 Postgres {found} 建立，而现在安装的是 {installed}；"
        "请装回旧版本并备份（warehouse db backup），再用新版本恢复到新的 WAREHOUSE_HOME。"
    )
    en: ClassVar[str] = (
        "The embedded database in {data} was made by Postgres {found}, but {installed} is installed; install the former version, "
        "take a backup (`warehouse db backup`) and restore it into a new WAREHOUSE_HOME."
    )


@dataclass(eq=False)
class ClusterWontStart(ClusterError):
    """A program of Postgres failed, or the server did not answer in time."""

    data: str
    step: str
    reason: str
    log: str
    zh: ClassVar[str] = (
        "内置数据库 {data} 在“{step}”一步失败：{reason}。请查看日志 {log}，排除原因后重试；已有数据不会丢失。"
    )
    en: ClassVar[str] = (
        "The embedded database in {data} failed at {step}: {reason}. See the log {log}, remove the cause and try again; "
        "the data that it holds are kept."
    )
