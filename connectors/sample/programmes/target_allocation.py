"""How the plan's target for apprentices is shared out among the groups, in proportion to their size.

The one for team leaders is not: the office trains most of them and reports them itself.
"""

from __future__ import annotations

from connectors.sample.chance import split
from connectors.sample.days import YEAR
from connectors.sample.organisation import GROUPS, OFFICE, enterprises
from connectors.sample.reported import Reported

SHARED_OUT = {"T09": 500}
"""The target that the groups share, in persons over the plan."""


def reported(year: int) -> tuple[Reported, ...]:
    """The one allocation, of the first year of the plan; later years have none."""
    if year != YEAR:
        return ()
    sizes = [sum(unit.size for unit in enterprises() if unit.parent_code == group) for group in GROUPS]
    return tuple(
        Reported(
            "target_allocation",
            OFFICE,
            str(YEAR),
            {"target_id": target_id, "org_code": group, "target_period": "2021-2025", "target_value": part},
        )
        for target_id, whole in SHARED_OUT.items()
        for group, part in zip(GROUPS, split(whole, sizes, 10), strict=True)
    )
