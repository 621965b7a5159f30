"""How staff sign in at their organisation's provider: which account, which roles, and whose second factor."""

import logging
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from requests_app import clock
from requests_app.models import StaffSignIn
from requests_app.models.staff import same_person
from tests.people import published_policy, staff
from tests.sign_in import PASSWORD, code, device_of

pytestmark = pytest.mark.django_db

DESK = "/admin/requests_app/datasubjectrequest/"
IN, APP, CODE = "/staff/sign-in/", "/staff/second-factor/app/", "/staff/sign-in/code/"
ROLES = [("dpo", "privacy officer"), ("case-team", "handler"), ("dpo", "approver")]
MFA = {"amr": ["pwd", "mfa"]}


@pytest.fixture(autouse=True)
def petra(provider, settings):
    published_policy()
    settings.STAFF_OIDC_ROLES = []
    provider.has("petra-1", email="Petra@controller.example", email_verified=True, groups=["dpo"])
    return User.objects.get(username="petra")


def signs_in(provider, subject="petra-1", *, client=None, after="", **lies):
    """The whole way; returns the browser."""
    client = client or Client()
    provider.lies(claims=lies)
    page = client.post("/staff/sign-in/provider/", {"next": after}).content.decode()
    url = unescape(re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)[1])
    client.answer = client.get(provider.signs_in(url, subject))
    return client


def road(answer):
    return answer["Location"].split("?")[0]


def is_refused(client):
    assert road(client.answer) == IN
    assert "_auth_user_id" not in client.session
    return client.get(IN).content.decode()


def roles(account):
    return set(account.groups.values_list("name", flat=True))


def test_petra_is_known_by_her_verified_address_and_from_then_on_by_her_account_there(petra, provider):
    client = signs_in(provider, **MFA)
    assert client.answer["Location"] == "/admin/"
    assert client.get(DESK).status_code == 200
    assert StaffSignIn.objects.get().account == petra
    provider.has("petra-1", email="petra.married@controller.example", email_verified=True)
    assert signs_in(provider, **MFA).get(DESK).status_code == 200
    assert User.objects.filter(is_staff=True).count() == 2  # petra and ada, as before


def test_of_her_account_there_a_digest_is_kept_and_no_token_anywhere(petra, provider):
    client = signs_in(provider, **MFA)
    assert re.fullmatch(r"1:[0-9a-f]{64}", StaffSignIn.objects.get().subject_digest)
    assert "petra-1" not in str(dict(client.session.items()))
    assert not [key for key in client.session.keys() if key.startswith("openid")]  # noqa: SIM118


@pytest.mark.parametrize(
    "more", [{"email_verified": False}, {"email_verified": None}, {"email": "otto@elsewhere.example"}]
)
def test_nobody_else_gets_in(petra, provider, more):
    provider.has("otto", **{"email": "petra@controller.example", "email_verified": True} | more)
    assert "have no access here" in is_refused(signs_in(provider, "otto", **MFA))
    assert not StaffSignIn.objects.exists()


def test_a_second_account_there_with_her_address_is_not_hers(petra, provider):
    signs_in(provider, **MFA)
    provider.has("petra-2", email="petra@controller.example", email_verified=True)
    is_refused(signs_in(provider, "petra-2", **MFA))


def test_an_address_that_two_accounts_have_signs_in_neither(petra, provider):
    twin = staff("twin", "handler")
    User.objects.filter(pk=twin.pk).update(email="PETRA@controller.example")
    is_refused(signs_in(provider, **MFA))


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_disabled_account_stays_out_and_a_session_ends_with_the_next_page(petra, provider, change):
    client = signs_in(provider, **MFA)
    User.objects.filter(pk=petra.pk).update(**change)
    assert road(client.get(DESK)) in {IN, "/admin/login/"}
    is_refused(signs_in(provider, **MFA))


def test_a_superuser_is_never_signed_in_by_the_provider_and_keeps_the_password(petra, provider, settings):
    settings.STAFF_OIDC_ROLES = ROLES
    signs_in(provider, **MFA)
    petra.is_superuser = True
    petra.set_password(PASSWORD)
    petra.save()
    is_refused(signs_in(provider, **MFA))
    assert road(Client().post(IN, {"login": "petra", "password": PASSWORD})) == "/admin/"


