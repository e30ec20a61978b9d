"""Sources as they are declared in sources.yaml: one model a kind, and no place in any of them where a password could stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from connectors.sources.mapping import MappingDeclared
from connectors.sources.strict import Declared, Text, complaint

INBOX = "inbox"
"""The id of the source that every installation has: the folder of `WAREHOUSE_INBOX`."""

SENDER = re.compile(r"[^@\s]*@[^@\s]+\.[^@\s.]+")
"""An address, or what stands behind the names of all addresses of a domain."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SecretPlace(Declared):
    """Where a secret is kept: a file (its first line) or an environment variable. It is read when it is needed."""

    file: Path | None = Field(default=None, strict=False)
    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> SecretPlace:
        if (self.file is None) == (self.env is None):
            raise complaint(
                "只能写 file（文件路径）或 env（环境变量名）中的一个", "give one of file (a path) and env (a name)"
            )
        return self


def _no_literal(value: Any) -> Any:
    if isinstance(value, str | int | float):
        raise complaint(
            "密码不能写在这里；请改为 {file: 文件路径} 或 {env: 环境变量名}",
            "no secret may stand here; write {file: PATH} or {env: NAME} instead",
        )
    return value


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise complaint("网址中不能有账号和密码", "a URL may hold no user and no password")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise complaint(
            "只能是 https:// 网址（本机可用 http://）", "must be an https:// URL (http:// on this machine only)"
        )
    return url.rstrip("/")


Secret = Annotated[SecretPlace, BeforeValidator(_no_literal)]
Url = Annotated[str, AfterValidator(_safe_url)]
Place = Annotated[Path, Field(strict=False)]
Port = Annotated[int, Field(ge=1, le=65535)]


class SourceDeclared(Declared):
    """What every kind has: its id, how long one look may last in all, and how often a look that breaks off is tried again."""

    kind: str
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    deadline_seconds: Annotated[float, Field(ge=1, le=7200, strict=False)] = 300
    retries: Annotated[int, Field(ge=0, le=10)] = 3


class FolderDeclared(SourceDeclared):
    """A local or mounted folder with all its subfolders."""

    kind: Literal["folder"]
    path: Place


class SftpDeclared(SourceDeclared):
    """A folder of an SFTP server, whose key stands in a known_hosts file."""

    kind: Literal["sftp"]
    host: Text
    port: Port = 22
    user: Text
    folder: Text = "."
    known_hosts: Place
    password: Secret | None = None
    key: Secret | None = None
    passphrase: Secret | None = None

    @model_validator(mode="after")
    def _has_one_way_in(self) -> SftpDeclared:
        if (self.password is None) == (self.key is None):
            raise complaint("须写 password 或 key（私钥）中的一个", "give one of password and key (a private key)")
        if self.key is not None and self.key.file is None:
            raise complaint("key 须是私钥文件：{file: 路径}", "key must be a private key's file: {file: PATH}")
        return self


class S3Declared(SourceDeclared):
    """What lies below a prefix of a bucket of an S3-compatible store."""

    kind: Literal["s3"]
    endpoint: Url
    bucket: Text
    prefix: str = ""
    region: Text = "us-east-1"
    access_key: Secret
    secret_key: Secret
    ca_file: Place | None = None


def _sender(text: str) -> str:
    if not SENDER.fullmatch(text):
        raise complaint(
            "只能是邮箱地址（a@b.cn）或一个域（@b.cn）", "must be an address (a@b.cn) or a whole domain (@b.cn)"
        )
    return text.lower()


class ImapDeclared(SourceDeclared):
    """The attachments of the mails in one mailbox that came from known senders. Mails are read only, and never marked."""

    kind: Literal["imap"]
    host: Text
    port: Port = 993
    security: Literal["tls", "starttls"] = "tls"
    ca_file: Place | None = None
    user: Text
    password: Secret
    mailbox: Annotated[str, StringConstraints(pattern=r"^[!-~][ -~]*$")] = "INBOX"
    senders: Annotated[list[Annotated[str, AfterValidator(_sender)]], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=3660)] = 90
    """Mails that came longer ago are not looked at."""


class HttpApiDeclared(SourceDeclared):
    """Submissions behind a JSON API: the workbooks attached to them, or their answers, mapped to a form."""

    kind: Literal["http_api"]
    url: Url
    shape: Literal["odk", "kobo", "plain"] = "plain"
    token: Secret | None = None
    ca_file: Place | None = None
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 200
    mapping: MappingDeclared | None = None

    @model_validator(mode="after")
    def _gives_something(self) -> HttpApiDeclared:
        if self.shape == "plain" and self.mapping is None:
            raise complaint("plain 没有附件，须写 mapping", "plain has no attachments: give a mapping")
        return self


class SqlDeclared(SourceDeclared):
    """The rows of one question to a Postgres database, mapped to a form. The database's URL is a secret: it holds the password."""

    kind: Literal["sql"]
    database: Secret
    query: Text
    mapping: MappingDeclared
    statement_seconds: Annotated[int, Field(ge=1, le=3600)] = 60


AnySource = Annotated[
    FolderDeclared | SftpDeclared | S3Declared | ImapDeclared | HttpApiDeclared | SqlDeclared,
    Field(discriminator="kind"),
]


class SourcesDeclared(Declared):
    """The whole file: the sources beside the inbox."""

    sources: Annotated[list[AnySource], Field(max_length=64)]

    @model_validator(mode="after")
    def _has_distinct_ids(self) -> SourcesDeclared:
        ids = [source.id for source in self.sources]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise complaint(f"id 重复：{'、'.join(twice)}", f"the same id twice: {', '.join(twice)}")
        if INBOX in ids:
            raise complaint(
                f"id {INBOX} 留给收件文件夹（WAREHOUSE_INBOX），请另起名", f"the id {INBOX} is that of WAREHOUSE_INBOX"
            )
        return self
