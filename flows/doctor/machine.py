"""The machine: disks, clock, time zone, fonts, packages, public holidays, ports."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib import metadata
from pathlib import Path

from connectors.settings import PROJECT_FOLDER, Settings
from flows.doctor.registry import Verdict, advice, broken, check, good
from flows.schedule import SHANGHAI, now
from flows.watching.facts import read_room

SKEW = timedelta(seconds=30)
"""Clocks of two machines that keep time differ by less."""

CALENDAR_WARNING = timedelta(days=60)
"""The next year's holidays are published in November; the package follows within weeks."""

FONT_WORDS = ("cjk", "han", "hei", "song", "ming", "wqy", "fang", "kai")
"""What the names of fonts with Chinese glyphs have in them, where fontconfig is not there to be asked."""


@check
def disks(settings: Settings) -> Iterator[Verdict]:
    """Room on the disks of home, archive and inbox."""
    for room in read_room(settings):
        names = (f"磁盘 {room.folder}", f"disk of {room.folder}")
        left = f"{room.free / 10**9:.1f} / {room.total / 10**9:.0f} GB"
        if room.is_short:
            mend = (
                "清理该磁盘或扩容；旧报告和日志可以移走，archive/ 不能删",
                "make room; move reports and logs, never archive/",
            )
            yield broken(names, (f"剩余 {left}", f"{left} free"), mend)
        else:
            yield good(*names, f"剩余 {left}", f"{left} free")


@check
def clock(settings: Settings) -> Iterator[Verdict]:
    """This machine's clock against Postgres' and against the last thing that was written down."""
    names = ("时钟", "clock")
    theirs = _database_clock(settings)
    if theirs is None:
        yield good(
            *names,
            f"{now():%Y-%m-%d %H:%M:%S}（数据库未应答，未比对）",
            f"{now():%Y-%m-%d %H:%M:%S} (database not asked)",
        )
        return
    skew, newest = theirs
    if abs(skew) > SKEW:
        what = f"{skew.total_seconds():+.0f} s"
        mend = (
            "在两台机器上启用时间同步（chrony 或 systemd-timesyncd）",
            "keep time on both machines (chrony, systemd-timesyncd)",
        )
        yield broken(names, (f"与数据库相差 {what}", f"differs from the database's by {what}"), mend)
    elif newest and newest > now() + SKEW:
        mend = ("校准时钟；已有记录的时间晚于现在", "set the clock; what is written down is later than now")
        what_zh = f"早于最近一次运行（{newest:%Y-%m-%d %H:%M}）"
        yield broken(names, (what_zh, f"is before the last run ({newest:%Y-%m-%d %H:%M})"), mend)
    else:
        yield good(
            *names, f"与数据库相差 {skew.total_seconds():+.1f} 秒", f"{skew.total_seconds():+.1f} s from the database's"
        )


@check
def time_zone(_settings: Settings) -> Iterator[Verdict]:
    """Whether Shanghai is eight hours ahead, as it has been since 1991."""
    names = ("时区数据", "time zone data")
    offset = datetime(2026, 7, 1, tzinfo=SHANGHAI).utcoffset()
    if offset == timedelta(hours=8):
        yield good(*names, "Asia/Shanghai = UTC+8", "Asia/Shanghai = UTC+8")
    else:
        mend = ("重新安装 tzdata（make 会装好它）", "install tzdata again")
        yield broken(names, (f"Asia/Shanghai = {offset}", f"Asia/Shanghai = {offset}"), mend)


@check
def fonts(_settings: Settings) -> Iterator[Verdict]:
    """A font with Chinese glyphs, for charts that are drawn as pictures."""
    names = ("中文字体", "Chinese font")
    found = _chinese_fonts()
    if found:
        yield good(*names, found[0], found[0])
    else:
        what = (
            "没有找到；画成图片的图表会缺字，网页不受影响",
            "none found; charts drawn as pictures lack their glyphs, pages do not",
        )
        yield advice(
            names, what, ("apt-get install fonts-noto-cjk（或复制到 ~/.fonts）", "apt-get install fonts-noto-cjk")
        )


