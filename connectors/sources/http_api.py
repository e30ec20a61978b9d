"""Submissions behind a JSON API as a source: the workbooks attached to them, or their answers as workbooks of a form.

All of them or none: what comes in pages is listed to its end before anything of it is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import quote, urljoin

from connectors.sources.attachments import HANDED_IN
from connectors.sources.declared import HttpApiDeclared
from connectors.sources.http_answers import HttpAnswers
from connectors.sources.http_pages import count_submissions, submissions
from connectors.sources.made_objects import MadeObjects, make_object
from connectors.sources.remote_files import safe_name
from connectors.sources.rows import time_ns, value_at, workbooks_of
from connectors.sources.source import Ground, Listing, SourceObject

CHANGED = {"odk": ("__system.updatedAt", "__system.submissionDate"), "kobo": ("_submission_time",)}
"""What tells when a submission was last changed, the first that is there."""


class HttpApiSource(MadeObjects):
    """One API. Raises: SourceFailed."""

    def __init__(self, declared: HttpApiDeclared, ground: Ground) -> None:
        self.source_id = declared.id
        self._declared, self._ground = declared, ground
        self._answers = HttpAnswers(declared, ground.deadline)

    def list(self) -> Listing:
        """Every workbook behind the API, whole."""
        found = [*submissions(self._declared, self._answers)]
        if self._declared.mapping is not None:
            return Listing([*workbooks_of(self._declared.mapping, found, self._ground)], 0)
        return Listing([made for submission in found for made in self._attached(submission)], 0)

    def probe(self) -> int:
        """How many submissions there are."""
        return count_submissions(self._declared, self._answers)

    def close(self) -> None:
        """Let go of the connections."""
        self._answers.close()

    def _attached(self, submission: dict[str, Any]) -> Iterator[SourceObject]:
        """The workbooks attached to a submission; one that was delivered since the submission was last changed is not fetched again."""
        # Both tell UTC, KoboToolbox without saying so.
        times = (time_ns(value_at(submission, column), UTC) for column in CHANGED[self._declared.shape])
        changed_ns = next((ns for ns in times if ns), 0)
        listed = self._of_kobo if self._declared.shape == "kobo" else self._of_odk
        for name, url in listed(submission):
            if not name.lower().endswith(HANDED_IN):
                continue
            known = self._ground.known.get(name)
            if known is not None and changed_ns and known.modified_ns == changed_ns:
                yield SourceObject(name, known.sha256, known.size_bytes, known.modified_ns)
            else:
                yield make_object(self._ground, name, self._answers.read(url), changed_ns)

    def _of_kobo(self, submission: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for attachment in submission.get("_attachments") or ():
            file_name = str(attachment.get("filename", "")).rpartition("/")[2]
            url = urljoin(self._declared.url, str(attachment.get("download_url", "")))
            yield safe_name(f"{submission['_id']}/{file_name}"), url

    def _of_odk(self, submission: dict[str, Any]) -> Iterator[tuple[str, str]]:
        instance = str(submission["__id"])
        if value_at(submission, "__system.attachmentsPresent") == 0:
            return
        below = f"{self._declared.url}/submissions/{quote(instance, safe='')}/attachments"
        attachments = self._answers.json(below)
        if not isinstance(attachments, list):
            raise self._answers.shut("附件清单不是列表", "the list of attachments is no list")
        for attachment in attachments:
            if attachment.get("exists", True):
                file_name = str(attachment["name"])
                yield safe_name(f"{instance}/{file_name}"), f"{below}/{quote(file_name, safe='')}"
