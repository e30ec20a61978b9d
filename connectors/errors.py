"""What can go wrong on our side. What is wrong with a submission is a finding (`expectations.finding`), never an error.

    WarehouseError                     exit 3   our failure
    ├── UsageError                     exit 2   what was asked for cannot be
    │   ├── SettingsError                       an environment variable holds what it may not
    │   ├── SourcesUnsound                      sources.yaml does not say what it must
    │   ├── PeriodClosed                        what was asked for would change a closed period
    │   ├── AccountUnusable                     an account of the database that may not become a reader's
    │   ├── KeyUnknown                          a seal key that nobody knows
    │   ├── KeyInUse                            a seal key that cannot be retired yet
    │   ├── RoomBusy                            another process seals anew, or destroys a key
    │   ├── ErasureRefused                      a person cannot be erased beside what is going on
    │   ├── ErasureUnfinished                   a person is erased, but former keys could not be destroyed yet
    │   └── BackfillRefused                     a backfill may not go on; its tree is in connectors/warehouse/backfill/errors.py
    ├── DatabaseError
    │   ├── DatabaseUnreachable                 nothing answers, or it does not let us in
    │   ├── DatabaseTooOld                      a server below the oldest that we support
    │   ├── DatabaseMissing                     a database that we may not create ourselves
    │   ├── DatabaseRightsMissing               our role may not make its schemas and tables
    │   ├── DumpFailed                          a database cannot be copied, backed up or filled
    │   │   └── DumpOvertaken                   its tables were being replaced just then; trying again helps
    │   ├── LandingColumnError                  a landing table holds a field in another type than its contract says
    │   └── ClusterError                        the embedded server; its tree is in connectors/postgres/errors.py
    ├── KeyringError                            a key is missing, open to others or not a key
    ├── SourceUnreachable                       a folder of workbooks cannot be looked into
    ├── SourceFailed                            another source could not be read; its tree is in connectors/sources/errors.py
    ├── ReaderUnavailable                       no process that reads workbooks can be started
    ├── WorkersError                            reading on other machines; its tree is in connectors/dask/errors.py
    ├── ArchiveError                            bytes that should be there are not, or are not those bytes
    ├── BuildFailed                             dbt itself could not run; a failing test is a result, not an error
    ├── PublishRefused                          this run may not publish
    ├── PublishedColumnError                    the build would change a column that readers know
    ├── LeaseBusyError                          another run keeps the lease for too long
    ├── FolderUnwritable                        a folder that we must write in and may not
    ├── FileUnusable                            a file or folder that the system refuses us, the disk being full among others
    └── FolderBusy                              another process has held a lock for too long

Each leaf keeps its facts as attributes and puts them in full sentences, Chinese and English, that say what happened,
where, why, and how to mend it.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, fields
from typing import ClassVar

ROOM_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What the system says of a disk as a whole, often without the name of a file."""


@dataclass(eq=False)
class WarehouseError(Exception):
    """Our failure: the facts are attributes, `sentence` says them. A new leaf declares its facts, `zh` and `en`."""

    exit_code: ClassVar[int] = 3
    zh: ClassVar[str]
    en: ClassVar[str]

    def __post_init__(self) -> None:
        # Exceptions are pickled by their `args`; a child process hands them to its parent that way.
        self.args = tuple(getattr(self, f.name) for f in fields(self))

    def sentence(self, lang: str = "zh") -> str:
        """What happened, where, why and how to mend it, in Chinese or English (`lang` zh or en)."""
        facts = {f.name: getattr(self, f.name) for f in fields(self)}
        return (self.zh if lang == "zh" else self.en).format_map(facts)

    def __str__(self) -> str:
        return self.sentence("en")


@dataclass(eq=False)
class UsageError(WarehouseError):
    """What was asked for cannot be."""

    exit_code: ClassVar[int] = 2


@dataclass(eq=False)
class SettingsError(UsageError):
    """An environment variable holds what it may not. `value` is already masked where it can hold a secret."""

    variable: str
    value: str
    allowed_zh: str
    allowed_en: str
    zh: ClassVar[str] = (
        "环境变量 {variable} 的值是“{value}”，只能是{allowed_zh}；请改正，或取消该变量以使用默认值（见 .env.example）。"
    )
    en: ClassVar[str] = (
        "The environment variable {variable} is '{value}', but it must be {allowed_en}; "
        "correct it, or unset it for its default (see .env.example)."
    )


