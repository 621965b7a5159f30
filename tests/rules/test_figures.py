"""What a period came to, counted; and what of it may be published."""

from datetime import date

import pytest

from requests_app.rules.figures import Fact, figures, public, public_share, quarter_before

RIGHTS = ("access", "deletion")
FACTS = (
    Fact("access", received=True, outcome="done", days=3, rung=1),
    Fact("access", received=True, outcome="done", days=9, rung=2),
    Fact(
        "access", received=False, outcome="partly", days=20, late=True, extended=True, ground="risk_to_others", rung=2
    ),
    Fact("access", received=True, outcome="cancelled", days=1),
    Fact("deletion", received=True, outcome="refused", days=15, ground="law_forbids_deletion", rung=2),
    Fact("deletion", received=True),
)


def test_received_and_answered_are_counted_apart():
    known = figures(FACTS, rights=RIGHTS)
    assert (known.total.received, known.total.answered) == (5, 4)
    assert (known.rights["access"].received, known.rights["access"].answered) == (3, 3)


def test_what_the_person_ended_is_no_answer_and_counts_no_days():
    access = figures(FACTS, rights=RIGHTS).rights["access"]
    assert access.outcomes["cancelled"] == 1
    assert (access.median, access.ninetieth) == (9, 20)


def test_late_extended_grounds_and_identity_are_of_answers_only():
    known = figures(FACTS, rights=RIGHTS)
    assert (known.total.on_time, known.total.extended) == (3, 1)
    assert known.grounds == {"risk_to_others": 1, "law_forbids_deletion": 1}
    assert known.rungs == {1: 1, 2: 3}


def test_of_nothing_there_is_no_median():
    assert figures([], rights=RIGHTS).total.median is None


@pytest.mark.parametrize(("number", "told"), [(0, 0), (1, None), (4, None), (5, 5), (7, 5), (8, 10), (1003, 1005)])
def test_a_small_number_is_not_published_and_all_others_are_rounded(number, told):
    assert public(number) == told


def test_no_difference_of_published_numbers_tells_a_small_one():
    # Were the sum exact, 21 received less 18 would tell the three of the line that is hidden.
    assert public(21) == public(18) == 20


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(19, 19, None), (20, 20, 75), (19, 20, 75), (194, 200, 97), (200, 200, 97), (3, 40, None), (0, 40, 0)],
)
def test_a_share_of_few_is_not_published_nor_whether_one_was_late(part, whole, told):
    assert public_share(part, whole) == told


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 11, 23), (date(2026, 7, 1), date(2026, 9, 30))),
        (date(2026, 1, 1), (date(2025, 10, 1), date(2025, 12, 31))),
        (date(2026, 3, 31), (date(2025, 10, 1), date(2025, 12, 31))),
        (date(2026, 4, 1), (date(2026, 1, 1), date(2026, 3, 31))),
    ],
)
def test_the_quarter_before_a_day(day, quarter):
    assert quarter_before(day) == quarter
