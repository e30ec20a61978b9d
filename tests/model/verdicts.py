"""The judgement of light histories: the same frame of verdicts that Great Expectations is given, read without it.

Great Expectations takes a quarter of a second for three rows, and its judgement of what it is given depends on nothing that a history
does. The forms of the histories name no expectations of their own: they have verdicts, and a key that must be unique.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from expectations.judgement import _BROKEN
from expectations.suite import KEY, UNIQUE, Batch, slim_frame


def broken_without_expectations(batch: Batch, registers: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What `expectations.judgement._broken` gives: form_id, delivery_id, row_number, and `broken`, the column that a row fails."""
    assert not [rule.code for form, _ in batch for rule in form.row_rules if rule.expectation]
    frame = pl.from_pandas(slim_frame(batch, registers))
    failing = {name: ~pl.col(name) for name in frame.columns if name.startswith("rule_")}
    failing[UNIQUE] = pl.col(UNIQUE).is_not_null() & pl.col(UNIQUE).is_duplicated()
    parts = [frame.filter(fails).select("form_id", *KEY, broken=pl.lit(name)) for name, fails in failing.items()]
    return pl.concat([pl.DataFrame(schema=_BROKEN), *(part.cast(pl.Schema(_BROKEN)) for part in parts)])
