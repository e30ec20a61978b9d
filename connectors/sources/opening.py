"""From a declaration to the source that it declares. What a kind needs is imported when one of that kind is opened."""

from __future__ import annotations

import os

from connectors.sources.declared import (
    FolderDeclared,
    HttpApiDeclared,
    ImapDeclared,
    S3Declared,
    SftpDeclared,
    SourceDeclared,
    SqlDeclared,
)
from connectors.sources.errors import SourceShut
from connectors.sources.folder import FolderSource
from connectors.sources.source import Ground, Source


def open_source(declared: SourceDeclared, ground: Ground) -> Source:
    """The source, connected where its kind connects; the caller closes it. Raises: SourceFailed."""
    _refuse_missing_files(declared)
    match declared:
        case FolderDeclared():
            return FolderSource(declared.id, declared.path)
        case SftpDeclared():
            from connectors.sources.sftp import SftpSource

            return SftpSource(declared, ground)
        case S3Declared():
            from connectors.sources.s3 import S3Source

            return S3Source(declared, ground)
        case ImapDeclared():
            from connectors.sources.imap import ImapSource

            return ImapSource(declared, ground)
        case HttpApiDeclared():
            from connectors.sources.http_api import HttpApiSource

            return HttpApiSource(declared, ground)
        case SqlDeclared():
            from connectors.sources.sql import SqlSource

            return SqlSource(declared, ground)
    raise TypeError(declared.kind)


def _refuse_missing_files(declared: SourceDeclared) -> None:
    """Raises: SourceShut if a key or certificate that the declaration names cannot be read."""
    key = getattr(declared, "key", None)
    named = {
        "known_hosts": getattr(declared, "known_hosts", None),
        "ca_file": getattr(declared, "ca_file", None),
        "key": key.file if key else None,
    }
    for what, path in named.items():
        if path is not None and not os.access(path, os.R_OK):
            raise SourceShut(
                declared.id, what, f"文件 {path} 不存在或无权读取", f"the file {path} is not there or may not be read"
            )
