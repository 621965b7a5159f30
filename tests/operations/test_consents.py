"""The consent ledger: what stands is the latest act, nothing is rewritten, and no yes comes of itself."""

import ast
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from requests_app.models import ConsentEntry, EvidenceEvent, Notice
from requests_app.models.keys import lookup_digests
from requests_app.operations import consents, person, policies
from requests_app.operations.actors import Actor
from requests_app.operations.consents import How, New, Seen
from requests_app.operations.refused import Refused
from requests_app.rules import consents as rules
from requests_app.rules.consents import Act, Said
from requests_app.rules.policy import PolicyError, Purpose, Text
from tests.people import NOON, POLICY, ana_files, published_policy, staff

ANA = Actor.person()
MAIL, COOKIES = "direct_marketing", "optional_cookies"
SOURCE = Path(__file__).parents[2] / "requests_app"


def only(submission):
    return submission.requests.select_related("submission", "policy").get()


def said(purpose: str, act: Act, *, at=NOON, address: str = "ana@example.org", version: str = "1") -> int:
    digest = lookup_digests(address)[0]
    return consents.record([New(digest, purpose, act, at, Seen(version), How.IMPORT)], actor=Actor.system(), at=at)


def allowed(purpose: str, address: str = "ana@example.org") -> bool:
    policy = policies.policy_of(policies.current())
    return consents.is_allowed(policy.purpose(purpose), consents.said_of(lookup_digests(address), purpose))


def purpose(mode: str, version: str = "2", counts: tuple[str, ...] = ()) -> Purpose:
    return Purpose("x", Text("X", "X"), Text("X.", "X."), mode, "A1", version, counts)


class TestWhatStands:
    @pytest.mark.parametrize(("mode", "stands"), [("opt_out", True), ("opt_in", False), ("explicit", False)])
    def test_nothing_said_is_what_the_mode_says_and_so_is_what_was_undone(self, mode, stands):
        assert rules.allowed(purpose(mode), None) is stands
        assert rules.allowed(purpose(mode), Said(Act.UNDONE)) is stands

    @pytest.mark.parametrize("mode", ["opt_out", "opt_in", "explicit"])
    @pytest.mark.parametrize("act", [Act.WITHDRAWN, Act.REFUSED])
    def test_a_no_stays_a_no_whatever_the_text_became(self, mode, act):
        assert not rules.allowed(purpose(mode), Said(act, "1"))

    def test_a_yes_to_an_older_text_counts_only_where_the_policy_says_so(self):
        assert rules.allowed(purpose("opt_in"), Said(Act.GRANTED, "2"))
        assert not rules.allowed(purpose("opt_in"), Said(Act.GRANTED, "1"))
        assert rules.allowed(purpose("opt_in", counts=("1",)), Said(Act.GRANTED, "1"))


@pytest.mark.django_db
@pytest.mark.both
class TestLedger:
    @pytest.fixture(autouse=True)
    def _policy(self):
        published_policy()

    def test_the_state_is_the_latest_entry_by_instant_and_of_two_at_one_instant_the_later(self):
        said(COOKIES, Act.WITHDRAWN, at=NOON + timedelta(hours=1))
        said(COOKIES, Act.GRANTED)  # written later, done earlier
        assert not allowed(COOKIES)
        said(COOKIES, Act.GRANTED, at=NOON + timedelta(hours=1))
        assert allowed(COOKIES)
        assert not allowed(COOKIES, "otto@example.org")

    @pytest.mark.parametrize("seed", range(6))
    def test_whatever_is_written_in_whatever_order_the_latest_act_stands(self, seed):
        chance, told = random.Random(seed), []
        for number in range(12):
            act = chance.choice([Act.GRANTED, Act.WITHDRAWN, Act.REFUSED])
            at = NOON + timedelta(hours=chance.randrange(4))
            if said(COOKIES, act, at=at):
                told.append((at, number, act))
            assert allowed(COOKIES) is (max(told)[2] == Act.GRANTED)

    def test_the_same_said_twice_is_one_entry(self):
        assert (said(MAIL, Act.REFUSED), said(MAIL, Act.REFUSED)) == (1, 0)
        assert ConsentEntry.objects.count() == 1

    @pytest.mark.parametrize(
        "sql", ["UPDATE requests_app_consententry SET act = 'granted'", "DELETE FROM requests_app_consententry"]
    )
    def test_nothing_is_rewritten_or_removed(self, sql):
        said(MAIL, Act.REFUSED)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert not allowed(MAIL)

    def test_a_withdrawal_of_one_purpose_leaves_the_others_alone(self):
        said(COOKIES, Act.GRANTED, at=NOON - timedelta(days=1))
        dsr = only(ana_files("consent_withdrawal", purposes=(MAIL,)))
        assert [(row.purpose, row.act, row.at, row.text_version) for row in dsr.consents.all()] == [
            (MAIL, "withdrawn", NOON, "1")
        ]
        assert (allowed(MAIL), allowed(COOKIES)) == (False, True)

    def test_a_withdrawal_that_names_none_is_about_all_and_an_opt_out_about_marketing(self):
        everything = only(ana_files("consent_withdrawal"))
        assert {row.purpose for row in everything.consents.all()} == {MAIL, COOKIES}
        assert [row.purpose for row in only(ana_files("marketing_optout")).consents.all()] == [MAIL]

    def test_the_entry_names_the_text_that_was_seen(self):
        entry = only(ana_files("marketing_optout")).consents.get()
        text = policies.policy_of(entry.policy).purpose(MAIL)
        assert (entry.text_sha256, entry.mode, entry.basis) == (text.sha256, "opt_out", "legitimate_interests")
        assert (entry.how, entry.actor_role) == ("form", "person")

    def test_the_receipt_has_the_instant_what_stops_and_what_goes_on(self):
        ana_files("consent_withdrawal", purposes=(COOKIES,))
        letter = Notice.objects.get(kind="effect").text
        assert "22 November 2026, 12:00:00 (UTC)" in letter
        assert "- Optional cookies\n" in letter
        assert "Direct marketing" not in letter
        assert "our contract with you, GDPR 6(1)(b)" in letter

    def test_the_receipt_tells_whoever_filed_nothing_of_what_the_ledger_held(self):
        before = _letter()
        said(COOKIES, Act.GRANTED, at=NOON - timedelta(days=1))
        assert _letter() == before


