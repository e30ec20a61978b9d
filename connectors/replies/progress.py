"""What became of the problems of the last version: mended, still there, or new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from expectations.finding import Finding, Severity

Identity = Callable[[Finding], Hashable]

SAME: tuple[Identity, ...] = (
    lambda f: (f.code, f.field, f.row_number, f.value),
    lambda f: (f.code, f.field, f.value),
    lambda f: (f.code, f.field, f.row_number),
)
"""When a finding is the one of last time, the surest first: nothing changed; its row moved; the cell was changed and is wrong still.

Each finding is matched at most once. Two equal values in two rows are two problems, whichever of them was mended.
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Since the last version of the same form, unit and period: problems `fixed`, `still` there and `new`."""

    fixed: int
    still: int
    new: int

    def words(self) -> str:
        """The sentence for the submitter."""
        return f"已改正 {self.fixed} 处，仍有 {self.still} 处，新增 {self.new} 处"


def progress_between(before: Sequence[Finding], now: Sequence[Finding]) -> Progress:
    """The progress from the findings of one version to those of the next; what is only told (info) is no problem."""
    old, new = ([f for f in found if f.severity is not Severity.INFO] for found in (before, now))
    still = 0
    for identity in SAME:
        known = Counter(identity(f) for f in old)
        matched: Counter[Hashable] = Counter()
        rest: list[Finding] = []
        for finding in new:
            key = identity(finding)
            if matched[key] < known[key]:
                matched[key] += 1
            else:
                rest.append(finding)
        still += matched.total()
        new, unmatched = rest, []
        for finding in old:
            key = identity(finding)
            if matched[key]:
                matched[key] -= 1
            else:
                unmatched.append(finding)
        old = unmatched
    return Progress(fixed=len(old), still=still, new=len(new))
