"""A first sign-in that is made many times at once makes one account, bound once; and roles are whole or not at all."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections

from requests_app.models import StaffSignIn
from requests_app.operations.refused import Refused
from requests_app.operations.staff_sign_in import admit
from tests.people import NOON, staff

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]


@pytest.fixture(autouse=True)
def _mapped(settings):
    settings.STAFF_OIDC_ROLES = [("dpo", "privacy officer"), ("dpo", "approver"), ("case-team", "handler")]


def sign_in(subject="petra-1", *groups, email="petra@controller.example"):
    shown = {"issuer": "https://login.example.org", "subject": subject, "email": email, "email_verified": True}
    return admit(**shown, groups=groups or ("dpo",), at=NOON)


def at_once(subjects):
    def one(subject):
        try:
            return sign_in(subject).pk
        except Refused:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(subjects)) as pool:
        return set(pool.map(one, subjects)) - {None}


def test_a_new_account_is_made_once():
    assert len(at_once(["petra-1"] * 6)) == 1
    account = User.objects.get(email="petra@controller.example")
    assert StaffSignIn.objects.get().account == account
    assert set(account.groups.values_list("name", flat=True)) == {"privacy officer", "approver"}


def test_of_two_subjects_with_one_address_one_gets_the_account():
    staff("petra", "handler")
    assert len(at_once(["petra-1", "petra-2"] * 3)) == 1
    assert StaffSignIn.objects.count() == 1


def test_groups_that_are_no_roles_stay_when_roles_go():
    petra = staff("petra", "approver")
    petra.groups.add(Group.objects.create(name="readers of reports"))
    sign_in("petra-1", "case-team")
    assert set(petra.groups.values_list("name", flat=True)) == {"readers of reports", "handler"}
