"""The sample year: the 2021 workbooks of a made-up register, invented line by line, real in the province's totals."""

from connectors.sample.figures import expected_figures
from connectors.sample.writer import SampleCount, write_sample

__all__ = ["SampleCount", "expected_figures", "write_sample"]
