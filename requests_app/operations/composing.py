"""What travels by mail: a content-free pointer, a code, or a text of its own. Sending it is `delivery`."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from requests_app.models import Authority, Contact, FulfilmentStep, IdentityCheck, Notice, TaskLink
from requests_app.models.keys import KeyDestroyed

from . import identity_codes, rendering, source_tasks

CODE_MAILS: dict[str, str] = {
    IdentityCheck.Purpose.STOP: "stop_mail",
    IdentityCheck.Purpose.FORMER: "former_mail",
    "on_file": "on_file_mail",
}  # by purpose of the check, where the words differ from those of code_mail
OF_THE_PERSON = frozenset({"erasure_question", "erasure_confirmed"})  # whoever else filed


class Unsendable(Exception):
    """This mail will never go; the code says why."""


def compose(notice: Notice, at: datetime) -> EmailMultiAlternatives:
    """Return the mail of a notice; raises Unsendable."""
    try:
        address = _address(notice)
        if not address:
            raise Unsendable("no_address")
        if notice.staff is not None or (notice.contact is not None and notice.kind != "code"):
            subject, text, html = notice.subject, notice.text, notice.opened("html")
        elif notice.task_link is not None:
            subject, text, html = _of_a_task(notice, notice.task_link)
        else:
            subject, text, html = _pointer(notice, at)
    except KeyDestroyed:
        raise Unsendable("key_destroyed") from None
    headers = {"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [address], headers=headers)
    mail.attach_alternative(html, "text/html")
    return mail


def _address(notice: Notice) -> str:
    if notice.staff is not None:
        return notice.staff.email
    if notice.contact is not None:
        return notice.contact.address
    if notice.task_link is not None:
        return notice.task_link.address
    if notice.submission is None:
        return ""
    theirs = _of_whom_it_is(notice)
    return theirs.address if theirs else notice.submission.email


def _of_whom_it_is(notice: Notice) -> Contact | None:
    """The person for whom somebody filed, of what they alone confirm, and of everything once they go on alone."""
    if notice.kind == "code":
        return None
    authority = Authority.objects.filter(submission=notice.submission, confirmed_at__isnull=False)
    row = authority.select_related("asked__submission").first()
    return row.asked if row and (row.taken_over_at or notice.kind in OF_THE_PERSON) else None


def _pointer(notice: Notice, at: datetime) -> tuple[str, str, str]:
    """Return what may travel: that there is a message, or the code. It names no right and no data."""
    language = rendering.known_language(notice.submission)
    portal = settings.PUBLIC_URL.rstrip("/")
    values: dict[str, Any] = {"organisation": settings.ORGANISATION_NAME, "portal": portal}
    values["check_code"] = notice.check_code
    template = "pointer"
    if notice.kind == "code":
        check = IdentityCheck.objects.filter(pk=notice.check_id).first() if notice.check_id else None
        if check is None or not identity_codes.is_alive(check, at):
            raise Unsendable("expired")
        template = CODE_MAILS.get(check.purpose, "code_mail")
        values["code"] = identity_codes.code_for(check)
        values["link"] = f"{portal}/l/{identity_codes.link_secret(check)}/"
    with translation.override(language):
        subject = " ".join(render_to_string(f"notices/{template}/{language}/subject.txt", values).split())
        text = rendering.tidy(render_to_string(f"notices/{template}/{language}/body.txt", values))
        return subject, text, rendering.as_html(text, subject=subject, language=language, kind=template)


def _of_a_task(notice: Notice, link: TaskLink) -> tuple[str, str, str]:
    """Return the mail as it was rendered, with the link's secret in its place."""
    task = link.task
    wanted = source_tasks.is_wanted(task) or task.dsr.is_open
    if link.issue != task.issue or task.share.status != FulfilmentStep.Status.PENDING or not wanted:
        raise Unsendable("expired")
    link_stored, link_sent = map(rendering.task_link, (rendering.UNTOLD, source_tasks.link_secret(link)))
    text = notice.text.replace(link_stored, link_sent)
    subject = notice.subject
    return subject, text, rendering.as_html(text, subject=subject, language=task.language, kind=notice.kind)


def message_id(notice: Notice) -> str:
    """Return the same Message-ID for every attempt, so that a repeated mail can be told."""
    return f"<{notice.pk}@{urlsplit(settings.PUBLIC_URL).hostname}>"
