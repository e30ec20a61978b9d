"""What both ways into the intake ask of the warehouse: whose token it is, and what that unit may see and do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, UploadFile

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.roles import LOADER
from connectors.warehouse.upload_tokens import Bearer, bearer_of
from connectors.warehouse.uploads import Upload, read_uploads
from flows.web_intake.limits import Tries
from flows.web_intake.receiving import File, Receiver
from flows.web_intake.refusals import no_files, no_token, too_many_files, too_many_tries

MOST_FILES = 50
"""Of one request."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The intake's state."""

    settings: Settings
    receiver: Receiver
    tries: Tries

    def bearer(self, request: Request, token: str) -> Bearer:
        """Whose token it is. Raises: TurnedAwayError, WarehouseError."""
        address = request.client.host if request.client else ""
        if seconds := self.tries.seconds_to_wait(address):
            raise too_many_tries(seconds)
        with connect(self.settings, LOADER) as conn:
            bearer = bearer_of(conn, token) if token else None
        if bearer is None:
            if token:
                self.tries.count(address)
            raise no_token()
        return bearer

    def uploads(self, bearer: Bearer) -> list[Upload]:
        """The unit's uploads, the latest first."""
        with connect(self.settings, LOADER) as conn:
            return read_uploads(conn, bearer.unit_id)


def asking_of(request: Request) -> Asking:
    """The state of the app that the request came to."""
    found: Asking = request.app.state.asking
    return found


def read_files(files: Sequence[UploadFile]) -> list[File]:
    """The files of a form; browsers send an empty one where none was chosen. Raises: TurnedAwayError if there are none."""
    found = [(each.filename or "", each.file.read()) for each in files]
    given = [(name, data) for name, data in found if name or data]
    if not given:
        raise no_files()
    if len(given) > MOST_FILES:
        raise too_many_files(MOST_FILES)
    return given
