"""Whichever way a test asks for the database, it gets facts and keys."""

import pytest

from requests_app.models import Submission, SubmissionKey


def both_answer() -> bool:
    return (Submission.objects.count(), SubmissionKey.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_by_the_mark():
    assert both_answer()


def test_by_the_fixture(db):
    assert both_answer()


def test_by_the_fixture_with_real_transactions(transactional_db):
    assert both_answer()


@pytest.fixture
def somebody(db):
    return None


def test_by_a_fixture_that_needs_it(somebody):
    assert both_answer()


def test_by_a_live_server(live_server):
    assert both_answer()
