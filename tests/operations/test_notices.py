"""What is owed is written once, in the right language, sealed, and says what it must."""

import re
import secrets
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.contrib.auth.models import User
from django.template.loader import render_to_string

from requests_app.connectors import Pending
from requests_app.models import (
    DataSubjectRequest,
    FulfilmentStep,
    IdentityCheck,
    Notice,
    PolicyVersion,
    Submission,
    TaskLink,
)
from requests_app.models.keys import create_key, seal
from requests_app.models.source_task import AboutWhom
from requests_app.operations import notices, source_tasks
from requests_app.operations.actors import Actor
from requests_app.operations.contacts import add_contact
from requests_app.operations.notice_kinds import CONTACT_KINDS, KINDS, STAFF_KINDS, SUBJECT_KINDS, TASK_KINDS
from requests_app.operations.plan_told import Line, Told
from requests_app.operations.rendering import LANGUAGES
from requests_app.rules.response_deadline import Pause, Rule, compute

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
POLICY = Path(__file__).parents[2] / "policies" / "ecp.toml"
DEADLINE = compute(
    date(2026, 3, 2),
    Rule("months", 1, roll_over="next_working_day"),
    pauses=[Pause(date(2026, 3, 5), date(2026, 3, 6))],
)
SAMPLE: dict[str, Any] = {
    "due_on": date(2026, 3, 17),
    "due_before": date(2026, 3, 19),
    "old_on": date(2026, 3, 4),
    "new_on": date(2026, 3, 2),
    "first_on": date(2026, 3, 5),
    "last_on": date(2026, 3, 6),
    "planned_last_on": date(2026, 3, 9),
    "reason": "Nine systems hold data.",
    "steps": DEADLINE.steps,
    "effects": ["marketing_optout"],
    "effective_at": AT,
    "stops": ["Direct marketing"],
    "goes_on": [{"label": "Orders & accounts", "basis": "our contract with you"}],
    "purposes": ["Direct marketing"],
    "needs_code": True,
    "question": "Which <account> do you mean?",
    "letter": "We found & sent everything.\n\nRegards",
    "ground_label": "The law requires that the data be kept",
    "files_until": date(2026, 4, 16),
    "missing": "your code",
    "lapses_on": date(2026, 3, 16),
    "confirm_by": date(2026, 3, 13),
    "late": False,
    "cooling_off_days": 3,
    "until_on": date(2026, 3, 12),
    "days_late": 1,
    "days_left": 5,
    "at": AT,
    "ends_on": date(2026, 4, 16),
    "day": date(2026, 3, 2),
    "counts": [("Overdue", 2), ("Due today", 0)],
    "what": "Two of the team look at the document.",
    "for_another": True,
    "confirmed": True,
    "step": "review",
    "department": "Customer service",
    "until": date(2026, 3, 15),
    "alarm": "The enforcement of deadlines is silent.",
    "number": 1,
    "labels": ["Orders"],
    "lift_from": date(2026, 3, 24),
    "why": "The address is right.",
    "scope": "The address, for deliveries.",
    "partly": True,
    "plan": Told(
        [Line("Orders", 3, "erase")],
        [Line("Ratings", 2, "anonymise", method="The name is taken out")],
        [Line("Invoices", 1, "keep", date(2036, 12, 31), "Tax code", "audits")],
    ),
}

# These go to persons who have an address for mail: a code, a document, and what waits for one.
UNPRINTED = {"code", "reminder_verify", "lapsed", "address_changed", "address_restored"} | {
    "proof_asked", "proof_rejected", "proof_settled", "reminder_proof",
}  # fmt: skip
LETTERS = set(KINDS) - {*STAFF_KINDS, *CONTACT_KINDS, *SUBJECT_KINDS, *TASK_KINDS} - UNPRINTED


def version() -> PolicyVersion:
    people = [User.objects.get_or_create(username=name, defaults={"email": f"{name}@desk.test"})[0] for name in "ab"]
    found = PolicyVersion.objects.first()
    return found or PolicyVersion.objects.create(
        key="ecp", version=1, text=POLICY.read_text(), sha256="0" * 64,
        prepared_by=people[0], approved_by=people[1], published_at=AT,
    )  # fmt: skip


