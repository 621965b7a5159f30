"""Whether an answer may be released to whoever asks: read from the rows, judged by `rules.identity`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from requests_app.models import Authority, Contact, DataSubjectRequest, ProofRequest, SourceLookup, Submission
from requests_app.models.contact_change import unvouched
from requests_app.models.manual_verification import by_hand_since
from requests_app.rules import identity
from requests_app.rules.authority import is_shown, stops_release
from requests_app.rules.identity import Obstacle, Shown

from .authorities import authority_of, day_of, digest_sought, standing
from .circumstances import circumstances_of
from .erasing import facts_of
from .lookups import unasked
from .policies import policy_of
from .refused import Refused

# What staff read; the person reads other words, on the status page.
WORDS: Mapping[Obstacle, str] = {
    Obstacle.ADDRESS: "Nobody has shown that the address given is theirs.",
    Obstacle.LOOKUP: "A data source has not said yet who is on file, or cannot be asked.",
    Obstacle.ON_FILE: "A contact is on file under another address. A code went there, and nobody has typed it.",
    Obstacle.UNPROVEN: "Somebody is on file, but no address there vouches: it was changed recently, or there is none.",
    Obstacle.DENIED: "Whoever reads the mail of the contact on file says that they did not ask.",
    Obstacle.CONTACT_CHANGED: "The address was changed, and the earlier one has not said that this was the person.",
    Obstacle.ACCESS_FIRST: "Their request to see the data, filed with it, is not answered yet: that comes first.",
    Obstacle.SECOND_CONFIRMATION: "The person has not confirmed the erasure a second time.",
    Obstacle.COOLING_OFF: "The cooling-off has not ended: until then every known contact can stop the erasure.",
    Obstacle.RELEASED_JUST_NOW: "Files of this case were released less than 24 hours ago.",
    Obstacle.DOUBT: "A document was asked for in this case, and none is confirmed. Settle the doubt first.",
    Obstacle.AUTHORITY: "It is not proved that the person wants whoever filed to act for them.",
    Obstacle.AUTHORITY_OVER: "Nobody acts for the person any more: refused, revoked, or past its end.",
    Obstacle.OUTSIDE_SCOPE: "This right is outside the scope of the authority.",
}


def shown(dsr: DataSubjectRequest, *, at: datetime) -> Shown:
    """Return what stands about who asks at this instant."""
    submission = dsr.submission
    # A doubt about one request is a doubt about who asks: it holds back all of the case.
    doubted = ProofRequest.objects.filter(dsr__submission=submission, end="").exists()
    facts = Shown(
        address_given=bool(submission.email_digest),
        reached=submission.assurance,
        doubted=doubted,
        contact_changed=_contact_changed(submission),
        erasure=facts_of(dsr, at=at),
        about=circumstances_of(dsr),
        **_on_file(submission),
    )
    authority = authority_of(submission)
    if authority is None:
        return facts
    about, today = standing(authority), day_of(submission, at=at)
    # The address of whoever filed decides about what goes there, and about what they confirm for good.
    theirs = authority.package_to == Authority.PackageTo.AGENT or facts.erasure is not None
    return replace(
        facts,
        contact_changed=facts.contact_changed and theirs,
        authority_shown=is_shown(about, on=today),
        authority_over=stops_release(about, on=today),
        in_scope=dsr.right in about.scope,
    )


def _contact_changed(submission: Submission) -> bool:
    """Whether a change of the address stands that neither the old one nor two people, knowing it, vouched for."""
    change = unvouched(submission)
    return change is not None and change.changed_at is not None and not by_hand_since(submission, change.changed_at)


def _on_file(submission: Submission) -> dict[str, bool]:
    """What the look-ups and the contacts on file say, without what two people overruled since it stood so."""
    results = SourceLookup.Result
    lookups = list(submission.lookups.all())
    contacts = list(submission.contacts.filter(role=Contact.Role.ON_FILE))
    about = digest_sought(submission)
    asked_of_another = [row for row in lookups if row.email_digest != about]
    instants: dict[str, list[datetime]] = {
        "lookup_open": [row.result_at for row in lookups if row.result in {results.WAITING, results.FAILED}],
        "on_file_silent": [row.added_at for row in contacts if row.confirmed_at is None and row.denied_at is None],
        "unproven": [row.result_at for row in lookups if row.result == results.UNPROVEN],
        "denied": [contact.denied_at for contact in contacts if contact.denied_at],
    }
    if unasked(submission):
        instants["lookup_open"].append(submission.received_at)
    stands = {name: bool(since) and not by_hand_since(submission, max(since)) for name, since in instants.items()}
    return stands | ({"lookup_open": True} if asked_of_another else {})


def obstacles(dsr: DataSubjectRequest, *, at: datetime) -> tuple[Obstacle, ...]:
    """Return all that stands between a positive answer and its release at this instant."""
    return identity.obstacles(dsr.right, policy_of(dsr.policy), shown(dsr, at=at))


def refuse_release(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Raise Refused naming every obstacle. Asked again in the transaction that releases, under its lock (A34)."""
    if found := obstacles(dsr, at=at):
        raise Refused(" ".join(["This cannot be released yet.", *(WORDS[obstacle] for obstacle in found)]))
