"""Mail is at least once, never silent, and a poor mail server changes nothing but the delivery state."""

import logging
import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend

from requests_app.models import IdentityCheck, Notice
from requests_app.models.keys import SubmissionKey
from requests_app.operations import delivery, identity_codes
from tests.operations.test_notices import AT, filed, owe
from tests.services import free_port
from tests.smtp import Relay, relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(settings: Any) -> Iterator[Relay]:
    with relay() as running:
        for name, value in running.settings.items():
            setattr(settings, name, value)
        yield running


def fresh(notice: Notice) -> Notice:
    return Notice.objects.get(pk=notice.pk)


def test_the_pointer_carries_nothing_but_that_there_is_a_message(server: Relay) -> None:
    notice = owe("decision_refused", filed("deletion"))
    assert delivery.deliver_due(AT) == 1
    (mail,) = server.mails
    assert server.recipients == [["ada@example.org"]]
    assert mail["Subject"] == "A message from Example Organisation"
    assert mail["Message-ID"] == f"<{notice.pk}@testserver>"
    assert {part.get_content_type() for part in mail.iter_parts()} == {"text/plain", "text/html"}
    whole = "".join(part.get_content() for part in mail.iter_parts())
    assert "http://testserver/find/" in whole
    assert notice.check_code in whole
    for telling in ("Rossi", "eletion", "refuse", "law", notice.submission.case_label):
        assert telling not in whole
    after = fresh(notice)
    assert (after.delivery, after.next_try_at, after.lease_until) == ("handed_over", None, None)
    assert after.handed_over_at is not None
    assert delivery.deliver_due(AT + 60 * MINUTE) == 0
    assert len(server.mails) == 1


def test_the_code_travels_and_its_minutes_start_at_the_hand_over(server: Relay) -> None:
    notice = owe("code", filed("access", language="it"))
    check = IdentityCheck.objects.get()
    at = AT + 30 * MINUTE
    assert delivery.deliver_due(at) == 1
    whole = "".join(part.get_content() for part in server.mails[0].iter_parts())
    code, secret = identity_codes.code_for(check), identity_codes.link_secret(check)
    assert f"Il Suo codice: {code}" in whole
    assert f"http://testserver/l/{secret}/" in whole
    assert "Accesso" not in whole
    assert code not in notice.text
    check.refresh_from_db()
    assert check.handed_over_at == fresh(notice).handed_over_at
    assert at <= check.handed_over_at < at + MINUTE


@pytest.mark.parametrize("change", [{"dead_at": AT}, {"passed_at": AT}, {"issued_at": AT - 61 * MINUTE}])
def test_a_code_of_no_use_is_not_sent(server: Relay, change: dict[str, datetime]) -> None:
    notice = owe("code", filed())
    IdentityCheck.objects.update(**change)
    assert delivery.deliver_due(AT) == 0
    assert not server.mails
    assert (fresh(notice).delivery, fresh(notice).failure_code) == ("failed", "expired")
    assert not delivery.not_reached().exists()


def test_a_notice_to_staff_carries_its_text(server: Relay) -> None:
    submission = filed("deletion")
    owe("staff_new", submission)
    delivery.deliver_due(AT)
    assert server.recipients == [["a@desk.test"]]
    assert submission.case_label in server.mails[0]["Subject"]
    assert "Rossi" not in server.mails[0].as_string()


@pytest.mark.parametrize(("where", "reply"), [("rcpt", "550 no such user"), ("behaviour", "554 refused")])
def test_a_5xx_fails_at_once_and_means_not_reached(server: Relay, where: str, reply: str) -> None:
    notice = owe("question", filed())
    setattr(server, where, reply)
    assert delivery.deliver_due(AT) == 0
    after = fresh(notice)
    assert (after.delivery, after.next_try_at, after.failure_code) == ("failed", None, f"smtp_{reply[:3]}")
    assert list(delivery.not_reached()) == [after]
    Notice.objects.update(other_channel="post", served_at=AT)
    assert not delivery.not_reached().exists()


@pytest.mark.parametrize(("where", "reply"), [
    ("rcpt", "450 greylisted"), ("behaviour", "451 later"), ("behaviour", "drop_early"),
])  # fmt: skip
def test_what_is_refused_for_now_is_tried_with_back_off_until_it_goes(server: Relay, where: str, reply: str) -> None:
    notice = owe("question", filed())
    setattr(server, where, reply)
    now = AT
    for wait in (1, 5, 15, 60, 60):
        assert delivery.deliver_due(now) == 0
        after = fresh(notice)
        assert after.delivery == "pending"
        assert timedelta(0) <= after.next_try_at - now - wait * MINUTE < MINUTE
        assert delivery.deliver_due(after.next_try_at - timedelta(seconds=1)) == 0
        assert fresh(notice).attempts == after.attempts
        now = after.next_try_at
    server.rcpt, server.behaviour = "", "accept"
    assert delivery.deliver_due(now) == 1
    assert (fresh(notice).attempts, fresh(notice).failure_code, len(server.mails)) == (6, "", 1)


