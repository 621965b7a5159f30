"""What every data source must do. A connector's test makes one that knows Ana and Otto, and runs these.

Ana: address ana@example.org, customer number C-1001, stored as it is since SINCE. Otto: otto@example.net, C-2002.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from requests_app.connectors import DataSource, Query

SINCE = datetime(2024, 2, 12, tzinfo=UTC)


def addresses(source: DataSource, email: str = "", details: str = "", name: str = "Ana Example") -> list[str]:
    """The addresses of everybody whom the source found."""
    found = source.find(Query(email=email, name=name, details=details))
    return sorted(contact.address for match in found for contact in match.contacts)


class Contract:
    """Subclass it with a fixture `source`."""

    def test_an_address_is_found_whatever_its_case_and_the_blanks_around_it(self, source: DataSource) -> None:
        for typed in ("ana@example.org", " ANA@example.org "):
            assert addresses(source, typed) == ["ana@example.org"]

    def test_it_says_since_when_the_address_stands_there(self, source: DataSource) -> None:
        (match,) = source.find(Query(email="ana@example.org"))
        assert [(c.kind, c.since) for c in match.contacts] == [("email", SINCE)]
        assert match.reference

    def test_an_identifier_in_a_sentence_is_found(self, source: DataSource) -> None:
        assert addresses(source, "new@example.com", "My number is c-1001, since 2019.") == ["ana@example.org"]

    def test_an_address_named_in_the_details_is_found(self, source: DataSource) -> None:
        assert addresses(source, "new@example.com", "Before that <ana@example.org>.") == ["ana@example.org"]

    def test_two_people_who_are_named_are_two(self, source: DataSource) -> None:
        assert addresses(source, "ana@example.org", "C-2002") == ["ana@example.org", "otto@example.net"]

    @pytest.mark.parametrize(
        "typed",
        ["", "ana", "%", "ana@example.or", "ana_example.org", "a%@example.org", "аna@example.org", "ana+x@example.org"],
        ids=ascii,
    )
    def test_nobody_is_found_by_likeness(self, source: DataSource, typed: str) -> None:
        assert addresses(source, typed, "C-100 C_1001 C%") == []

    def test_nobody_is_found_by_name(self, source: DataSource) -> None:
        assert addresses(source, "new@example.com", "Ana Example", name="Ana Example") == []

    def test_a_pasted_list_of_numbers_looks_nobody_up(self, source: DataSource) -> None:
        assert addresses(source, "new@example.com", " ".join(f"C-{n}" for n in range(1000, 2500))) == []

    def test_asked_twice_it_answers_alike(self, source: DataSource) -> None:
        query = Query(email="ana@example.org", details="C-2002")
        assert list(source.find(query)) == list(source.find(query))


Made = Callable[..., DataSource]
