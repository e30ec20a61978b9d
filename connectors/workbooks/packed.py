"""A zip of many files: what is in it, within limits, each to be read as a file of its own.

The zip is taken as a whole or not at all. A member's name is data and never a path; nothing is written anywhere.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from connectors.workbooks.inflation import BROKEN_ZIP, inflated_bytes, is_beyond_limits
from connectors.workbooks.kinds import XLSX, ZIP, kind_of_parts, sniff
from connectors.workbooks.refusal import RefusedError
from connectors.workbooks.stray import is_stray

MAX_MEMBERS = 200
"""A unit has about twenty forms, a group hands in those of some units at once."""

LONGEST_NAME = 300
"""Windows has no longer path, and an index of Postgres holds no name without end."""

PIECE_BYTES = 1_000_000

# Others may ask for any amount of memory before the first byte is out.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_LOCKED, _IN_UTF8 = 0x1, 0x800
_CONTENT_TYPES = "[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class Member:
    """One file out of a zip: its name as the zip tells it, and its bytes."""

    name: str
    data: bytes


def unpack(data: bytes) -> Iterator[Member]:
    """The files in a zip of many, the older first; none where these bytes are something else, or a zip that is refused."""
    if sniff(data) is not XLSX:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if kind_of_parts(frozenset(map(plain, archive.namelist()))) is ZIP:
                for name, info in check_members(archive):
                    yield Member(name, archive.read(info))
    except (RefusedError, *BROKEN_ZIP):
        # Before the first: all of them were inflated by then. The reading child says what is wrong.
        return


def check_members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files in a zip of many, the older first, each inflated once to see that it is whole.

    Raises: RefusedError if any of them is locked, leads out of the zip, or is there twice, or if they are too many or too much;
    what `zipfile` raises of a broken zip.
    """
    named = [(_name(info), info) for info in archive.infolist()]
    for name, info in named:
        if name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name or "\x00" in name:
            raise _refused("其中有越出文件夹的文件名", "a name in it leads out of its folder")
        if len(name) > LONGEST_NAME:
            raise _refused("其中有过长的文件名", "a name in it is too long")
        if info.flag_bits & _LOCKED:
            raise RefusedError("file.password")
    members = [(name, info) for name, info in named if not name.endswith("/") and not is_stray(PurePosixPath(name))]
    if not members or any(name == _CONTENT_TYPES for name, _ in members):
        # Nothing, or a file of some office program that is no workbook: there is nothing to take out.
        raise RefusedError("file.packed", kind=ZIP.name)
    if len(members) > MAX_MEMBERS:
        raise _refused(
            f"其中有 {len(members)} 个文件，最多 {MAX_MEMBERS} 个", f"{len(members)} files in it, {MAX_MEMBERS} at most"
        )
    folders = {str(folder).lower() for name, _ in members for folder in PurePosixPath(name).parents}
    names = {name.lower() for name, _ in members}
    if len(names) < len(members) or names & folders:
        raise _refused("其中同一文件出现两次", "a file is in it twice")
    infos = [info for _, info in members]
    if any(info.compress_type not in _METHODS for info in infos):
        raise _refused("压缩方法不是通常的 deflate", "it was not packed by the usual method, deflate")
    if is_beyond_limits(infos):
        size = inflated_bytes(infos) // 1_000_000
        raise _refused(f"解压后有 {size} MB", f"it inflates to {size} MB")
    for info in infos:
        _inflate_away(archive, info)
    return sorted(members, key=lambda member: (member[1].date_time, member[0]))


def _inflate_away(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    # The check sum is looked at when the end is reached.
    size = 0
    with archive.open(info) as file:
        while piece := file.read(PIECE_BYTES):
            size += len(piece)
    if size != info.file_size:
        raise zipfile.BadZipFile


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its sender saw it: Windows packs names in GBK and says nothing of it, macOS in UTF-8 and says nothing either."""
    name = info.orig_filename
    if not info.flag_bits & _IN_UTF8:
        raw = name.encode("cp437")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return plain(name)


def plain(name: str) -> str:
    """The name of a part with the slashes that the standard wants; some programs of Windows write the others."""
    return name.replace("\\", "/")


def _refused(zh: str, en: str) -> RefusedError:
    return RefusedError("file.packed_unsafe", reason_zh=zh, reason_en=en)