def test_a_server_that_is_away_is_waited_for_during_48_hours(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    notice = owe("question", filed())
    now = AT
    while (due := fresh(notice).next_try_at) is not None:
        now = due
        delivery.deliver_due(now)
    assert timedelta(hours=46) < now - AT <= timedelta(hours=48)
    assert (fresh(notice).delivery, fresh(notice).failure_code) == ("failed", "connect_ConnectionRefusedError")


def test_sweeps_that_were_off_for_days_do_not_make_the_first_refusal_final(server: Relay) -> None:
    notice = owe("question", filed())
    server.behaviour = "451 later"
    delivery.deliver_due(AT + timedelta(days=4))
    assert fresh(notice).delivery == "pending"


def test_a_line_lost_after_the_message_is_ambiguous_and_tried_once_more(server: Relay) -> None:
    notice = owe("code", filed())
    server.behaviour = "drop"
    assert delivery.deliver_due(AT) == 0
    after = fresh(notice)
    assert after.delivery == "ambiguous"
    assert after.next_try_at is not None
    server.behaviour = "accept"
    assert delivery.deliver_due(after.next_try_at) == 1
    assert fresh(notice).delivery == "handed_over"
    assert IdentityCheck.objects.get().handed_over_at is not None
    assert len({mail["Message-ID"] for mail in server.mails}) == 1
    assert len(server.mails) == 2


def test_twice_ambiguous_is_left_to_people(server: Relay) -> None:
    notice = owe("question", filed())
    server.behaviour = "drop"
    delivery.deliver_due(AT)
    delivery.deliver_due(AT + 5 * MINUTE)
    assert (fresh(notice).delivery, fresh(notice).next_try_at) == ("ambiguous", None)
    delivery.deliver_due(AT + timedelta(days=1))
    assert len(server.mails) == 2


def test_no_answer_in_time_is_ambiguous(server: Relay, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    notice = owe("question", filed())
    server.delay = 1
    delivery.deliver_due(AT)
    assert fresh(notice).delivery == "ambiguous"


def test_a_sender_that_dies_gives_the_mail_back_when_its_lease_ends(
    server: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = owe("question", filed())

    def killed(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_record", killed)
        with pytest.raises(SystemExit):
            delivery.deliver_due(AT)
    assert fresh(notice).delivery == "leased"
    assert delivery.deliver_due(AT + MINUTE) == 0
    assert delivery.deliver_due(AT + 3 * MINUTE) == 1
    assert fresh(notice).attempts == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 1


def test_a_claim_is_won_once_and_an_outcome_counts_under_its_claim_only() -> None:
    notice = owe("question", filed())
    lease = delivery._claim(fresh(notice), AT)
    assert lease == AT + delivery.LEASE
    assert delivery._claim(notice, AT) is None
    stale = delivery.Outcome(Notice.Delivery.FAILED, "smtp_550")
    assert not delivery._record(notice, stale, AT, lease - MINUTE)
    assert fresh(notice).delivery == "leased"


def test_one_poison_row_does_not_stop_the_rest(server: Relay, caplog: pytest.LogCaptureFixture) -> None:
    poison, sound = owe("staff_new", filed()), owe("question", filed())
    Notice.objects.filter(pk=poison.pk).update(text_sealed=b"not sealed at all")
    with caplog.at_level(logging.DEBUG, "requests_app"):
        assert delivery.deliver_due(AT) == 1
    assert (fresh(poison).delivery, fresh(poison).failure_code) == ("pending", "not_composed")
    assert fresh(poison).next_try_at > AT
    assert fresh(sound).delivery == "handed_over"
    assert "example.org" not in caplog.text
    assert "Rossi" not in caplog.text


def test_a_destroyed_key_ends_the_sending(server: Relay) -> None:
    notice = owe("question", filed())
    SubmissionKey.objects.all().delete()
    delivery.deliver_due(AT)
    assert (fresh(notice).delivery, fresh(notice).failure_code) == ("failed", "key_destroyed")


def test_a_refused_sign_in_is_not_the_fault_of_the_mail(server: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: EmailBackend) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"bad password")

    monkeypatch.setattr(EmailBackend, "open", refused)
    notice = owe("question", filed())
    delivery.deliver_due(AT)
    assert (fresh(notice).delivery, fresh(notice).failure_code) == ("pending", "connect_535")


def test_the_limit_is_kept_and_the_oldest_go_first(server: Relay) -> None:
    first, second = owe("question", filed()), owe("question", filed())
    Notice.objects.filter(pk=first.pk).update(next_try_at=AT - MINUTE)
    assert delivery.deliver_due(AT, limit=1) == 1
    assert (fresh(first).delivery, fresh(second).delivery) == ("handed_over", "pending")
