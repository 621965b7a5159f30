"""Before a release somebody looks: hides what is somebody else's, with a ground, and says that they looked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from requests_app.connectors import Column, DataSource, File, Lines, Match, OnFile, Query, Record, RetryLater, Table
from requests_app.models import EvidenceEvent, FulfilmentStep, Mark, Message, PackageBuild, Redaction, StepFile
from requests_app.operations import decision, fulfilment, others, review, step_records, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.owed_steps import steps_of
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.operations.step_records import NoSuchRecord
from requests_app.rules.others import EMAIL, NAME, PHONE
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
GROUND = "risk_to_others"
SOON = NOON + timedelta(minutes=1)


class Shop(DataSource):
    """Knows Ana, and holds what `holds` says."""

    holds: Any = ()

    def find(self, query: Query) -> list[Match]:
        known = Match("C-1001", (OnFile("ana@example.org"),))
        return [known] if "ana@example.org" in query.addresses else []

    def describe(self) -> tuple[Table, ...]:
        return (
            Table("customer", (Column("email"), Column("name"))),
            Table("orders", (Column("number"), Column("note"))),
        )

    def extract(self, references: Any, *, request_id: str) -> Any:
        return iter(Shop.holds)


ANAS = (
    Record("customer", {"email": "Ana@example.org", "name": "Ana Example"}),
    Record("orders", {"number": 1, "note": "Dear Mrs Example, thank you."}),
    Record("orders", {"number": 2, "note": "Left with Mr Otto Rossi, +39 02 5550 7788,\nwho told otto@example.net."}),
    Record("orders", {"number": 3, "note": "Nothing."}),
    File("otto@example.net.pdf", "application/pdf", [b"%PDF"]),
    File("invoice.pdf", "application/pdf", [b"%PDF-1"]),
)


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    published_policy()
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    Shop.holds = ANAS


@pytest.fixture
def hugo() -> User:
    return staff("hugo", "handler")


def ana_is_read(checked: bool = True) -> FulfilmentStep:
    """Ana asks for her data, and the shop handed them out."""
    submission = ana_files("access")
    confirms(submission)
    sweeps.run_steps(NOON)
    sweeps.read_sources(NOON)
    if checked:
        sweeps.check_others(SOON)
    return steps_of(submission.requests.get()).get()


def fresh(step: FulfilmentStep) -> FulfilmentStep:
    return FulfilmentStep.objects.get(pk=step.pk)


def third_order(step: FulfilmentStep) -> int:
    return step_records.page_at(step, step.parts[1]["start"]).records[1].position


def events(step: FulfilmentStep, kind: str) -> list[dict[str, Any]]:
    rows = EvidenceEvent.objects.filter(submission_id=step.dsr.submission_id, kind=kind).order_by("seq")
    return [json.loads(row.body) for row in rows]


class TestTheCheckForOthers:
    def test_it_marks_where_somebody_has_to_look(self):
        step = ana_is_read()
        marks = {mark.position: mark for mark in step.marks.filter(file=None)}
        assert list(marks) == [third_order(step)]
        assert set(marks[third_order(step)].kinds) == {EMAIL, PHONE, NAME}
        assert others.is_checked(step)

    def test_every_file_is_looked_at_by_people_and_a_name_that_tells_of_others_is_said(self):
        found = {mark.file.name: mark.kinds for mark in ana_is_read().marks.exclude(file=None)}
        assert found == {"otto@example.net.pdf": ["file", EMAIL], "invoice.pdf": ["file"]}

    def test_it_keeps_no_word_of_what_it_found(self):
        ana_is_read()
        kept = json.dumps(list(Mark.objects.values()), default=str)
        assert "otto" not in kept
        assert "5550" not in kept

    def test_it_goes_on_slice_by_slice(self, monkeypatch):
        monkeypatch.setattr(others, "SLICE", 40)
        step = ana_is_read()
        assert [mark.position for mark in step.marks.filter(file=None)] == [third_order(step)]
        assert others.is_checked(step)

    def test_it_saves_where_it_came_to(self, monkeypatch):
        monkeypatch.setattr(others, "SLICE", 40)
        step = ana_is_read(checked=False)
        assert others._slice(step, NOON)
        assert 0 < fresh(step).checked_to < step.size
        assert not others.is_checked(fresh(step))
        assert others.check_due(SOON, budget=60) > 0
        assert others.is_checked(fresh(step))

    def test_two_workers_mark_a_place_once(self):
        step = ana_is_read(checked=False)
        same = fresh(step)
        assert others._slice(step, NOON)
        assert not others._slice(same, NOON)
        assert step.marks.count() == 3

    def test_with_too_many_marks_it_waits_and_goes_on_when_they_are_hidden(self, monkeypatch, hugo):
        monkeypatch.setattr(others, "MOST", 10)
        Shop.holds = [Record("orders", {"number": n, "note": f"p{n}@example.net"}) for n in range(25)]
        step = ana_is_read()
        assert (step.marks.count(), others.is_checked(step), step.check_at) == (10, False, None)
        while not others.is_checked(step):
            assert review.hide_marked(step, ground=GROUND, actor=Actor.staff(hugo), at=NOON) in {10, 5}
            sweeps.check_others(SOON)
            step = fresh(step)
        review.hide_marked(step, ground=GROUND, actor=Actor.staff(hugo), at=NOON)
        assert Redaction.objects.count() == 25

    def test_what_is_read_anew_is_checked_anew_and_shown_again(self, hugo):
        step = ana_is_read()
        review.hide_marked(step, ground=GROUND, actor=Actor.staff(hugo), at=NOON)
        Shop.holds = [Record("orders", {"number": 2, "note": "p@example.net"})]
        fulfilment.retry(step, actor=Actor.staff(hugo), at=NOON)
        sweeps.read_sources(NOON)
        assert not Redaction.objects.filter(undone_at=None).exists()
        assert not Mark.objects.exists()
        sweeps.check_others(SOON)
        assert [mark.position for mark in fresh(step).marks.filter(file=None)] == [0]


class TestHiding:
    def test_a_passage_is_hidden_beside_what_was_read(self, hugo):
        step = ana_is_read()
        before = step_records.record_at(step, third_order(step)).line
        passage = "Otto Rossi, +39 02 5550 7788,\r\nwho"
        review.hide(
            step, position=third_order(step), column="note", passage=passage, ground=GROUND,
            actor=Actor.staff(hugo), at=NOON,
        )  # fmt: skip
        one = Redaction.objects.get()
        assert one.passage == passage.replace("\r\n", "\n")
        assert (one.table, one.column, one.ground, one.hidden_by) == ("orders", "note", GROUND, hugo)
        assert step_records.record_at(step, third_order(step)).line == before

    def test_with_the_last_of_it_a_marked_place_is_settled_until_it_is_shown_again(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        place = {"position": third_order(step), "column": "note", "ground": GROUND, "actor": actor, "at": NOON}
        mark = Mark.objects.get(position=third_order(step))
        for passage, settled in (("Otto Rossi", False), ("+39 02 5550 7788", False), ("otto@example.net", True)):
            review.hide(step, passage=passage, **place)
            mark.refresh_from_db()
            assert mark.hidden is settled
        review.show(Redaction.objects.first(), actor=actor, at=NOON)
        mark.refresh_from_db()
        assert not mark.hidden

    def test_the_evidence_names_the_place_and_never_the_words(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        review.hide(
            step, position=third_order(step), column="note", passage="Otto", ground=GROUND, actor=actor, at=NOON
        )
        (body,) = events(step, "record_hidden")
        assert body["position"] == third_order(step)
        assert (body["table"], body["column"], body["ground"]) == ("orders", "note", GROUND)
        assert not EvidenceEvent.objects.filter(body__contains="Otto").exists()

    def test_every_change_has_the_package_made_anew(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        file = step.files.first()
        review.hide(step, position=0, column="", passage="", ground=GROUND, actor=actor, at=NOON)
        for change in (
            lambda: review.show(Redaction.objects.get(), actor=actor, at=NOON),
            lambda: review.hide_file(file, ground=GROUND, actor=actor, at=NOON),
            lambda: review.hide_file(StepFile.objects.get(pk=file.pk), ground="", actor=actor, at=NOON),
            lambda: review.hide_marked(step, ground=GROUND, actor=actor, at=NOON),
        ):
            PackageBuild.objects.update(next_try_at=None)
            change()
            assert PackageBuild.objects.get().next_try_at == NOON

    def test_what_was_shown_again_is_on_record(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        review.hide(step, position=0, column="name", passage="", ground=GROUND, actor=actor, at=NOON)
        review.show(Redaction.objects.get(), actor=actor, at=NOON)
        assert Redaction.objects.get().undone_at == NOON
        assert events(step, "record_shown")[0]["redaction"] == str(Redaction.objects.get().pk)
        with pytest.raises(Refused):
            review.show(Redaction.objects.get(), actor=actor, at=NOON)

    def test_all_that_is_marked_is_hidden_at_once(self, hugo):
        step = ana_is_read()
        assert review.hide_marked(step, ground=GROUND, actor=Actor.staff(hugo), at=NOON) == 4
        assert {row.passage for row in Redaction.objects.all()} == {
            "Otto Rossi",
            "+39 02 5550 7788",
            "otto@example.net",
        }
        hidden = {file.name: file.hidden_ground for file in step.files.all()}
        assert hidden == {"otto@example.net.pdf": GROUND, "invoice.pdf": ""}
        assert review.hide_marked(step, ground=GROUND, actor=Actor.staff(hugo), at=NOON) == 0

    @pytest.mark.parametrize(
        ("column", "passage", "ground"),
        [("note", "Nobody", GROUND), ("size", "", GROUND), ("", "Otto", GROUND), ("note", "Otto", "because")],
    )
    def test_what_cannot_be_hidden_says_why(self, hugo, column, passage, ground):
        step, actor = ana_is_read(), Actor.staff(hugo)
        with pytest.raises(Refused):
            review.hide(
                step, position=third_order(step), column=column, passage=passage, ground=ground, actor=actor, at=NOON
            )
        assert not Redaction.objects.exists()

    def test_twice_is_refused(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        review.hide(step, position=0, column="name", passage="Ana", ground=GROUND, actor=actor, at=NOON)
        with pytest.raises(Refused, match="hidden already"):
            review.hide(step, position=0, column="name", passage="Ana", ground=GROUND, actor=actor, at=NOON)

    @pytest.mark.parametrize("position", [1, 10**9])
    def test_a_place_where_no_record_begins_is_none(self, hugo, position):
        step, actor = ana_is_read(), Actor.staff(hugo)
        with pytest.raises(NoSuchRecord):
            review.hide(step, position=position, column="", passage="", ground=GROUND, actor=actor, at=NOON)

    def test_an_approver_hides_nothing(self):
        step, ada = ana_is_read(), Actor.staff(staff("ada", "approver"))
        with pytest.raises(RoleMissing):
            review.hide(step, position=0, column="", passage="", ground=GROUND, actor=ada, at=NOON)
        with pytest.raises(RoleMissing):
            review.hide_marked(step, ground=GROUND, actor=ada, at=NOON)
        with pytest.raises(RoleMissing):
            review.hide_file(step.files.first(), ground="", actor=ada, at=NOON)

    def test_nobody_hides_in_their_own_case(self):
        ana = staff("ana", "handler")
        ana.email = "ana@example.org"
        ana.save()
        step = ana_is_read()
        with pytest.raises(Refused, match="your own"):
            review.hide(step, position=0, column="", passage="", ground=GROUND, actor=Actor.staff(ana), at=NOON)
        with pytest.raises(Refused, match="your own"):
            review.mark_reviewed(step, why="Seen.", actor=Actor.staff(ana), at=NOON)

    def test_once_decided_nothing_changes_any_more(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        words = {"outcome": "refuse", "letter": "No.", "ground": "not_own_identity", "facts": "F.", "scope": "All."}
        decision.decide(step.dsr, **words, identity_match="Code.", actor=actor, at=NOON)
        for change in (
            lambda: review.hide(step, position=0, column="", passage="", ground=GROUND, actor=actor, at=NOON),
            lambda: review.mark_reviewed(step, why="Seen.", actor=actor, at=NOON),
        ):
            with pytest.raises(Refused, match="not in progress"):
                change()


class TestReviewed:
    def test_it_needs_every_marked_place_to_be_opened(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        with pytest.raises(Refused, match="3 left"):
            review.mark_reviewed(step, why="", actor=actor, at=NOON)
        review.note_seen(step.marks.all(), actor=actor)
        review.mark_reviewed(step, why="", actor=actor, at=NOON)
        assert (fresh(step).reviewed_by, fresh(step).reviewed_at) == (hugo, NOON)
        (body,) = events(step, "source_reviewed")
        assert (body["digest"], body["unseen"]) == (review.digest_of(step), 0)

    def test_it_is_of_what_they_looked_at_and_not_of_what_was_answered_since(self, hugo):
        """A department corrects its answer while somebody reads: the new words have no mark, and nobody saw them."""
        step = ana_is_read()
        seen = review.digest_of(step)
        FulfilmentStep.objects.filter(pk=step.pk).update(sha256="1" * 64)
        with pytest.raises(Refused, match="look at it again"):
            review.mark_reviewed(fresh(step), why="Seen.", seen=seen, actor=Actor.staff(hugo), at=NOON)
        review.mark_reviewed(
            fresh(step), why="Seen.", seen=review.digest_of(fresh(step)), actor=Actor.staff(hugo), at=NOON
        )

    def test_what_somebody_else_opened_counts_for_them_alone(self, hugo):
        step = ana_is_read()
        review.note_seen(step.marks.all(), actor=Actor.staff(staff("petra", "privacy officer")))
        with pytest.raises(Refused, match="3 left"):
            review.mark_reviewed(step, why="", actor=Actor.staff(hugo), at=NOON)

    def test_what_is_hidden_need_not_be_opened(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        review.hide_marked(step, ground=GROUND, actor=actor, at=NOON)
        assert review.unseen(step, hugo) == 1  # the other file

    def test_whoever_has_not_opened_them_says_why_not(self, hugo):
        step = ana_is_read()
        review.mark_reviewed(step, why="All of one known pattern.", actor=Actor.staff(hugo), at=NOON)
        (body,) = events(step, "source_reviewed")
        assert body["unseen"] == 3
        assert Message.objects.get(pk=body["message"]).body == "All of one known pattern."

    def test_it_waits_for_the_check_or_says_why_not(self, hugo):
        step = ana_is_read(checked=False)
        with pytest.raises(Refused, match="has not come to its end"):
            review.mark_reviewed(step, why="", actor=Actor.staff(hugo), at=NOON)

    def test_any_change_voids_it(self, hugo):
        step, actor = ana_is_read(), Actor.staff(hugo)
        digests = set()
        for change in (
            lambda: review.hide(step, position=0, column="", passage="", ground=GROUND, actor=actor, at=NOON),
            lambda: review.show(Redaction.objects.get(), actor=actor, at=NOON),
            lambda: review.hide_file(step.files.first(), ground=GROUND, actor=actor, at=NOON),
            lambda: fulfilment.retry(step, actor=actor, at=NOON),
        ):
            review.mark_reviewed(step, why="Seen.", actor=actor, at=NOON)
            digests.add(review.digest_of(step))
            change()
            assert fresh(step).reviewed_at is None
        assert len(digests) == 3  # shown again, it is what it was

    def test_it_is_refused_of_a_source_that_has_not_answered(self, hugo):
        def away() -> Any:
            raise RetryLater
            yield

        Shop.holds = away()
        step = ana_is_read()
        with pytest.raises(Refused):
            review.mark_reviewed(step, why="Seen.", actor=Actor.staff(hugo), at=NOON)


class TestPages:
    def test_a_page_holds_fifty_records_and_says_where_the_next_begins(self):
        Shop.holds = [Lines("orders", b"".join(b'{"number":%d}\n' % n for n in range(120)), 120)]
        step = ana_is_read()
        first = step_records.page_at(step, 0)
        second = step_records.page_at(step, first.after)
        third = step_records.page_at(step, second.after)
        assert [len(page.records) for page in (first, second, third)] == [50, 50, 20]
        assert [r.values["number"] for p in (first, second, third) for r in p.records] == list(range(120))
        assert (first.before, second.before, third.before) == (None, 0, first.after)
        assert third.after is None

    def test_a_page_ends_with_its_table(self):
        step = ana_is_read()
        first = step_records.page_at(step, 0)
        assert (first.table, len(first.records)) == ("customer", 1)
        assert step_records.page_at(step, first.after).table == "orders"

    def test_a_long_record_is_a_page_of_its_own(self):
        Shop.holds = [Record("orders", {"number": n, "note": "x" * (200_000 * n)}) for n in (1, 2, 0, 0)]
        step, start, seen = ana_is_read(), 0, []
        while start is not None:
            page = step_records.page_at(step, start)
            seen.append((page.before, [r.values["number"] for r in page.records]))
            start = page.after
        assert [numbers for _, numbers in seen] == [[1], [2], [0, 0]]
        assert [before for before, _ in seen] == [None, 0, 0]

    def test_a_line_that_is_no_object_is_shown_as_what_it_is(self):
        Shop.holds = [Lines("orders", b"[1]\nnonsense\n", 2)]
        page = step_records.page_at(ana_is_read(), 0)
        assert [(r.values, r.line) for r in page.records] == [(None, b"[1]\n"), (None, b"nonsense\n")]
