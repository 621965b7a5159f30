"""Rights and states in the words of the pages."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app.models import DataSubjectRequest
from requests_app.rules import identity
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE, NONE, RAISED, SELF, Circumstances, Reason
from requests_app.rules.policy import Policy

FIRST = ("access", "deletion", "consent_withdrawal", "marketing_optout", "correction")

RIGHTS: Mapping[str, tuple[Promise, Promise]] = {
    "access": (_("See my data"), _("You get a copy of what we hold about you.")),
    "deletion": (_("Delete my data"), _("We erase what we hold about you, and say what a law makes us keep.")),
    "marketing_optout": (
        _("Stop marketing"),
        _("We send you no more advertising. This takes effect as you send the form."),
    ),
    "consent_withdrawal": (
        _("Take back my consent"),
        _("We stop what rests on your consent. This takes effect as you send the form."),
    ),
    "correction": (_("Correct my data"), _("Tell us below what is wrong and what is right.")),
    "restriction": (_("Pause the use of my data"), _("We keep your data, and use them only as the law allows.")),
    "objection": (_("Object to a use of my data"), _("Tell us below which use you object to.")),
    "portability": (_("Take my data elsewhere"), _("You get your data in a form that a computer can read.")),
    "account_closure": (_("Close my account"), _("We close your account with us.")),
    "complaint": (_("Complain"), _("Tell us below what went wrong.")),
}  # fmt: skip

PROOFS: Mapping[int, Promise] = {
    NONE: _("Nothing."),
    CONTACT: _("A code that we send to your e-mail address."),
    CONTACT_ON_FILE: _(
        "A code that we send to your e-mail address. If we hold another contact of yours, a code to that one as well."
    ),
}

PROOFS_FOR_ANOTHER: Mapping[int, Promise] = {
    NONE: PROOFS[NONE],
    CONTACT: PROOFS[CONTACT],
    CONTACT_ON_FILE: _(
        "A code that we send to your e-mail address. If we hold a contact of the person, we ask them there, "
        "and they have to say yes."
    ),
}

REASONS: Mapping[str, Promise] = {
    Reason.FREE: _("Nobody gets anything by it, and you can undo it."),
    Reason.TAKEN_BACK: _("It can be taken back, so this is enough."),
    Reason.HANDS_OUT: _("Your data are handed out, and nobody else may get them."),
    Reason.UNDOES: _("It cannot be undone, and nobody else may do it to you."),
    Reason.CHANGES: _("It changes what we hold about you."),
    Reason.SENSITIVE: _("The data are sensitive."),
    Reason.FOR_ANOTHER: _("It is made for somebody else."),
    Reason.CHANNEL: _("It came to us in a way that shows less of who wrote it."),
}

STATES: Mapping[str, Promise] = {
    "received": _("We have your request and are putting it on file."),
    "awaiting_verification": _("We wait for the code that goes to your address. Until then we cannot begin."),
    "in_progress": _("We are working on it."),
    "awaiting_approval": _("The answer is ready. A second person is checking it before it goes to you."),
    "executing": _("We decided to delete it, and our systems are doing so. Then you get a certificate."),
    "fulfilled": _("Done."),
    "partly_fulfilled": _("Done in part. Our letter says what we did not do, and why."),
    "refused": _("We did not do what you asked. Our letter says why, and what you can do about it."),
    "cancelled": _("You cancelled this request. We do nothing more about it."),
    "awaiting_document": _("We asked you for a document and wait for it. Until then we cannot go on."),
    "document_with_us": _("We have your document. Two of us look at it before we go on."),
    "lapsed_document": _(
        "This request ended: no document came that we could accept. "
        "You can open it again; a new date then counts from that day."
    ),
    "lapsed": _(
        "This request ended: a confirmation was missing. "
        "You can open it again; a new date then counts from that day."
    ),
}  # fmt: skip


def title(right: str) -> str:
    """What the person wants, in their words."""
    return str(RIGHTS[right][0]) if right in RIGHTS else right


def proof(right: str, policy: Policy, about: Circumstances) -> dict[str, str | bool]:
    """What we ask whoever files to show for this right, and why; `raised`: more than the right alone asks."""
    asked = identity.asked(right, policy, about)
    proofs = PROOFS if about.filer == SELF else PROOFS_FOR_ANOTHER
    return {
        "title": title(right),
        "proof": str(proofs[asked.rung]),
        "reason": str(REASONS[asked.reason]),
        "raised": asked.reason in RAISED,
    }


def sentence(dsr: DataSubjectRequest, document: str = "", *, undone: bool = False) -> str:
    """Where the request is; `document`: the state of the document that was asked for, as a key of STATES; `undone`:
    it took effect, and was taken back."""
    if undone:
        return str(_("You took this back. It is as it was before."))
    if dsr.effective_at and dsr.is_open:
        return str(_("We are carrying it out in all our systems."))
    if dsr.waiting_since and dsr.is_open:
        return str(_("We have asked you something and wait for your reply."))
    return str(STATES[document or dsr.state])


def answered_to_person() -> str:
    """What an agent is told of an answer that is not theirs to read."""
    return str(_("The answer went to the person for whom you asked."))
