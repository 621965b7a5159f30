"""A new master key takes over, and the old one can go."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import CommandError, call_command

from requests_app.models import Notice, SubmissionKey
from requests_app.operations import rotation
from requests_app.operations.notices import owe
from tests.people import NOON, ana_files, published_policy, staff
from tests.sign_in import SECRET, code

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def old(settings):
    return settings.MASTER_KEYS[0]


@pytest.fixture
def new():
    return Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _cases(old):
    published_policy()
    ana_files("access")
    ana_files("access", email="bianca@example.org", name="Bianca Prova")
    counts = (("Open", 2),)
    context = {"day": NOON.date(), "counts": counts}
    owe("staff_digest", submission=None, staff=staff("petra"), occurrence="1", context=context, at=NOON)


def everything_opens():
    for notice in Notice.objects.all():
        assert notice.text
        if notice.submission:
            assert notice.submission.email.endswith("@example.org")
    assert Notice.objects.filter(submission=None).count() == 1


def test_after_the_rotation_everything_opens_without_the_old_key(settings, old, new):
    settings.MASTER_KEYS = [new, old]
    assert rotation.rotate() == rotation.Rotated(keys=2, notices=1)
    settings.MASTER_KEYS = [new]
    everything_opens()


def test_second_factors_of_staff_open_after_the_rotation(settings, old, new):
    account = staff("petra")
    TOTP.activate(account, SECRET), RecoveryCodes.activate(account)
    before = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    settings.MASTER_KEYS = [new, old]
    assert rotation.rotate().devices == 2
    settings.MASTER_KEYS = [new]
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code())
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == before
    assert rotation.rotate().devices == 0


def test_without_the_rotation_nothing_opens_under_the_new_key_alone(settings, new):
    settings.MASTER_KEYS = [new]
    with pytest.raises(InvalidToken):
        everything_opens()


def test_a_rotation_that_was_cut_off_goes_on_where_it_stopped(settings, old, new):
    settings.MASTER_KEYS = [new, old]
    row = SubmissionKey.objects.order_by("pk").first()
    done = Fernet(new).encrypt(Fernet(old).decrypt(bytes(row.wrapped)))
    SubmissionKey.objects.filter(pk=row.pk).update(wrapped=done)
    assert rotation.rotate() == rotation.Rotated(keys=1, notices=1)
    assert rotation.rotate() == rotation.Rotated()
    assert bytes(SubmissionKey.objects.get(pk=row.pk).wrapped) == done


def test_more_rows_than_one_batch_are_all_wrapped(settings, old, new, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 1)
    settings.MASTER_KEYS = [new, old]
    assert rotation.rotate() == rotation.Rotated(keys=2, notices=1)


def test_a_key_destroyed_meanwhile_is_not_brought_back(settings, old, new, monkeypatch):
    settings.MASTER_KEYS = [new, old]
    anew = rotation._anew

    def destroyed_in_between(sealed, done):
        SubmissionKey.objects.all().delete()
        return anew(sealed, done)

    monkeypatch.setattr(rotation, "_anew", destroyed_in_between)
    assert rotation.rotate().keys == 0
    assert not SubmissionKey.objects.exists()


def test_with_the_old_key_gone_too_early_the_command_says_how_to_mend_it(settings, old, new, capsys):
    settings.MASTER_KEYS = [new]
    with pytest.raises(CommandError, match=r"3 rows .* Add the old key at the end of the list, then repeat\."):
        call_command("rotate_keys")
    settings.MASTER_KEYS = [new, old]
    call_command("rotate_keys")
    assert "All of it is under the first master key now." in capsys.readouterr().out
    everything_opens()
