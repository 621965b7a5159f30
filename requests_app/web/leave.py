"""Leave: somebody may be looking over the shoulder. The session ends, and the page that follows tells nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """A POST ends the session; the language, a cookie of its own, stays. A GET only shows the page."""
    if request.method == "POST":
        request.session.flush()
        return redirect("leave")
    return render(request, "requests_app/leave.html")
