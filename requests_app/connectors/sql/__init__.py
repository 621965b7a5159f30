"""A database whose people are described by a data map."""

from .source import Sql

__all__ = ["Sql"]
