"""Sources: where workbooks come from, and how what is new there is brought in."""

from connectors.sources.collection import Arrival, Collected, arrivals_of, collect
from connectors.sources.folder import FolderSource
from connectors.sources.source import ObjectChangedError

__all__ = ["Arrival", "Collected", "FolderSource", "ObjectChangedError", "arrivals_of", "collect"]
