"""Check the evidence of a case, without the portal: python verify_chain.py evidence-XXXX-XXXX.jsonl

Each line is one event of a chain, the oldest first: {"seq": its number, "leaf": its digest, "event": its text}. The
digest is the SHA-256 of a zero byte and the text (RFC 6962, 2.1), and the text names the digest of the event before.
Internal steps stand there with their digest alone: what they say is not told, and that nothing was left out is.
"""

import hashlib
import json
import sys
from collections.abc import Iterable

GENESIS = "0" * 64


def mistakes(lines: Iterable[str]) -> list[str]:
    """Return one sentence for each break; nothing where all holds."""
    before = GENESIS
    found: list[str] = []
    for number, line in enumerate(lines):
        row = json.loads(line)
        if row["seq"] != number:
            return [*found, f"event {number} is missing"]
        if (text := row.get("event")) is not None:
            if hashlib.sha256(b"\0" + text.encode()).hexdigest() != row["leaf"]:
                found.append(f"event {number} was changed after it was written")
            elif json.loads(text)["prev"] != before or json.loads(text)["seq"] != number:
                found.append(f"event {number} does not follow the event before it")
        before = row["leaf"]
    return found


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        broken = mistakes(file)
    sys.stdout.write(("\n".join(broken) or "The chain holds.") + "\n")
    sys.exit(1 if broken else 0)