def filed(*rights: str, language: str = "en", email: str = "ada@example.org") -> Submission:
    pk = uuid.uuid4()
    create_key(pk)
    submission = Submission(
        id=pk, case_number=secrets.token_hex(4).upper(), form_key=uuid.uuid4(), channel="web", language=language,
        received_at=AT, received_on=AT.date(), received_zone="Europe/Rome", policy=version(),
    )  # fmt: skip
    submission.name_sealed = seal(pk, submission.place("name"), "Ada Rossi")
    submission.email_sealed = seal(pk, submission.place("email"), email)
    submission.save()
    for right in rights or ("access",):
        DataSubjectRequest.objects.create(
            submission=submission, right=right, state="in_progress", policy=submission.policy,
            opened_at=AT, opened_on=AT.date(), due_on=date(2026, 3, 17),
        )  # fmt: skip
    return submission


def code_check(submission: Submission) -> IdentityCheck:
    number = submission.identity_checks.count() + 1
    return IdentityCheck.objects.create(
        submission=submission, purpose="verify", issue=number, email_digest="1:x", issued_at=AT
    )


def task_link(submission: Submission) -> TaskLink:
    dsr = submission.requests.first()
    assert dsr is not None
    step = FulfilmentStep.objects.create(dsr=dsr, alias="service", opened_at=AT, owed_at=AT, next_try_at=AT)
    asked = Pending(to=("service@desk.test",))
    task = source_tasks.give(step, asked, about=AboutWhom("Ada Rossi", ()), at=AT)
    return source_tasks.links_of(task).get()


def owe(kind: str, submission: Submission | None, **more: Any) -> Notice:
    more.setdefault("check", code_check(submission) if kind == "code" and submission else None)
    more.setdefault("staff", version().prepared_by if kind in STAFF_KINDS else None)
    context = more.pop("context", SAMPLE)
    if kind in CONTACT_KINDS and submission:
        more["contact"] = submission.contacts.first() or add_contact(
            submission, role="subject", address="ada@there.example", actor=Actor.agent(), at=AT
        )
    if kind in TASK_KINDS and submission:
        more["link"], context = task_link(submission), context | {"language": submission.language}
    return notices.owe(
        kind, submission=submission, occurrence=more.pop("occurrence", "1"), context=context, at=AT, **more
    )


# Each kind is stored by both databases; what is written in it, one of them shows.
@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.both), "it"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_in_full(kind: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.template import engines

    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "«missing: %s»")
    notice = owe(kind, filed("access", "deletion", language=language))
    html = notice.opened("html")
    for written in (notice.subject, notice.text, html):
        assert written.strip()
        assert "«" not in written
        assert "{{" not in written
        assert "{%" not in written
    assert "\n" not in notice.subject
    nameless = (*STAFF_KINDS, *CONTACT_KINDS, *TASK_KINDS)
    assert ("Rossi" in notice.text) == (kind not in nameless)
    expected = "it" if language == "it" and kind not in STAFF_KINDS else "en"
    assert f'lang="{expected}"' in html


def test_the_acknowledgement_says_the_date_and_how_it_was_counted() -> None:
    english, italian = owe("acknowledgement", filed()), owe("acknowledgement", filed(language="it"))
    assert "by 17 March 2026 at the latest" in english.text
    assert "- Received on 2 March 2026. That day does not count." in english.text
    assert "- 2 days do not count: 5 March 2026 to 6 March 2026." in english.text
    assert "4 April 2026 is not a working day: moved to 6 April 2026" in english.text
    assert "entro il 17 marzo 2026" in italian.text
    assert "Già in vigore, dal 2 marzo 2026, 10:30:00 (Europe/Rome):\n- Niente più pubblicità" in italian.text
    assert "- 1 mese: fino al 2 aprile 2026." in italian.text


def test_an_effect_names_its_exact_instant_in_the_zone_of_the_receipt() -> None:
    assert "2 March 2026, 10:30:00 (Europe/Rome)" in owe("effect", filed("marketing_optout")).text


@pytest.mark.parametrize("kind", ["decision_partly", "decision_refused", "decision_erasure", "lapsed", "missed"])
@pytest.mark.parametrize(("language", "authority", "court"), [
    ("en", "The data protection authority of your country", "judicial remedy"),
    ("it", "L'autorità per la protezione dei dati", "ricorso dinanzi"),
])  # fmt: skip
def test_what_goes_against_the_person_names_authority_and_court(
    kind: str, language: str, authority: str, court: str
) -> None:
    text = owe(kind, filed(language=language)).text
    assert authority in text
    assert court in text


def test_the_html_escapes_and_the_text_does_not() -> None:
    notice = owe("question", filed())
    assert "Which <account> do you mean?" in notice.text
    assert "Which &lt;account&gt; do you mean?" in notice.opened("html")


