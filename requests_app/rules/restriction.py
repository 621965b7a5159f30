"""Restricting the use of data: on which ground, what ends it, and how interests are weighed (GDPR 18, 21)."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from requests_app.rules.policy import Text

RIGHT, OBJECTION = "restriction", "objection"
# GDPR 18(3) asks that the person is told before it is lifted and names no days; house rule: time to read and to answer.
TOLD_BEFORE = timedelta(days=7)
LONGEST = timedelta(days=180)  # between two reviews


class Ground(StrEnum):
    """GDPR 18(1)(a) to (d)."""

    ACCURACY = "accuracy"
    UNLAWFUL = "unlawful"
    CLAIMS = "claims"
    OBJECTION = "objection"


GROUNDS: Mapping[Ground, Text] = {
    Ground.ACCURACY: Text(
        "you contest that the data are right, and we check it, GDPR 18(1)(a)",
        "Lei contesta l'esattezza dei dati e noi la verifichiamo, art. 18(1)(a) GDPR",
    ),
    Ground.UNLAWFUL: Text(
        "the use was unlawful, and you want the data kept rather than deleted, GDPR 18(1)(b)",
        "l'uso era illecito e Lei preferisce che i dati siano conservati anziché cancellati, art. 18(1)(b) GDPR",
    ),
    Ground.CLAIMS: Text(
        "you need the data for a legal claim, and we need them no longer, GDPR 18(1)(c)",
        "i dati Le servono per un diritto in sede giudiziaria e a noi non servono più, art. 18(1)(c) GDPR",
    ),
    Ground.OBJECTION: Text(
        "you objected, and we weigh it, GDPR 18(1)(d)",
        "Lei si è opposto e noi valutiamo l'opposizione, art. 18(1)(d) GDPR",
    ),
}

# What is suspended while an objection is weighed, and until when.
ALL_OF_IT = Text("All data that we hold of you", "Tutti i dati che conserviamo su di Lei")
UNTIL_ANSWERED = Text("We have answered your objection", "Avremo risposto alla Sua opposizione")


class Weighed(StrEnum):
    """What came of weighing an objection: whose interests prevail (GDPR 21(1))."""

    PERSON = "person"
    COMPELLING = "compelling"
    CLAIMS = "claims"


REFUSES = frozenset({Weighed.COMPELLING, Weighed.CLAIMS})


def lifted_from(announced_on: date) -> date:
    """Return the first local day on which it may be lifted after the person was told."""
    return announced_on + TOLD_BEFORE


def reviewed_in_time(review_on: date, *, today: date) -> bool:
    """Whether somebody looks at it again soon enough; never today, or nobody would have looked."""
    return today < review_on <= today + LONGEST
