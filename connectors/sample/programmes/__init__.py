"""What the sample's units report of each programme: one module per form, named as the form.

Each module has `reported(year)`: the rows of that year. Those of 2021 add up to the published figures; the others are a
synthetic continuation.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from connectors.sample import hardship, profiles, relief
from connectors.sample.reported import Reported

Programme = Callable[[int], tuple[Reported, ...]]


@cache
def programmes() -> Mapping[str, Programme]:
    """How each form's rows of a year come about, by form, in the order of the forms' names."""
    own: dict[str, Programme] = {
        "relief": relief.reported,
        "hardship_aid": hardship.reported,
        "unit_profile": profiles.reported,
    }
    found = {
        module.name: import_module(f"{__name__}.{module.name}").reported for module in pkgutil.iter_modules(__path__)
    }
    return dict(sorted({**own, **found}.items()))


@cache
def reported(form_id: str, year: int) -> tuple[Reported, ...]:
    """The rows of that form in the year. Raises: KeyError if the sample has no such form."""
    return programmes()[form_id](year)
