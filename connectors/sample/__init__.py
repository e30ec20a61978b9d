"""The sample: the workbooks of a made-up register, invented line by line; those of 2021 are real in the province's totals.

The years to 2025 continue it; they are synthetic throughout and say so.
"""

from connectors.sample.figures import expected_figures
from connectors.sample.writer import SampleCount, write_sample

__all__ = ["SampleCount", "expected_figures", "write_sample"]
