"""The page that asks for a fresh code, wherever it is met."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from requests_app.clock import now
from requests_app.models import Submission
from requests_app.operations import identity

from . import visitor
from .forms import FreshCodeForm


def page(
    request: HttpRequest, submission: Submission, *, after: str, form: FreshCodeForm | None = None, status: int = 200
) -> HttpResponse:
    """Ask for the code that was sent, or whether to send one; `after` is the path to go to then."""
    contact = visitor.asked_contact(request, submission)
    context = {
        "form": form or FreshCodeForm(initial={"next": after}),
        "standing": identity.standing(submission, purpose="fresh", at=now(), contact=contact),
        "next": after,
        "back": reverse("status"),
    }
    return render(request, "requests_app/fresh_code.html", context, status=status)