@dataclass(eq=False)
class PeriodClosed(UsageError):
    """What was asked for would change `period`, which was closed with `closed_with` (the same, or a longer one)."""

    period: str
    closed_with: str
    author: str
    day: str
    zh: ClassVar[str] = (
        "{period} 已随 {closed_with} 结账（{author}，{day}），不能这样改动；"
        "确需改动的，先重新打开：warehouse reopen {closed_with} --reason 理由 --author 决定人。"
    )
    en: ClassVar[str] = (
        "{period} was closed with {closed_with} ({author}, {day}) and cannot be changed this way; "
        "if it must be, reopen it first: warehouse reopen {closed_with} --reason R --author A."
    )


@dataclass(eq=False)
class AccountUnusable(UsageError):
    """An account of the database that may not become a reader's."""

    login: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = "账号 {login} 不能用来读取数据：{why_zh}。请换一个名称。"
    en: ClassVar[str] = "The account {login} cannot be given to a reader: {why_en}. Take another name."


@dataclass(eq=False)
class KeyUnknown(UsageError):
    """A seal key that neither the database nor the folder of keys knows."""

    key_id: str
    zh: ClassVar[str] = "没有密钥 {key_id}；编号如 k0001，见 warehouse keys list。"
    en: ClassVar[str] = "There is no key {key_id}; ids look like k0001, see warehouse keys list."


@dataclass(eq=False)
class KeyInUse(UsageError):
    """A seal key that cannot be retired, because something needs it. Nothing was changed."""

    key_id: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = "密钥 {key_id} 不能停用：{why_zh}。没有改动。"
    en: ClassVar[str] = "The key {key_id} cannot be retired: {why_en}. Nothing was changed."


@dataclass(eq=False)
class RoomBusy(UsageError):
    """Another process seals anew or destroys a key."""

    zh: ClassVar[str] = "另一个进程正在重新加密或销毁密钥；请等其结束后再试。"
    en: ClassVar[str] = "Another process is sealing anew or destroying a key; wait for it and try again."


@dataclass(eq=False)
class ErasureRefused(UsageError):
    """Something is going on beside which nobody can be erased. Nothing was changed."""

    why_zh: str
    why_en: str
    zh: ClassVar[str] = "现在不能抹除或销毁：{why_zh}。没有改动；请等其结束后再试（warehouse status 查看）。"
    en: ClassVar[str] = (
        "Nothing can be erased now: {why_en}. Nothing was changed; try again when it has ended (see `warehouse status`)."
    )


@dataclass(eq=False)
class ErasureUnfinished(UsageError):
    """A person was erased from rows and originals, but former keys, which open older backups, could not be destroyed yet."""

    erasure_id: int
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "抹除 {erasure_id} 尚未完成：数据行和原件已抹除，但旧密钥还没有销毁，旧备份仍能打开。{why_zh}"
        "排除原因后，请以同样的命令和身份证号再执行一次。"
    )
    en: ClassVar[str] = (
        "Erasure {erasure_id} is not finished: rows and originals are erased, but former keys are not destroyed and still open older "
        "backups. {why_en} Remove the cause and give the same command and citizen ID again."
    )


@dataclass(eq=False)
class DatabaseError(WarehouseError):
    """The database cannot be used."""


@dataclass(eq=False)
class DatabaseUnreachable(DatabaseError):
    """Nothing answers at `target` (never with a password), or it does not let us in."""

    target: str
    reason: str
    zh: ClassVar[str] = (
        "无法连接数据库 {target}：{reason}。请检查 WAREHOUSE_URL；内置数据库请运行 warehouse db status 查看。"
    )
    en: ClassVar[str] = (
        "Cannot connect to the database {target}: {reason}. Check WAREHOUSE_URL; "
        "for the embedded database see `warehouse db status`."
    )


@dataclass(eq=False)
class DatabaseTooOld(DatabaseError):
    """The server is older than the oldest that we support."""

    target: str
    version: int
    oldest: int
    zh: ClassVar[str] = (
        "数据库 {target} 的版本是 Postgres {version}，至少需要 {oldest}；请升级，或改用其他服务器（WAREHOUSE_URL）。"
    )
    en: ClassVar[str] = (
        "The database {target} is Postgres {version}, but {oldest} or newer is needed; "
        "upgrade it, or point WAREHOUSE_URL at another server."
    )


