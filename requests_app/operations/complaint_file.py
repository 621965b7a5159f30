"""The file for the supervisory authority: one ZIP with everything the person may read of a case, and its proofs (P18).

Made when it is fetched, small, and kept nowhere: the evidence keeps its digest.
"""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from requests_app.models import Complaint, DataSubjectRequest, EvidenceEvent, Message, Notice, Submission

from . import evidence, signing, timeline, verify_chain
from .actors import Actor
from .complaints import complaints_about
from .evidence import Kind
from .policies import policy_of
from .rendering import known_language, right_title

# What is not decided before the second person; nor, in the chain, what names a system.
UNTOLD = (Kind.DECISION_SUBMITTED, Kind.DECISION_RETURNED, Kind.OBJECTION_WEIGHED)


def make(submission: Submission, *, actor: Actor, at: datetime) -> bytes:
    """Return the ZIP: the page to read, each letter as it was sent, the chain of evidence and how to check it.

    What it complains about, and the complaints about it, lie in it too. That it was fetched is evidence, with its
    digest.
    """
    cases = _cases(submission)
    language = known_language(submission)
    with translation.override(language), timezone.override(ZoneInfo(submission.received_zone)):
        told = [_case(one) for one in cases]
        entries = {"index.html": _page(submission, told, language=language, at=at)}
    for case in told:
        entries |= {f"letters/{letter['file']}": str(letter["text"]).encode() for letter in case["letters"]}
    for one in cases:
        entries[f"evidence-{one.case_label}.jsonl"] = b"".join(_chain(one))
    entries["verify_chain.py"] = Path(verify_chain.__file__).read_bytes()
    entries["manifest.json"] = _manifest(entries, at=at)
    entries["manifest.sig"] = signing.sign(entries["manifest.json"])
    content = _zip(entries, at=at)
    with transaction.atomic():
        body: dict[str, str | int] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        evidence.append(submission.pk, Kind.COMPLAINT_FILE_MADE, actor=actor, at=at, body=body)
    return content


def _cases(submission: Submission) -> list[Submission]:
    """The case, those it complains about, and those that complain about it: in the order in which they were filed."""
    about = Complaint.objects.filter(dsr__submission=submission).values_list("about__submission", flat=True)
    found = {submission.pk, *about, *(dsr.submission_id for dsr in complaints_about(submission))}
    # What somebody filed for another has their address, and is not theirs alone.
    same = Submission.objects.filter(
        pk__in=found, email_digest=submission.email_digest, contact_destroyed_at=None, authority=None
    )
    return list(same.select_related("policy").order_by("received_at"))


def _case(submission: Submission) -> dict[str, Any]:
    requests = submission.requests.select_related("submission", "policy").order_by("right")
    notices = Notice.objects.filter(submission=submission, recipient="person").exclude(kind="code")
    return {
        "submission": submission,
        "requests": [_request(dsr) for dsr in requests],
        "letters": [
            {
                "file": f"{submission.case_label}-{number:02}-{notice.kind}.txt",
                "subject": notice.subject,
                "at": notice.created_at,
                "check_code": notice.check_code,
                "text": notice.text,
            }
            for number, notice in enumerate(notices.order_by("created_at", "pk"), start=1)
        ],
        "details": submission.opened("details"),
        "evidence": f"evidence-{submission.case_label}.jsonl",
    }


def _request(dsr: DataSubjectRequest) -> dict[str, Any]:
    thread = dsr.messages.exclude(author=Message.Author.INTERNAL).order_by("written_at")
    return {
        "dsr": dsr,
        "title": right_title(dsr.right, translation.get_language() or "en"),
        "timeline": timeline.for_dsr(dsr),
        "thread": [
            {"own": m.author == Message.Author.PERSON, "body": m.body, "file": m.file_name, "at": m.written_at}
            for m in thread
        ],
    }


def _page(submission: Submission, told: list[dict[str, Any]], *, language: str, at: datetime) -> bytes:
    style = render_to_string("requests_app/package.css", {"accent": settings.ACCENT_COLOUR})
    policy = policy_of(submission.policy)
    values = {
        "language": language,
        "style": style,
        "style_digest": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "organisation": settings.ORGANISATION_NAME,
        "controller": policy.controller_name,
        "portal": settings.PUBLIC_URL.rstrip("/"),
        "name": submission.opened("name"),
        "submission": submission,
        "cases": told,
        "authority": policy.complaint_authority.in_language(language),
        "court": policy.court_note.in_language(language),
        "at": at,
    }
    return render_to_string("requests_app/complaint_file.html", values).encode("utf-8", "replace")


def _chain(submission: Submission) -> Iterator[bytes]:
    """What concerns the person in full, what is internal by its digest alone."""
    for event in EvidenceEvent.objects.filter(submission=submission).order_by("seq"):
        row: dict[str, str | int] = {"seq": event.seq, "leaf": event.leaf_hash}
        if timeline.is_told(event) and event.kind not in UNTOLD and "source" not in json.loads(event.body):
            row["event"] = event.body
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _manifest(entries: dict[str, bytes], *, at: datetime) -> bytes:
    files = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in entries.items()
    ]
    return json.dumps({"created_at": at.isoformat(), "entries": files}, indent=1).encode()


def _zip(entries: dict[str, bytes], *, at: datetime) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
