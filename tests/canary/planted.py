"""`warehouse` with a fault in it: `python -m tests.canary.planted FAULT ARGUMENT…` is the command with that one function broken.

What is raised quotes everything that the function was given, as libraries do.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

FAULTS: Mapping[str, tuple[str, str]] = {
    "judging": ("connectors.warehouse.decision", "_rows_once"),
    "judgement": ("expectations.judgement", "_failures"),
    "loading": ("connectors.warehouse.loading", "write_rows"),
}
"""Where each fault is planted: a module, and the name in it."""

REACHED = "planted fault reached:"
"""What stands on stderr where a fault was met; it quotes nothing."""


def everything(value: Any) -> str:
    """All that a value holds, frames row by row."""
    if hasattr(value, "to_dicts"):
        return str(value.to_dicts())
    if hasattr(value, "rows") and hasattr(value.rows, "to_dicts"):
        return f"{value!r} {value.rows.to_dicts()}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return " ".join(everything(item) for item in value)
    return repr(value)


def plant(fault: str) -> None:
    """Break the function of that fault in this process."""
    module_name, name = FAULTS[fault]
    module = import_module(module_name)

    def broken(*arguments: Any, **named: Any) -> Any:
        sys.stderr.write(f"{REACHED} {fault}\n")
        raise ValueError(f"cannot {fault}: {everything([*arguments, *named.values()])}")

    setattr(module, name, broken)


if __name__ == "__main__":
    from flows.command import main

    plant(sys.argv.pop(1))
    main()
