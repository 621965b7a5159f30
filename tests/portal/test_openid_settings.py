"""A provider of OpenID Connect is configured whole, or a check says what is missing."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env
from requests_app.checks import providers_are_configured_whole
from requests_app.connectors.openid import provider

WHOLE = {"issuer": "https://login.example.org", "client_id": "portal", "client_secret": "a-secret-of-the-test"}
NONE = dict.fromkeys(WHOLE, "")


def found(settings, **person):
    settings.OPENID = {"person": WHOLE | person, "staff": NONE}
    return [(message.id, message.hint) for message in providers_are_configured_whole()]


def test_all_or_nothing_is_well(settings):
    assert found(settings) == []
    assert provider("person").issuer == WHOLE["issuer"]
    assert found(settings, **NONE) == []
    assert provider("person") is None


@pytest.mark.parametrize("part", WHOLE)
def test_what_is_missing_is_named_and_the_sign_in_is_off(settings, part):
    [(number, hint)] = found(settings, **{part: ""})
    assert number == "portal.E005"
    assert f"PERSON_OIDC_{part.upper()}" in hint
    assert provider("person") is None


@pytest.mark.parametrize("issuer", ["http://login.example.org", "login.example.org", "file:///etc/passwd"])
def test_an_issuer_that_others_could_speak_for_is_refused(settings, issuer):
    [(number, _hint)] = found(settings, issuer=issuer)
    assert number == "portal.E006"
    assert provider("person") is None


def test_a_role_that_does_not_exist_is_named(settings):
    settings.STAFF_OIDC_ROLES = [("dpo", "privacy officer"), ("everybody", "king")]
    [message] = providers_are_configured_whole()
    assert message.id == "portal.E007"
    assert "king" in message.msg


def test_roles_are_read_in_pairs_and_a_mistake_is_named(monkeypatch):
    monkeypatch.setenv("STAFF_OIDC_ROLES", "dpo=privacy officer, dpo = approver")
    assert env.pairs("STAFF_OIDC_ROLES") == [("dpo", "privacy officer"), ("dpo", "approver")]
    monkeypatch.setenv("STAFF_OIDC_ROLES", "dpo")
    with pytest.raises(ImproperlyConfigured, match="pairs such as"):
        env.pairs("STAFF_OIDC_ROLES")


def test_the_secret_may_lie_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from-a-file\n")
    monkeypatch.setenv("PERSON_OIDC_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.delenv("PERSON_OIDC_CLIENT_SECRET", raising=False)
    env.load_files()
    assert env.openid("PERSON_OIDC")["client_secret"] == "from-a-file"
    monkeypatch.delenv("PERSON_OIDC_CLIENT_SECRET")


def test_nothing_that_prints_a_provider_shows_its_secret(settings):
    settings.OPENID = {"person": WHOLE, "staff": NONE}
    assert WHOLE["client_secret"] not in repr(provider("person"))
