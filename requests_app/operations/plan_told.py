"""A plan in the words of the person: what goes, what stays and until when, and what is still being found out."""

from dataclasses import dataclass, field
from datetime import date

from requests_app.models import DataSubjectRequest, ErasureItem
from requests_app.rules.erasure_plan import ANONYMISE, GOES

from .owed_acts import Act, Status, acts_of, items_of
from .policies import policy_of


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of record. `why` and `use` stand with what is kept, `method` with what is made anonymous."""

    label: str
    records: int
    way: str
    until_on: date | None = None
    why: str = ""
    use: str = ""
    method: str = ""


@dataclass(slots=True)
class Told:
    """What goes, what is made anonymous, what stays; `open`: a source has not said yet what it holds."""

    erased: list[Line] = field(default_factory=list)
    anonymised: list[Line] = field(default_factory=list)
    stays: list[Line] = field(default_factory=list)
    open: bool = False

    @property
    def lines(self) -> list[Line]:
        """All of them."""
        return [*self.erased, *self.anonymised, *self.stays]


def told(dsr: DataSubjectRequest, language: str) -> Told:
    """Return the plan as it stands: as decided, and until then as the sources propose it."""
    found = Told(open=acts_of(dsr).filter(act=Act.PLAN).exclude(status=Status.DONE).exists())
    for item in items_of(dsr):
        line = _line(dsr, item, language)
        if line.way not in GOES:
            found.stays.append(line)
        elif line.way == ANONYMISE:
            found.anonymised.append(line)
        else:
            found.erased.append(line)
    return found


def _line(dsr: DataSubjectRequest, item: ErasureItem, language: str) -> Line:
    words = item.told
    ground = policy_of(dsr.policy).ground(item.ground)
    said = [ground.label.in_language(language)] if ground else []
    said += [words["basis"]] if words.get("basis") else []
    return Line(
        label=item.label.get(language) or item.category.get(language) or item.table or item.alias,
        records=item.records,
        way=item.way or item.proposed,
        until_on=item.until_on if item.way else item.proposed_until,
        why=": ".join(said) or item.proposed_why.get(language, ""),
        use=words.get("use", ""),
        method=words.get("method", ""),
    )