def _letter() -> str:
    dsr = only(ana_files("marketing_optout"))
    return Notice.objects.get(kind="effect", dsr=dsr).text.replace(dsr.submission.case_label, "")


@pytest.mark.django_db
@pytest.mark.both
class TestTakingBack:
    @pytest.fixture(autouse=True)
    def _policy(self):
        published_policy()

    def test_what_stood_before_stands_again_with_the_text_of_then(self):
        said(COOKIES, Act.GRANTED, at=NOON - timedelta(days=9))
        dsr = only(ana_files("consent_withdrawal"))
        person.undo(dsr, actor=ANA, at=NOON + timedelta(hours=1))
        assert allowed(COOKIES)
        assert [row.act for row in dsr.consents.filter(purpose=COOKIES).order_by("pk")] == ["withdrawn", "granted"]
        dsr.refresh_from_db()
        assert dsr.state == "cancelled"

    def test_a_stranger_who_withdraws_and_takes_it_back_has_made_no_yes(self):
        dsr = only(ana_files("consent_withdrawal"))
        person.undo(dsr, actor=ANA, at=NOON)
        assert not allowed(COOKIES)
        assert not ConsentEntry.objects.filter(act="granted").exists()

    def test_another_withdrawal_stands_until_it_is_taken_back_too(self):
        first, second = only(ana_files("marketing_optout")), only(ana_files("marketing_optout", at=NOON))
        person.undo(first, actor=ANA, at=NOON + timedelta(hours=1))
        assert not allowed(MAIL)
        person.undo(second, actor=ANA, at=NOON + timedelta(hours=2))
        assert allowed(MAIL)

    def test_one_purpose_alone_leaves_the_request_open(self):
        dsr = only(ana_files("consent_withdrawal"))
        person.undo(dsr, actor=ANA, at=NOON, purposes=(MAIL,))
        dsr.refresh_from_db()
        assert (dsr.is_open, allowed(MAIL)) == (True, True)
        assert [row.purpose for row in consents.in_effect(dsr)] == [COOKIES]
        with pytest.raises(Refused):
            person.undo(dsr, actor=ANA, at=NOON, purposes=(MAIL,))

    def test_the_evidence_names_the_purposes(self):
        dsr = only(ana_files("consent_withdrawal", purposes=(COOKIES,)))
        person.undo(dsr, actor=ANA, at=NOON)
        bodies = EvidenceEvent.objects.filter(kind__in=("took_effect", "effect_reversed")).values_list(
            "body", flat=True
        )
        assert all('"purposes":"optional_cookies"' in body for body in bodies)
        assert len(bodies) == 2


@pytest.mark.django_db
@pytest.mark.both
class TestTexts:
    def _published(self, text: str):
        petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
        return policies.load(text, prepared_by=petra, approved_by=ada, at=NOON + timedelta(days=1))

    def test_another_text_under_the_same_version_is_not_published(self):
        published_policy()
        with pytest.raises(PolicyError, match="direct_marketing.text_version"):
            self._published(POLICY.read_text().replace("by any channel. You can stop", "by letter. You can stop"))

    def test_a_material_change_asks_anew_and_any_other_leaves_the_yes_alone(self):
        published_policy()
        said(COOKIES, Act.GRANTED)
        changed = POLICY.read_text().replace(
            "Cookies that the service does", "Cookies and pixels that the service does"
        )
        changed = changed.replace('consent_mode = "opt_in"', 'consent_mode = "opt_in"\ntext_version = "2"')
        self._published(changed)
        assert not allowed(COOKIES)
        self._published(changed.replace('text_version = "2"', 'text_version = "2"\nstill_counts = ["1"]'))
        assert allowed(COOKIES)

    @pytest.mark.parametrize("line", ["consent_mode =", "text ="])
    def test_a_purpose_without_text_or_mode_cannot_be_published(self, line):
        kept = POLICY.read_text().split("[[purposes]]")
        kept[1] = "\n".join(row for row in kept[1].splitlines() if not row.startswith(line))
        with pytest.raises(PolicyError, match="purposes"):
            self._published("[[purposes]]".join(kept))


def test_nothing_but_the_door_writes_the_ledger():
    """H6: whoever writes an entry goes through `consents.record`, and names the act."""
    writers = set()
    for path in SOURCE.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "ConsentEntry" in ast.unparse(node.func):
                made = isinstance(node.func, ast.Name) or node.func.attr in {"create", "bulk_create", "update", "save"}
                writers |= {path.name} if made else set()
    assert writers == {"consents.py"}


def test_a_yes_is_written_by_an_act_of_somebody_and_never_by_a_sweep_or_a_visit():
    named = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if "migrations" not in path.parts and "GRANTED" in path.read_text()
    }
    # What it means; the holder's own press; what somebody imports with their name; and what only reads it.
    meant, read = {"rules/consents.py"}, {"operations/consent_told.py"}
    assert named == meant | read | {"operations/preferences.py", "operations/consent_import.py"}
