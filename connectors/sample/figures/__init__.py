"""What the sample's own rows add up to: the figures of the province for 2021 that a run over the sample must give.

Plain sums over the rows, one module per pillar; what the running of the warehouse itself decides (completeness, timeliness,
accepted rows) is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from connectors.sample.figures.guidance import guidance_figures
from connectors.sample.figures.organisation import organisation_figures
from connectors.sample.figures.relief import relief_figures
from connectors.sample.figures.rights import rights_figures
from connectors.sample.figures.workforce import workforce_figures


def expected_figures() -> Mapping[str, Fraction]:
    """The province's value of each indicator for the year: CNY, persons, shares (0 to 1), as the indicator says."""
    return {
        **relief_figures(),
        **rights_figures(),
        **guidance_figures(),
        **workforce_figures(),
        **organisation_figures(),
    }
