"""What a data source is asked and answers. Whoever connects a system of theirs implements `DataSource`."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from requests_app.rules.addresses import normalise
from requests_app.rules.policy import Text

from .records import NOTHING, File, Lines, Record, Table
from .work import Attested, Carried, Change, Changed, ConsentAct, Instruction, Planned, Remaining

EMAIL, POSTAL, PHONE = KINDS = ("email", "postal", "phone")
SHORTEST_IDENTIFIER = 4  # characters: "Ana" and "2024" in a sentence identify nobody, and so does less than this
MOST_WORDS = 200  # of the details: somebody who pastes a list of numbers looks nobody up


class RetryLater(Exception):
    """The source cannot answer now: away, busy, a timeout. It is asked again."""


class PermanentFailure(Exception):
    """The source will never answer this: refused, misconfigured. Staff are told."""


class NotOffered(PermanentFailure):
    """The source does not do this by itself: people have to, and say that they did."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was filed. The name is for comparing only: namesakes exist, so nobody is found by it.

    `confirmed`: addresses that the person has shown to be theirs since; who has one of these is found, too.
    """

    email: str
    name: str = ""
    details: str = ""
    confirmed: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address typed, those confirmed, and those named in the details, normalised."""
        named = (word for word in self._words() if "@" in word)
        return tuple(dict.fromkeys(filter(None, map(normalise, (self.email, *self.confirmed, *named)))))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The words of the details that could be a customer number or the like."""
        return tuple(word for word in self._words() if len(word) >= SHORTEST_IDENTIFIER and "@" not in word)

    def _words(self) -> tuple[str, ...]:
        words = tuple(dict.fromkeys(word.strip(".,;:()<>\"'") for word in re.split(r"\s+", self.details)))
        return words if len(words) <= MOST_WORDS else ()


@dataclass(frozen=True, slots=True)
class OnFile:
    """One address that a source has of a person. `since`: aware, when it was stored as it is; None where unknown."""

    address: str
    kind: str = EMAIL
    since: datetime | None = None
    changed_recently: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One person whom the source knows; `reference` is the source's own, opaque to us.

    `label`: how staff know them there, a customer number; shown to staff where several people are found.
    """

    reference: str
    contacts: tuple[OnFile, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """The source was asked and will answer by itself: a person has a task, or a callback comes.

    `ask_again_at`: aware, when to look for the answer; None where only the answer itself continues the step.
    `to`: addresses of people who get a task by a link; `days`: how long they have for it. What they read of it:
    `name` of their department, `question`, what it `holds`, and `details` that the person wrote only where it says so.
    `escalate_to`: who is told once it is late, else the privacy officers. `language`: of the mails.
    """

    ask_again_at: datetime | None = None
    to: tuple[str, ...] = ()
    days: int = 5
    name: str = ""
    question: Text = NOTHING
    holds: tuple[Text, ...] = ()
    details: bool = False
    escalate_to: tuple[str, ...] = ()
    language: str = "en"


Extracted = Iterable[Record | Lines | File]


class DataSource(ABC):
    """A system that holds personal data. Made with its OPTIONS as keywords; mistakes in them raise ValueError.

    All methods are called outside any transaction, any number of times for one question, and answer alike each time.
    Each may raise RetryLater or PermanentFailure.
    """

    alias = ""  # its name in DATA_SOURCES, where it was made from there
    asks_people = False  # True: a department's people answer, and erase as a whole what no plan lists
    knows_people = True  # False: it cannot tell who is on file, and is asked about whoever has shown who they are

    @abstractmethod
    def find(self, query: Query) -> Sequence[Match]:
        """Return everybody who has one of the addresses or identifiers, exactly; never by likeness."""

    def everybody(self) -> Iterable[Match]:
        """Yield everybody whom the source knows, as `find` would answer, without holding them all in memory.

        Asked after a restore and from time to time, so that who was erased is found again where they came back.
        """
        raise NotOffered("this source does not tell whom it knows")

    def describe(self) -> Sequence[Table]:
        """Return what the source holds of people: every table that `extract` may name. Nothing is asked for it.

        A source without tables is asked who is on file, and for nothing else.
        """
        return ()

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted | Pending:
        """Return all that is held of the one person who has these references of `find`, as a stream.

        Of a source that does not know people the references are the addresses that the person has shown to be theirs.

        The records of a table follow each other. `request_id` is the same whenever the same question is asked again.
        What is yielded is not kept: an iterator that holds one batch in memory serves any size.
        """
        raise PermanentFailure("nothing can be read from this source")

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> Sequence[Planned] | Pending:
        """Return what an erasure would reach of this person, table by table, and change nothing."""
        raise NotOffered("this source does not say what an erasure would reach")

    def erase(
        self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str
    ) -> Sequence[Carried] | Pending:
        """Erase or anonymise what the items name, and leave alone what they do not name or want kept.

        Killed midway and called again with the same references it goes on; called after its end it changes nothing.
        """
        raise NotOffered("nothing can be erased in this source from here")

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> Sequence[Remaining]:
        """Count anew what is still readable of this person, table by table, with other credentials than those that
        erased where there are any. Tables without records may be left out; what is anonymised is not theirs any more.
        """
        raise NotOffered("this source cannot be asked whether anything is left")

    def withdraw_consent(
        self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str
    ) -> Attested[ConsentAct] | Pending | None:
        """Stop, or allow again, what is done for these purposes. Of two acts on one purpose the later `at` counts.

        Whoever signs its answers returns the acts that it confirmed.
        """
        raise NotOffered("this source is not told of consent")

    def rectify(
        self, references: Sequence[str], *, changes: Sequence[Change], request_id: str
    ) -> Sequence[Changed] | Pending:
        """Put values right; the answer has one outcome for each change."""
        raise NotOffered("nothing can be changed in this source from here")

    def restrict(
        self, references: Sequence[str], *, restricted: bool, request_id: str
    ) -> Sequence[Remaining] | Pending:
        """Have what is held used for nothing but storage, or lift that; return how many of each table it was."""
        raise NotOffered("processing cannot be restricted in this source from here")