class TestSecondFactor:
    def test_where_the_provider_saw_one_the_desk_opens(self, petra, provider):
        assert signs_in(provider, **MFA).get(DESK).status_code == 200

    def test_where_it_saw_none_the_app_is_set_up_first(self, petra, provider):
        client = signs_in(provider, amr=["pwd"])
        assert road(client.get(DESK)) == APP
        assert road(client.get("/staff/second-factor/codes/")) == APP

    def test_where_it_saw_none_our_code_is_asked_for(self, petra, provider):
        device_of(petra)
        client = signs_in(provider)
        assert road(client.answer) == CODE
        assert road(client.get(DESK)) == "/admin/login/"
        client.post(CODE, {"code": code()})
        assert client.get(DESK).status_code == 200

    def test_with_a_device_of_ours_too_the_providers_is_enough(self, petra, provider):
        device_of(petra)
        assert signs_in(provider, **MFA).get(DESK).status_code == 200

    @pytest.mark.parametrize("claims", [{"acr": "mfa"}, {"amr": "mfa-like"}, {"acr": ["1"]}, {"mfa": True}])
    def test_nothing_else_is_taken_for_one(self, petra, provider, claims):
        client = signs_in(provider, **claims)
        assert client.answer["Location"] == IN or road(client.get(DESK)) == APP

    def test_a_level_that_the_organisation_named_is_one(self, petra, provider, settings):
        settings.STAFF_OIDC_ACR = ["https://refeds.org/profile/mfa"]
        client = signs_in(provider, acr="https://refeds.org/profile/mfa")
        assert client.get(DESK).status_code == 200

    def test_the_level_is_asked_for(self, provider, settings):
        settings.STAFF_OIDC_ACR = ["gold"]
        assert "acr_values=gold" in Client().post("/staff/sign-in/provider/").content.decode()

    def test_its_word_holds_for_a_working_day(self, petra, provider):
        client = signs_in(provider, **MFA)
        with time_machine.travel(clock.now() + timedelta(hours=9, minutes=59)):
            assert client.get(DESK).status_code == 200
        with time_machine.travel(clock.now() + timedelta(hours=10, minutes=1)):
            assert road(client.get(DESK)) == IN


class TestRoles:
    @pytest.fixture(autouse=True)
    def _mapped(self, settings):
        settings.STAFF_OIDC_ROLES = ROLES

    def test_the_claim_gives_them_and_takes_them_away(self, petra, provider):
        client = signs_in(provider, **MFA)
        assert roles(petra) == {"privacy officer", "approver"}
        provider.has("petra-1", email="petra@controller.example", email_verified=True, groups=["case-team", "canteen"])
        signs_in(provider, **MFA)
        assert roles(petra) == {"handler"}
        assert client.get("/admin/requests_app/notice/").status_code == 200  # a handler may look
        written = LogEntry.objects.filter(object_id=str(petra.pk)).values_list("change_message", flat=True)
        assert "Roles by the organisation's provider: handler." in written

    def test_without_any_role_left_nobody_gets_in_and_open_sessions_lose_theirs(self, petra, provider):
        client = signs_in(provider, **MFA)
        provider.has("petra-1", email="petra@controller.example", email_verified=True, groups=[])
        is_refused(signs_in(provider, **MFA))
        assert roles(petra) == set()
        assert client.get("/admin/requests_app/notice/").status_code == 403

    def test_whoever_gets_a_role_there_gets_an_account_without_a_password(self, provider):
        provider.has("nora-1", email="nora@controller.example", email_verified=True, groups=["case-team"])
        client = signs_in(provider, "nora-1", **MFA)
        assert client.get(DESK).status_code == 200
        nora = User.objects.get(username="nora@controller.example")
        assert (nora.is_staff, nora.is_superuser, nora.has_usable_password()) == (True, False, False)
        assert roles(nora) == {"handler"}

    @pytest.mark.parametrize(
        "more", [{"groups": ["canteen"]}, {"groups": []}, {"email_verified": False}, {"email": ""}]
    )
    def test_whoever_gets_none_or_has_no_verified_address_gets_no_account(self, provider, more):
        known = {"email": "nora@controller.example", "email_verified": True, "groups": ["dpo"]}
        provider.has("nora-1", **known | more)
        before = User.objects.count()
        is_refused(signs_in(provider, "nora-1", **MFA))
        assert User.objects.count() == before

    def test_a_new_account_is_one_person_with_the_superuser_account_of_the_same_address(self, provider):
        root = staff("root")
        root.is_superuser = True
        root.save()
        provider.has("ivo", email="root@controller.example", email_verified=True, groups=["dpo"])
        signs_in(provider, "ivo", **MFA)
        assert same_person(root.pk, User.objects.get(username="root@controller.example").pk)

    def test_one_group_may_stand_as_a_text(self, petra, provider):
        provider.has("petra-1", email="petra@controller.example", email_verified=True, groups="case-team")
        signs_in(provider, **MFA)
        assert roles(petra) == {"handler"}

    def test_another_claim_can_carry_them(self, petra, provider, settings):
        settings.STAFF_OIDC_ROLES_CLAIM = "portal_roles"
        provider.has("petra-1", email="petra@controller.example", email_verified=True, portal_roles=["case-team"])
        signs_in(provider, **MFA)
        assert roles(petra) == {"handler"}


