"""What an operator types, and what is said back."""

import smtplib
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from requests_app import clock
from requests_app.checks import append_only_tables_are_guarded, databases_are_of_this_version
from requests_app.models import DataSubjectRequest, Heartbeat, PolicyVersion
from requests_app.models.keys import SubmissionKey
from requests_app.operations import access, triggers
from requests_app.operations.actors import Actor
from requests_app.operations.sweeps import SWEEPS
from tests.people import POLICY, ana_files, published_policy, staff
from tests.smtp import relay

pytestmark = pytest.mark.django_db


def roles_of(name):
    return sorted(User.objects.get(username=name).groups.values_list("name", flat=True))


def test_bootstrap_makes_roles_and_accounts_with_a_password_said_once(manage):
    said = manage("bootstrap", "petra=privacy officer", "bruno=handler", "--superuser", "ivo")
    assert said.status == 0
    roles = ["approver", "handler", "identity reviewer", "privacy officer"]
    assert sorted(Group.objects.values_list("name", flat=True)) == roles
    assert (roles_of("petra"), roles_of("bruno"), roles_of("ivo")) == (["privacy officer"], ["handler"], [])
    password = said.out.splitlines()[0].split("password ")[1].split()[0]
    petra = User.objects.get(username="petra")
    assert petra.check_password(password)
    assert petra.is_staff
    assert not petra.is_superuser
    assert User.objects.get(username="ivo").is_superuser


def test_bootstrap_leaves_an_account_that_exists_as_it_is(manage):
    manage("bootstrap", "petra=privacy officer")
    before = User.objects.get(username="petra").password
    said = manage("bootstrap", "petra=handler")
    assert (said.status, said.out) == (0, "petra: exists already, left as it is.\n")
    assert (roles_of("petra"), User.objects.get(username="petra").password) == (["privacy officer"], before)


@pytest.mark.parametrize("account", ["petra", "petra=queen", "=handler"])
def test_bootstrap_with_one_wrong_account_makes_none(manage, account):
    said = manage("bootstrap", "bruno=handler", account)
    assert said.status == 1
    assert "give NAME=ROLE" in said.err
    assert not User.objects.exists()


def test_bootstrap_without_a_password_makes_an_account_nobody_can_sign_in_with_yet(manage):
    manage("bootstrap", "bruno=handler", "--no-password")
    assert not User.objects.get(username="bruno").has_usable_password()


@pytest.fixture
def two_people():
    staff("petra", "privacy officer"), staff("ada", "approver")
    return "--prepared-by", "petra", "--approved-by", "ada"


def test_load_policy_publishes_in_the_name_of_two_people(manage, two_people):
    said = manage("load_policy", str(POLICY), *two_people)
    assert said.status == 0
    version = PolicyVersion.objects.get()
    assert (version.prepared_by.username, version.approved_by.username) == ("petra", "ada")
    assert said.out.startswith(f"{version} is in force since ")


def test_load_policy_again_with_the_same_file_publishes_nothing_new(manage, two_people):
    manage("load_policy", str(POLICY), *two_people)
    manage("load_policy", str(POLICY), *two_people)
    assert PolicyVersion.objects.count() == 1


def test_load_policy_names_every_mistake_with_its_place_and_loads_nothing(manage, two_people, tmp_path):
    text = POLICY.read_text()
    broken = tmp_path / "broken.toml"
    mistaken = text.replace("{ value = 15,", "{ value = 0,", 1) + "\n[unheard_of]\nx = 1\n"
    broken.write_text(mistaken)
    said = manage("load_policy", str(broken), *two_people)
    assert said.status == 1
    assert len(said.err.splitlines()) == 2
    for line, place in zip(said.err.splitlines(), ("response_days.value", "unheard_of"), strict=True):
        file, found, reason = line.split(": ", 2)
        assert (file, found) == (str(broken), place)
        assert reason
    assert not PolicyVersion.objects.exists()


def test_load_policy_by_one_person_alone_is_refused(manage, two_people):
    said = manage("load_policy", str(POLICY), "--prepared-by", "petra", "--approved-by", "petra")
    assert said.status == 1
    assert "published by two people" in said.err
    assert not PolicyVersion.objects.exists()


def test_load_policy_by_somebody_without_an_account_is_refused(manage, two_people):
    said = manage("load_policy", str(POLICY), "--prepared-by", "petra", "--approved-by", "otto")
    assert said.status == 1
    assert "'otto'. Make it with manage.py bootstrap" in said.err
    assert not PolicyVersion.objects.exists()


def test_load_policy_of_a_file_that_is_not_there_says_so(manage, two_people, tmp_path):
    said = manage("load_policy", str(tmp_path / "nowhere.toml"), *two_people)
    assert said.status == 1
    assert "cannot be read" in said.err


