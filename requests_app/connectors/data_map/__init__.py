"""What a database holds of people, and how their rows are reached: read from TOML, or from a Fides dataset."""

from .model import DataMap, MapColumn, MapTable, Reference
from .routes import Edge, Visit, visits

__all__ = ["DataMap", "Edge", "MapColumn", "MapTable", "Reference", "Visit", "visits"]
