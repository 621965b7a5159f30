"""Sessions of staff and of persons: fixed, stale, foreign, framed."""

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from requests_app import clock
from requests_app.operations import delivery
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@pytest.fixture
def bruno(client):
    """Bruno at his desk."""
    account = staff("bruno", "handler")
    client.force_login(account)
    assert client.get(QUEUE).status_code == 200
    return account


def is_sent_to_sign_in(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].split("?")[0] in {"/admin/login/", reverse("account_login")}


class TestStaff:
    def test_a_disabled_account_is_out_at_the_next_press(self, bruno, client):
        bruno.is_active = False
        bruno.save()
        assert is_sent_to_sign_in(client.get(QUEUE))

    def test_an_account_that_is_no_staff_any_more_is_out(self, bruno, client):
        bruno.is_staff = False
        bruno.save()
        assert is_sent_to_sign_in(client.get(QUEUE))

    def test_a_new_password_ends_the_sessions_of_the_old_one(self, bruno, client):
        bruno.set_password("a long new password")
        bruno.save()
        assert is_sent_to_sign_in(client.get(QUEUE))

    def test_a_role_that_was_taken_away_is_gone_at_once(self, bruno, client):
        bruno.groups.clear()
        assert client.get(QUEUE).status_code == 403
        bruno.groups.add(Group.objects.get(name="handler"))
        assert client.get(QUEUE).status_code == 200


def test_the_session_of_before_the_code_is_not_the_one_after(client):
    file_as(client)
    before = client.session.session_key
    client.post("/confirm/", {"code": newest_code()})
    assert client.session.session_key != before
    old = Client()
    old.cookies[configured.SESSION_COOKIE_NAME] = before
    assert old.get("/status/")["Location"] == "/find/"


def test_every_form_of_a_person_wants_its_token():
    refused = []
    for pattern in get_resolver("requests_app.web.urls").url_patterns:
        assert isinstance(pattern, URLPattern)
        names = pattern.pattern.converters
        values = {name: "00000000-0000-4000-8000-000000000000" if name == "pk" else "x" for name in names}
        answer = Client(enforce_csrf_checks=True).post(reverse(pattern.name, kwargs=values), {})
        refused.append((pattern.name, answer.status_code))
    # The page of a task looks at the session first, and at the token once the files came: tests/web/test_task_page.py.
    assert ("task", 410) in refused
    refused.remove(("task", 410))
    # The link of a mail is all that counts on its page (RFC 8058): tests/web/test_preferences.py.
    assert ("unsubscribe", 404) in refused
    refused.remove(("unsubscribe", 404))
    read_only = {"status", "notice", "ics", "found", "demo_mail", "healthz", "livez", "metrics"}
    assert {name for name, status in refused if status != 403} <= read_only
    assert {status for name, status in refused if name in read_only} <= {403, 405}


def test_pages_of_a_person_and_of_staff_cannot_be_framed_kept_or_read_from_elsewhere(client, bruno):
    person = Client()
    file_as(person)
    for answer in (person.get("/status/"), person.get("/find/"), client.get(QUEUE), Client().get("/staff/sign-in/")):
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in f"{policy};"
        assert "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in answer


HOSTS = ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80", "testserver:80@evil"]
FORWARDED = [
    {"x-forwarded-host": "evil.example"},
    {"x-forwarded-server": "evil.example"},
    {"forwarded": "host=evil.example"},
    {"x-forwarded-host": "testserver, evil.example"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1"},
    {"x-host": "evil.example"},
    {"x-original-host": "evil.example"},
    {"x-original-url": "//evil.example/"},
    {"x-rewrite-url": "//evil.example/"},
    {"x-forwarded-prefix": "//evil.example"},
    {"origin": "http://testserver", "referer": "http://evil.example/"},
]


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused(host, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert Client(headers={"host": host}).get("/find/").status_code == 400


@pytest.mark.parametrize("headers", FORWARDED)
def test_a_forwarded_host_is_in_no_page_and_no_mail(headers, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client(headers=headers)
    answer = file_as(client)
    said = [answer["Location"], *(client.get(path).content.decode() for path in ("/status/", "/", "/staff/sign-in/"))]
    delivery.deliver_due(clock.now())
    assert any("http://testserver/l/" in sent.body for sent in mail.outbox)
    said += [sent.subject + sent.body + str(sent.alternatives) for sent in mail.outbox]
    assert "evil" not in "".join(said)


NEXTS = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%09/evil.example",
    "//testserver@evil.example",
    " //evil.example",
    "/\t/evil.example",
    "https:///evil.example",
    "\x00//evil.example",
]


@pytest.mark.parametrize("after", NEXTS)
def test_no_next_leads_to_another_site(client, after):
    file_as(client)
    client.post("/fresh-code/", {"action": "send"})
    typed = client.post("/fresh-code/", {"code": newest_code("fresh"), "next": after})
    language = client.post("/language/", {"language": "it", "next": after})
    for answer in (typed, language):
        there = answer.get("Location", "/")
        assert there.startswith("/")
        assert not there.startswith(("//", "/\\", "/\t"))
