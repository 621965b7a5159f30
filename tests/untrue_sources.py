"""Data sources that do not do what they say (A52): to be named as BACKEND, with the options of `InMemory`."""

from collections.abc import Sequence

from requests_app.connectors import Carried, Instruction, Pending, RetryLater, Way
from requests_app.connectors.in_memory import InMemory


class Lying(InMemory):
    """Says that all was erased, and still has it."""

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Sequence[Carried]:
        """Count, and change nothing."""
        held = {one.table: one.records for one in self.verify_gone(references, request_id=request_id)}
        return [
            Carried(one.table, one.way, 0 if one.way == Way.KEEP else held.get(one.table, 0), left=0) for one in items
        ]


class HalfDone(InMemory):
    """Erases what is named first, and says that it was all."""

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Sequence[Carried]:
        """Do one."""
        done = super().erase(references, items=items[:1], request_id=request_id)
        return [*done, *(Carried(one.table, one.way, 0) for one in items[1:])]


class Dead(InMemory):
    """Finds and plans, and is away whenever something is to be erased."""

    def erase(
        self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str
    ) -> Sequence[Carried] | Pending:
        """Be away."""
        raise RetryLater("away")
