"""Sources: where workbooks come from, and how what is new there is brought in."""

from connectors.sources.collection import Collected, collect
from connectors.sources.folder import FolderSource

__all__ = ["Collected", "FolderSource", "collect"]
