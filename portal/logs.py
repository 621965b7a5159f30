"""Log lines as JSON, without personal data."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

_ADDRESS = re.compile(r"[^\s<>\"'@=:/]+(?:@|%40)[^\s<>\"'@/]+", re.IGNORECASE)
# What stands behind a link's path or query may be a secret.
_QUERY = re.compile(r"\?\S+")
# The ids of our rows are version 4 UUIDs and grant nothing: they stay, or nobody finds the row. Secrets of links and
# sessions are never written with dashes.
_LONG_TOKEN = re.compile(
    r"(?<![\w-])(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})(?![\w-])"
    r"|[A-Za-z0-9_\-]{20,}"
)
# A typed code stands alone; six digits after a full stop are microseconds.
_CODE = re.compile(r"(?<![\w.-])\d{6}(?![\w-])")


def redact(text: str) -> str:
    """Without addresses, query strings, codes and anything long enough to be a secret."""
    text = _QUERY.sub("?[query]", _ADDRESS.sub("[address]", text))
    return _CODE.sub("[code]", _LONG_TOKEN.sub(lambda found: found["id"] or "[long]", text))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(message_of(record)),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # Type and places only: the text of an exception often quotes the value that caused it.
            line["error"] = record.exc_info[0].__name__
            line["places"] = [
                f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line)  # ASCII: no sign that turns the line over or breaks it in a viewer


def message_of(record: logging.LogRecord) -> str:
    """The text; where its arguments do not fit, without them: `logging` would print them as they are.

    Django's security log and Celery's log of failed tasks quote the exception: that is no more told than in `error`.
    """
    if record.exc_info and record.exc_info[0]:
        if record.name.startswith("django.security"):
            return record.exc_info[0].__name__
        if record.name == "celery.app.trace" and isinstance(record.args, dict):
            return f"task {record.args.get('name')} failed"
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (its arguments do not fit)"