@dataclass(eq=False)
class DatabaseMissing(DatabaseError):
    """A database that we need does not exist and our role may not create it."""

    database: str
    target: str
    reason: str
    zh: ClassVar[str] = (
        "数据库 {database} 不存在，且当前角色无法在 {target} 上创建（{reason}）；"
        "请由管理员创建并设当前角色为所有者，或用 PREFECT_API_DATABASE_CONNECTION_URL 指定 Prefect 的数据库。"
    )
    en: ClassVar[str] = (
        "The database {database} does not exist and our role could not create it on {target} ({reason}); have it created "
        "and owned by that role, or name Prefect's database in PREFECT_API_DATABASE_CONNECTION_URL."
    )


@dataclass(eq=False)
class DatabaseRightsMissing(DatabaseError):
    """Our role may not do in its own database, or to the roles that read it, what it must."""

    target: str
    reason: str
    zh: ClassVar[str] = (
        "当前角色在数据库 {target} 中权限不足（{reason}）；请由管理员把该数据库的所有者设为该角色（alter database … owner to …），"
        "并允许它创建角色（alter role … createrole）；"
        "若 warehouse_owner 等角色是别人创建的，还要让它成为其成员（grant warehouse_owner, warehouse_loader, warehouse_transformer, "
        "warehouse_publisher to …），再重新运行。"
    )
    en: ClassVar[str] = (
        "Our role lacks a right in the database {target} ({reason}); have it made the owner of that database "
        "(alter database … owner to …) and allowed to make roles (alter role … createrole); where another made the roles "
        "warehouse_owner, warehouse_loader, warehouse_transformer and warehouse_publisher, have it made a member of them (grant … to …); "
        "and run again."
    )


@dataclass(eq=False)
class DumpFailed(DatabaseError):
    """One of Postgres's programs could not take a database out of, or put it into, the server."""

    program: str
    target: str
    reason: str
    zh: ClassVar[str] = (
        "数据库 {target} 的复制未能完成（{program}：{reason}）；原数据库不受影响。请排除原因（磁盘空间、权限、服务器版本）后重试。"
    )
    en: ClassVar[str] = (
        "The copying of the database {target} did not end well ({program}: {reason}); the original is untouched. "
        "Remove the cause (room on the disk, rights, the server's version) and try again."
    )


@dataclass(eq=False)
class DumpOvertaken(DumpFailed):
    """Tables were being replaced under it, or held for longer than it may wait; trying again helps."""


@dataclass(eq=False)
class LandingColumnError(DatabaseError):
    """A landing table holds a field in another type than its contract says now."""

    table: str
    column: str
    found: str
    wanted: str
    zh: ClassVar[str] = (
        "入库表 landing.{table} 的列 {column} 类型为 {found}，而报表合同现在要求 {wanted}；"
        "含义已变的字段请在合同中另起新名，原字段保留。"
    )
    en: ClassVar[str] = (
        "The column {column} of landing.{table} is {found}, but its contract now asks for {wanted}; "
        "a field whose meaning changes gets a new name in the contract, and the former one stays."
    )


@dataclass(eq=False)
class KeyringError(WarehouseError):
    """A key cannot be used; made anew, it would give every person another token, so it never is."""

    path: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "密钥 {path} 不能使用：{why_zh}。请从备份中恢复该文件（权限 0600）；系统不会另造密钥，否则同一个人会被计为两人。"
    )
    en: ClassVar[str] = (
        "The key {path} cannot be used: {why_en}. Restore that file from its backup with mode 0600; "
        "no new key is made in its place, because every person would then count twice."
    )


@dataclass(eq=False)
class SourceUnreachable(WarehouseError):
    """A source of workbooks cannot be looked into; the other sources are not affected."""

    source_id: str
    location: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "来源 {source_id} 无法访问（{location}）：{why_zh}。请检查路径与权限（默认来源由 WAREHOUSE_INBOX 指定）后重新运行。"
    )
    en: ClassVar[str] = (
        "The source {source_id} cannot be looked into ({location}): {why_en}. "
        "Check its path and rights (WAREHOUSE_INBOX for the default one) and run again."
    )


@dataclass(eq=False)
class ReaderUnavailable(WarehouseError):
    """No process that reads workbooks can be started: an installation or a limit of ours, not a bad file."""

    exit_status: int
    memory_mb: int
    zh: ClassVar[str] = (
        "读取报表的进程无法启动（退出码 {exit_status}，内存上限 {memory_mb} MB）。"
        "请检查安装是否完整；内存上限过小时请调高 WAREHOUSE_READER_MEMORY_MB。文件都已存档，不会丢失。"
    )
    en: ClassVar[str] = (
        "The process that reads workbooks cannot be started (exit code {exit_status}, memory limit {memory_mb} MB). "
        "Check the installation; if the limit is too low, raise WAREHOUSE_READER_MEMORY_MB. All files are kept in the archive."
    )


