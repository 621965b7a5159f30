"""A file in which people who stand in options are kept as they were changed, for all processes and the next start."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

Person = dict[str, Any]


class KeptIn:
    """Written when something is changed. Where the options are others than those it was made of, it says nothing."""

    def __init__(self, path: str, people: Sequence[Person]) -> None:
        self._path = Path(settings.VAR_DIR) / path
        self._made_of = hashlib.sha256(_encoded(people)).hexdigest()

    def read(self) -> list[Person] | None:
        """Return the people as they were changed; None where nothing was. ValueError for a file of somebody else's."""
        try:
            said = json.loads(self._path.read_bytes(), object_hook=_decoded)
            people: list[Person] = said["people"]
            return people if said["made_of"] == self._made_of else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"kept_in names a file that cannot be read ({type(error).__name__})") from None

    def write(self, people: Sequence[Person]) -> None:
        """Replace the file as a whole, or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "wb") as file:
            file.write(_encoded({"made_of": self._made_of, "people": people}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _encoded(value: object) -> bytes:
    return json.dumps(value, default=_plain, sort_keys=True).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return {"$instant" if isinstance(value, datetime) else "$date": value.isoformat()}
    raise TypeError(type(value).__name__)


def _decoded(said: Mapping[str, Any]) -> Any:
    if set(said) == {"$instant"}:
        return datetime.fromisoformat(said["$instant"])
    if set(said) == {"$date"}:
        return date.fromisoformat(said["$date"])
    return said
