"""Ana signs in with her account at the controller in place of typing the code, at a real provider on this machine."""

import logging
import re
import time
from datetime import timedelta
from html import unescape

import pytest
import requests
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from requests_app import clock
from requests_app.connectors import openid
from requests_app.models import EvidenceEvent, SignIn, Submission
from requests_app.operations import identity
from requests_app.operations.actors import Actor
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE, NONE
from requests_app.rules.lifecycle import State
from tests.people import ana_files, published_policy
from tests.web.access_world import newest_code

pytestmark = pytest.mark.django_db

SUBJECT = "Ana-7Q"
CHECKED = "could not be checked"


@pytest.fixture(autouse=True)
def ana(provider):
    published_policy()
    provider.has(SUBJECT, email="Ana@example.org", email_verified=True)


def filer(submission):
    """The browser from which it was filed."""
    client = Client()
    session = client.session
    session["submission"] = session["filed"] = str(submission.pk)
    session.save()
    return client


@pytest.fixture
def submission():
    return ana_files("access", at=clock.now())


@pytest.fixture
def browser(submission):
    return filer(submission)


def away(browser):
    """Press the button; returns the address at the provider."""
    page = browser.post("/sign-in/").content.decode()
    return unescape(re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)[1])


def said(answer, browser):
    assert (answer.status_code, answer["Location"]) == (302, "/status/")
    return browser.get("/status/").content.decode()


def signs_in(browser, provider, subject=SUBJECT):
    """The whole way; returns what the status page says then."""
    return said(browser.get(provider.signs_in(away(browser), subject)), browser)


def is_untouched(submission):
    submission.refresh_from_db()
    stands = submission.assurance, submission.requests.get().state, SignIn.objects.count()
    return stands == (NONE, State.AWAITING_VERIFICATION, 0)


def test_ana_signs_in_and_her_request_moves_on_as_after_the_code(browser, submission, provider):
    assert "Your sign-in has confirmed your address" in signs_in(browser, provider)
    submission.refresh_from_db()
    assert submission.assurance == CONTACT_ON_FILE
    assert submission.requests.get().state == State.IN_PROGRESS


def test_no_account_results_for_her_and_nobody_is_signed_in(browser, submission, provider):
    before = User.objects.count()
    signs_in(browser, provider)
    assert User.objects.count() == before
    assert not [key for key in sorted(browser.session.keys()) if key.startswith(("_auth", "account"))]


def test_of_her_account_there_a_digest_is_kept_and_nothing_else(browser, submission, provider):
    signs_in(browser, provider)
    kept = SignIn.objects.get()
    assert re.fullmatch(r"1:[0-9a-f]{64}", kept.subject_digest)
    event = EvidenceEvent.objects.get(kind="identity_confirmed")
    assert '"method":"openid"' in event.body
    assert '"rung":2' in event.body
    for word in (SUBJECT, "ana@", "Ana@"):
        assert word not in event.body + str(dict(browser.session))
    assert not [key for key in sorted(browser.session.keys()) if "openid" in key or "token" in key]


def test_the_session_gets_a_new_id_and_a_download_still_asks_for_a_fresh_code(browser, submission, provider):
    before = browser.session.session_key
    signs_in(browser, provider)
    assert browser.session.session_key != before
    assert "fresh_until" not in browser.session


def test_what_goes_to_the_provider_has_a_challenge_a_nonce_and_a_state_and_nothing_of_ana(browser, provider):
    url = away(browser)
    for part in ("code_challenge_method=S256", "code_challenge=", "nonce=", "state=", "response_type=code"):
        assert part in url
    assert "redirect_uri=http%3A%2F%2Ftestserver%2Fsign-in%2Fback%2F" in url
    assert "example.org" not in url