@dataclass(eq=False)
class ArchiveError(WarehouseError):
    """Bytes that should be in the archive are not there, or are not those bytes."""

    sha256: str
    path: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = "档案 {sha256} 不能读取（{path}）：{why_zh}。请从备份中恢复该文件。"
    en: ClassVar[str] = (
        "The archived bytes {sha256} cannot be read from {path}: {why_en}. Restore that file from its backup."
    )


@dataclass(eq=False)
class BuildFailed(WarehouseError):
    """dbt could not start, or could not read its project."""

    command: str
    reason: str
    log: str
    zh: ClassVar[str] = (
        "dbt {command} 未能运行：{reason}。请查看日志 {log}，排除原因后重新运行 warehouse run；已发布的数据不变。"
    )
    en: ClassVar[str] = (
        "dbt {command} could not run: {reason}. See the log {log}, remove the cause and run `warehouse run` again; "
        "what was published stays."
    )


@dataclass(eq=False)
class PublishRefused(WarehouseError):
    """This run may not publish: another one has taken the lease since, or a check failed."""

    reason_zh: str
    reason_en: str
    zh: ClassVar[str] = "本次运行未发布：{reason_zh}。读者仍看到上一次发布的数据；请排除原因后重新运行 warehouse run。"
    en: ClassVar[str] = (
        "This run published nothing: {reason_en}. Readers still see the release before; "
        "remove the cause and run `warehouse run` again."
    )


@dataclass(eq=False)
class PublishedColumnError(WarehouseError):
    """The build changes or drops a column of a published table."""

    table: str
    column: str
    published: str
    built: str
    zh: ClassVar[str] = (
        "已发布的表 bi.{table} 的列 {column} 是 {published}，而本次生成的是 {built}；未发布。改动已发布的列需要数据库迁移和 CHANGELOG 记录。"
    )
    en: ClassVar[str] = (
        "Column {column} of the published table bi.{table} is {published}, but the build has {built}; nothing was published. "
        "Changing a published column takes a migration and a CHANGELOG entry."
    )


@dataclass(eq=False)
class LeaseBusyError(WarehouseError):
    """Another run has kept a lease for longer than we wait."""

    name: str
    holder: str
    patience_seconds: float
    zh: ClassVar[str] = (
        "{holder} 正占用“{name}”，等待 {patience_seconds:.0f} 秒后仍未释放；请用 warehouse status 查看该运行，待其结束后重试。"
    )
    en: ClassVar[str] = (
        "{holder} holds the lease '{name}' and did not let go of it in {patience_seconds:.0f} seconds; "
        "see that run in `warehouse status` and try again when it has ended."
    )


@dataclass(eq=False)
class FolderUnwritable(WarehouseError):
    """A folder that we must write in and may not."""

    path: str
    reason: str
    zh: ClassVar[str] = "不能使用文件夹 {path}：{reason}。请改用其所有者的账户运行，或另设 WAREHOUSE_HOME。"
    en: ClassVar[str] = (
        "Cannot use the folder {path}: {reason}. Run as the account that owns it, or set another WAREHOUSE_HOME."
    )


@dataclass(eq=False)
class FileUnusable(WarehouseError):
    """The system refuses us a file or a folder: no right, no room, not what it should be."""

    path: str
    reason: str
    zh: ClassVar[str] = "不能使用 {path}：{reason}。请检查磁盘空间、路径和权限后重试；已保存的数据不受影响。"
    en: ClassVar[str] = (
        "Cannot use {path}: {reason}. Check the room on the disk, the path and its rights, and try again; what was saved is kept."
    )

    @classmethod
    def because(cls, error: Exception, home: str) -> FileUnusable | None:
        """What the system said, if it is about a file (one that it does not name lies in the home); it never knows what is in one."""
        if not isinstance(error, OSError) or not (error.filename or error.errno in ROOM_ERRORS):
            return None
        return cls(str(error.filename or home), error.strerror or type(error).__name__)


@dataclass(eq=False)
class FolderBusy(WarehouseError):
    """Another process has held a lock for longer than its work can take."""

    path: str
    seconds: int
    zh: ClassVar[str] = "另一个进程占用 {path} 已超过 {seconds} 秒；请查明该进程（lsof {path}），结束后重试。"
    en: ClassVar[str] = (
        "Another process has held {path} for more than {seconds} seconds; find it (lsof {path}) and try again when it has ended."
    )
