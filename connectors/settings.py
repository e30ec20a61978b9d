"""What can be set from outside, and the only place that reads the environment.

`VARIABLES` declares each variable once: its default, its words and how it is read. `.env.example` is written from it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from connectors.errors import SettingsError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
"""Where the packages and the dbt project lie side by side, in a clone and in an installed wheel."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, read and checked once; paths are absolute."""

    home: Path
    inbox: Path
    keys_dir: Path
    sources_file: Path | None = None
    owners: Path | None = None
    url: str | None = field(default=None, repr=False)
    prefect_database_url: str | None = field(default=None, repr=False)
    prefect_host: str = "127.0.0.1"
    prefect_port: int = 4200
    health_host: str = "127.0.0.1"
    health_port: int = 4201
    intake_host: str = "127.0.0.1"
    intake_port: int = 4202
    bi_port: int = 8088
    postgres_account: str | None = None
    chunk_size: int = 400
    readers: int = 2
    reader_memory_mb: int = 1024
    reader_cpu_seconds: int = 60
    reader_wall_seconds: int = 120
    reader_answer_mb: int = 256
    max_file_mb: int = 20
    close_checks_hours: int = 24
    retention_years: int | None = None
    dask_scheduler: str | None = None
    dask_tls_dir: Path | None = None
    lang: str = "zh"

    @property
    def dbt_project_dir(self) -> Path:
        """The dbt project, beside the packages."""
        return PROJECT_FOLDER / "dbt_project"

    @property
    def dbt_target_dir(self) -> Path:
        """Where dbt writes its artifacts."""
        return self.home / "dbt_target"

    @property
    def archive_dir(self) -> Path:
        """Every byte ever received, encrypted, by its SHA-256."""
        return self.home / "archive"

    @property
    def reports_dir(self) -> Path:
        """The default place of the reports."""
        return self.home / "reports"

    @property
    def replies_dir(self) -> Path:
        """Answers and receipts for the submitters, by business date and unit; they hold personal data."""
        return self.home / "replies"

    @property
    def closings_dir(self) -> Path:
        """The signed packs of closed periods."""
        return self.home / "closings"

    @property
    def logs_dir(self) -> Path:
        """The logs of the services."""
        return self.home / "logs"

    @property
    def prefect_home(self) -> Path:
        """Prefect's own folder, so that it never writes in the user's."""
        return self.home / "prefect"

    @property
    def owners_file(self) -> Path:
        """The register of owners, which need not be there."""
        return self.owners or self.home / "owners.yaml"

    @property
    def secrets_dir(self) -> Path:
        """The generated passwords of the embedded database, one file of mode 0600 each."""
        return self.home / "secrets"


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: where it goes in `Settings`, its default as text, its words, and what reads it."""

    name: str
    attribute: str
    default: str
    zh: str
    en: str
    read: Callable[[str], object]
    allowed_zh: str
    allowed_en: str


def _whole(least: int, most: int) -> tuple[Callable[[str], int], str, str]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read, f"{least} 到 {most} 的整数", f"a whole number from {least} to {most}"


def _one_of(*choices: str) -> tuple[Callable[[str], str], str, str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return read, " 或 ".join(choices), " or ".join(choices)


def _matching(pattern: str, allowed_zh: str, allowed_en: str) -> tuple[Callable[[str], str], str, str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return read, allowed_zh, allowed_en


def _postgres_url(text: str) -> str:
    """A libpq URL: `postgresql://…`. Raises: ValueError unless it names a database of a Postgres server."""
    parts = urlsplit(re.sub(r"^(postgresql\+psycopg|postgres)://", "postgresql://", text))
    if parts.scheme != "postgresql" or parts.path in ("", "/") or parts.port == 0:
        raise ValueError
    return re.sub(r"^(postgresql\+psycopg|postgres)://", "postgresql://", text)


def _scheduler_address(text: str) -> str:
    """`tls://host:port`, or `tcp://` of this very machine. Raises: ValueError, for an open connection to another machine too."""
    parts = urlsplit(text)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port or parts.path:
        raise ValueError
    if parts.scheme == "tcp" and parts.hostname != "localhost" and not ip_address(parts.hostname).is_loopback:
        raise ValueError
    return text


_PATH = (lambda text: Path(text).expanduser().absolute(), "文件夹路径", "the path of a folder")
_FILE = (lambda text: Path(text).expanduser().absolute(), "文件路径", "the path of a file")
_POSTGRES_URL = (
    _postgres_url,
    "postgresql://用户:密码@主机:端口/数据库",
    "postgresql://user:password@host:port/database",
)
_PREFECT_URL = _matching(
    r"(postgresql\+asyncpg|sqlite\+aiosqlite)://.+",
    "postgresql+asyncpg:// 或 sqlite+aiosqlite:// 开头的网址",
    "a URL that begins with postgresql+asyncpg:// or sqlite+aiosqlite://",
)
_SCHEDULER = (
    _scheduler_address,
    "tls://主机:端口；只有本机可用 tcp://127.0.0.1:端口",
    "tls://host:port; tcp://127.0.0.1:port on this very machine only",
)
_HOST = _matching(r"[A-Za-z0-9.:\-]+", "主机名或 IP 地址", "a host name or an IP address")
_ACCOUNT = _matching(r"[a-z_][a-z0-9_\-]*\$?", "本机账户名", "the name of an account of this machine")

VARIABLES: tuple[Variable, ...] = (
    Variable(
        "WAREHOUSE_HOME", "home", ".warehouse", "所有数据所在的文件夹", "The folder that holds everything", *_PATH
    ),
    Variable(
        "WAREHOUSE_URL",
        "url",
        "",
        "Postgres（15 或更新）的网址；不设则使用 WAREHOUSE_HOME 中的内置数据库",
        "URL of a Postgres (15 or newer); unset, the embedded one under WAREHOUSE_HOME is used",
        *_POSTGRES_URL,
    ),
    Variable(
        "WAREHOUSE_INBOX",
        "inbox",
        "<WAREHOUSE_HOME>/inbox",
        "收取报表的默认文件夹",
        "The folder from which workbooks are collected",
        *_PATH,
    ),
    Variable(
        "WAREHOUSE_SOURCES",
        "sources_file",
        "",
        "收件文件夹以外的来源清单 sources.yaml；不设则只有收件文件夹",
        "The list of sources beside the inbox, sources.yaml; unset, there is the inbox alone",
        lambda text: Path(text).expanduser().absolute(),
        "文件路径",
        "the path of a file",
    ),
    Variable(
        "WAREHOUSE_KEYS_DIR",
        "keys_dir",
        "<WAREHOUSE_HOME>/keys",
        "个人信息密钥的文件夹；请与数据分开备份",
        "The folder of the keys of personal data; back it up apart from the data",
        *_PATH,
    ),
    Variable(
        "WAREHOUSE_OWNERS",
        "owners",
        "",
        "责任人名册：谁负责哪些预警、用什么通道通知；不设则为 WAREHOUSE_HOME 中的 owners.yaml，没有该文件时不发送",
        "The register of owners: who is told of which alerts, and how; unset, owners.yaml in WAREHOUSE_HOME, without which nothing is sent",
        *_FILE,
    ),
    Variable(
        "WAREHOUSE_POSTGRES_ACCOUNT",
        "postgres_account",
        "",
        "以 root 运行时，内置数据库所用的账户；不设则为 postgres 或 nobody",
        "The account of the embedded database when run as root; unset, postgres or else nobody",
        *_ACCOUNT,
    ),
    Variable(
        "WAREHOUSE_CHUNK_SIZE",
        "chunk_size",
        "400",
        "一次事务处理的报表数",
        "How many workbooks one transaction carries",
        *_whole(1, 5000),
    ),
    Variable(
        "WAREHOUSE_READERS", "readers", "2", "并行读取的进程数", "How many processes read workbooks", *_whole(1, 64)
    ),
    Variable(
        "WAREHOUSE_READER_MEMORY_MB",
        "reader_memory_mb",
        "1024",
        "每个读取进程的内存上限（MB）",
        "Memory that a reading process may use, in MB",
        *_whole(512, 65536),
    ),
    Variable(
        "WAREHOUSE_READER_CPU_SECONDS",
        "reader_cpu_seconds",
        "60",
        "读取一个文件的处理器时间上限（秒）",
        "Processor time that reading one file may take, in seconds",
        *_whole(1, 3600),
    ),
    Variable(
        "WAREHOUSE_READER_WALL_SECONDS",
        "reader_wall_seconds",
        "120",
        "读取一个文件的总时间上限（秒）",
        "Time that reading one file may take, in seconds",
        *_whole(1, 7200),
    ),
    Variable(
        "WAREHOUSE_READER_ANSWER_MB",
        "reader_answer_mb",
        "256",
        "读取进程一次交回的内容上限（MB）",
        "The most that a reading process may hand back at once, in MB",
        *_whole(1, 4096),
    ),
    Variable(
        "WAREHOUSE_MAX_FILE_MB",
        "max_file_mb",
        "20",
        "可接收的文件大小上限（MB）",
        "The largest file that is read, in MB",
        *_whole(1, 1024),
    ),
    Variable(
        "WAREHOUSE_DASK_SCHEDULER",
        "dask_scheduler",
        "",
        "Dask 调度器的地址，夜间的读取与校验交给它的各台机器；不设则都在本机进行",
        "The Dask scheduler whose workers read and judge at night; unset, this machine does",
        *_SCHEDULER,
    ),
    Variable(
        "WAREHOUSE_DASK_TLS_DIR",
        "dask_tls_dir",
        "",
        "Dask 连接所用证书的文件夹：ca.pem、cert.pem、key.pem；tls:// 地址必须设置",
        "The folder of the certificates for Dask: ca.pem, cert.pem, key.pem; a tls:// address needs it",
        *_PATH,
    ),
    Variable(
        "WAREHOUSE_CLOSE_CHECKS_HOURS",
        "close_checks_hours",
        "24",
        "结账时，检验距今最多多少小时",
        "How old the checks may be when a period is closed, in hours",
        *_whole(1, 8760),
    ),
    Variable(
        "WAREHOUSE_RETENTION_YEARS",
        "retention_years",
        "",
        "个人信息保存几年（从期间结束后的 1 月 1 日起算），期满由每月的任务销毁；不设则不销毁",
        "How many years personal data are kept, from the first of January after their period; a monthly job destroys them then; unset, never",
        *_whole(1, 100),
    ),
    Variable(
        "WAREHOUSE_LANG", "lang", "zh", "界面语言", "The language in which people are answered", *_one_of("zh", "en")
    ),
    Variable(
        "WAREHOUSE_PREFECT_HOST",
        "prefect_host",
        "127.0.0.1",
        "Prefect 界面的监听地址",
        "The address on which Prefect's UI listens",
        *_HOST,
    ),
    Variable(
        "WAREHOUSE_PREFECT_PORT",
        "prefect_port",
        "4200",
        "Prefect 界面的端口",
        "The port of Prefect's UI",
        *_whole(1, 65535),
    ),
    Variable(
        "WAREHOUSE_HEALTH_HOST",
        "health_host",
        "127.0.0.1",
        "健康检查、指标和状态页的监听地址；不需要口令，请只对内开放",
        "The address of health, metrics and the status page; they ask for no password, so keep it inside",
        *_HOST,
    ),
    Variable(
        "WAREHOUSE_HEALTH_PORT",
        "health_port",
        "4201",
        "健康检查、指标和状态页的端口",
        "The port of health, metrics and the status page",
        *_whole(1, 65535),
    ),
    Variable(
        "WAREHOUSE_INTAKE_HOST",
        "intake_host",
        "127.0.0.1",
        "网上报送页面的监听地址；对外开放时，请在前面加一层 HTTPS 代理",
        "The address of the intake over HTTP; put a proxy that speaks HTTPS before it where others can reach it",
        *_HOST,
    ),
    Variable(
        "WAREHOUSE_INTAKE_PORT",
        "intake_port",
        "4202",
        "网上报送页面的端口",
        "The port of the intake over HTTP",
        *_whole(1, 65535),
    ),
    Variable(
        "WAREHOUSE_BI_PORT",
        "bi_port",
        "8088",
        "看板（Superset）的端口；只在本机",
        "The port of the dashboards (Superset), on this machine only",
        *_whole(1, 65535),
    ),
    Variable(
        "PREFECT_API_DATABASE_CONNECTION_URL",
        "prefect_database_url",
        "",
        "Prefect 自己的数据库；不设则在同一台 Postgres 上另建一个",
        "Prefect's own database; unset, another one on the same Postgres",
        *_PREFECT_URL,
    ),
)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises: SettingsError for the first variable that holds what it may not.

    A variable that is empty counts as unset. `environment` stands for `os.environ` where given.
    """
    given = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for variable in VARIABLES:
        text = given.get(variable.name, "").strip()
        if not text and not variable.default:
            continue
        text = text or variable.default.replace("<WAREHOUSE_HOME>", str(values.get("home", "")))
        try:
            values[variable.attribute] = variable.read(text)
        except ValueError:
            raise SettingsError(
                variable.name, without_password(text), variable.allowed_zh, variable.allowed_en
            ) from None
    return Settings(**values)  # type: ignore[arg-type]  # each variable's `read` gives the type of its attribute


