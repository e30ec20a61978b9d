"""`warehouse db backup` and `warehouse db restore`: the whole warehouse into a folder, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.settings import load_settings
from flows.desk import reading
from flows.progress import progress
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.backup.manifest import Manifest


@command(
    "backup",
    "备份数据库和存档到一个文件夹（加密；存档文件只存一次）。个人信息密钥不在备份中，请另行保存。",
    "Back up database and archive into a folder: sealed, each archived file once. The keys of personal data are not in it; keep them apart.",
)
@option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    zh="备份所在的文件夹；最好在另一块磁盘上",
    en="The folder of the backups, best on another disk",
)
@option("--list", "is_list", is_flag=True, zh="列出其中的备份，不新做", en="List the backups in it; make none")
@option(
    "--verify",
    "is_verify",
    is_flag=True,
    zh="逐字节检查其中每份备份，不新做",
    en="Read every backup in it to its end; make none",
)
@json_option
@pass_speaker
def back_up(speaker: Speaker, folder: Path, is_list: bool, is_verify: bool, as_json: bool) -> int:
    """Make a backup, or look at those that there are."""
    if is_list and is_verify:
        raise WrongUsage("--list 与 --verify 请分开使用", "use --list and --verify one at a time")
    if is_list:
        return _list(speaker, folder, as_json)
    if is_verify:
        return _verify(speaker, folder, as_json)
    from connectors.backup.taking import take_backup
    from flows.watching.records import record_backup

    settings = load_settings()
    with reading(settings):
        # A warehouse that nobody has filled yet is told so, and no database is made for it.
        pass
    with progress(speaker.words("备份", "backing up"), "backup") as tell:
        taken = take_backup(settings, folder, tell)
    record_backup(settings, taken.path.absolute())
    facts = taken.manifest
    if as_json:
        say_json(_facts(taken.path, facts) | {"added_bytes": taken.added_bytes, "added_objects": taken.added_objects})
        return 0
    speaker.say(
        f"备份完成：{taken.path}（数据库至事件 {facts.state.event_id}，存档文件 {facts.objects} 个；"
        f"本次新增 {_mb(taken.added_bytes)} MB、存档文件 {taken.added_objects} 个）",
        f"Backed up: {taken.path} (database up to event {facts.state.event_id}, {facts.objects} archived files; "
        f"new: {_mb(taken.added_bytes)} MB, {taken.added_objects} archived files)",
    )
    receipt = ["receipt"] if facts.receipt_key else []
    keys = "、".join(f"{name}.key" for name in (*facts.keys, *receipt, "backup"))
    speaker.say(
        f"恢复时需要 {settings.keys_dir} 中的密钥：{keys}。备份中没有密钥，请把它们另存一处。",
        f"To restore, these keys of {settings.keys_dir} are needed: {keys.replace('、', ', ')}. They are not in it; keep them apart.",
    )
    return 0


@command(
    "restore",
    "从备份恢复到空的 WAREHOUSE_HOME 或 WAREHOUSE_URL；先检查全部内容与密钥，再写入。",
    "Restore a backup into an empty WAREHOUSE_HOME or WAREHOUSE_URL; everything is checked before anything is written.",
)
@click.argument("place", metavar="BACKUP", type=click.Path(path_type=Path))
@option(
    "--replace",
    is_flag=True,
    zh="用备份取代数据库中现有的数据（请先停止 warehouse serve）",
    en="Put the backup in the place of the data that the database holds (stop `warehouse serve` first)",
)
@json_option
@pass_speaker
def restore(speaker: Speaker, place: Path, replace: bool, as_json: bool) -> int:
    """Restore a backup."""
    from connectors.backup.restoring import restore_backup

    with progress(speaker.words("恢复", "restoring"), "restore") as tell:
        restored = restore_backup(load_settings(), place, tell, may_replace=replace)
    if as_json:
        closed = {"lost_objects": restored.lost_objects, "shut_rows": restored.shut_rows}
        say_json(_facts(restored.path, restored.manifest) | {"added_objects": restored.added_objects} | closed)
        return 0
    speaker.say(
        f"已从 {restored.path} 恢复：数据库至事件 {restored.manifest.state.event_id}，写入存档文件 {restored.added_objects} 个。",
        f"Restored from {restored.path}: the database up to event {restored.manifest.state.event_id}, "
        f"{restored.added_objects} archived files written.",
    )
    if restored.lost_objects or restored.shut_rows:
        speaker.note(
            f"以下内容用已销毁的密钥加密，任何人都不能再打开：存档文件 {restored.lost_objects} 个（未写入），"
            f"个人信息 {restored.shut_rows} 行。其余数据已全部恢复。",
            f"Sealed with keys that were destroyed, and closed to everybody: {restored.lost_objects} archived files (not written), "
            f"{restored.shut_rows} personal rows. Everything else is restored.",
        )
    speaker.say("接下来：warehouse status，然后 warehouse run", "Next: warehouse status, then warehouse run")
    return 0


def _list(speaker: Speaker, folder: Path, as_json: bool) -> int:
    from connectors.backup.errors import NoBackup
    from connectors.backup.folder import backups_in
    from connectors.backup.key import backup_key

    readable, unreadable = backups_in(folder, backup_key(load_settings()))
    if not readable and not unreadable:
        raise NoBackup(str(folder))
    if as_json:
        wrong = [{"path": str(path), "error": error.sentence(speaker.lang)} for path, error in unreadable]
        say_json({"backups": [_facts(path, manifest) for path, manifest in readable], "unreadable": wrong})
        return 0
    headings = speaker.words(
        "备份 时间 事件 发布 存档文件 数据库MB 结构版本 程序版本",
        "backup taken_at event release objects dump_mb schema program",
    ).split()
    rows = [
        [
            m.backup_id,
            m.taken_at,
            str(m.state.event_id),
            str(m.state.release_id or "-"),
            str(m.objects),
            _mb(m.dump.size),
            m.state.schema_version,
            m.program_version,
        ]
        for _, m in readable
    ]
    table = draw_table(headings, rows, numbers=(2, 3, 4, 5))
    speaker.say(table, table)
    for _, error in unreadable:
        speaker.note(error.sentence("zh"), error.sentence("en"))
    return 0


def _verify(speaker: Speaker, folder: Path, as_json: bool) -> int:
    from connectors.backup.errors import BackupError, NoBackup
    from connectors.backup.key import backup_key
    from connectors.backup.reading import check_backup

    key = backup_key(load_settings())
    verdicts: list[tuple[Path, BackupError | None]] = []
    for path in sorted(p for p in folder.glob("*.backup") if not p.name.startswith(".")):
        with progress(speaker.words("检查", "verifying"), f"verify {path.stem}") as tell:
            try:
                check_backup(path, key, tell)
            except BackupError as error:
                verdicts.append((path, error))
            else:
                verdicts.append((path, None))
    if not verdicts:
        raise NoBackup(str(folder))
    if as_json:
        say_json(
            [{"path": str(p), "is_whole": e is None, "error": e and e.sentence(speaker.lang)} for p, e in verdicts]
        )
    else:
        for path, damage in verdicts:
            zh, en = (damage.sentence("zh"), damage.sentence("en")) if damage else ("完好", "whole")
            speaker.say(f"{path.stem}：{zh}", f"{path.stem}: {en}")
    return 0 if all(damage is None for _, damage in verdicts) else BackupError.exit_code


def _facts(path: Path, manifest: Manifest) -> dict[str, object]:
    return {"path": str(path), **manifest.to_dict()}


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