@check
def packages(_settings: Settings) -> Iterator[Verdict]:
    """The installed packages against requirements.lock."""
    names = ("软件包版本", "package versions")
    lock = PROJECT_FOLDER / "requirements.lock"
    if not lock.exists():
        yield good(*names, "没有 requirements.lock（按软件包安装）", "no requirements.lock (installed as a package)")
        return
    # A package may be locked in one version for each Python.
    locked: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9_.\-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE
    ):
        locked.setdefault(_plain(name), set()).add(version)
    installed = {_plain(d.name): d.version for d in metadata.distributions() if d.name}
    other = {name: installed[name] for name in locked if name in installed and installed[name] not in locked[name]}
    if other:
        named = "、".join(
            f"{name} {version}（应为 {'、'.join(sorted(locked[name]))}）" for name, version in sorted(other.items())[:5]
        )
        mend = ("重新执行 make（或 bin/setup.py）装回锁定的版本", "run make (or bin/setup.py) again")
        yield broken(
            names,
            (
                f"{len(other)} 个与锁定的不同：{named}",
                f"{len(other)} differ from the lock: {', '.join(sorted(other)[:5])}",
            ),
            mend,
        )
    else:
        yield good(*names, f"{len(locked)} 个与 requirements.lock 相符", f"{len(locked)} as in requirements.lock")


@check
def holidays(_settings: Settings) -> Iterator[Verdict]:
    """How far the public holidays are known, which due dates need."""
    from expectations.workdays import CalendarEndsError, is_workday

    names = ("节假日安排", "public holidays")
    today, day = now().date(), now().date()
    try:
        while day < today + timedelta(days=800):
            is_workday(day)
            day = date(day.year + 1, 1, 1)
    except CalendarEndsError:
        pass
    end = date(day.year, 1, 1) - timedelta(days=1)
    mend = ("升级 chinesecalendar（make lock OPTIONS=--upgrade，再 make）", "install the newer chinesecalendar")
    what = (f"收录到 {end}，之后的截止日无法确定", f"known up to {end}; due dates after it are not")
    if end < today:
        yield broken(names, what, mend)
    elif end - today < CALENDAR_WARNING:
        yield advice(names, what, mend)
    else:
        yield good(*names, f"收录到 {end}", f"known up to {end}")


@check
def ports(settings: Settings) -> Iterator[Verdict]:
    """The ports of the UI, the status page and the intake: ours, or free."""
    from flows.prefect_home import recorded_serving

    serving = recorded_serving(settings)
    for what_zh, what_en, host, port, variable in (
        ("界面端口", "UI port", settings.prefect_host, settings.prefect_port, "WAREHOUSE_PREFECT_PORT"),
        ("状态页端口", "status port", settings.health_host, settings.health_port, "WAREHOUSE_HEALTH_PORT"),
        ("网上报送端口", "intake port", settings.intake_host, settings.intake_port, "WAREHOUSE_INTAKE_PORT"),
    ):
        names = (f"{what_zh} {port}", f"{what_en} {port}")
        if serving:
            yield good(*names, f"warehouse serve 在运行：{serving.address}", f"warehouse serve runs: {serving.address}")
        elif reason := _refusal(host, port):
            mend = (
                f"换一个端口（{variable}），或停止占用它的程序（ss -ltnp）",
                f"choose another ({variable}), or end who has it (ss -ltnp)",
            )
            yield broken(names, (f"不能使用：{reason}", f"cannot be used: {reason}"), mend)
        else:
            yield good(*names, "空闲", "free")


def _database_clock(settings: Settings) -> tuple[timedelta, datetime | None] | None:
    """How far our clock is ahead of the database's, and when its newest run began; None where it does not answer."""
    from connectors.postgres import status
    from connectors.warehouse.engine import connect, database_clock
    from connectors.warehouse.ledger import is_prepared, read_run

    if not status(settings).is_running:
        return None
    with connect(settings) as conn:
        before = now()
        theirs = database_clock(conn)
        after = now()
        night = read_run(conn) if is_prepared(conn) else None
    return before + (after - before) / 2 - theirs, night["started_at"] if night else None


def _chinese_fonts() -> list[str]:
    program = shutil.which("fc-list")
    if program:
        listed = subprocess.run(
            [program, ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=False
        )
        return sorted({line.split(",")[0] for line in listed.stdout.splitlines() if line})
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.fonts").expanduser())
    files = (
        f
        for folder in folders
        if folder.is_dir()
        for f in folder.rglob("*")
        if f.suffix.lower() in (".ttc", ".ttf", ".otf")
    )
    return sorted(f.stem for f in files if any(word in f.stem.lower() for word in FONT_WORDS))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _refusal(host: str, port: int) -> str:
    """Why a port cannot be listened on; empty if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""