def secret_in_environment(name: str) -> str:
    """What a variable holds that a declaration names as the place of a secret; empty where it is not set."""
    return os.environ.get(name, "").strip()


def environment_with(**more: str) -> dict[str, str]:
    """The environment of this process and `more`, for a program that takes our place."""
    return {**os.environ, **more}


def environment_of(*names: str) -> dict[str, str]:
    """These variables of this process, as far as they are set, for a program that is to know no others."""
    return {name: os.environ[name] for name in names if name in os.environ}


def without_password(url: str) -> str:
    """The URL with its password, if any, replaced by `***`; other text as it is."""
    masked = re.sub(r"(?i)((?:password|passfile|sslpassword)=)[^&]*", r"\1***", url)
    try:
        parts = urlsplit(masked)
    except ValueError:
        return re.sub(r"//.*@", "//***@", masked)
    if "@" not in parts.netloc:
        # A slash, a question mark or a number sign in a password that should have been escaped ends the host too early.
        return re.sub(r"(//[^/@:]*):.*@", r"\1:***@", masked) if "@" in masked else masked
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}:***@{host}" if ":" in user else parts.netloc))


def environment_example() -> str:
    """The text of `.env.example`: every variable with its meaning and its default."""
    lines = [
        "# 环境变量：复制为 .env 后按需修改；未设的变量使用所列默认值。",
        "# Environment: unset variables have the defaults shown.",
        "",
    ]
    for v in VARIABLES:
        lines += [f"# {v.zh}（{v.allowed_zh}）", f"# {v.en} ({v.allowed_en})", f"# {v.name}={v.default}", ""]
    return "\n".join(lines)
