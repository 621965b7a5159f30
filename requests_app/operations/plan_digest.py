"""What a plan says, as one digest: part of what is approved, and of what the person was shown. Below the gates."""

import hashlib
import json

from requests_app.models import DataSubjectRequest

from .owed_acts import items_of


def digest_of_plan(dsr: DataSubjectRequest) -> str:
    """Return the SHA-256 of every item as it is decided; empty where no source holds anything."""
    said = [
        [item.alias, item.table, item.records, item.way, item.ground, str(item.until_on or ""), item.told]
        for item in items_of(dsr)
    ]
    if not said:
        return ""
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
