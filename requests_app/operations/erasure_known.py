"""What the person of an erasure is known by, put on the register before one source erases anything."""

from django.db.models import Max

from requests_app.connectors import source
from requests_app.models import SourceAct
from requests_app.rules.addresses import normalise
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.identifiers import Identifier, Kind

from . import register
from .actors import Actor
from .asked_sources import confirmed_addresses, question_about
from .holding import held_places, is_held
from .owed_acts import Act, acts_of, items_of
from .people_found import others_addresses
from .suppression import KINDS


def suppress(row: SourceAct) -> int:
    """Have the person known again from the instant at which it was written down; asked again it changes nothing.

    By the addresses that they have shown to be theirs, and what the source itself has of them. What is kept in any
    source, or held, is kept by a replay too.
    """
    items, held = items_of(row.dsr), held_places(row.dsr)
    stays = [item for item in items.exclude(way="") if item.way not in GOES or is_held(item, held)]
    return register.suppress(
        sorted(_known_by(row), key=lambda one: (one.type, one.value)),
        submission_id=row.dsr.submission_id,
        actor=Actor.system(),
        at=items.filter(alias=row.alias).aggregate(at=Max("written_at"))["at"],
        kept=[f"{item.alias}.{item.table}" for item in stays],
    )


def _known_by(row: SourceAct) -> set[Identifier]:
    submission = row.dsr.submission
    shared = others_addresses(row.dsr)  # who was not chosen must not be erased in their place after a restore
    found = {Identifier(Kind.EMAIL, address) for address in confirmed_addresses(submission) - shared}
    asked, plan = source(row.alias), acts_of(row.dsr).filter(alias=row.alias, act=Act.PLAN).first()
    references = plan.references if plan else []
    if not asked.knows_people or not references:
        return found
    matches = asked.find(question_about(submission))
    theirs = [contact for match in matches if match.reference in references for contact in match.contacts]
    own = [one for one in theirs if one.kind in KINDS and normalise(one.address) not in shared]
    return found | {Identifier(KINDS[one.kind], one.address) for one in own}
