"""Secrets where sources.yaml says that they are kept, read when they are needed and kept by nobody."""

from __future__ import annotations

from connectors.settings import secret_in_environment
from connectors.sources.declared import SecretPlace, SourceDeclared
from connectors.sources.errors import SourceShut


def read_secret(source: SourceDeclared, place: SecretPlace, what: str) -> str:
    """The secret kept in that place; `what` is the field that names it. Raises: SourceShut where there is none."""
    if place.env is not None:
        value = secret_in_environment(place.env)
        if value:
            return value
        raise SourceShut(
            source.id, what, f"环境变量 {place.env} 没有设置", f"the environment variable {place.env} is not set"
        )
    assert place.file is not None  # noqa: S101 - a place is one of the two
    try:
        value = place.file.read_text(encoding="utf-8").split("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "UTF-8"
        raise SourceShut(
            source.id, what, f"文件 {place.file} 读不出来（{why}）", f"the file {place.file} cannot be read ({why})"
        ) from None
    if not value:
        raise SourceShut(source.id, what, f"文件 {place.file} 是空的", f"the file {place.file} is empty")
    return value
