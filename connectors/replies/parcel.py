"""The zip of a workbook, of which some parts are changed or added and all others are handed on as they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from connectors.replies.refusal import CannotAnnotateError
from connectors.workbooks.kinds import XLSX
from connectors.workbooks.package import open_package
from connectors.workbooks.refusal import RefusedError

MOST_BYTES = 50_000_000
"""A larger workbook, inflated, is not annotated: the night has other work, and the problem list says the same."""


class Parcel:
    """The parts of a workbook. Raises: CannotAnnotateError where the zip is not one that can be put together again."""

    def __init__(self, data: bytes) -> None:
        try:
            # Limits, check sums, entities: what the reader demands of a workbook before it is opened.
            package = open_package(data)
        except RefusedError as error:
            raise CannotAnnotateError("文件无法打开", "the file is no workbook that opens") from error
        if package.kind is not XLSX:
            raise CannotAnnotateError("文件不是 .xlsx 工作簿", "the workbook is no .xlsx")
        self._data = data
        with ZipFile(io.BytesIO(data)) as archive:
            self._infos = {info.filename: info for info in archive.infolist()}
            if sum(info.file_size for info in self._infos.values()) > MOST_BYTES:
                raise CannotAnnotateError("文件太大", "the file is too large")
        self._archive = ZipFile(io.BytesIO(data))

    @property
    def names(self) -> list[str]:
        """The parts in their order."""
        return list(self._infos)

    def part(self, name: str) -> bytes:
        """The bytes of a part. Raises: CannotAnnotateError if it is not there."""
        if name not in self._infos:
            raise CannotAnnotateError("文件缺少必要的部件", "a part is missing")
        return self._archive.read(name)

    def with_parts(self, changed: Mapping[str, bytes]) -> bytes:
        """The workbook with these parts in the place of those of their names, or behind all others."""
        stream = io.BytesIO()
        with ZipFile(stream, "w", ZIP_DEFLATED) as out:
            for name, info in self._infos.items():
                out.writestr(_copy(info), changed.get(name, b"") if name in changed else self._archive.read(name))
            for name, content in changed.items():
                if name not in self._infos:
                    out.writestr(ZipInfo(name), content, ZIP_DEFLATED)
        return stream.getvalue()


def _copy(info: zipfile.ZipInfo) -> ZipInfo:
    copy = ZipInfo(info.filename, info.date_time)
    copy.compress_type, copy.external_attr, copy.comment = ZIP_DEFLATED, info.external_attr, info.comment
    return copy
