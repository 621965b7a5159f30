"""What every data source must do, ours and those of others: a test class to subclass.

    class TestCrm(DataSourceContract):
        @pytest.fixture
        def source(self) -> DataSource:
            return Crm(...)  # knows Ana and Otto

Ana: address ana@example.org, customer number C-1001, stored as it is since SINCE. Otto: otto@example.net, C-2002. Of
both something is held where the source describes tables; it names neither address nor number of the other. Nothing
here needs a database of the portal, or any library for tests but what runs them.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from .base import DataSource, Pending, Query
from .records import File, Lines, Record, encode

SINCE = datetime(2024, 2, 12, tzinfo=UTC)
ANA, OTTO = ("ana@example.org", "C-1001"), ("otto@example.net", "C-2002")
NEARLY_ANA = (
    "", "ana", "%", "ana@example.or", "ana_example.org", "a%@example.org", "аna@example.org", "ana+x@example.org",
)  # fmt: skip
REQUEST = "4a1f7c52b7d94d27a0f6d4a1a3f0c9aa"


def addresses(source: DataSource, email: str = "", details: str = "", name: str = "Ana Example") -> list[str]:
    """The addresses of everybody whom the source found."""
    found = source.find(Query(email=email, name=name, details=details))
    return sorted(contact.address for match in found for contact in match.contacts)


def extracted(source: DataSource, email: str) -> Iterator[tuple[str, bytes]]:
    """Yield (table, line) of every record of one person; of a source that answers later nothing."""
    references = [match.reference for match in source.find(Query(email=email))]
    answer = source.extract(references, request_id=REQUEST)
    for item in () if isinstance(answer, Pending) else answer:
        if isinstance(item, Record):
            yield item.table, encode(item.values)
        elif isinstance(item, Lines):
            yield from ((item.table, line) for line in item.data.splitlines(keepends=True))


class AnswersLaterContract:
    """Of a source that knows nobody and whose answer people give later. Subclass it with a fixture `source`."""

    def test_it_names_nobody(self, source: DataSource) -> None:
        """Nobody is shown to be somebody by it, whatever was filed."""
        assert not source.knows_people
        assert list(source.find(Query(email="ana@example.org", name="Ana Example", details="C-1001"))) == []

    def test_it_says_what_is_held(self, source: DataSource) -> None:
        """Else no step is owed, and nobody is asked."""
        assert source.describe()
        assert len({table.name for table in source.describe()}) == len(source.describe())

    def test_asked_it_waits_for_people_and_asked_twice_for_the_same(self, source: DataSource) -> None:
        """Whom it asks and for how long does not depend on whom it is about."""
        answers = [source.extract(references, request_id=REQUEST) for references in ((ANA[0],), (ANA[0],), ())]
        assert all(isinstance(answer, Pending) and answer.to and answer.days > 0 for answer in answers)
        assert answers[0] == answers[1] == answers[2]


class DataSourceContract:
    """Subclass it with a fixture `source`. What is handed out is looked at where the source describes tables."""

    def test_an_address_is_found_whatever_its_case_and_the_blanks_around_it(self, source: DataSource) -> None:
        """The same mailbox, however it is spelled."""
        for typed in ("ana@example.org", " ANA@example.org "):
            assert addresses(source, typed) == ["ana@example.org"]

    def test_it_says_since_when_the_address_stands_there(self, source: DataSource) -> None:
        """An address that was put there for the request proves nothing."""
        (match,) = source.find(Query(email="ana@example.org"))
        assert [(contact.kind, contact.since) for contact in match.contacts] == [("email", SINCE)]
        assert match.reference

    def test_an_identifier_in_a_sentence_is_found(self, source: DataSource) -> None:
        """People write sentences."""
        assert addresses(source, "new@example.com", "My number is c-1001, since 2019.") == ["ana@example.org"]

    def test_an_address_named_in_the_details_is_found(self, source: DataSource) -> None:
        """People change addresses."""
        assert addresses(source, "new@example.com", "Before that <ana@example.org>.") == ["ana@example.org"]

    def test_two_people_who_are_named_are_two(self, source: DataSource) -> None:
        """Each has to be shown to be the person who asks."""
        assert addresses(source, "ana@example.org", "C-2002") == ["ana@example.org", "otto@example.net"]

    def test_whoever_is_found_by_two_things_is_one(self, source: DataSource) -> None:
        """Where several are found, staff have to choose; and each has a reference of their own."""
        assert len(source.find(Query(email="ana@example.org", details="C-1001"))) == 1
        found = source.find(Query(email="ana@example.org", details="C-2002", confirmed=("otto@example.net",)))
        assert len({match.reference for match in found}) == len(found) == 2

    def test_nobody_is_found_by_likeness(self, source: DataSource) -> None:
        """Neither by a pattern nor by letters that only look alike."""
        for typed in NEARLY_ANA:
            assert addresses(source, typed, "C-100 C_1001 C%") == [], ascii(typed)

    def test_nobody_is_found_by_name(self, source: DataSource) -> None:
        """Namesakes exist."""
        assert addresses(source, "new@example.com", "Ana Example", name="Ana Example") == []

    def test_a_pasted_list_of_numbers_looks_nobody_up(self, source: DataSource) -> None:
        """Else anybody could go through all customers."""
        assert addresses(source, "new@example.com", " ".join(f"C-{n}" for n in range(1000, 2500))) == []

    def test_asked_twice_it_answers_alike(self, source: DataSource) -> None:
        """A step may be taken again."""
        query = Query(email="ana@example.org", details="C-2002")
        assert list(source.find(query)) == list(source.find(query))

    def test_what_is_handed_out_was_described(self, source: DataSource) -> None:
        """Every table and every key of a record."""
        described = {table.name: {column.name for column in table.columns} for table in source.describe()}
        assert len(described) == len(source.describe()), "two tables of one name"
        found: dict[str, set[str]] = {}
        for table, line in extracted(source, "ana@example.org") if described else ():
            found.setdefault(table, set()).update(json.loads(line))
        for table, keys in found.items():
            assert table in described, table
            assert keys <= described[table], (table, keys - described[table])
        assert bool(found) == bool(described)

    def test_the_records_of_a_table_follow_each_other(self, source: DataSource) -> None:
        """They lie in one piece afterwards, and are shown page by page."""
        order = [table for table, _ in extracted(source, "ana@example.org")] if source.describe() else []
        changes = [table for place, table in enumerate(order) if place == 0 or order[place - 1] != table]
        assert len(changes) == len(set(changes)), changes

    def test_extracted_twice_it_is_alike(self, source: DataSource) -> None:
        """The same records; their order within a table is free."""
        if source.describe():
            assert sorted(extracted(source, "ana@example.org")) == sorted(extracted(source, "ana@example.org"))

    def test_nothing_of_otto_is_handed_to_ana(self, source: DataSource) -> None:
        """Nor the reverse."""
        if source.describe():
            for email, others in (("ana@example.org", OTTO), ("otto@example.net", ANA)):
                whole = b"".join(line for _, line in extracted(source, email)).lower()
                assert whole
                assert not [one for one in others if one.lower().encode() in whole]

    def test_by_a_reference_that_nobody_has_nothing_is_found(self, source: DataSource) -> None:
        """A reference of yesterday, or of another source."""
        if source.describe():
            for unknown in ("", "999999999", "nobody", "{}", '{"email":"x"}', "%"):
                assert list(items_of(source, [unknown])) == [], unknown
            assert list(items_of(source, [])) == []

    def test_it_hands_out_a_stream(self, source: DataSource) -> None:
        """One record after another, so that memory does not grow with what is held."""
        if source.describe():
            references = [match.reference for match in source.find(Query(email="ana@example.org"))]
            answer = source.extract(references, request_id=REQUEST)
            assert isinstance(answer, Pending | Iterator), type(answer)
            if isinstance(answer, Iterator):
                assert next(answer)
                if close := getattr(answer, "close", None):
                    close()  # whoever takes it may stop in the middle

    def test_lines_are_whole_and_are_json_objects(self, source: DataSource) -> None:
        """A source that encodes by itself writes what `records.encode` writes."""
        references = [match.reference for match in source.find(Query(email="ana@example.org"))]
        for item in items_of(source, references) if source.describe() else ():
            if isinstance(item, Lines):
                assert item.data.endswith(b"\n")
                assert len(lines := item.data.split(b"\n")[:-1]) == item.records
                assert all(isinstance(json.loads(line), dict) for line in lines)


def items_of(source: DataSource, references: list[str]) -> Iterator[Record | Lines | File]:
    answer = source.extract(references, request_id=REQUEST)
    if not isinstance(answer, Pending):
        yield from answer
