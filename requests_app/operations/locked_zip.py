"""A download that only a passphrase opens: a ZIP with one member, encrypted with AES-256, written as it is sent.

The passphrase is an argument and nothing else: it is stored nowhere and cannot be recovered.
"""

import stat
from collections.abc import Iterable
from datetime import datetime

from stream_zip import ZIP_AUTO, stream_zip

MODE = stat.S_IFREG | 0o600
SHORTEST = 12  # characters: the key of this format is made from them by only 1000 rounds
LONGEST = 128


def locked(name: str, pieces: Iterable[bytes], *, size: int, passphrase: str, at: datetime) -> Iterable[bytes]:
    """Return the bytes of the ZIP. What is inside is packed already, so it is stored as it is."""
    member = (name, at, MODE, ZIP_AUTO(size, level=0), pieces)
    return stream_zip((member,), password=passphrase)
