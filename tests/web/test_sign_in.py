"""How staff sign in: a password, then a second factor; and what no session reaches without it."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connections
from django.test import Client

from requests_app.models.keys import master
from tests.people import published_policy, staff
from tests.sign_in import PASSWORD, SECRET, code, device_of

pytestmark = pytest.mark.django_db

DESK = "/admin/requests_app/datasubjectrequest/"
IN, APP, CODE = "/staff/sign-in/", "/staff/second-factor/app/", "/staff/sign-in/code/"


@pytest.fixture
def petra():
    published_policy()
    account = staff("petra", "privacy officer")
    account.set_password(PASSWORD)
    account.save()
    return account


def give_password(client, name="petra", password=PASSWORD, **more):
    return client.post(IN, {"login": name, "password": password}, **more)


def signed_in(account):
    client = Client()
    device_of(account)
    assert give_password(client, account.username)["Location"].startswith(CODE)
    answer = client.post(CODE, {"code": code()})
    assert answer["Location"] == "/admin/"
    return client


def road(answer):
    return answer["Location"].split("?")[0]


def set_up(client):
    secret = re.search(r'<code class="key">(\w+)</code>', client.get(APP).content.decode())[1]
    return client.post(APP, {"code": code(secret)})


def test_the_first_sign_in_sets_up_an_app_shows_recovery_codes_once_and_opens_the_desk(client, petra):
    give_password(client)
    assert road(client.get(DESK)) == APP
    before = client.session.session_key
    answer = set_up(client)
    assert road(answer) == "/staff/second-factor/codes/"
    assert client.session.session_key != before
    codes = re.findall(r"<code>(\d{8})</code>", client.get(answer["Location"]).content.decode())
    assert len(set(codes)) == 10
    assert re.findall(r"<code>\d+</code>", client.get(answer["Location"]).content.decode()) == []
    assert client.get(DESK).status_code == 200


def test_with_a_device_the_password_alone_signs_nobody_in(client, petra):
    device_of(petra)
    assert road(give_password(client)) == CODE
    assert "_auth_user_id" not in client.session
    assert road(client.get(DESK)) == "/admin/login/"
    assert "Incorrect code" in client.post(CODE, {"code": "000000"}).content.decode()
    assert road(client.get(DESK)) == "/admin/login/"


def test_the_session_gets_a_new_id_when_somebody_signs_in(client, petra):
    session = client.session
    session["kept"] = "before"
    session.save()
    planted = session.session_key
    device_of(petra)
    give_password(client)
    client.post(CODE, {"code": code()})
    assert client.get(DESK).status_code == 200
    assert client.session.session_key != planted
    stranger = Client()
    stranger.cookies["sessionid"] = planted
    assert road(stranger.get(DESK)) == "/admin/login/"


def test_a_code_works_once(petra):
    signed_in(petra)
    again = Client()
    give_password(again)
    assert "Incorrect code" in again.post(CODE, {"code": code()}).content.decode()


def test_a_recovery_code_signs_in_once_where_the_device_is_away(client, petra):
    give_password(client)
    codes = re.findall(r"<code>(\d{8})</code>", client.get(set_up(client)["Location"]).content.decode())
    for expected in (302, 200):
        elsewhere = Client()
        give_password(elsewhere)
        assert elsewhere.post(CODE, {"code": codes[0]}).status_code == expected


def test_a_session_of_before_the_device_was_set_up_ends(client, petra):
    give_password(client)
    device_of(petra)
    assert road(client.get(DESK)) == IN
    assert "_auth_user_id" not in client.session


def test_a_password_alone_removes_no_device_and_shows_no_recovery_codes(client, petra):
    give_password(client)
    device = device_of(petra)
    for path in ("app/remove/", "codes/", "codes/new/", "passkeys/", "passkeys/add/", ""):
        other = Client()
        other.cookies = client.cookies.copy()
        assert road(other.post(f"/staff/second-factor/{path}")) == IN, path
    assert Authenticator.objects.get(user=petra) == device


def test_the_secret_lies_in_the_database_under_the_master_key(client, petra):
    give_password(client)
    set_up(client)
    for device in Authenticator.objects.filter(user=petra):
        sealed = device.data.get("secret") or device.data["seed"]
        assert len(master().decrypt(sealed.encode())) >= 32


def test_nobody_signs_up_and_no_mail_resets_a_password(client):
    for path in ("signup/", "sign-up/", "password/reset/", "login/", "email/"):
        assert client.get(f"/staff/{path}").status_code == 404, path


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client, petra):
    answers = [give_password(client, name, "wrong").content for name in ("petra", "nobody")]
    token = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|value="(petra|nobody)"')
    assert token.sub(b"", answers[0]) == token.sub(b"", answers[1])
    assert b"not correct" in answers[0]


def test_after_five_wrong_passwords_the_right_one_has_to_wait(client, petra):
    for _try in range(5):
        give_password(client, password="wrong")
    answer = give_password(client)
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_after_five_wrong_codes_the_right_one_has_to_wait(client, petra):
    device_of(petra)
    give_password(client)
    for number in range(5):
        client.post(CODE, {"code": f"{number:06}"})
    assert "Too many" in client.post(CODE, {"code": code()}).content.decode()
    assert road(client.get(DESK)) == "/admin/login/"


@pytest.mark.both
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_thirty_guesses_at_once_are_five_guesses(petra, monkeypatch):
    tried, lock = [], threading.Lock()

    def counted(self, raw):
        with lock:
            tried.append(raw)
        return False

    monkeypatch.setattr(User, "check_password", counted)

    def guess(number):
        try:
            return give_password(Client(), password=f"guess {number}", REMOTE_ADDR=f"10.0.0.{number}").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(guess, range(30))) == {200}
    cache.clear()  # its table is nobody's model, so no flush empties it
    assert 0 < len(tried) <= 5


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_session_ends_with_the_next_page_when_the_account_is_disabled(petra, change):
    client = signed_in(petra)
    assert client.get(DESK).status_code == 200
    User.objects.filter(pk=petra.pk).update(**change)
    assert road(client.get(DESK)) in {"/admin/login/", IN}
    User.objects.filter(pk=petra.pk).update(is_active=True, is_staff=True)
    assert client.get(DESK).status_code == (302 if "is_staff" in change else 200)


def test_a_changed_password_ends_the_other_sessions(petra):
    client = signed_in(petra)
    petra.set_password("another-password-of-the-test")
    petra.save()
    assert road(client.get(DESK)) == "/admin/login/"


def test_a_changed_role_holds_with_the_next_page(petra):
    client = signed_in(petra)
    assert client.get("/admin/requests_app/notice/").status_code == 200
    petra.groups.clear()
    assert client.get("/admin/requests_app/notice/").status_code == 403
    petra.groups.add(Group.objects.get(name="privacy officer"))
    assert client.get("/admin/requests_app/notice/").status_code == 200


def test_an_account_that_is_no_staff_account_gets_nowhere(client):
    account = User.objects.create_user("otto", password=PASSWORD)
    device_of(account)
    give_password(client, "otto")
    client.post(CODE, {"code": code()})
    for path in (DESK, "/staff/second-factor/"):
        assert road(client.get(path)) in {IN, "/admin/login/"}


def test_the_library_shows_no_secrets_in_the_admin(petra):
    petra.is_superuser = True
    petra.save()
    client = signed_in(petra)
    for path in ("mfa/authenticator/", "account/emailaddress/"):
        assert client.get(f"/admin/{path}").status_code == 404
    assert SECRET not in client.get("/admin/auth/user/").content.decode()


def test_a_lost_device_is_reset_by_whoever_keeps_the_accounts_and_its_sessions_end(petra):
    session = signed_in(petra)
    root = staff("root")
    root.is_superuser = True
    root.save()
    keeper = Client()
    keeper.force_login(root)
    chosen = {"action": "reset_second_factor", "_selected_action": [petra.pk]}
    assert keeper.post("/admin/auth/user/", chosen).status_code == 302
    assert not Authenticator.objects.filter(user=petra).exists()
    assert "Second factor removed" in keeper.get(f"/admin/auth/user/{petra.pk}/history/").content.decode()
    assert road(session.get(DESK)) == IN
    give_password(session)
    assert road(session.get(DESK)) == APP


def test_an_officer_resets_nobodys_device(petra):
    bruno = staff("bruno", "handler")
    device_of(bruno)
    chosen = {"action": "reset_second_factor", "_selected_action": [bruno.pk]}
    assert signed_in(petra).post("/admin/auth/user/", chosen).status_code == 403
    assert Authenticator.objects.filter(user=bruno).exists()


def test_the_codes_of_the_demo_are_on_a_page_that_exists_in_the_demo_only(client, settings, petra):
    device = device_of(petra)
    device.data["demo"] = True
    device.save()
    device_of(staff("bruno", "handler"))
    assert client.get("/demo/codes/").status_code == 404
    settings.DEMO = True
    page = client.get("/demo/codes/").content.decode()
    assert code() in page
    assert "bruno" not in page
    assert page.count("<code>") == 1
