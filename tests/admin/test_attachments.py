"""The file that Ana attached to her reply reaches the desk as bytes, and the look is on record."""

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog
from requests_app.operations import files, person
from requests_app.operations.actors import Actor
from tests.admin.test_desk import case_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply(file_request):
    content = ("<script>.html", b"<script>alert(1)</script>")
    return person.reply(file_request(), text="", file=content, actor=Actor.person(), at=clock.now())


def url(message):
    return reverse("admin:requests_app_datasubjectrequest_message_file", args=[message.pk])


def test_bruno_reads_what_ana_attached(sign_in, staff, reply):
    client = sign_in("bruno")
    assert url(reply) in client.get(case_url(reply.dsr)).content.decode()
    answer = client.post(url(reply))
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == f'attachment; filename="{reply.pk}"'
    look = AccessLog.objects.get(what="file of the person")
    assert (look.staff, look.submission) == (staff["bruno"], reply.dsr.submission)


def test_a_link_downloads_nothing(sign_in, reply):
    assert sign_in("bruno").get(url(reply)).status_code == 405


def test_otto_gets_nothing(sign_in, reply):
    assert sign_in("otto").post(url(reply)).status_code == 403
    assert not AccessLog.objects.filter(what="file of the person").exists()


def test_a_message_without_a_file_is_not_found(sign_in, file_request):
    message = person.reply(file_request(), text="Hello.", file=None, actor=Actor.person(), at=clock.now())
    assert sign_in("bruno").post(url(message)).status_code == 404


def test_a_file_that_is_gone_says_so(sign_in, reply):
    files.destroy(reply.pk)
    page = sign_in("bruno").post(url(reply), follow=True).content.decode()
    assert "cannot be read" in page
    assert not AccessLog.objects.filter(what="file of the person").exists()
