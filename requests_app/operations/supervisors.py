"""The supervisory authority of each country, from a file that is kept by hand (P18; GDPR 77)."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "supervisory_authorities.toml"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """One authority. `code`: of its country, ISO 3166-1 alpha-2; `countries`: its name by language of the pages."""

    code: str
    countries: dict[str, str]
    name: str
    url: str

    def country(self, language: str) -> str:
        """Return the country's name in this language, else in English."""
        return self.countries.get(language, self.countries["en"])


@lru_cache(maxsize=1)
def _file() -> tuple[date, tuple[Supervisor, ...]]:
    known = tomllib.loads(FILE.read_text(encoding="utf-8"))
    rows = [Supervisor(one["code"], one["country"], one["name"], one["url"]) for one in known["authority"]]
    return known["as_of"], tuple(rows)


def as_of() -> date:
    """Return the day on which the list was last looked through."""
    return _file()[0]


def supervisors(language: str) -> list[Supervisor]:
    """Return all of them, ordered by the name of their country in this language."""
    return sorted(_file()[1], key=lambda one: one.country(language))


def supervisor_of(code: str) -> Supervisor | None:
    """Return the one of this country."""
    return next((one for one in _file()[1] if one.code == code), None)
