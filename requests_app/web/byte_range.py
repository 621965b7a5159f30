"""Which part of a file a client asks for: one range of bytes (RFC 9110, 14), of the very file that it began with."""

import re
from collections.abc import Mapping

ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class OutOfReach(Exception):
    """The range begins behind the end of the file."""


def wanted(headers: Mapping[str, str], *, size: int, etag: str) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None where the whole file is to be sent.

    As the standard allows, several ranges, other units and what cannot be read are answered by the whole file; so is a
    range whose `If-Range` names another file, or a date. Raises OutOfReach.
    """
    found = ONE_RANGE.fullmatch(headers.get("Range", "").strip())
    if found is None or headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:  # so many bytes from the end
        if int(last) == 0 or size == 0:
            raise OutOfReach
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise OutOfReach
    return int(first), min(int(last) + 1, size) if last else size
