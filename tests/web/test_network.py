"""From which network a visitor comes, what a full one is told, and who never waits."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.utils import timezone

from requests_app.models import IdentityCheck, NetworkCount, Submission
from requests_app.operations import identity, networks, sweeps
from requests_app.operations.networks import Act
from requests_app.web import network
from tests.people import published_policy
from tests.web.test_person_road import by_link, file_as, newest_code, wrong

pytestmark = pytest.mark.django_db
SCHOOL = "198.51.100.7"


def came_from(*, proxies: int = 0, remote: str = SCHOOL, forwarded: str | None = None, settings) -> str:
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return network.of(RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers))


SEEN = {
    "nothing declared": (0, SCHOOL, None, "198.51.100.0/24"),
    "nothing declared, header forged": (0, SCHOOL, "203.0.113.9", "198.51.100.0/24"),
    "one proxy": (1, "127.0.0.1", SCHOOL, "198.51.100.0/24"),
    "one proxy, header forged": (1, "127.0.0.1", f"203.0.113.9, 127.0.0.1, {SCHOOL}", "198.51.100.0/24"),
    "two proxies": (2, "127.0.0.1", f"203.0.113.9,{SCHOOL}, 10.0.0.2", "198.51.100.0/24"),
    "fewer entries than proxies": (2, SCHOOL, "203.0.113.9", "198.51.100.0/24"),
    "an address of the next version": (0, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
    "the same subscriber, another address": (0, "2001:db8:1:2:ffff::1", None, "2001:db8:1:2::/64"),
    "the old version inside the new one": (0, f"::ffff:{SCHOOL}", None, "198.51.100.0/24"),
    "this machine": (0, "127.0.0.1", None, ""),
    "this machine, next version": (0, "::1", None, ""),
    "a socket": (0, "", None, ""),
    "no address": (1, "127.0.0.1", "unknown", ""),
}


@pytest.mark.parametrize("case", SEEN)
def test_the_network_is_read_from_the_right_and_only_from_our_own_proxies(case, settings):
    proxies, remote, forwarded, expected = SEEN[case]
    assert came_from(proxies=proxies, remote=remote, forwarded=forwarded, settings=settings) == expected


@pytest.fixture
def full(monkeypatch):
    """Nothing more of anything goes through from the network of the school."""
    published_policy()
    monkeypatch.setattr(networks, "PER_HOUR", dict.fromkeys(Act, 0))
    return Client(REMOTE_ADDR=SCHOOL)


def told(answer) -> str:
    assert answer.status_code == 429
    return answer.content.decode()


class TestAFullNetwork:
    def test_keeps_what_was_typed_and_says_when_and_how_else(self, full, settings):
        settings.ORGANISATION_ADDRESS = "Elm Street 5, Example Town"
        page = told(file_as(full, name="Ana Example", details="order 4711"))
        assert "try again in" in page
        assert "phone us, or write to Elm Street 5" in page
        assert "order 4711" in page
        assert 'value="Ana Example"' in page
        assert not Submission.objects.exists()

    def test_is_told_in_italian_too(self, full):
        full.post("/language/", {"language": "it"})
        assert "Riprovi fra" in told(file_as(full, language="it"))

    @pytest.mark.parametrize("rights", [["marketing_optout"], ["consent_withdrawal"]])
    def test_keeps_nobody_from_opting_out_or_withdrawing(self, full, rights):
        assert file_as(full, rights=rights)["Location"] == "/status/"
        assert Submission.objects.get().requests.get().effective_at is not None

    def test_asks_whoever_wants_more_at_once_to_choose_that_alone(self, full):
        assert "choose only that" in told(file_as(full, rights=["access", "marketing_optout"]))

    def test_looks_for_no_requests_and_keeps_the_address(self, full):
        page = told(full.post("/find/", {"email": "ana@example.org"}))
        assert "ana@example.org" in page

    def test_takes_no_code_but_the_one_behind_a_link(self, full):
        file_as(full, rights=["access", "marketing_optout"])
        ana = Client()
        file_as(ana)
        ana.defaults["REMOTE_ADDR"] = SCHOOL
        told(ana.post("/confirm/", {"code": newest_code()}))
        check = IdentityCheck.objects.get()
        assert check.tries == 0
        assert by_link(full, identity.link_secret(check), code=newest_code())["Location"] == "/status/"

    def test_takes_no_fresh_code_and_no_code_of_a_search(self, full):
        ana = Client()
        file_as(ana)
        ana.post("/confirm/", {"code": newest_code()})
        ana.post("/fresh-code/", {"action": "send"})
        ana.post("/find/", {"email": "ana@example.org"})
        ana.defaults["REMOTE_ADDR"] = SCHOOL
        told(ana.post("/fresh-code/", {"code": newest_code("fresh")}))
        told(ana.post("/find/code/", {"code": newest_code("find")}))
        assert not IdentityCheck.objects.exclude(purpose="verify").filter(tries__gt=0).exists()


def test_a_slip_of_the_finger_and_a_mistake_in_the_form_are_not_counted():
    published_policy()
    ana = Client(REMOTE_ADDR=SCHOOL)
    file_as(ana, email="nowhere")
    ana.post("/find/", {"email": "nowhere"})
    assert not NetworkCount.objects.exists()
    file_as(ana)
    ana.post("/confirm/", {"code": "12"})
    assert NetworkCount.objects.get().times == 1
    ana.post("/confirm/", {"code": wrong(newest_code())})
    assert NetworkCount.objects.count() == 2


def test_ended_sessions_are_swept():
    published_policy()
    file_as(Client())
    assert Session.objects.exists()
    Session.objects.update(expire_date=timezone.now())
    sweeps.SWEEPS["apply_retention"](timezone.now())
    assert not Session.objects.exists()
