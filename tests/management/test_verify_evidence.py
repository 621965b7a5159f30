"""Somebody with the database in hand changes the past: the walk finds it."""

import contextlib
from datetime import timedelta

import pytest
from django.db import connection

from requests_app.models import EvidenceEvent, Submission
from requests_app.operations import triggers
from tests.people import NOON, ana_files, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _policy():
    published_policy()


@contextlib.contextmanager
def unguarded():
    """The triggers dropped, as an owner of the database can."""
    connection.check_constraints()  # PostgreSQL alters no table while deferred checks wait
    triggers.remove(connection)
    yield
    connection.check_constraints()
    triggers.install(connection)


def chain_of(submission):
    return EvidenceEvent.objects.filter(submission=submission).order_by("seq")


def test_an_untouched_chain_is_whole(manage):
    ana_files("access", "deletion")
    said = manage("verify_evidence")
    assert (said.status, said.out) == (0, "Every chain of evidence is whole.\n")


def test_a_removed_last_event_is_found(manage):
    submission = ana_files("access")
    with unguarded():
        chain_of(submission).last().delete()
        said = manage("verify_evidence")
    assert said.status == 1
    assert f"submission {submission.pk}: the chain ends with event 0, but 2 events were counted" in said.err


def test_a_removed_chain_is_found(manage):
    submission = ana_files("access")
    with unguarded():
        chain_of(submission).delete()
        said = manage("verify_evidence")
    assert (said.status, said.err) == (1, f"submission {submission.pk}: has no evidence.\n")


def test_an_altered_event_is_found(manage):
    submission = ana_files("access")
    with unguarded():
        chain_of(submission).filter(seq=0).update(at=NOON - timedelta(days=9))
        said = manage("verify_evidence")
    assert said.status == 1
    assert "event 0: its columns contradict the hashed record." in said.err


def test_two_swapped_events_are_found(manage):
    submission = ana_files("access")
    first, second = chain_of(submission)[:2]
    with unguarded():
        chain_of(submission).filter(pk=first.pk).update(seq=99)
        chain_of(submission).filter(pk=second.pk).update(seq=0)
        chain_of(submission).filter(pk=first.pk).update(seq=1)
        said = manage("verify_evidence")
    assert said.status == 1
    assert "event 0: does not follow the event before it." in said.err


def test_every_break_is_reported_not_only_the_first(manage):
    ana, bianca = ana_files("access"), ana_files("access", email="bianca@example.org")
    with unguarded():
        for submission in (ana, bianca):
            chain_of(submission).last().delete()
        said = manage("verify_evidence")
    assert str(ana.pk) in said.err
    assert str(bianca.pk) in said.err


def test_a_tail_removed_together_with_its_count_is_found_against_what_was_kept_outside(manage, tmp_path):
    submission = ana_files("access")
    kept = tmp_path / "heads.txt"
    kept.write_text(manage("verify_evidence", "--heads").out)
    assert manage("verify_evidence", "--against", str(kept)).status == 0
    with unguarded():
        first, last = chain_of(submission)
        last.delete()
        Submission.objects.filter(pk=submission.pk).update(evidence_length=1, evidence_head=first.leaf_hash)
        assert manage("verify_evidence").status == 0  # nothing inside the database can tell
        said = manage("verify_evidence", "--against", str(kept))
    assert (said.status, said.err) == (
        1,
        f"submission {submission.pk}: event 1 is not the one that was kept outside.\n",
    )


def test_what_is_kept_outside_names_nobody(manage):
    submission = ana_files("access")
    lines = manage("verify_evidence", "--heads").out.splitlines()
    assert lines[0] == f"{submission.pk} 2 {chain_of(submission).last().leaf_hash}"
    assert lines[1].startswith("# sha256 of the lines above: ")


@pytest.mark.parametrize("content", ["nonsense", "a b c"])
def test_a_file_that_is_no_list_of_heads_is_named_with_its_line(manage, tmp_path, content):
    file = tmp_path / "heads.txt"
    file.write_text(content)
    said = manage("verify_evidence", "--against", str(file))
    assert said.status == 1
    assert f"{file}, line 1" in said.err
