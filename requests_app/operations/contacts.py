"""The other addresses of a case. Below the verbs: looking up, changing and acting for others need them."""

import uuid
from datetime import datetime

from requests_app.models import Contact, Submission
from requests_app.models.keys import lookup_digests, seal

from . import evidence
from .actors import Actor
from .evidence import Kind


def add_contact(
    submission: Submission, *, role: str, address: str, actor: Actor, at: datetime, source: str = ""
) -> Contact:
    """Return the contact of this role with this address, made where it was not there.

    Needs the caller's transaction with the submission locked. Two addresses are one where they are equal after
    trimming and in lower case. Raises ValueError for an empty address.
    """
    if not address.strip():
        raise ValueError("a contact has an address")
    known = Contact.objects.filter(submission=submission, role=role, email_digest__in=lookup_digests(address)).first()
    if known is not None:
        return known
    pk = uuid.uuid4()
    contact = Contact.objects.create(
        pk=pk,
        submission=submission,
        role=role,
        source=source,
        address_sealed=seal(submission.pk, f"contact.address.{pk}", address.strip()),
        email_digest=lookup_digests(address)[0],
        added_at=at,
    )
    evidence.append(
        submission.pk,
        Kind.CONTACT_ADDED,
        actor=actor,
        at=at,
        body={"contact": str(pk), "role": contact.role, "source": source},
    )
    return contact
