"""What passes between the reading child and its parent: length-prefixed blocks of JSON and raw bytes, never pickles.

The child says {"ready": true} once. Then, file after file, the parent sends {"read": delivery_id} and the file's bytes, answered by
{"done": delivery_id}; and at the end of a batch {"finish": true}, answered by {"readings": […], "forms": […]} and one block of Arrow
IPC bytes for each form. {"failed": …}, with the kind and place of an error and no text of a cell, is the last that a child says.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">Q")

LONGEST_BLOCK = 2**32
"""A longer one is noise, not something that was sent."""


class WireClosedError(Exception):
    """The other side went away, or says what is no block."""


def write_block(stream: BinaryIO, data: bytes) -> None:
    """Send bytes. Raises: WireClosedError if nobody reads."""
    try:
        stream.write(_LENGTH.pack(len(data)))
        stream.write(data)
        stream.flush()
    except (BrokenPipeError, ValueError) as error:
        raise WireClosedError from error


def read_block(stream: BinaryIO, longest: int = LONGEST_BLOCK) -> bytes:
    """The bytes that were sent. Raises: WireClosedError at the end of the stream, or before a block that is longer."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise WireClosedError
    (length,) = _LENGTH.unpack(head)
    if length > longest:
        raise WireClosedError
    data = stream.read(length)
    if len(data) < length:
        raise WireClosedError
    return data


def write_message(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Send a JSON object. Raises: WireClosedError."""
    write_block(stream, json.dumps(message, ensure_ascii=True).encode())


def read_message(stream: BinaryIO, longest: int = LONGEST_BLOCK) -> dict[str, Any]:
    """The JSON object that was sent. Raises: WireClosedError."""
    try:
        message = json.loads(read_block(stream, longest))
    except ValueError as error:
        raise WireClosedError from error
    if not isinstance(message, dict):
        raise WireClosedError
    return message
