"""A department whose answer is written by people: each of its addresses gets a link to one task, and no account."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from requests_app.rules.policy import LANGUAGES, Text

from . import described
from .base import DataSource, Match, Pending, Query
from .records import Table
from .work import Change, ConsentAct, Instruction

ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+")
LONGEST_NAME = 80
LONGEST = 60  # days
STATEMENT = "statement"  # the table, and its one column, in which stands what the department writes
QUESTION = Text(
    en="Look for everything that your department holds about this person, on paper too. Write what it is, and add "
    "copies of it. What names other people we check before anything is handed out.",
    it="Cercate tutto ciò che il vostro ufficio conserva su questa persona, anche su carta. Scrivete di che cosa si "
    "tratta e allegatene copia. Ciò che nomina altre persone lo controlliamo prima di consegnare qualcosa.",
)


ERASE = Text(
    en="Do what stands here with what your department holds of this person, on paper and in mailboxes too. Write what "
    "you did and when.",
    it="Fate ciò che è scritto qui con quello che il vostro ufficio conserva su questa persona, anche su carta e nelle "
    "caselle di posta. Scrivete che cosa avete fatto e quando.",
)
CONSENT = Text(
    en="This person has changed what you may use their data for. Act on it, and write what you did and when.",
    it="Questa persona ha cambiato gli scopi per cui potete usare i suoi dati. Adeguatevi e scrivete che cosa avete "
    "fatto e quando.",
)
RECTIFY = Text(
    en="Put right what your department holds of this person, wherever it stands, on paper too. Write where you changed "
    "it and when.",
    it="Rettificate ciò che il vostro ufficio conserva su questa persona, ovunque si trovi, anche su carta. Scrivete "
    "dove l'avete modificato e quando.",
)
RESTRICT = Text(
    en="From now on store what you hold of this person, and use it for nothing else. Write what it is, and since when.",
    it="D'ora in poi conservate soltanto ciò che avete su questa persona, senza usarlo per altro. Scrivete di che cosa "
    "si tratta e da quando.",
)
LIFT = Text(
    en="You may use again what you hold of this person: the restriction has ended. Write since when you do.",
    it="Potete usare di nuovo ciò che conservate su questa persona: la limitazione è cessata. Scrivete da quando.",
)


class DepartmentPeople(DataSource):
    """`name` of the department, as the person reads it too; `to`: its addresses; `days` it has, never past two days
    before the request is due; `escalate_to`: who is told once it is late, else the privacy officers. `tables`: what it
    holds, as in InMemory, without columns; one is called "statement". `question`: what it is asked. `language` of its
    mails. `show_details`: whether it reads what the person wrote in the form; only where nothing is found without.
    """

    knows_people = False
    asks_people = True

    def __init__(
        self,
        *,
        name: str | Mapping[str, str],
        to: Sequence[str],
        days: int = 5,
        escalate_to: Sequence[str] = (),
        tables: Mapping[str, Mapping[str, Any]] | None = None,
        question: str | Mapping[str, str] = "",
        language: str = "en",
        show_details: bool = False,
    ) -> None:
        self.name = described.text(name, "name")
        if not self.name.en.strip() or len(self.name.en) > LONGEST_NAME or "\n" in self.name.en:
            raise ValueError(f"name has to be one line of at most {LONGEST_NAME} signs")
        self.to = _addresses("to", to)
        if not self.to:
            raise ValueError("to has to name at least one address")
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST:
            raise ValueError(f"days has to be a whole number from 1 to {LONGEST}")
        if language not in LANGUAGES:
            raise ValueError(f"language has to be one of {', '.join(LANGUAGES)}")
        self.days, self.language, self.show_details = days, language, bool(show_details)
        self.escalate_to = _addresses("escalate_to", escalate_to)
        self.question = described.text(question, "question") if question else QUESTION
        self.tables = _tables(tables or {STATEMENT: {"label": name, "category": name}})

    def find(self, query: Query) -> Sequence[Match]:
        """Nobody: only people can look."""
        return ()

    def describe(self) -> Sequence[Table]:
        """What the options say that it holds."""
        return self.tables

    def extract(self, references: Sequence[str], *, request_id: str) -> Pending:
        """Ask for the task; people answer it."""
        return self._asked(self.question, details=self.show_details)

    def erase(self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str) -> Pending:
        """Have people erase, and say what they did. What they would reach they are not asked before."""
        return self._asked(ERASE)

    def withdraw_consent(self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str) -> Pending:
        """Have people stop, or go on. Which purpose stands in the task itself, beside whom it is about."""
        return self._asked(CONSENT)

    def rectify(self, references: Sequence[str], *, changes: Sequence[Change], request_id: str) -> Pending:
        """Have people put it right. Which value stands in the task itself, beside whom it is about."""
        return self._asked(RECTIFY)

    def restrict(self, references: Sequence[str], *, restricted: bool, request_id: str) -> Pending:
        """Have people stop using it, or tell them that they may again."""
        return self._asked(RESTRICT if restricted else LIFT)

    def _asked(self, question: Text, *, details: bool = False) -> Pending:
        return Pending(
            to=self.to,
            days=self.days,
            name=self.name.in_language(self.language),
            question=question,
            holds=tuple(one.label for one in self.tables),
            details=details,
            escalate_to=self.escalate_to,
            language=self.language,
        )


def _addresses(option: str, told: object) -> tuple[str, ...]:
    if isinstance(told, str) or not isinstance(told, Iterable):
        raise ValueError(f"{option} has to be a list of addresses")
    found = tuple(dict.fromkeys(str(one).strip() for one in told))
    if wrong := [one for one in found if not ADDRESS.fullmatch(one)]:
        raise ValueError(f"{option}: {wrong[0]!r} is no address")
    return found


def _tables(told: Mapping[str, Mapping[str, Any]]) -> tuple[Table, ...]:
    if STATEMENT not in told:
        raise ValueError(f"tables: one of them has to be called {STATEMENT}: what the department writes stands there")
    return described.tables({name: {**about, "columns": {STATEMENT: "text"}} for name, about in told.items()})
