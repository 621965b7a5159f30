"""A file name that is harmless in a header and on any disk (ASVS 5.3.2, 5.4.1).

There are three rules, since three things are wanted of a name: a download keeps as much as a header may hold, also the
ending of a name of which nothing else is left; an entry of a package (`entry_names`) keeps its folders as words, and
obeys every file system on which it is unpacked; what a department sent (`answering.plain_name`) is read by people, so
that spaces and signs stay.
"""

import re

LONGEST = 120
LONGEST_ENDING = 12


def safe_name(name: str) -> str:
    """The last part of a path, of letters, digits, dots, hyphens and underscores only, no dot first."""
    last = re.split(r"[/\\]", name)[-1]
    safe = re.sub(r"[^\w.-]+", "_", last).lstrip(".")
    stem, dot, ending = safe.rpartition(".")
    if len(safe) > LONGEST and 0 < len(ending) <= LONGEST_ENDING:
        safe = stem[: LONGEST - len(ending) - len(dot)] + dot + ending
    return safe[:LONGEST] or "file"
