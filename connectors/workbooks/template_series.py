"""Templates in bulk: a folder a unit, a workbook for each form that it hands in, each with the bytes that it would have alone.

A file that is there already is left alone, whatever is in it: a clerk may have filled it in. A file appears whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import Form

if TYPE_CHECKING:
    from connectors.warehouse.ledger import RegisteredUnit

UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""What no file system of an office takes in a name; codes and names come from a workbook."""

LONGEST_NAME = 60
"""Characters of a unit's name in its folder's: a Chinese character is three bytes, and 255 bytes are a name's end."""

Progress = Callable[[int, int], None]
"""Told how many templates are done and how many there will be."""


@dataclass(frozen=True, slots=True)
class SeriesCount:
    """What `write_series` did: the templates of the series, how many it wrote now, and the files that are there with other bytes."""

    templates: int
    written: int
    differing: tuple[Path, ...]


def write_series(
    folder: Path,
    forms: Sequence[Form],
    period: str,
    handing_in: Sequence[RegisteredUnit],
    register: Sequence[RegisteredUnit],
    progress: Progress | None = None,
) -> SeriesCount:
    """Write the template of each form for each unit of `handing_in` whose kind hands it in; `register` fills the drop-downs.

    A second call writes nothing. Raises: OSError if the folder cannot be written.
    """
    wanted = [(unit, form) for unit in handing_in for form in forms if unit.kind in form.submitted_by]
    offered = [(unit.unit_id, unit.name) for unit in register]
    written, differing = 0, []
    for done, (unit, form) in enumerate(wanted, start=1):
        path = folder / _folder_name(unit) / template_name(form, unit, period)
        data = template_bytes(form, unit, period, offered)
        if _write_new(path, data):
            written += 1
        elif path.read_bytes() != data:
            differing.append(path)
        if progress:
            progress(done, len(wanted))
    return SeriesCount(len(wanted), written, tuple(differing))


def template_name(form: Form, unit: RegisteredUnit, period: str) -> str:
    """The name of the file of a template."""
    return f"{_fit(unit.unit_id)}_{form.title_zh}_{period}.xlsx"


def template_bytes(form: Form, unit: RegisteredUnit, period: str, offered: Sequence[tuple[str, str]]) -> bytes:
    """The workbook that a unit fills in for a period; `offered` are the codes and names of the drop-downs of units."""
    buffer = BytesIO()
    write_workbook(buffer, form, Identity(form.form_id, form.edition, unit.unit_id, unit.name, period), units=offered)
    return buffer.getvalue()


def _write_new(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet; false where it is."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # The hidden name is the same every time, so that a killed call leaves nothing behind for good.
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
    return True


def _folder_name(unit: RegisteredUnit) -> str:
    return "_".join(_parts(unit))


def _parts(unit: RegisteredUnit) -> Iterator[str]:
    yield _fit(unit.unit_id)
    if name := _fit(unit.name)[:LONGEST_NAME].rstrip(". "):
        yield name


def _fit(text: str) -> str:
    """The text as a part of a file name: never a path, never hidden."""
    return UNFIT.sub("_", text).strip(". ")
