"""What happens while the database is away: an honest page, and nothing that would need the database."""

from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

AWAY = (OperationalError, InterfaceError)


class DatabaseAwayMiddleware:
    """Turn a database that does not answer into 503, whether a view or the session met it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Django wraps the next middleware so that its errors become plain 500 pages. Unwrapped, the error of a
        # session that cannot be saved arrives here; any other goes on to Django's wrapper around ourselves.
        self.get_response = getattr(get_response, "__wrapped__", get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or say that the database is away."""
        try:
            return self.get_response(request)
        except Exception as error:
            if _is_away(error):
                return away()
            raise

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Errors of views are seen here only."""
        return away() if _is_away(exception) else None


def _is_away(error: BaseException | None) -> bool:
    """Whether the error, or one that led to it, is a database that does not answer.

    Django raises others on top: a session that cannot be saved counts as deleted, a broken rollback as misuse.
    """
    return error is not None and (isinstance(error, AWAY) or _is_cut_off(error) or _is_away(error.__context__))


def _is_cut_off(error: BaseException) -> bool:
    """Whether the driver names no kind of error: the server was gone in the middle of an answer.

    What Django itself raises as a bare DatabaseError (a row that is gone) has no cause.
    """
    return type(error) is DatabaseError and error.__cause__ is not None


def away() -> HttpResponse:
    """The page without request and context processors: those could ask the database again."""
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "30"
    response["Cache-Control"] = "no-store"
    return response
