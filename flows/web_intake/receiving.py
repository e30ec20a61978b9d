"""Taking in what a unit uploads: tried first, so that a unit hands in nothing for another and learns at once what is wrong; then put into
the inbox, where the night finds it like any other file.

    <inbox>/网上报送/<unit>/<number of the upload>/<file name>

A file that is killed between inbox and ledger is uploaded again by its unit and is then a copy, which the night knows.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePath, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import psycopg

from connectors.replies.answer import Answer
from connectors.replies.writing import make_answer
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.replies import find_reply, read_due
from connectors.warehouse.roles import LOADER
from connectors.warehouse.upload_tokens import Bearer
from connectors.warehouse.uploads import (
    Upload,
    count_since,
    deliveries_of,
    newest_of_name,
    next_upload_id,
    read_uploads,
    record_upload,
)
from connectors.workbooks.pool import ReaderPool
from connectors.workbooks.stray import is_stray
from flows.inbox import put_bytes
from flows.trial import Tried, answer_to, try_workbooks
from flows.web_intake.refusals import busy, not_there, too_many_uploads

if TYPE_CHECKING:
    from connectors.warehouse.decision import Decision

FOLDER = "网上报送"
"""Below the inbox."""

MOST_AN_HOUR = 200
"""Files of one unit. It has about twenty forms, and corrects some of them."""

AT_ONCE, PATIENCE_SECONDS = 2, 45
"""So many requests are tried at once; who has waited so long is asked to come again."""

LONGEST_STEM = 60
"""Characters of a name that are kept: a name may have 255 bytes, and a Chinese character has three."""

File = tuple[str, bytes]
"""A file name as the sender wrote it, and the bytes."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one file of a request. `upload_id` is None where it was not taken in, and `reason` says why; `is_known` is true
    where the same file lay there already. `answers` are what was found in it, or in each file of a zip."""

    file_name: str
    upload_id: int | None
    reason: str
    is_known: bool
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One upload with what is said about it: by a night, or, before that (`is_trial`), by trying it now."""

    upload: Upload
    answers: tuple[Answer, ...]
    is_trial: bool


