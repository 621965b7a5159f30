"""What a legal hold stops: asked under the lock of the request by whatever would destroy. Below the verbs."""

from requests_app.models import DataSubjectRequest, ErasureItem, LegalHold


def held_places(dsr: DataSubjectRequest) -> set[tuple[str, str]]:
    """Return the pairs of source and table that a hold names; an empty table stands for the whole source."""
    holds = LegalHold.objects.filter(dsr=dsr, lifted_at=None)
    return {(alias, table) for hold in holds for alias, table in hold.scope}


def is_held(item: ErasureItem, places: set[tuple[str, str]]) -> bool:
    """Whether one of these pairs names it. A source that people erase as a whole is held by any of its tables."""
    if (item.alias, item.table) in places or (item.alias, "") in places:
        return True
    return not item.table and any(alias == item.alias for alias, _table in places)
