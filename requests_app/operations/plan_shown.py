"""What the person was shown of an erasure when they confirmed it, kept with each source although it is asked anew: what
they were shown to stay never goes behind their back. Below the verbs."""

from collections.abc import Mapping

from requests_app.models import DataSubjectRequest, ErasureItem, SourceAct
from requests_app.rules.erasure_plan import GOES

from .owed_acts import Act, acts_of, items_of

Shown = Mapping[str, Mapping[str, str]]  # by source and table, what was to become of it


def shown_now(dsr: DataSubjectRequest) -> Shown:
    """Return the plan as the person sees it: as decided, and until then as the sources propose it."""
    shown: dict[str, dict[str, str]] = {}
    for item in items_of(dsr):
        shown.setdefault(item.alias, {})[item.table] = item.way or item.proposed
    return shown


def remember(dsr: DataSubjectRequest, shown: Shown) -> None:
    """Keep it with the items and the plans of the clock that runs. Needs the caller's transaction and the lock."""
    for act in acts_of(dsr).filter(act=Act.PLAN, alias__in=shown):
        SourceAct.objects.filter(pk=act.pk).update(answer={**act.answer, "shown": shown[act.alias]})
        for item in items_of(dsr).filter(alias=act.alias):
            ErasureItem.objects.filter(pk=item.pk).update(shown_way=way_shown(shown[act.alias], item.table))


def way_shown(tables: Mapping[str, str], table: str) -> str:
    """Return what the person was shown of a table of one source; empty where it was nothing. What was shown as a whole
    stands for each of its tables, and the whole for what stays of any."""
    if table in tables:
        return tables[table]
    if table:
        return tables.get("", "")
    return next((way for way in tables.values() if way not in GOES), next(iter(tables.values()), ""))
