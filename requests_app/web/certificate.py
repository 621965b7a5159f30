"""The certificate of an erasure: a page to read and print, and the very bytes that are signed."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from requests_app.models import DataSubjectRequest, ErasureCertificate
from requests_app.operations import erasure_certificates
from requests_app.operations.policies import policy_of

from . import visitor, words


@never_cache
@require_safe
def certificate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The certificate that counts, in the language of the page."""
    dsr, row = _own(request, pk)
    said, language = json.loads(row.body), (get_language() or "en").split("-")[0]
    context = {
        "dsr": dsr,
        "row": row,
        "title": words.title(dsr.right),
        "sources": [_source(one, dsr, language) for one in said["sources"]],
        "backups": {key: date.fromisoformat(day) for key, day in said["backups"].items() if day},
        "later": [one for one in erasure_certificates.OCCASIONS if one not in said["asked_again"]],
        "case_label": dsr.submission.case_label,
    }
    return render(request, "requests_app/certificate.html", context)


@never_cache
@require_safe
def file(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """`json`: what is signed, byte for byte; `sig`: its signature (Ed25519, 64 bytes)."""
    _dsr, row = _own(request, pk)
    if kind not in ("json", "sig"):
        raise Http404
    content = row.body.encode() if kind == "json" else bytes.fromhex(row.ed25519)
    answer = HttpResponse(content, content_type="application/json" if kind == "json" else "application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="certificate-{row.number}.{kind}"'
    return answer


def _own(request: HttpRequest, pk: UUID) -> tuple[DataSubjectRequest, ErasureCertificate]:
    dsr = visitor.own_request(request, pk)
    row = erasure_certificates.current(dsr)
    if row is None:
        raise Http404
    return dsr, row


def _source(said: dict[str, Any], dsr: DataSubjectRequest, language: str) -> dict[str, Any]:
    by = {
        "source": _("The system itself says that it did so."),
        "department": _("People of that department did it, and say so themselves."),
        "staff": _("People did it, and one of us says so."),
        "nothing to erase": "",
    }[said["erased_by"]]
    return {
        "name": said["source"],
        "found": said["found"],
        "items": [_item(item, dsr, language) for item in said["items"]],
        "by": by,
        "asked": [_asked(one, answer) for one, answer in said["asked_again"].items() if answer["said"]],
    }


def _item(item: dict[str, Any], dsr: DataSubjectRequest, language: str) -> dict[str, Any]:
    ground = policy_of(dsr.policy).ground(item.get("ground", ""))
    return {
        **item,
        "name": item["label"].get(language) or item["category"].get(language) or item["table"] or _("All of it"),
        "until": date.fromisoformat(item["until"]) if item.get("until") else None,
        "ground": ground.label.in_language(language) if ground else "",
    }


def _asked(occasion: str, answer: dict[str, str]) -> dict[str, Any]:
    return {
        "at": datetime.fromisoformat(answer["at"]),
        "attested": answer["said"] == "attested",
        "occasion": occasion,
    }
