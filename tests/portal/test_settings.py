"""The production settings: clean where all is set, a sentence that helps where something is not."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from portal import env
from tests import migrated_files

ROOT = Path(__file__).parents[2]
SECRETS = ("SECRET_KEY", "MASTER_KEYS", "LOOKUP_KEYS", "SUPPRESSION_KEYS", "CODE_KEY", "PACKAGE_KEY")


def operators(folder):
    """Nothing of the environment of the tests, all that an operator sets."""
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": secrets.token_urlsafe(60),
        "MASTER_KEYS": Fernet.generate_key().decode(),
        "LOOKUP_KEYS": f"1:{secrets.token_hex(32)}",
        "SUPPRESSION_KEYS": f"1:{secrets.token_hex(32)}",
        "CODE_KEY": secrets.token_hex(32),
        "PACKAGE_KEY": secrets.token_hex(32),
        "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/keys.sqlite3",
        "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "PUBLIC_URL": "https://privacy.example.org",
        "BEHIND_PROXY": "1",
        "VAR_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
    }


@pytest.fixture
def production(tmp_path):
    return operators(tmp_path)


def manage(environment, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_a_portal_set_up_as_documented_passes_the_check_for_deployment(production, tmp_path):
    migrated_files.copy(tmp_path)
    accounts = ("ada=approver", "petra=privacy officer")
    for step in (
        ("bootstrap", *accounts),
        ("load_policy", "policies/digital-assets.toml", "--prepared-by", "petra", "--approved-by", "ada"),
        ("collectstatic", "--noinput", "-v0"),
    ):
        done = manage(production, *step)
        assert done.returncode == 0, done.stderr
    check = ("check", "--deploy", "--fail-level", "WARNING", "--database", "default", "--database", "keys")
    done = manage(production, *check)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


@pytest.mark.process
def test_before_the_accounts_are_made_the_check_for_deployment_says_so(production, tmp_path):
    migrated_files.copy(tmp_path)
    done = manage(production, "check", "--deploy", "--fail-level", "WARNING", "--database", "default")
    assert done.returncode == 1
    assert "Run manage.py bootstrap" in done.stderr


@pytest.mark.process
@pytest.mark.parametrize("name", SECRETS)
def test_without_a_secret_nothing_starts_and_the_message_says_how_to_make_one(production, name):
    del production[name]
    done = manage(production, "check")
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr
    assert env.HOW_TO_MAKE[name] in done.stderr


@pytest.mark.parametrize("name", SECRETS)
def test_the_documented_way_to_make_a_secret_makes_one_that_is_accepted(name):
    made = subprocess.run(
        env.HOW_TO_MAKE[name].replace("python", sys.executable, 1),
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, made)
        read = {
            "MASTER_KEYS": env.fernet_keys,
            "LOOKUP_KEYS": env.versioned_keys,
            "SUPPRESSION_KEYS": env.versioned_keys,
        }.get(name, lambda name: env.secret(name, at_least=50))
        assert read(name)


MISTAKES = {
    "short secret": (lambda name: env.secret(name, at_least=50), "hunter2", "too short: at least 50"),
    "second entry is no Fernet key": (env.fernet_keys, f"{Fernet.generate_key().decode()},hunter2", "entry 2 of 2"),
    "only commas": (env.fernet_keys, ",", "holds no key"),
    "no version": (env.versioned_keys, "hunter2", "version and a colon"),
    "short look-up key": (env.versioned_keys, "1:abcd", "64 hexadecimal digits"),
    "a version twice": (env.versioned_keys, f"1:{'ab' * 32},1:{'cd' * 32}", "version 1 twice"),
    "neither yes nor no": (lambda name: env.boolean(name, default=False), "perhaps", "must be one of 1, true"),
    "no number": (lambda name: env.integer(name, default=0), "soon", "must be a whole number"),
    "address with a path": (lambda name: env.public_url(name, default=""), "https://a.example/x", "without path"),
    "no colour": (lambda name: env.colour(name, default=""), "blue;}", "a colour such as"),
    "another database": (lambda name: env.database(name, default=""), "mysql://h/hunter2", "sqlite:// or postgres://"),
    "no database": (lambda name: env.database(name, default=""), "hunter2", "SETTING"),
    "no mail server": (lambda name: env.mail(name, default=""), "gopher://hunter2", "mail URL"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_value_is_refused_with_its_name_and_never_shown(monkeypatch, mistake):
    read, value, reason = MISTAKES[mistake]
    monkeypatch.setenv("SETTING", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read("SETTING")
    assert str(refused.value).startswith("SETTING ")
    assert reason in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_secret_can_lie_in_a_file_and_not_in_two_places(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    monkeypatch.delenv("CODE_KEY")
    monkeypatch.setenv("CODE_KEY_FILE", str(file))
    env.load_files()
    assert os.environ["CODE_KEY"] == "from the file"
    monkeypatch.setenv("CODE_KEY_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match="set twice"):
        env.load_files()
    monkeypatch.delenv("CODE_KEY")
    monkeypatch.setenv("CODE_KEY_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ImproperlyConfigured, match="CODE_KEY_FILE"):
        env.load_files()


def test_sqlite_overwrites_what_is_deleted_however_it_was_built():
    assert "secure_delete=ON" in env.database("DATABASE_URL", default="sqlite:///x")["OPTIONS"]["init_command"]
