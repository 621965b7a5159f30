"""The outside world of personal data: what a data source answers, and those that are configured. Knows no models."""

from .base import EMAIL, DataSource, Extracted, Match, OnFile, Pending, PermanentFailure, Query, RetryLater
from .configured import finders, holders, mistakes, source
from .http import callback_key
from .records import About, Column, File, Lines, Record, Table

__all__ = [
    "EMAIL",
    "About",
    "Column",
    "DataSource",
    "Extracted",
    "File",
    "Lines",
    "Match",
    "OnFile",
    "Pending",
    "PermanentFailure",
    "Query",
    "Record",
    "RetryLater",
    "Table",
    "callback_key",
    "finders",
    "holders",
    "mistakes",
    "source",
]
