"""The warehouse: database, migrations, leases, keys, inbox, services, the last night, backups."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from connectors.errors import KeyringError
from connectors.settings import Settings
from flows.doctor.registry import Verdict, advice, broken, check, good
from flows.schedule import now
from flows.watching.facts import read_facts
from flows.watching.records import last_recorded_backup
from flows.watching.verdict import reasons

BACKUP_AGE = timedelta(days=7)
"""An older backup is a week's work to lose."""


@check
def database(settings: Settings) -> Iterator[Verdict]:
    """The server: there, answering, new enough."""
    from connectors.postgres import status
    from connectors.warehouse.engine import OLDEST_SUPPORTED

    names = ("数据库", "database")
    found = status(settings)
    if not found.is_running and found.is_embedded and found.data is None:
        yield good(
            *names,
            "内置数据库尚未建立（第一次 warehouse run 时建立）",
            "the embedded one is not made yet (the first run makes it)",
        )
    elif not found.is_running:
        log = f"；日志 {found.log}" if found.log else ""
        mend = (
            (f"warehouse db start{log}", "warehouse db start")
            if found.is_embedded
            else (
                "检查该服务器、网络和 WAREHOUSE_URL 中的口令",
                "see to that server, the network, and the password in WAREHOUSE_URL",
            )
        )
        yield broken(names, (f"没有应答：{found.target}", f"does not answer: {found.target}"), mend)
    elif found.version and int(found.version.split(".")[0]) < OLDEST_SUPPORTED:
        mend = (f"升级到 Postgres {OLDEST_SUPPORTED} 或更新", f"bring it to Postgres {OLDEST_SUPPORTED} or newer")
        yield broken(names, (f"版本 {found.version} 太旧", f"version {found.version} is too old"), mend)
    else:
        kind_zh, kind_en = ("内置", "embedded") if found.is_embedded else ("外部", "external")
        yield good(*names, f"{kind_zh}，版本 {found.version}，有应答", f"{kind_en}, version {found.version}, answers")


@check
def migrations(settings: Settings) -> Iterator[Verdict]:
    """The shape of the tables against what this program knows."""
    from connectors.postgres import status
    from connectors.warehouse.engine import connect
    from connectors.warehouse.migrations import known_versions, newest_version, version_in

    if not status(settings).is_running:
        return
    names = ("表结构版本", "schema version")
    with connect(settings) as conn:
        reached = version_in(conn)
    newest = newest_version()
    if reached is None:
        yield good(*names, "尚未建表（第一次 warehouse run 时建立）", "no tables yet (the first run makes them)")
    elif reached == newest:
        yield good(*names, reached, reached)
    elif reached in known_versions():
        what = (f"{reached}，程序为 {newest}", f"{reached}, the program has {newest}")
        yield advice(names, what, ("下一次 warehouse run 会自动升级", "the next warehouse run brings it up to date"))
    else:
        mend = (
            "安装与数据库相同或更新的程序版本",
            "install the program that the database was last used with, or a newer one",
        )
        yield broken(
            names, (f"{reached}，比程序（{newest}）更新", f"{reached} is newer than the program ({newest})"), mend
        )


@check
def leases(settings: Settings) -> Iterator[Verdict]:
    """Who holds the right to publish, and which run is at work."""
    names = ("发布租约", "lease")
    pulse = read_facts(settings).pulse
    if pulse is None:
        return
    for lease in pulse.leases:
        held = (f"由 {lease['holder']} 持有", f"held by {lease['holder']}")
        if lease["is_held"]:
            yield good(*names, *held)
        else:
            yield good(*names, f"空闲（上一个：{lease['holder']}）", f"free (last: {lease['holder']})")
    night = pulse.night
    if night and night["status"] == "running" and not night["is_alive"]:
        what = (f"运行 {night['run_id']} 中途停止", f"run {night['run_id']} stopped half-way")
        mend = (
            "warehouse run 会接着完成；warehouse serve 在运行时自动接着运行",
            "warehouse run goes on with it, and warehouse serve by itself",
        )
        yield advice(("未完成的运行", "unfinished run"), what, mend)


@check
def keys(settings: Settings) -> Iterator[Verdict]:
    """The keys of personal data: there, ours alone, and those that were used before. Read only: a new key is left to the next run."""
    from connectors.keys import SEAL, fingerprint_in, retired_keys

    names, known_keys = ("密钥", "keys"), settings.home / "keyring.json"
    if not known_keys.exists():
        yield good(*names, "尚未生成（第一次运行时生成）", "not made yet (the first run makes them)")
        return
    known: dict[str, str] = json.loads(known_keys.read_text(encoding="ascii"))
    mend = (f"从备份取回放入 {settings.keys_dir}，并 chmod 600", f"put it back into {settings.keys_dir}, mode 600")
    retired = {f"{SEAL}{key_id}" for key_id in retired_keys(settings.keys_dir)}
    wrong = False
    for name, fingerprint in known.items():
        if name in retired:
            continue
        path = settings.keys_dir / f"{name}.key"
        try:
            found = fingerprint_in(path)
        except KeyringError as error:
            wrong = True
            yield broken((f"密钥 {name}", f"key {name}"), (error.sentence("zh"), error.sentence("en")), mend)
            continue
        if found != fingerprint:
            wrong = True
            what = ("文件不存在", "is gone") if found is None else ("不是以前使用的那个", "is another than before")
            yield broken((f"密钥 {name}", f"key {name}"), what, mend)
    if not wrong:
        yield good(*names, f"{len(known)} 个，权限正确", f"{len(known)}, with the right permissions")
    if settings.keys_dir.resolve().is_relative_to(settings.home.resolve()):
        what = ("与数据在同一处", "lie beside the data")
        copy = (
            "另存一份到别处（丢失则个人信息无法恢复）",
            "keep a copy elsewhere: without them personal data are lost",
        )
        yield advice(("密钥的位置", "place of the keys"), what, copy)


