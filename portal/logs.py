"""Log lines as JSON, without personal data."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

_ADDRESS = re.compile(r"[^\s<>\"'@=:/]+@[^\s<>\"'@/]+")
# What stands behind a link's path or query may be a secret.
_LONG_TOKEN = re.compile(r"[A-Za-z0-9_\-]{20,}")
_QUERY = re.compile(r"\?\S+")


def redact(text: str) -> str:
    """Without addresses, query strings and anything long enough to be a secret."""
    return _LONG_TOKEN.sub("[long]", _QUERY.sub("?[query]", _ADDRESS.sub("[address]", text)))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # Type and places only: the text of an exception often quotes the value that caused it.
            line["error"] = record.exc_info[0].__name__
            line["places"] = [
                f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line, ensure_ascii=False)
