"""What can go wrong with backups. All exit 3 but the last two, which are wrong usage (2).

WarehouseError
├── BackupError
│   ├── BackupDamaged            a file of it is missing, cut off, changed, or not one of a backup
│   ├── BackupKeyDiffers         it was sealed with another backup key than the one that is here
│   ├── PersonalKeysDiffer       the keys of its personal data are not here
│   ├── BackupTooNew             a newer program, or a newer server, made it
│   ├── RolesMissing             it grants rights to roles that the server does not have
│   └── NoRoom                   the disk has too little room for it
└── UsageError
    ├── NoBackup                 there is none
    └── PlaceNotEmpty            a restore would write over a warehouse that holds data
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import UsageError, WarehouseError


@dataclass(eq=False)
class BackupError(WarehouseError):
    """A backup cannot be made or used."""


@dataclass(eq=False)
class BackupDamaged(BackupError):
    """A file of a backup cannot be trusted. Nothing has been written."""

    path: str
    why_zh: str
    why_en: str
    zh: ClassVar[str] = (
        "备份文件 {path} 不能使用：{why_zh}。没有写入任何数据。请改用另一份备份，或从其他副本取回该文件；"
        "仍在运行的仓库请删除该文件后重新执行 warehouse db backup，会补齐缺少的内容。"
    )
    en: ClassVar[str] = (
        "The file {path} of a backup cannot be used: {why_en}. Nothing was written. Use another backup, or fetch that file from "
        "another copy; where the warehouse still runs, delete it and run `warehouse db backup` again, which adds what is missing."
    )


@dataclass(eq=False)
class BackupKeyDiffers(BackupError):
    """A backup was sealed with another key than the one that is here, or none is here."""

    path: str
    key_id: str
    key_path: str
    zh: ClassVar[str] = (
        "备份 {path} 需要编号为 {key_id} 的备份密钥，而 {key_path} 不存在或不是它；请把当时的 backup.key 放到该处（权限 0600）后重试。"
    )
    en: ClassVar[str] = (
        "The backup {path} needs the backup key {key_id}, and {key_path} is missing or another one; "
        "put the backup.key of that time there with mode 0600 and try again."
    )


@dataclass(eq=False)
class PersonalKeysDiffer(BackupError):
    """The keys that open the personal data of a backup are not those that are here."""

    keys_dir: str
    missing: str
    wrong: str
    needed: str
    zh: ClassVar[str] = (
        "密钥文件夹 {keys_dir} 与备份不符（缺少：{missing}；不是同一个：{wrong}）。此备份需要 {needed}；"
        "请放入与数据分开保存的这些密钥（权限 0600）后重试；已停用的密钥请放入停用时留下的 .retired 文件。没有写入任何数据。"
    )
    en: ClassVar[str] = (
        "The keys in {keys_dir} are not those of the backup (missing: {missing}; another one: {wrong}). It needs {needed}; "
        "put these keys, which are kept apart from the data, there with mode 0600 and try again; in the place of a key that was retired, "
        "the .retired file that it left. Nothing was written."
    )


@dataclass(eq=False)
class BackupTooNew(BackupError):
    """What made a backup is newer than what should restore it."""

    what_zh: str
    what_en: str
    made_by: str
    here: str
    zh: ClassVar[str] = "备份由较新的{what_zh}（{made_by}）生成，此处是 {here}；请先升级再恢复。没有写入任何数据。"
    en: ClassVar[str] = (
        "The backup was made by a newer {what_en} ({made_by}) than is here ({here}); upgrade first. Nothing was written."
    )


@dataclass(eq=False)
class RolesMissing(BackupError):
    """The backup grants rights to roles that the server does not have."""

    roles: str
    target: str
    zh: ClassVar[str] = (
        "数据库 {target} 缺少备份中被授权的角色：{roles}；请先由管理员创建（create role …），再重新恢复。"
    )
    en: ClassVar[str] = (
        "The backup grants rights to roles that {target} does not have: {roles}; have them made (create role …) and restore again."
    )


@dataclass(eq=False)
class NoRoom(BackupError):
    """Too little room on a disk."""

    path: str
    needed_mb: int
    free_mb: int
    zh: ClassVar[str] = "{path} 所在磁盘可用空间 {free_mb} MB，最多需要 {needed_mb} MB；请腾出空间或换一个位置。"
    en: ClassVar[str] = (
        "The disk of {path} has {free_mb} MB free, and up to {needed_mb} MB are needed; make room or choose another place."
    )


@dataclass(eq=False)
class NoBackup(UsageError):
    """There is no backup at a place."""

    path: str
    zh: ClassVar[str] = "{path} 没有完整的备份（*.backup）；请检查路径，或先执行 warehouse db backup。"
    en: ClassVar[str] = (
        "There is no whole backup (*.backup) at {path}; check the path, or run `warehouse db backup` first."
    )


@dataclass(eq=False)
class PlaceNotEmpty(UsageError):
    """A restore would write over a warehouse that holds data."""

    target: str
    deliveries: int
    zh: ClassVar[str] = (
        "数据库 {target} 已有数据（收到文件 {deliveries} 个），不会覆盖；请恢复到空的 WAREHOUSE_HOME 或 WAREHOUSE_URL。"
        "确实要用备份取代现有数据时加 --replace。"
    )
    en: ClassVar[str] = (
        "The database {target} holds data ({deliveries} deliveries) and is not written over; restore into an empty WAREHOUSE_HOME or "
        "WAREHOUSE_URL, or add --replace to put the backup in the place of what is there."
    )