def test_load_policy_with_preview_lists_the_open_requests_that_would_differ_and_writes_nothing(
    manage, two_people, tmp_path, settings
):
    settings.FILES_DIR = tmp_path
    manage("load_policy", str(POLICY), *two_people)
    dsr = ana_files("access", at=clock.now()).requests.get()
    shorter = tmp_path / "shorter.toml"
    shorter.write_text(POLICY.read_text().replace("{ value = 15,", "{ value = 10,", 1))
    said = manage("load_policy", "--preview", str(shorter))
    then = dsr.due_on - timedelta(days=5)
    assert said.out.splitlines() == [
        f"{dsr.submission.case_label}  access  now {dsr.due_on}, then {then}",
        "1 of 1 open requests would have other dates. They keep the version of their receipt; nothing was loaded.",
    ]
    assert said.status == 0
    assert PolicyVersion.objects.count() == 1
    assert DataSubjectRequest.objects.get().due_on == dsr.due_on


def test_load_policy_with_preview_names_the_mistakes_of_the_file(manage, two_people, tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text(POLICY.read_text().replace("{ value = 15,", "{ value = 0,", 1))
    said = manage("load_policy", "--preview", str(broken))
    assert said.status == 1
    assert "response_days.value" in said.err


def test_load_policy_without_people_asks_for_both(manage, two_people):
    said = manage("load_policy", str(POLICY))
    assert said.status == 1
    assert "--prepared-by and --approved-by" in said.err
    assert not PolicyVersion.objects.exists()


def test_sweep_by_name_runs_that_one_only(manage):
    said = manage("sweep", "run_steps")
    assert (said.status, said.out) == (0, "run_steps: 0\n")
    assert list(Heartbeat.objects.values_list("pk", flat=True)) == ["run_steps"]


def test_sweep_without_a_name_runs_all_of_them(manage):
    said = manage("sweep")
    assert [line.split(":")[0] for line in said.out.splitlines()] == list(SWEEPS)
    assert set(Heartbeat.objects.values_list("pk", flat=True)) == set(SWEEPS)


def test_an_unknown_sweep_is_named_with_those_there_are_and_none_runs(manage):
    said = manage("sweep", "run_steps", "everything")
    assert said.status == 1
    assert said.err == f"No such sweep: everything. There are: {', '.join(SWEEPS)}.\n"
    assert not Heartbeat.objects.exists()


def test_a_test_mail_goes_out_through_the_settings_in_force(manage, settings):
    with relay() as server:
        for name, value in server.settings.items():
            setattr(settings, name, value)
        said = manage("send_test_mail", "petra@controller.example")
    assert (said.status, server.recipients) == (0, [["petra@controller.example"]])
    assert server.mails[0]["Subject"] == "Test from Example Organisation"


@pytest.mark.parametrize(("behaviour", "rcpt"), [("accept", "550 no such mailbox"), ("451 later", "")])
def test_a_test_mail_that_is_refused_says_what_the_server_said(manage, settings, behaviour, rcpt):
    with relay() as server:
        server.behaviour, server.rcpt = behaviour, rcpt
        for name, value in server.settings.items():
            setattr(settings, name, value)
        said = manage("send_test_mail", "petra@controller.example")
    assert said.status == 1
    assert "did not take it" in said.err
    assert (rcpt or behaviour).split()[1] in said.err
    assert server.mails == []


def test_a_test_mail_without_a_server_says_so(manage, settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    def away(*args, **kwargs):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(smtplib.SMTP, "connect", away)
    said = manage("send_test_mail", "petra@controller.example")
    assert (said.status, "Connection refused" in said.err) == (1, True)


@pytest.mark.both
def test_install_triggers_puts_back_what_the_check_misses(manage):
    assert append_only_tables_are_guarded(databases=["default"]) == []
    triggers.remove(connection)
    (error,) = append_only_tables_are_guarded(databases=["default"])
    assert "manage.py install_triggers" in error.hint
    assert "requests_app_evidenceevent_no_delete" in manage("install_triggers").out
    assert append_only_tables_are_guarded(databases=["default"]) == []
    assert manage("install_triggers").out == "Nothing was missing.\n"


@pytest.mark.both
def test_a_database_of_another_version_is_said_with_what_to_do():
    assert databases_are_of_this_version(databases=["default", "keys"]) == []
    MigrationRecorder(connection).record_applied("requests_app", "0099_from_the_future")
    (error,) = databases_are_of_this_version(databases=["default", "keys"])
    assert "0099_from_the_future" in error.msg
    assert "make clean" in error.hint


def test_access_log_shows_each_look_with_its_purpose(manage):
    published_policy()
    submission, petra = ana_files("access"), Actor.staff(staff("petra", "privacy officer"))
    access.record_look(submission, what="reveal", purpose="compare the street", actor=petra, at=clock.now())
    said = manage("access_log", "--account", "petra").out
    assert f"petra  {submission.case_label}  reveal  compare the street" in said
    assert manage("access_log", "--case", submission.case_label).out == said
    assert manage("access_log", "--account", "bruno").out == ""
    SubmissionKey.objects.all().delete()
    assert "(destroyed)" in manage("access_log", "--account", "petra").out
    assert "--account" in manage("access_log").err
