"""What happens after a restore, until what was erased since is erased again: one honest page for all."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from requests_app.operations.restore_guard import standing

from .middleware import away

ANSWERED = ("/livez", "/healthz")  # the second says why


class RestoredMiddleware:
    """Serve nobody while the database knows people who were erased; static files are served before this."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Unwrapped, so that the error of a database that is away arrives where it is turned into its page.
        self.get_response = getattr(get_response, "__wrapped__", get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or say that we cannot at this moment."""
        if request.path not in ANSWERED and standing():
            return away()
        return self.get_response(request)