@pytest.mark.parametrize("more", [{"email_verified": False}, {}, {"email_verified": "true"}, {"email": ""}])
def test_an_address_that_the_provider_has_not_verified_raises_nothing(browser, submission, provider, more):
    provider.has("unverified", **{"email": "ana@example.org"} | more)
    assert "no confirmed e-mail address" in signs_in(browser, provider, "unverified")
    assert is_untouched(submission)
    assert '"reason":"unverified"' in EvidenceEvent.objects.get(kind="sign_in_refused").body


def test_ottos_account_confirms_none_of_anas_requests(browser, submission, provider):
    provider.has("otto", email="otto@example.org", email_verified=True)
    assert "another e-mail address" in signs_in(browser, provider, "otto")
    assert is_untouched(submission)


def test_another_account_with_the_same_address_is_refused_afterwards(browser, submission, provider):
    signs_in(browser, provider)
    provider.has(SUBJECT.lower(), email="ana@example.org", email_verified=True)  # letter by letter another one
    assert "confirmed with another account" in signs_in(browser, provider, SUBJECT.lower())
    assert '"reason":"other_account"' in EvidenceEvent.objects.get(kind="sign_in_refused").body
    assert SignIn.objects.count() == 1


def test_the_same_account_may_confirm_again_and_other_requests_too(browser, submission, provider):
    signs_in(browser, provider)
    assert "has confirmed your address" in signs_in(browser, provider)
    later = ana_files("deletion", at=clock.now())
    assert "has confirmed your address" in signs_in(filer(later), provider)
    assert SignIn.objects.count() == 2


def test_whoever_typed_the_code_climbs_higher_by_signing_in(browser, submission, provider):
    browser.post("/confirm/", {"code": newest_code("verify")})
    submission.refresh_from_db()
    assert submission.assurance == CONTACT
    assert "Sign in with your account" in browser.get("/status/").content.decode()
    signs_in(browser, provider)
    submission.refresh_from_db()
    assert submission.assurance == CONTACT_ON_FILE
    assert "Sign in with your account" not in browser.get("/status/").content.decode()


def test_a_key_that_the_provider_rotated_is_asked_for(browser, submission, provider):
    signs_in(browser, provider)
    provider.rotates()
    assert "has confirmed your address" in signs_in(browser, provider)


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": "another-client", "azp": "portal"}},
        {"claims": {"aud": None}},
        {"claims": {"iss": "http://127.0.0.1:1"}},
        {"claims": {"iss": None}},
        {"claims": {"exp": 1}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"claims": {"azp": "another-client"}},
        {"claims": {"at_hash": "bm90IHRoZSBoYXNo"}},
        {"signed": "none"},
        {"signed": "secret"},
        {"signed": "stranger"},
        {"signed": "secret", "discovery": {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}},
        {"signed": "none", "discovery": {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}},
    ],
    ids=str,
)
def test_a_token_that_is_not_the_providers_for_this_sign_in_confirms_nothing(browser, submission, provider, lie):
    provider.lies(**lie)
    assert CHECKED in signs_in(browser, provider)
    assert is_untouched(submission)


def test_where_the_id_token_has_no_address_the_provider_is_asked_for_it(browser, submission, provider):
    provider.lies(claims={"email": None, "email_verified": None})
    assert "has confirmed your address" in signs_in(browser, provider)


def test_what_it_says_there_of_somebody_else_counts_for_nobody(browser, submission, provider):
    provider.lies(claims={"email": None, "email_verified": None}, userinfo={"sub": "somebody-else"})
    assert CHECKED in signs_in(browser, provider)
    assert is_untouched(submission)


def test_the_way_back_works_once(browser, submission, provider):
    back = provider.signs_in(away(browser), SUBJECT)
    browser.get(back)
    SignIn.objects.all().delete()
    assert "is over, or was begun elsewhere" in said(browser.get(back), browser)
    assert not SignIn.objects.exists()


def test_a_code_that_was_used_works_no_more(browser, submission, provider):
    first = provider.signs_in(away(browser), SUBJECT)
    browser.get(first)
    code = re.search(r"code=([^&]+)", first)[1]
    state = re.search(r"state=([^&]+)", away(browser))[1]
    assert CHECKED in said(browser.get(f"/sign-in/back/?code={code}&state={state}"), browser)


