"""The outside world of personal data: what a data source answers, and those that are configured. Knows no models."""

from .base import EMAIL, DataSource, Match, OnFile, PermanentFailure, Query, RetryLater
from .configured import mistakes, source

__all__ = [
    "EMAIL",
    "DataSource",
    "Match",
    "OnFile",
    "PermanentFailure",
    "Query",
    "RetryLater",
    "mistakes",
    "source",
]
