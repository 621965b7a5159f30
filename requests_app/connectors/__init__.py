"""The outside world of personal data: what a data source answers, and those that are configured. Knows no models."""

from .base import EMAIL, DataSource, Extracted, Match, NotOffered, OnFile, Pending, PermanentFailure, Query, RetryLater
from .configured import departments, finders, holders, mistakes, source, tables_of
from .http import callback_key
from .records import About, Column, File, Lines, Record, Table
from .work import Attested, Carried, Change, Changed, ConsentAct, Instruction, Outcome, Planned, Remaining, Way

__all__ = [
    "EMAIL",
    "About",
    "Attested",
    "Carried",
    "Change",
    "Changed",
    "Column",
    "ConsentAct",
    "DataSource",
    "Extracted",
    "File",
    "Instruction",
    "Lines",
    "Match",
    "NotOffered",
    "OnFile",
    "Outcome",
    "Pending",
    "PermanentFailure",
    "Planned",
    "Query",
    "Record",
    "Remaining",
    "RetryLater",
    "Table",
    "Way",
    "callback_key",
    "departments",
    "finders",
    "holders",
    "mistakes",
    "source",
    "tables_of",
]
