"""Earlier editions of a form that are still read: the form as it was then, answered for as it is now."""

from __future__ import annotations

import re
from dataclasses import replace

from expectations.contract import EarlierEdition, Field, Form


def in_edition(form: Form, edition: str) -> Form | None:
    """The form as that edition had it, with the field names of today; None if that edition is not read (any more).

    What the edition did not have yet is not required of it; the headings of today are still known in it.
    """
    if edition == form.edition:
        return form
    earlier = next((e for e in form.reads_editions if e.edition == edition), None)
    if earlier is None:
        return None
    return replace(form, edition=edition, fields=tuple(_as_it_was(field, earlier) for field in form.fields))


def readable_editions(form: Form) -> list[Form]:
    """The form in every edition that is read, the one in use first."""
    earlier = (in_edition(form, e.edition) for e in form.reads_editions)
    return [form, *(old for old in earlier if old is not None)]


def not_asked_then(form: Form, edition: str) -> frozenset[str]:
    """The rules that say that something is blank which that edition did not ask for."""
    later = (f for f in form.fields if f.is_required and f.since is not None and is_later(f.since, edition))
    return frozenset(f"{form.form_id}.{field.name}_given" for field in later)


def is_later(edition: str, other: str) -> bool:
    """Whether an edition (2021.10) came after another one (2021.9)."""
    return _parts(edition) > _parts(other)


def _parts(edition: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", edition)]


def _as_it_was(field: Field, earlier: EarlierEdition) -> Field:
    if field.since is not None and is_later(field.since, earlier.edition):
        return replace(field, is_required=False)
    if (heading := earlier.renamed.get(field.name)) is None:
        return field
    return replace(field, heading=heading, synonyms=(field.heading, *field.synonyms))
