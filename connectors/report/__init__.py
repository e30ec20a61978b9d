"""What people read: a static page in Chinese about one period, the account of a year, and the note of a restatement; made from what readers see."""

from connectors.report.page import write_report
from connectors.report.restatement import write_restatement_notes
from connectors.report.year_account import AccountFiles, write_account

__all__ = ["AccountFiles", "write_account", "write_report", "write_restatement_notes"]