@check
def erasures(settings: Settings) -> Iterator[Verdict]:
    """Erasures of people that were begun and did not end."""
    from connectors.postgres import status
    from connectors.warehouse.engine import connect
    from connectors.warehouse.erasing.records import read_unfinished
    from connectors.warehouse.migrations import newest_version, version_in

    if not status(settings).is_running:
        return
    with connect(settings) as conn:
        unfinished = read_unfinished(conn) if version_in(conn) == newest_version() else []
    for erasure in unfinished:
        began = f"{erasure.started_at:%Y-%m-%d %H:%M}"
        yield broken(
            ("抹除个人信息", "erasure"),
            (f"抹除 {erasure.erasure_id}（{began} 开始）没有做完", f"{erasure.erasure_id}, begun {began}, did not end"),
            (
                "以同一身份证号再执行 warehouse person erase",
                "give warehouse person erase with the same citizen ID again",
            ),
        )


@check
def secrets(settings: Settings) -> Iterator[Verdict]:
    """Files that only our account may read."""
    names = ("口令文件", "secret files")
    folders = [folder for folder in (settings.secrets_dir, settings.keys_dir) if folder.is_dir()]
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    open_files = [str(path) for path in files if path.stat().st_mode & 0o077]
    if open_files:
        mend = (f"chmod 600 {' '.join(open_files)}", f"chmod 600 {' '.join(open_files)}")
        yield broken(
            names, (f"{len(open_files)} 个可被其他账户读取", f"{len(open_files)} can be read by other accounts"), mend
        )
    else:
        yield good(*names, f"{len(files)} 个，只有本账户可读", f"{len(files)}, ours alone")


@check
def folders(settings: Settings) -> Iterator[Verdict]:
    """The inbox that must be readable, and the home that must be writable."""
    for what_zh, what_en, folder, mode in (
        ("收件文件夹", "inbox", settings.inbox, os.R_OK | os.X_OK),
        ("数据文件夹", "home", settings.home, os.R_OK | os.W_OK | os.X_OK),
    ):
        yield _folder((f"{what_zh} {folder}", f"{what_en} {folder}"), folder, mode)


@check
def workers(settings: Settings) -> Iterator[Verdict]:
    """The machines that read for this one, where there are any."""
    from connectors.dask.errors import WorkersError
    from connectors.dask.workers import Workers

    if settings.dask_scheduler is None:
        return
    names = ("Dask", "Dask")
    try:
        with Workers(settings) as there:
            count = there.count()
    except WorkersError as error:
        yield broken(
            names,
            (error.sentence("zh"), error.sentence("en")),
            ("见 docs/engineering/many-machines.md", "see docs/engineering/many-machines.md"),
        )
    else:
        yield good(
            *names, f"{settings.dask_scheduler}，{count} 个执行进程", f"{settings.dask_scheduler}, {count} workers"
        )


@check
def nights(settings: Settings) -> Iterator[Verdict]:
    """The last night, by the schedule."""
    names = ("夜间流程", "nights")
    facts = read_facts(settings)
    wrong = [reason for reason in reasons(facts) if reason.code.startswith("night")]
    for reason in wrong:
        yield broken(
            names, (reason.zh, reason.en), ("warehouse serve，或 warehouse run", "warehouse serve, or warehouse run")
        )
    if wrong:
        return
    good_night = facts.pulse.good_night if facts.pulse else None
    if good_night:
        done = f"{good_night['business_date']}"
        yield good(
            *names,
            f"上一夜 {done}，下一夜 {facts.next_due:%m-%d %H:%M}",
            f"last {done}, next {facts.next_due:%m-%d %H:%M}",
        )
    else:
        yield good(*names, "还没有运行过", "none has run yet")


@check
def backups(settings: Settings) -> Iterator[Verdict]:
    """How old the last backup is, and whether it is still where it was put."""
    names = ("备份", "backup")
    last = last_recorded_backup(settings)
    if last is None:
        yield advice(
            names,
            ("从未备份", "none was ever taken"),
            ("warehouse db backup -o 另一块磁盘上的文件夹", "warehouse db backup -o FOLDER"),
        )
        return
    age, place = now() - last.taken_at, Path(last.path)
    if not place.exists():
        mend = (
            "接上那块磁盘，或重新备份：warehouse db backup",
            "bring the disk back, or take another: warehouse db backup",
        )
        yield broken(names, (f"找不到最近一次备份 {place}", f"the last one is gone: {place}"), mend)
    elif age > BACKUP_AGE:
        what = (f"最近一次在 {age.days} 天前（{place}）", f"the last is {age.days} days old ({place})")
        yield advice(names, what, ("warehouse db backup，最好每天定时", "warehouse db backup, daily at best"))
    else:
        yield good(*names, f"{last.taken_at:%Y-%m-%d %H:%M}（{place}）", f"{last.taken_at:%Y-%m-%d %H:%M} ({place})")


def _folder(names: tuple[str, str], folder: Path, mode: int) -> Verdict:
    if not folder.exists():
        return good(*names, "尚未建立（第一次运行时建立）", "not made yet (the first run makes it)")
    if not folder.is_dir():
        mend = ("换一个路径，或移走这个文件", "name another path, or move that file away")
        return broken(names, ("不是文件夹", "is no folder"), mend)
    if not os.access(folder, mode):
        mend = (f"chown/chmod，使运行本系统的账户可以访问 {folder}", f"let the account that runs this use {folder}")
        return broken(names, ("没有权限", "may not be used"), mend)
    return good(*names, "可用", "can be used")