def test_without_a_mapping_roles_stay_as_the_superuser_set_them(petra, provider):
    signs_in(provider, **MFA)
    assert roles(petra) == {"privacy officer"}


@pytest.mark.parametrize(
    ("after", "leads"), [(DESK, DESK), ("https://evil.example/", "/admin/"), ("//evil.example", "/admin/")]
)
def test_it_leads_on_to_the_page_that_was_asked_for_and_to_no_other_site(petra, provider, after, leads):
    assert signs_in(provider, after=after, **MFA).answer["Location"] == leads


def test_signing_in_gives_a_new_session_and_leaves_nothing_of_another_accounts(petra, provider):
    bruno = staff("bruno", "handler")
    client = Client()
    client.force_login(bruno)
    before = client.session.session_key
    signs_in(provider, client=client, **MFA)
    assert client.session["_auth_user_id"] == str(petra.pk)
    assert client.session.session_key != before
    assert client.get(DESK).status_code == 200


@pytest.mark.parametrize("lie", [{"nonce": "another"}, {"aud": "another"}, {"exp": 1}, {"sub": None}])
def test_a_token_that_is_not_the_providers_for_this_sign_in_signs_nobody_in(petra, provider, lie):
    assert "could not be checked" in is_refused(signs_in(provider, **MFA, **lie))


def test_a_sign_in_of_a_person_is_none_of_staff(petra, provider, settings):
    client = Client()
    page = client.post("/staff/sign-in/provider/").content.decode()
    url = unescape(re.search(r'url=([^"]+)"', page)[1])
    back = provider.signs_in(url, "petra-1").replace("/staff/sign-in/provider/back/", "/sign-in/back/")
    assert client.get(back)["Location"] == "/status/"
    assert "found" not in client.session
    assert "_auth_user_id" not in client.session


def test_the_button_is_there_where_a_provider_is_and_the_password_stays(client, settings):
    page = client.get(IN).content.decode()
    assert "Sign in with your organisation" in page
    assert 'name="password"' in page
    settings.OPENID = settings.OPENID | {"staff": dict.fromkeys(settings.OPENID["staff"], "")}
    assert "Sign in with your organisation" not in client.get(IN).content.decode()
    assert client.post("/staff/sign-in/provider/").status_code == 404


def test_while_the_provider_is_away_the_page_says_so(client, settings):
    settings.OPENID = settings.OPENID | {"staff": settings.OPENID["staff"] | {"issuer": "http://127.0.0.1:9"}}
    assert road(client.post("/staff/sign-in/provider/")) == IN
    assert "cannot be reached" in client.get(IN).content.decode()


def test_what_is_logged_names_nobody_and_no_token(petra, provider, caplog):
    caplog.set_level(logging.DEBUG)
    provider.has("otto", email="otto@elsewhere.example", email_verified=True)
    signs_in(provider, "otto", **MFA)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("requests_app")]
    assert lines == ["A sign-in of staff at the provider was refused: no account"]