@pytest.mark.both
def test_it_is_rendered_once_and_never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = filed()
    first = owe("cancelled", submission)
    monkeypatch.setattr(notices, "render", lambda *_, **__: pytest.fail("rendered again"))
    assert owe("cancelled", submission) == first
    assert Notice.objects.count() == 1


@pytest.mark.both
def test_a_race_ends_with_one_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    submission, real = filed(), notices.render

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(notices, "render", real)
        owe("cancelled", submission)
        return real(*args, **kwargs)

    monkeypatch.setattr(notices, "render", overtaken)
    owe("cancelled", submission)
    assert Notice.objects.count() == 1


@pytest.mark.both
def test_two_requests_may_not_share_an_occurrence() -> None:
    submission = filed("access", "deletion")
    one, other = submission.requests.all()
    owe("cancelled", submission, dsr=one)
    with pytest.raises(ValueError, match="another request"):
        owe("cancelled", submission, dsr=other)


@pytest.mark.both
def test_without_an_address_it_is_printed() -> None:
    notice = owe("acknowledgement", filed(email=""))
    assert (notice.delivery, notice.next_try_at) == ("none", None)
    assert owe("acknowledgement", filed()).next_try_at == AT


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("kind", sorted(LETTERS))
def test_a_letter_on_paper_sends_nobody_to_a_page_that_they_do_not_have(kind: str, language: str) -> None:
    text = owe(kind, filed(language=language, email=""), context=SAMPLE | {"needs_code": False}).text
    assert not re.search(r"https?://|\b(your page|Sua pagina|ask you there|chiediamo lì)\b", text)
    with_page = owe(kind, filed(language=language)).text
    assert "http://testserver/find/" in with_page


def test_the_acknowledgement_never_says_that_a_code_was_sent():
    """None is sent over the limit of an address, and saying so would tell strangers of other requests from it."""
    text = owe("acknowledgement", filed()).text
    assert "sent a code" not in text
    assert "Enter the code from our mail" in text


@pytest.mark.both
@pytest.mark.parametrize("kind", SUBJECT_KINDS)
def test_a_letter_to_the_person_for_whom_somebody_filed_goes_to_no_address_of_whoever_filed(kind: str) -> None:
    notice = owe(kind, filed())
    assert (notice.recipient, notice.delivery, notice.next_try_at) == ("subject", "none", None)
    assert "write or phone, and give the case number" in notice.text
    assert "http" not in notice.text


def test_the_link_that_stops_an_erasure_has_a_title_of_its_own() -> None:
    english = owe("code", filed(), context={"purpose": "stop"})
    assert english.subject == "A link to stop what you confirmed"
    assert "what was confirmed can be stopped" in english.text
    assert owe("code", filed(), context={"purpose": "verify"}).subject == "Your code"
    italian = owe("code", filed(language="it"), context={"purpose": "stop"})
    assert italian.subject == "Un link per fermare ciò che ha confermato"


def test_staff_are_told_that_the_person_was_only_where_it_is_so() -> None:
    assert "a letter tells the person so" in owe("staff_overdue", filed()).text
    ended = owe("staff_overdue", filed(), context=SAMPLE | {"ended": True})
    assert "the person so" not in ended.text
    assert "Overdue" not in ended.subject


@pytest.mark.both
def test_what_is_stored_is_sealed_and_bound_to_its_place() -> None:
    notice = owe("acknowledgement", filed())
    assert b"Rossi" not in bytes(notice.text_sealed)
    notice.html_sealed = notice.text_sealed
    with pytest.raises(InvalidTag):
        notice.opened("html")


@pytest.mark.both
@pytest.mark.parametrize(("kind", "changes", "message"), [
    ("surprise", {}, "no notice is called"),
    ("question", {"context": {}}, "lacks question"),
    ("staff_new", {"staff": None}, "go to staff"),
    ("code", {"check": None}, "identity check"),
])  # fmt: skip
def test_nonsense_is_refused(kind: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        owe(kind, filed(), **changes)
    assert not Notice.objects.exists()


@pytest.mark.both
def test_a_digest_belongs_to_no_submission() -> None:
    notice = owe("staff_digest", None)
    assert (notice.scope, notice.submission_id) == ("staff", None)
    assert "- Overdue: 2" in notice.text
    assert notice.created_at - AT == timedelta()


def test_every_kind_has_its_files() -> None:
    for kind in KINDS:
        for language in ("en",) if kind in STAFF_KINDS else LANGUAGES:
            for name in ("subject.txt", "body.txt", "body.html"):
                assert render_to_string(f"notices/{kind}/{language}/{name}", {}) is not None