def test_a_code_stolen_on_the_way_is_worth_nothing_in_another_session(browser, submission, provider):
    stolen = re.search(r"code=([^&]+)", provider.signs_in(away(browser), SUBJECT))[1]
    otto = filer(ana_files("access", at=clock.now()))
    state = re.search(r"state=([^&]+)", away(otto))[1]
    assert CHECKED in said(otto.get(f"/sign-in/back/?code={stolen}&state={state}"), otto)
    assert not SignIn.objects.exists()


def test_ana_cannot_be_led_back_to_a_sign_in_that_otto_began(browser, submission, provider):
    otto = filer(ana_files("access", at=clock.now(), email="otto@example.org"))
    back = provider.signs_in(away(otto), SUBJECT)
    away(browser)
    assert "begun elsewhere" in said(browser.get(back), browser)
    assert is_untouched(submission)


def test_a_sign_in_begun_for_other_requests_confirms_none_of_these(browser, submission, provider):
    back = provider.signs_in(away(browser), SUBJECT)
    other = ana_files("access", at=clock.now())
    session = browser.session
    session["submission"] = session["filed"] = str(other.pk)
    session.save()
    assert "begun elsewhere" in said(browser.get(back), browser)
    assert is_untouched(submission)


def test_where_the_code_was_typed_elsewhere_meanwhile_ana_is_led_to_find_them(browser, submission, provider):
    back = provider.signs_in(away(browser), SUBJECT)
    code = newest_code("verify")
    assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=clock.now())
    assert browser.get(back)["Location"] == "/status/"
    assert browser.get("/status/")["Location"] == "/find/"
    assert "is over, or was begun elsewhere" in browser.get("/find/").content.decode()
    assert not SignIn.objects.exists()


def test_after_ten_minutes_it_begins_anew(browser, submission, provider):
    back = provider.signs_in(away(browser), SUBJECT)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        assert "is over" in said(browser.get(back), browser)
    assert is_untouched(submission)


def test_an_answer_in_the_name_of_another_issuer_is_refused(browser, submission, provider):
    back = provider.signs_in(away(browser), SUBJECT)
    assert "is over" in said(browser.get(f"{back}&iss=http://127.0.0.1:1"), browser)
    assert is_untouched(submission)


def test_ana_may_decline_and_type_the_code(browser, submission, provider):
    page = said(browser.get(provider.declines(away(browser))), browser)
    assert "You did not sign in" in page
    assert 'name="code"' in page
    assert is_untouched(submission)


def test_while_the_provider_is_away_the_page_says_so_and_the_code_stays_open(browser, submission, settings):
    settings.OPENID = settings.OPENID | {"person": settings.OPENID["person"] | {"issuer": "http://127.0.0.1:9"}}
    assert "cannot be reached" in said(browser.post("/sign-in/"), browser)
    assert is_untouched(submission)
    assert identity.confirm(
        submission, purpose="verify", code=newest_code("verify"), actor=Actor.person(), at=clock.now()
    )


def test_where_it_breaks_down_in_between_nothing_is_confirmed(browser, submission, provider):
    back = provider.signs_in(away(browser), SUBJECT)
    provider.lies(down=True)
    assert "cannot be reached" in said(browser.get(back), browser)
    assert is_untouched(submission)


def test_a_provider_that_never_answers_is_not_waited_for(browser, submission, provider, monkeypatch):
    monkeypatch.setattr(openid, "PATIENCE", 0.2)
    openid.forget_providers()
    back = provider.signs_in(away(browser), SUBJECT)
    provider.lies(seconds=2)
    started = time.monotonic()
    assert "cannot be reached" in said(browser.get(back), browser)
    assert time.monotonic() - started < 2
    assert is_untouched(submission)


