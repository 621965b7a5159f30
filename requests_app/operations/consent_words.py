"""What stops, what goes on, and on which legal basis: in the words of letters and pages."""

from collections.abc import Mapping, Sequence

from requests_app.models import ConsentEntry, DataSubjectRequest
from requests_app.rules.policy import Policy, Text

from .policies import policy_of

# GDPR 6(1), 9(2)(a), with the article in its own words.
BASES: Mapping[str, Text] = {
    "consent": Text("your consent, GDPR 6(1)(a)", "il Suo consenso, art. 6(1)(a) GDPR"),
    "explicit_consent": Text("your explicit consent, GDPR 9(2)(a)", "il Suo consenso esplicito, art. 9(2)(a) GDPR"),
    "contract": Text("our contract with you, GDPR 6(1)(b)", "il contratto con Lei, art. 6(1)(b) GDPR"),
    "legal_obligation": Text("a legal duty, GDPR 6(1)(c)", "un obbligo di legge, art. 6(1)(c) GDPR"),
    "vital_interests": Text("vital interests, GDPR 6(1)(d)", "interessi vitali, art. 6(1)(d) GDPR"),
    "public_task": Text("a public task, GDPR 6(1)(e)", "un compito di interesse pubblico, art. 6(1)(e) GDPR"),
    "legitimate_interests": Text(
        "our legitimate interests, GDPR 6(1)(f); you can object",
        "il nostro legittimo interesse, art. 6(1)(f) GDPR; può opporsi",
    ),
}


# The letter of a request that the sources themselves carried out.
CARRIED_OUT = Text(
    "Each of our systems was told, and does as you said.",
    "Ciascuno dei nostri sistemi è stato informato e fa come ha detto Lei.",
)


def label(policy: Policy, key: str, language: str) -> str:
    """Return the name of a purpose; of one that the policy does not know, its key in words."""
    purpose = policy.purpose(key)
    return purpose.label.in_language(language) if purpose else key.replace("_", " ")


def labels(dsr: DataSubjectRequest, rows: Sequence[ConsentEntry]) -> list[str]:
    """Return the names of the purposes of these entries, in the language of the case."""
    policy, language = policy_of(dsr.policy), dsr.submission.language
    return [label(policy, row.purpose, language) for row in rows]


def going_on(policy: Policy, language: str) -> list[dict[str, str]]:
    """Return what is done whatever anybody says of the purposes, and on which basis (P8)."""
    return [
        {"label": row.label.in_language(language), "basis": BASES[row.basis].in_language(language)}
        for row in policy.goes_on
    ]


def receipt(dsr: DataSubjectRequest, rows: Sequence[ConsentEntry]) -> dict[str, object]:
    """Return what a receipt says besides its instant. Nothing of it depends on what the ledger held before: whoever
    filed need not be whose address it is."""
    return {
        "stops": labels(dsr, rows),
        "goes_on": going_on(policy_of(dsr.policy), dsr.submission.language),
    }
