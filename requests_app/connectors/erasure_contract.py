"""What every data source must do that erases by itself, ours and those of others: a test class to subclass."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from .base import DataSource, NotOffered, Pending, PermanentFailure, Query
from .contract import REQUEST, extracted, items_of
from .records import Lines, Record, encode
from .work import Carried, Change, Changed, ConsentAct, Instruction, Outcome, Planned, Way


class ErasureContract:
    """Of a source that erases by itself. Subclass it beside `DataSourceContract`, with a source that is new each time.

    `verify_gone` and the plan name the same tables. Of what is optional, NotOffered is an answer.
    """

    def test_a_plan_changes_nothing_and_counts_what_is_there(self, source: DataSource) -> None:
        """Somebody decides by it."""
        before = everything(source)
        plan, again = planned(source), planned(source)
        assert plan
        assert plan == again
        assert len({item.table for item in plan}) == len(plan)
        assert {item.table for item in plan} <= {table.name for table in source.describe()}
        assert {item.table: item.records for item in plan if item.records} == left(source, references(source))
        assert everything(source) == before

    def test_what_was_planned_is_gone_afterwards_and_ottos_is_as_before(self, source: DataSource) -> None:
        """Nobody else's, whatever rows they share."""
        before, known = everything(source), references(source)
        items = instructions(source)
        done = carried(source, known, items)
        assert [one.table for one in done] == [item.table for item in items]
        assert sum(one.records for one in done) > 0
        gone = {item.table for item in items if item.way != Way.KEEP}
        assert {one.table: one.left for one in done if one.table in gone} == dict.fromkeys(gone, 0)
        assert not gone & set(left(source, known))
        assert not gone & {table for table, _ in _lines(source, known)}
        assert everything(source)[1] == before[1]

    def test_erased_twice_is_erased_once(self, source: DataSource) -> None:
        """The answer may have been lost: the second is the first one again, or says that nothing was left to do."""
        known, items = references(source), instructions(source)
        first = carried(source, known, items)
        after = everything(source)
        again = carried(source, known, items)
        assert again == first or not any(one.records for one in again)
        assert everything(source) == after

    def test_killed_midway_it_goes_on(self, source: DataSource) -> None:
        """With the references of the first time: nobody looks them up again."""
        known, items = references(source), instructions(source)
        for stop in range(len(items)):
            with suppress(_Killed):
                source.erase(known, items=_Cut(items, stop), request_id=REQUEST)
        done = carried(source, known, items)
        gone = {item.table for item in items if item.way != Way.KEEP}
        assert not [one for one in done if one.table in gone and one.left]
        assert not gone & set(left(source, known))

    def test_a_table_that_is_not_named_or_is_kept_stays_as_it_is(self, source: DataSource) -> None:
        """Staff decided so; a source that cannot do one without the other refuses. What it led to is not reached."""
        known, exactly = references(source), 0
        for item in instructions(source):
            if item.way == Way.KEEP:
                continue
            others = [Instruction(table, Way.KEEP) for table, _ in left(source, known).items() if table != item.table]
            before = _besides(source, known, item.table)
            try:
                carried(source, known, [item, *others[1:]])
            except PermanentFailure:
                assert _besides(source, known, item.table) == before
                continue
            assert item.table not in left(source, known)
            assert set(_besides(source, known, item.table)) <= set(before)
            exactly += _besides(source, known, item.table) == before
        assert exactly, "no table can be erased without the others"

    def test_of_a_reference_that_nobody_has_nothing_is_erased(self, source: DataSource) -> None:
        """A reference of yesterday, or of another source."""
        before, items = everything(source), instructions(source)
        for unknown in ([], [""], ["999999999"], ["nobody"], ["{}"], ["%"]):
            assert not any(one.records for one in source.erase(unknown, items=items, request_id=REQUEST))  # type: ignore[union-attr]
            assert list(source.verify_gone(unknown, request_id=REQUEST)) == [], unknown
        assert everything(source) == before

    def test_everybody_is_whoever_is_found(self, source: DataSource) -> None:
        """So that who was erased is found again where they came back."""
        try:
            known = {contact.address for match in source.everybody() for contact in match.contacts}
        except NotOffered:
            return
        assert {"ana@example.org", "otto@example.net"} <= known

    def test_what_it_is_told_besides_it_does_or_says_that_people_have_to(self, source: DataSource) -> None:
        """Consent, correction and restriction; told twice it is the same, and Otto's stays."""
        before, known = everything(source), references(source)
        act = ConsentAct("direct_marketing", False, datetime(2026, 11, 22, tzinfo=UTC))
        change = Change("no such field at all", "x")
        for _ in range(2):
            with suppress(NotOffered):
                source.withdraw_consent(known, acts=[act], request_id=REQUEST)
            with suppress(NotOffered):
                answer = source.rectify(known, changes=[change], request_id=REQUEST)
                assert isinstance(answer, Pending) or list(answer) == [Changed(change.field, Outcome.NOT_FOUND)]
            with suppress(NotOffered):
                source.restrict(known, restricted=True, request_id=REQUEST)
                source.restrict(known, restricted=False, request_id=REQUEST)
        assert everything(source)[1] == before[1]


class _Killed(BaseException):
    """The process ended here."""


class _Cut(list[Instruction]):
    """Instructions of which only some are reached."""

    def __init__(self, items: list[Instruction], stop: int) -> None:
        super().__init__(items)
        self._stop = stop

    def __iter__(self) -> Iterator[Instruction]:
        for place in range(len(self)):
            if place == self._stop:
                raise _Killed
            yield self[place]


def references(source: DataSource, email: str = "ana@example.org") -> list[str]:
    """Return what the source calls one person by."""
    return [match.reference for match in source.find(Query(email=email))]


def planned(source: DataSource) -> list[Planned]:
    """Return the plan for Ana; of a source that erases by itself it is there at once."""
    plan = source.plan_erasure(references(source), request_id=REQUEST)
    assert not isinstance(plan, Pending)
    return list(plan)


def instructions(source: DataSource) -> list[Instruction]:
    """Return Ana's plan as somebody decides who changes nothing of it."""
    return [Instruction(item.table, item.way) for item in planned(source)]


def carried(source: DataSource, known: list[str], items: list[Instruction]) -> list[Carried]:
    """Erase, and return what was done."""
    done = source.erase(known, items=items, request_id=REQUEST)
    assert not isinstance(done, Pending)
    return list(done)


def left(source: DataSource, known: list[str]) -> dict[str, int]:
    """Return how many records each table still holds."""
    return {one.table: one.records for one in source.verify_gone(known, request_id=REQUEST) if one.records}


def everything(source: DataSource) -> list[list[tuple[str, bytes]]]:
    """Return what is handed out to Ana, and to Otto."""
    return [sorted(extracted(source, email)) for email in ("ana@example.org", "otto@example.net")]


def _besides(source: DataSource, known: list[str], table: str) -> list[tuple[str, bytes]]:
    return [row for row in _lines(source, known) if row[0] != table]


def _lines(source: DataSource, known: list[str]) -> list[tuple[str, bytes]]:
    records = (item for item in items_of(source, known) if isinstance(item, Record | Lines))
    return sorted(
        (item.table, line)
        for item in records
        for line in ([encode(item.values)] if isinstance(item, Record) else item.data.splitlines(keepends=True))
    )
