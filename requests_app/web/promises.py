"""What the policy in force promises, for people and for programs, and where to report a weakness.

The addresses below /.well-known/ are those of RFC 8615; security.txt is RFC 9116.
"""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from requests_app.clock import now
from requests_app.models import PolicyVersion
from requests_app.operations import intake
from requests_app.operations.policies import policy_of
from requests_app.rules.identity import SELF, Circumstances
from requests_app.rules.policy import NEVER_GATED, Policy

from . import words
from .middleware import away

FORMAT = 1  # of the description; grows where a program would have to be changed
STANDS_FOR = timedelta(days=180)  # how long a security.txt may be kept by whoever read it; RFC 9116: less than a year


def _portal() -> str:
    return str(settings.PUBLIC_URL).rstrip("/")


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The catalogue in force: each right with its period and its proof, the grounds, the periods of keeping."""
    version = intake.current_policy()
    if version is None:
        return away()
    promised, language = policy_of(version), get_language() or "en"
    context = {
        "version": version,
        "policy": promised,
        "rights": [
            {**words.proof(right, promised, Circumstances(filer=SELF)), "instant": right in NEVER_GATED, "key": right}
            for right in promised.rights
        ],
        "grounds": [ground.label.in_language(language) for ground in promised.refusal_grounds],
        "languages": [
            {"name": name, "governs": code == promised.governing_language}
            for code, name in settings.LANGUAGES
            if code in promised.languages
        ],
        "authority": promised.complaint_authority.in_language(language),
        "court": promised.court_note.in_language(language),
        "earlier": PolicyVersion.objects.filter(published_at__lt=version.published_at).order_by("-published_at"),
    }
    with timezone.override(ZoneInfo(promised.time_zone)):
        return render(request, "requests_app/policy.html", context)


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """The same for programs, as docs/for-programs.md describes it."""
    version = intake.current_policy()
    if version is None:
        return away()
    promised = policy_of(version)
    answer = JsonResponse({"format": FORMAT, "portal": _portal(), **_described(version, promised)})
    answer["Access-Control-Allow-Origin"] = "*"  # nothing of it is about anybody
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


def _described(version: PolicyVersion, promised: Policy) -> dict[str, Any]:
    return {
        "controller": promised.controller_name,
        "contact": _portal() if promised.contact == "portal" else promised.contact,
        "languages": list(promised.languages),
        "governing_language": promised.governing_language,
        "policy": {
            "key": version.key,
            "version": version.version,
            "in_force_since": version.published_at.isoformat(),
            "sha256": version.sha256,
        },
        "period": {"count": promised.response_days, "unit": promised.counting, "time_zone": promised.time_zone},
        "rights": [
            {
                "right": right,
                "file_at": f"{_portal()}{reverse('file')}?right={right}",
                "identity_rung": promised.identity.get(right, 0),
                "in_effect_at_once": right in NEVER_GATED,
            }
            for right in promised.rights
        ],
        "refusal_grounds": [
            {"key": g.key, "label": {"en": g.label.en, "it": g.label.it}, "clause": g.clause, "rights": list(g.rights)}
            for g in promised.refusal_grounds
        ],
        "track_at": f"{_portal()}{reverse('find')}",
        "check_a_message_at": f"{_portal()}{reverse('genuine')}",
        "figures_at": f"{_portal()}{reverse('statistics')}",
    }


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness (P37): apart from the queue, and only where the operators name an address."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = [
        *(f"Contact: {contact}" for contact in settings.SECURITY_CONTACT),
        f"Expires: {(now() + STANDS_FOR).replace(microsecond=0).isoformat()}",
        "Preferred-Languages: " + ", ".join(code for code, _name in settings.LANGUAGES),
        f"Canonical: {_portal()}{reverse('security_txt')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
