"""Files that go back to a unit: the annotated workbook and the receipt."""

from __future__ import annotations

import json
from urllib.parse import quote

from fastapi.responses import Response

from connectors.warehouse.upload_tokens import Bearer
from flows.web_intake.asking import Asking
from flows.web_intake.owing import template_of
from flows.web_intake.refusals import not_there

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RECEIPT_TYPE = "application/json"


def workbook_file(asking: Asking, unit: Bearer, upload_id: int, place: int) -> Response:
    """The workbook that answers one file of an upload. Raises: TurnedAwayError if there is none."""
    name, content = asking.receiver.answer_file(unit, upload_id, place)
    return _attachment(name, content, WORKBOOK_TYPE)


def template_file(asking: Asking, unit: Bearer, form_id: str, period: str) -> Response:
    """The empty workbook of a form for a period. Raises: TurnedAwayError where the unit has none to fill in."""
    return _attachment(*template_of(asking.settings, unit, form_id, period), WORKBOOK_TYPE)


def receipt_file(asking: Asking, unit: Bearer, upload_id: int) -> Response:
    """The receipt of an upload, to be verified by `warehouse receipt verify`. Raises: TurnedAwayError if there is none yet."""
    shown = asking.receiver.upload(unit, upload_id)
    if shown.receipt is None:
        raise not_there()
    content = json.dumps(shown.receipt, ensure_ascii=False).encode()
    return _attachment(f"回执_{shown.delivery_id}.json", content, RECEIPT_TYPE)


def _attachment(name: str, content: bytes, media_type: str) -> Response:
    """A file to be kept, under a name that may be Chinese."""
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media_type, headers=headers)
