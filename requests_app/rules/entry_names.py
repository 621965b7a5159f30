"""Names of the files in a package: ours, or made harmless for every system on which it may be unpacked."""

import unicodedata

LONGEST = 80  # characters, the ending included
LONGEST_ENDING = 12
MOST_READ = 1024  # of a longer name its beginning and its end
_KEPT = frozenset("._-")
# Devices on Windows, whatever the ending.
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"}
    | {f"{device}{n}" for device in ("com", "lpt") for n in "0123456789¹²³"}
)


def safe(name: str) -> str:
    """Return a name without folders, control and direction characters, reserved words and length."""
    ends = name if len(name) <= MOST_READ else name[: MOST_READ // 2] + name[-MOST_READ // 2 :]
    plain = unicodedata.normalize("NFC", ends.encode("utf-8", "replace").decode())
    kept = "".join(char if char.isalnum() or char in _KEPT else "_" for char in plain)
    kept = kept.strip("._ ") or "file"
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        stem, dot, ending = kept, "", ""
    room = LONGEST - len(dot + ending)
    stem = stem[:room].rstrip("._ ") or "file"
    if stem.split(".")[0].lower() in _RESERVED:
        stem = f"_{stem}"
    return stem + dot + ending


class Names:
    """The names that are taken, compared as a file system does that knows no capitals."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}  # with the number that the next of this name may have

    def free(self, folder: str, name: str) -> str:
        """Return a path in the folder that nothing else has; `folder` is ours and ends with a slash."""
        wanted = safe(name)
        stem, dot, ending = wanted.rpartition(".")
        stem, ending = (stem, dot + ending) if dot else (wanted, "")
        first = path = folder + wanted
        number = self._taken.get(_alike(first), 2)
        while _alike(path) in self._taken:
            path, number = f"{folder}{stem}-{number}{ending}", number + 1
        self._taken[_alike(path)] = 2
        self._taken[_alike(first)] = number
        return path


def _alike(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