def test_no_line_of_the_log_holds_what_proves_the_sign_in(browser, submission, provider, caplog):
    caplog.set_level(logging.INFO)
    url = away(browser)
    back = provider.signs_in(url, SUBJECT)
    browser.get(back)
    secrets = re.findall(r"(?:code|state|nonce|code_challenge)=([^&]+)", url + "&" + back)
    assert len(secrets) == 5
    for secret in (*secrets, SUBJECT, "example.org", "a-secret-of-the-test"):
        assert secret not in caplog.text


def test_a_sign_in_asks_the_data_sources_as_a_code_does(browser, submission, provider, settings):
    settings.DATA_SOURCES = {"shop": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {}}}
    signs_in(browser, provider)
    assert list(submission.lookups.values_list("alias", flat=True)) == ["shop"]


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "http://127.0.0.1:1"},
        {"authorization_endpoint": "http://127.0.0.1:1/oauth2/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://elsewhere.example/oauth2/token"},
        {"jwks_uri": None},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
    ],
    ids=str,
)
def test_nobody_is_led_anywhere_but_to_the_configured_provider(browser, submission, provider, discovery):
    provider.lies(discovery=discovery)
    assert "cannot be reached" in said(browser.post("/sign-in/"), browser)


@pytest.mark.parametrize("missing", ["issuer", "client_id", "client_secret"])
def test_half_configured_the_button_is_not_there(browser, submission, settings, missing):
    settings.OPENID = settings.OPENID | {"person": settings.OPENID["person"] | {missing: ""}}
    assert "Sign in with your account" not in browser.get("/status/").content.decode()
    assert browser.post("/sign-in/").status_code == 404


def test_otto_begins_nothing_for_ana_and_no_form_of_another_site_does(browser, submission, provider):
    assert Client().post("/sign-in/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post("/sign-in/").status_code == 403


def test_the_provider_counts_the_challenge(browser, provider):
    """The provider of the tests enforces PKCE: or the test of the stolen code would prove nothing."""
    back = provider.signs_in(away(browser), SUBJECT)
    code = re.search(r"code=([^&]+)", back)[1]
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://testserver/sign-in/back/"}
    answer = requests.post(f"{provider.issuer}/oauth2/token", data=data, auth=("portal", "x"), timeout=5)
    assert answer.status_code == 400


def finds(browser, provider, subject=SUBJECT):
    """From the page "find my requests"; returns where it leads."""
    page = browser.post("/sign-in/", {"for": "find"}).content.decode()
    url = unescape(re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)[1])
    return browser.get(provider.signs_in(url, subject))["Location"]


def test_whoever_comes_back_later_finds_all_requests_of_the_address_by_signing_in(submission, provider):
    later, browser = ana_files("deletion", at=clock.now()), Client()
    assert "Sign in with your account" in browser.get("/find/").content.decode()
    assert finds(browser, provider) == "/found/"
    page = browser.get("/found/").content.decode()
    assert submission.case_label in page
    assert later.case_label in page
    assert browser.post(f"/found/{submission.pk}/")["Location"] == "/status/"
    assert browser.get("/status/").status_code == 200
    assert "fresh_until" not in browser.session
    assert is_untouched(submission)


def test_otto_finds_nothing_of_anas_by_signing_in(submission, provider):
    provider.has("otto", email="otto@example.org", email_verified=True)
    provider.has("unverified", email="ana@example.org", email_verified=False)
    for subject, words in (("otto", "No requests were found"), ("unverified", "no confirmed e-mail address")):
        browser = Client()
        assert finds(browser, provider, subject) == "/find/"
        assert words in browser.get("/find/").content.decode()
        assert browser.get("/status/")["Location"] == "/find/"


def test_a_sign_in_begun_to_find_confirms_nothing(browser, submission, provider):
    assert finds(browser, provider) == "/found/"
    assert is_untouched(submission)


def test_submissions_are_bound_apart(browser, submission, provider):
    signs_in(browser, provider)
    assert list(Submission.objects.filter(sign_in__isnull=False)) == [submission]