class Receiver:
    """Tries and takes in. Use it as a context manager, from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ReaderPool(settings)
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._judging = threading.Lock()

    def __enter__(self) -> Self:
        self._pool.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.__exit__(kind, error, trace)

    def receive(self, bearer: Bearer, files: Sequence[File]) -> list[Received]:
        """Take in what is this unit's own. Safe to repeat. Raises: TurnedAwayError, WarehouseError, OSError."""
        named = [(PurePosixPath(str(place), clean_name(name)), data) for place, (name, data) in enumerate(files)]
        with connect(self._settings, LOADER) as conn:
            if count_since(conn, bearer.unit_id, hours=1) + len(files) > MOST_AN_HOUR:
                raise too_many_uploads(MOST_AN_HOUR)
            by_file = groupby(self._try(conn, named), key=lambda each: each.name.parts[0])
            return [self._take_in(conn, bearer, list(mine)) for _, mine in by_file]

    def upload(self, bearer: Bearer, upload_id: int) -> Upload:
        """One upload of the unit. Raises: TurnedAwayError if it has none of that number, WarehouseError."""
        with connect(self._settings, LOADER) as conn:
            return _upload(conn, bearer, upload_id)

    def show(self, bearer: Bearer, upload_id: int) -> Shown:
        """One upload of the unit with what is said about it. Raises: as `upload`."""
        with connect(self._settings, LOADER) as conn:
            upload = _upload(conn, bearer, upload_id)
            if decided := deliveries_of(conn, upload.object_name):
                return Shown(upload, tuple(due.answer for due in read_due(conn, decided)), is_trial=False)
            return Shown(upload, tuple(answer for answer, _ in self._tried(conn, upload)), is_trial=True)

    def answer_file(self, bearer: Bearer, upload_id: int, place: int) -> File:
        """The annotated workbook, or problem list, that answers the so-manieth file of an upload (0: the first).

        Raises: TurnedAwayError if there is none, WarehouseError.
        """
        with connect(self._settings, LOADER) as conn:
            upload = _upload(conn, bearer, upload_id)
            if decided := deliveries_of(conn, upload.object_name):
                due = read_due(conn, decided[place : place + 1])
                path = find_reply(self._settings, due[0].night, due[0].answer) if due else None
                if path is None:
                    raise not_there()
                return path.name, path.read_bytes()
            tried = self._tried(conn, upload)[place : place + 1]
        if not tried or not tried[0][0].is_wanted:
            raise not_there()
        answer, data = tried[0]
        made = make_answer(answer, data)
        return f"{PurePath(answer.file_name).stem}_{made.ending}", made.content

    def _tried(self, conn: psycopg.Connection[Any], upload: Upload) -> list[tuple[Answer, bytes]]:
        """What would be decided about an upload that no night has seen, with the bytes; nothing where it was taken away."""
        path = self._settings.inbox / upload.object_name
        if not path.is_file():
            return []
        tried = self._try(conn, [(PurePosixPath("0", upload.file_name), path.read_bytes())])
        return [(_answer(each), each.data) for each in tried]

    def _try(self, conn: psycopg.Connection[Any], named: Sequence[tuple[PurePath, bytes]]) -> list[Tried]:
        from connectors.warehouse.registers import UNIT_REGISTER, read_unit_register
        from connectors.warehouse.waivers import read_waivers

        with self._slot():
            register, waivers = read_unit_register(conn, judging=[UNIT_REGISTER]), read_waivers(conn)
            return try_workbooks(self._pool, named, register, waivers, self._judging)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=PATIENCE_SECONDS):
            raise busy()
        try:
            yield
        finally:
            self._slots.release()

    def _take_in(self, conn: psycopg.Connection[Any], bearer: Bearer, mine: Sequence[Tried]) -> Received:
        file_name, data = mine[0].name.parts[1], mine[0].data
        answers = tuple(_answer(each) for each in mine)
        if reason := _why_not(bearer, mine):
            return Received(file_name, None, reason, is_known=False, answers=answers)
        sha256 = hashlib.sha256(data).hexdigest()
        with conn.transaction():
            # Somebody who presses twice sends twice, at once.
            conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"upload {bearer.unit_id}",))
            before = newest_of_name(conn, bearer.unit_id, file_name)
            if before and before[1] == sha256:
                return Received(file_name, before[0], "", is_known=True, answers=answers)
            upload_id = next_upload_id(conn)
            folder = self._settings.inbox / FOLDER / bearer.unit_id / str(upload_id)
            path, _ = put_bytes(folder, file_name, data)
            object_name = path.relative_to(self._settings.inbox).as_posix()
            record_upload(conn, upload_id, bearer, file_name, object_name, sha256, len(data))
        return Received(file_name, upload_id, "", is_known=False, answers=answers)


def clean_name(name: str) -> str:
    """The file's own name: no path, nothing that cannot be seen, no longer than a folder takes, and not one that sources pass over."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip().lstrip(".~$ ")
    path = PurePosixPath(seen or "报表")
    short = path.stem[:LONGEST_STEM].rstrip(". ") + path.suffix[:10]
    return "报表_" + short if is_stray(PurePosixPath(short)) or not path.stem[:LONGEST_STEM].rstrip(". ") else short


def _upload(conn: psycopg.Connection[Any], bearer: Bearer, upload_id: int) -> Upload:
    for upload in read_uploads(conn, bearer.unit_id, [upload_id]):
        return upload
    raise not_there()


def _answer(tried: Tried) -> Answer:
    return replace(answer_to(tried.decision, tried.name.name), is_trial=True)


def _why_not(bearer: Bearer, mine: Sequence[Tried]) -> str:
    """Why a file is not taken in; nothing where it is, with all that is in it, this unit's own."""
    for each in mine:
        if each.decision.outcome == "unpacked":
            continue
        name, unit_id = "/".join(each.name.parts[1:]), _unit(each.decision)
        if unit_id is None:
            return f"没有收取：“{name}”未能识别是哪个单位的哪张报表，原因见下。请改正后重新上传。"
        if unit_id != bearer.unit_id:
            return f"没有收取：“{name}”写的是单位 {unit_id}，而这个口令属于 {bearer.unit_id}。请核对表头的单位代码，或用该单位的口令上传。"
    return ""


def _unit(decision: Decision) -> str | None:
    is_named = decision.outcome in ("accepted", "refused") and decision.reading is not None
    return decision.reading.unit_id if is_named and decision.reading else None
