"""Is this message, or this package, genuine? The check code or our public key answers, and tells nothing else."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from requests_app.models import Notice
from requests_app.operations import signing

from .forms import GenuineForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def genuine(request: HttpRequest) -> HttpResponse:
    """`result`: None before the question, then False, or when we wrote the message (`at`)."""
    form = GenuineForm(request.POST or None)
    context: dict[str, object] = {"form": form, "result": None}
    if request.method == "POST" and form.is_valid():
        head = form.cleaned_data["code"]
        first, last = UUID(hex=head + "0" * 20), UUID(hex=head + "f" * 20)
        notice = Notice.objects.filter(pk__gte=first, pk__lte=last, staff=None).first()
        context["result"] = {"at": notice.created_at} if notice else False
    return render(request, "requests_app/genuine.html", context)


@require_safe
def package_key(request: HttpRequest) -> HttpResponse:
    """Our public key, as PEM: with it anybody verifies the signature of a package."""
    return HttpResponse(signing.public_key(), content_type="application/x-pem-file")
