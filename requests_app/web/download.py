"""The files of an answer: downloaded after a fresh code, resumed, locked with a passphrase, made available again."""

from collections.abc import Iterable
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import AnswerFile, Submission
from requests_app.operations import locked_zip, release
from requests_app.operations.refused import Refused
from requests_app.rules.file_names import safe_name

from . import byte_range, fresh, visitor
from .forms import PassphraseForm
from .status import send_fresh_code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One file of the answer, or a part of it, after a code typed within the last minutes."""
    own, file = _own_file(request, pk)
    if not visitor.is_fresh(request, own, at=now()):
        return _ask_for_code(request, own)
    if request.method == "POST" and file.kind == AnswerFile.Kind.PACKAGE:
        return redirect("download", pk=pk)  # a browser resumes what it got by GET only
    try:
        return _answer(request, own, file)
    except Refused as refusal:
        return _refused(request, refusal)


def _own_file(request: HttpRequest, pk: UUID) -> tuple[Submission, AnswerFile]:
    own = visitor.own_submission(request)
    file = AnswerFile.objects.select_related("dsr__submission").filter(pk=pk, dsr__submission=own).first()
    if file is None or not visitor.reads_answer(request, own):
        raise Http404
    return own, file


def _ask_for_code(request: HttpRequest, own: Submission) -> HttpResponse:
    if request.method == "POST":
        send_fresh_code(request, own)
    if "Range" in request.headers:  # a client that goes on with a file would put a page that it is led to into it
        return fresh.page(request, own, after=request.path, status=403)
    return redirect(f"{reverse('fresh_code')}?next={quote(request.path)}")


def _answer(request: HttpRequest, own: Submission, file: AnswerFile) -> HttpResponseBase:
    at, actor, etag = now(), visitor.actor(request, own), f'"{file.sha256}"'
    if request.method == "HEAD":  # whoever asks what there is to resume has downloaded nothing
        release.refuse_download(file, actor=actor, at=at)
        return _headed(HttpResponse(), file, size=file.size)
    try:
        part = byte_range.wanted(request.headers, size=file.size, etag=etag)
    except byte_range.OutOfReach:
        release.refuse_download(file, actor=actor, at=at)
        beyond = HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
        return _headed(beyond, file, size=0)
    first, end = part or (0, file.size)
    content = release.begin(file, first=first, end=end if part else None, actor=actor, at=at)
    large = file.kind == AnswerFile.Kind.PACKAGE
    response = StreamingHttpResponse(content) if large else HttpResponse(b"".join(content))
    if part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{end - 1}/{file.size}"
    return _headed(response, file, size=end - first)


def _headed(response: HttpResponseBase, file: AnswerFile, *, size: int) -> HttpResponseBase:
    response["Content-Length"] = str(size)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{file.sha256}"'
    return _attached(response, safe_name(file.name))


def _attached(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Type"] = "application/octet-stream"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Accel-Buffering"] = "no"  # a proxy of that kind would keep a large answer in a file of its own
    return response


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    if isinstance(refusal, release.HeldBack):
        messages.error(request, str(refusal))
        return redirect("status")
    if isinstance(refusal, release.TooOften):
        page = render(request, "requests_app/too_often.html", {"why": str(refusal)}, status=429)
        page["Retry-After"] = "3600"
        return page
    return render(request, "410.html", status=410)


@never_cache
@sensitive_post_parameters("passphrase", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def locked(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The same file as a ZIP that only a passphrase opens, which is chosen here and kept nowhere."""
    own, file = _own_file(request, pk)
    if not visitor.is_fresh(request, own, at=now()):
        return redirect(f"{reverse('fresh_code')}?next={quote(request.path)}")
    at, actor = now(), visitor.actor(request, own)
    form = PassphraseForm(request.POST if request.method == "POST" else None)
    try:
        if request.method != "POST" or not form.is_valid():
            release.refuse_download(file, actor=actor, at=at)
            return render(request, "requests_app/locked.html", {"form": form, "file": file})
        content = release.begin(file, locked=True, actor=actor, at=at)
    except Refused as refusal:
        return _refused(request, refusal)
    name, passphrase = safe_name(file.name), form.cleaned_data["passphrase"]
    zipped: Iterable[bytes] = locked_zip.locked(name, content, size=file.size, passphrase=passphrase, at=at)
    return _attached(StreamingHttpResponse(zipped), f"{name.removesuffix('.zip')}-locked.zip")


@never_cache
@require_http_methods(["POST"])
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make the files of an answer available for another period, once, after a fresh code."""
    dsr = visitor.own_request(request, pk)
    own = dsr.submission
    if not visitor.reads_answer(request, own):
        raise Http404
    if not visitor.is_fresh(request, own, at=now()):
        send_fresh_code(request, own)
        messages.info(request, _("Type the code, then press “Make it available again” once more."))
        return redirect(f"{reverse('fresh_code')}?next={quote(reverse('status'))}")
    try:
        release.reissue(dsr, actor=visitor.actor(request, own), at=now())
        messages.success(request, _("Your files can be downloaded again."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("status")
