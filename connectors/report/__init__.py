"""The report: one static page in Chinese about one period, made from schema `bi` alone."""

from connectors.report.page import write_report

__all__ = ["write_report"]
