"""What people read: a static page in Chinese about one period, and the account of a year; made from what readers see."""

from connectors.report.page import write_report
from connectors.report.year_account import AccountFiles, write_account

__all__ = ["AccountFiles", "write_account", "write_report"]
