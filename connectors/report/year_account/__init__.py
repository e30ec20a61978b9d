"""The yearly account: four chapters of Chinese prose about one year, every figure of which leads to where it comes from."""

from connectors.report.year_account.files import AccountFiles, write_account

__all__ = ["AccountFiles", "write_account"]
