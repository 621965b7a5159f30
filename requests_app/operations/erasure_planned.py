"""The dry run of an erasure: what each source holds of the person, table by table, as items for staff to decide."""

import hashlib
import json
from collections.abc import Sequence

from django.db import transaction

from requests_app.connectors import DataSource, NotOffered, Pending, Planned, Way, source
from requests_app.models import ErasureItem, SourceAct
from requests_app.models.keys import seal
from requests_app.rules.policy import Text

from . import evidence
from .actors import Actor
from .acts_answered import answered, waits
from .asked_sources import references_of
from .evidence import Kind
from .leases import Lease
from .owed_acts import items_of
from .plan_shown import way_shown
from .transition import lock


def ask(row: SourceAct, lease: Lease) -> bool:
    """Ask one source. One that does not plan by itself, and knows the person, is one item that people carry out."""
    asked = source(row.alias)
    references = references_of(row.dsr, asked)
    if references is None:
        return _record(row, [], [], lease)
    try:
        planned = asked.plan_erasure(references, request_id=row.pk.hex)
    except NotOffered:
        whole = _item(row, Planned("", 0), asked)
        return _record(row, references, [whole], lease)
    if isinstance(planned, Pending):
        return waits(row, planned, lease.now())
    return _record(row, references, [_item(row, one, asked) for one in planned if one.records], lease)


def _item(row: SourceAct, planned: Planned, asked: DataSource) -> ErasureItem:
    table = next((one for one in asked.describe() if one.name == planned.table), None)
    categories = dict.fromkeys(column.about.category for column in table.columns) if table else {}
    return ErasureItem(
        dsr=row.dsr,
        opened_at=row.opened_at,
        alias=row.alias,
        table=planned.table,
        label=_words([table.label] if table else []),
        category=_words([one for one in categories if one.en]),
        records=planned.records,
        proposed=Way(planned.way).value,
        proposed_why=_words([planned.why]),
        proposed_until=planned.until,
    )


def _words(texts: Sequence[Text]) -> dict[str, str]:
    return {
        language: ", ".join(dict.fromkeys(filter(None, (one.in_language(language) for one in texts))))
        for language in ("en", "it")
    }


def _record(row: SourceAct, references: Sequence[str], items: list[ErasureItem], lease: Lease) -> bool:
    """What was planned and decided before for this source is void: it was asked anew. What was shown of it is not."""
    at = lease.now()
    counted = {item.table: item.records for item in items}
    with transaction.atomic():
        lock(row.dsr)
        sealed = seal(row.dsr.submission_id, row.place, json.dumps(list(references)))
        shown = SourceAct.objects.get(pk=row.pk).answer.get("shown", {})
        if not answered(row, at, answer={"tables": counted, "shown": shown}, references_sealed=sealed):
            return False
        items_of(row.dsr).filter(alias=row.alias).delete()
        for item in items:
            item.shown_way = way_shown(shown, item.table)
        ErasureItem.objects.bulk_create(items)
        canonical = json.dumps(counted, sort_keys=True, separators=(",", ":"))
        body: dict[str, str | int] = {
            "act": str(row.pk),
            "source": row.alias,
            "tables": len(items),
            "records": sum(counted.values()),
            "sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        }
        evidence.append(
            row.dsr.submission_id, Kind.SOURCE_PLANNED, actor=Actor.system(), at=at, dsr_id=row.dsr_id, body=body
        )
    return True
