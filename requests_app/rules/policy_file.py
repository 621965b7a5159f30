"""Read a policy file (TOML text) into a `Policy`, or report every mistake in it. Format: docs/policy-files.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from requests_app.rules.policy import (
    CIRCUMSTANCES,
    CONSENT_MODES,
    COUNTINGS,
    ERASING,
    HIGHEST_TABLE_RUNG,
    LANGUAGES,
    NEVER_GATED,
    OTHER_BASES,
    RIGHTS,
    Answer,
    Fees,
    GoesOn,
    Ground,
    Mistake,
    Policy,
    PolicyError,
    Purpose,
    Recipient,
    Retention,
)
from requests_app.rules.promise import first_longer, promise_of
from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import Calendar
from requests_app.rules.toml_table import (
    Read,
    Table,
    day,
    flag,
    list_of,
    one_of,
    place,
    tables_of,
    text,
    weekend,
    whole,
    words,
    zone,
)

Regimes = Mapping[str, Regime]


def _ground(row: Table, regime: Read[str]) -> Ground:
    ground = Ground(
        key=row.bare("key", text), label=row.bare("label", words), clause=row.bare("source", text),
        rights=row.bare("rights", list_of(one_of(RIGHTS))) or (), regimes=row.bare("regimes", list_of(regime)),
        needs_evidence=row.bare("needs_evidence", flag, False),
        legal_reviewer_only=row.bare("legal_reviewer_only", flag, False),
        partial_only=row.bare("partial_only", flag, False),
    )  # fmt: skip
    for right in set(ground.rights) & set(NEVER_GATED):
        row.wrong("rights", f"{right} is never refused: it takes effect at filing (P5, P8)")
    row.sources[row.place] = ground.clause
    row.close()
    return ground


def _purpose(row: Table) -> Purpose:
    purpose = Purpose(
        key=row.bare("key", text), label=row.bare("label", words), text=row.bare("text", words),
        consent_mode=row.bare("consent_mode", one_of(CONSENT_MODES)), source=row.bare("source", text),
        text_version=row.bare("text_version", text, "1"), still_counts=row.bare("still_counts", list_of(text), ()),
    )  # fmt: skip
    if purpose.text_version in (purpose.still_counts or ()):
        row.wrong("still_counts", "names the version of the text itself: it names earlier ones")
    row.sources[row.place] = purpose.source
    row.close()
    return purpose


def _goes_on(row: Table) -> GoesOn:
    goes_on = GoesOn(
        key=row.bare("key", text), label=row.bare("label", words), basis=row.bare("basis", one_of(OTHER_BASES)),
        source=row.bare("source", text),
    )  # fmt: skip
    row.sources[row.place] = goes_on.source
    row.close()
    return goes_on


def _rung(raw: object) -> int:
    if isinstance(raw, int) and raw > HIGHEST_TABLE_RUNG:
        raise ValueError("asks for identity papers: only a written doubt about one request does, never a table (P11)")
    return whole(0, HIGHEST_TABLE_RUNG)(raw)


def _identity(table: Table, rights: tuple[str, ...]) -> tuple[Mapping[str, int], Mapping[str, Mapping[str, int]]]:
    when = {
        name: _raised(table.sub(name), rights) for name in CIRCUMSTANCES if isinstance(table.left.get(name), Mapping)
    }
    rungs = {right: table.sourced(right, _rung) for right in rights}
    for right in NEVER_GATED:
        if rungs.get(right):
            table.wrong(right, "asks for proof, but this right needs none (P5, P8)")
    for name, raised in when.items():
        for right, rung in raised.items():
            if rung is not None and rung < (rungs.get(right) or 0):
                table.wrong(f"{name}.{right}", "asks for less than the table above: a circumstance only raises")
    table.close()
    return MappingProxyType(rungs), MappingProxyType(when)


def _raised(table: Table, rights: tuple[str, ...]) -> Mapping[str, int]:
    """What a circumstance asks of the rights it names; the others stay as they are."""
    raised = {right: table.sourced(right, _rung) for right in rights if right in table.left}
    for right in set(raised) & set(NEVER_GATED):
        table.wrong(right, "asks for proof, but this right needs none, whoever files and however (P5, P8)")
    table.close()
    return MappingProxyType(raised)


def _retention(table: Table) -> Retention:
    days = [table.sourced(name, whole(0, 36500)) for name in ("proof_days", "package_days", "contact_days")]
    again = table.sourced("reissue_days", whole(0, 36500)) if "reissue_days" in table.left else 0
    proof, package, contact = days
    message, case = (_with_contact(table, name, contact) for name in ("message_days", "case_days"))
    if None not in (*days, again, message, case) and not (
        proof <= package <= package + again <= contact <= case and message <= contact
    ):
        table.wrong("", "proofs go first, then packages, then messages and contact data, then the case (P19)")
    table.close()
    return Retention(proof, package, contact, message, case, again)


def _with_contact(table: Table, name: str, contact: Any) -> Any:
    """A version of before this period was named promised that contact data go last: then all goes with them."""
    if name in table.left:
        return table.sourced(name, whole(0, 36500))
    table.sources[table.at(name)] = "house rule for P19: with the contact data (not set in the file)"
    return contact


def _recipient(row: Table) -> Recipient:
    recipient = Recipient(
        key=row.bare("key", text), name=row.bare("name", words), gets=row.bare("gets", words),
        source=row.bare("source", text),
    )  # fmt: skip
    row.sources[row.place] = recipient.source
    row.close()
    return recipient


def _answer(table: Table) -> Answer:
    answer = Answer(
        recipients=tuple(_recipient(row) for row in table.rows("recipients")),
        **{name: table.sourced(name, words) for name in ("transfers", "automated_decisions", "retention")},
    )
    table.close()
    return answer


def _fees(table: Table) -> Fees:
    fees = Fees(*(table.sourced(name, flag) for name in ("first_request_free", "may_quote", "second_person")))
    for name in ("first_request_free", "second_person"):
        if getattr(fees, name) is False:
            table.wrong(name, "has to be true (H3)")
    table.close()
    return fees


def _check_promise(p: Policy, regimes: Regimes, top: Table) -> None:
    """No longer than any law that binds, for any right and whatever the day of receipt; holidays apart."""
    if top.mistakes or p.legal_decision:
        return
    promise, here = promise_of(p), Calendar(weekend=frozenset(p.weekend))
    for key in p.regimes:
        law = regimes[key]
        there = Calendar(weekend=frozenset(law.weekend))
        for rule in dict.fromkeys(law.rule_for(right) for right in p.rights):
            if (found := first_longer(promise, rule, here=here, there=there)) is not None:
                top.wrong(
                    "response_days",
                    f"is longer than {key} allows: received on {found.received_on}, promised for {found.promised_on},"
                    f" owed by {found.owed_on}; this needs a legal_decision",
                )
                break


def _check_together(p: Policy, top: Table) -> None:
    """What only several values together show; a value that was already refused is None and left out."""
    counted_in_days = p.response_days and p.lapse_days_before and p.counting != "months"
    if counted_in_days and p.lapse_days_before >= p.response_days:
        top.wrong("lapse_days_before", "leaves no day before the lapse")
    if p.governing_language and p.languages and p.governing_language not in p.languages:
        top.wrong("governing_language", "is not one of the languages")
    for right in sorted({r for g in p.refusal_grounds for r in g.rights} - set(p.rights or RIGHTS)):
        top.wrong("refusal_grounds", f"names the right {right}, which this policy does not offer")


def _check_erasure(p: Policy, top: Table) -> None:
    """Erasing takes a higher rung than filing, and days in which it can be stopped that fit within the promise."""
    days = p.erasure_cooling_off_days
    if days and p.response_days and p.counting != "months" and days + 2 > p.response_days:
        top.wrong("erasure_cooling_off_days", "leaves no day to confirm before it and one to answer after it")
    for right in p.erasing_rights or ():
        if p.identity.get(right) is not None and p.identity[right] < HIGHEST_TABLE_RUNG:
            top.wrong(f"identity.{right}", "erases, so it asks for the contact on file (GDPR 12(6), 32)")


def parse(file: str | Mapping[str, object], regimes: Regimes | None = None) -> Policy:
    """The policy that a file's text (or its tables) describes. Raises PolicyError with every mistake in it.

    `regimes`: the laws on file, against which names and the promise are checked. None for a published
    text, which was checked when it was published and stays readable whatever the files say today.
    """
    raw = tables_of(file) if isinstance(file, str) else dict(file)
    regime = text if regimes is None else one_of(regimes)
    mistakes: list[Mistake] = []
    sources: dict[str, str] = {}
    top = Table(raw, "", mistakes, sources)
    rights = top.sourced("rights", list_of(one_of(RIGHTS)))
    identity, identity_when = _identity(top.sub("identity"), rights or RIGHTS)
    policy = Policy(
        key=top.bare("key", text),
        title=top.sourced("title", text),
        controller_name=top.sourced("controller_name", text),
        contact=top.sourced("contact", text),
        rights=rights,
        regimes=top.sourced("regimes", list_of(regime)),
        response_days=top.sourced("response_days", whole(1, 366)),
        counting=top.sourced("counting", one_of(COUNTINGS)),
        day_of_receipt=top.sourced("day_of_receipt", one_of(("excluded", "period_opens_next_day")), "excluded"),
        roll_over=top.sourced("roll_over", one_of(("none", "next_working_day")), "none"),
        missing_month_day=top.sourced("missing_month_day", one_of(("last_day", "next_day")), "last_day"),
        holidays=top.sourced("holidays", place, ""),
        weekend=top.sourced("weekend", weekend, (6, 7)),
        makeup_working_days=top.sourced("makeup_working_days", list_of(day, empty=True), ()),
        time_zone=top.sourced("time_zone", zone),
        notice_hour=top.sourced("notice_hour", whole(0, 23)),
        milestones=top.sourced("milestones", list_of(whole(1, 366))),
        extension_days=top.sourced("extension_days", whole(0, 366)),
        pause_allowed=top.sourced("pause_allowed", flag),
        pause_days=top.sourced("pause_days", whole(1, 366), 30),
        lapse_days_before=top.sourced("lapse_days_before", whole(1, 366)),
        erasing_rights=top.sourced("erasing_rights", list_of(one_of(ERASING)), ("deletion",)),
        erasure_cooling_off_days=top.sourced("erasure_cooling_off_days", whole(1, 60), 3),
        legal_decision=top.sourced("legal_decision", text) if "legal_decision" in raw else "",
        identity=identity,
        identity_when=identity_when,
        refusal_grounds=tuple(_ground(row, regime) for row in top.rows("refusal_grounds")),
        purposes=tuple(_purpose(row) for row in top.rows("purposes")),
        retention=_retention(top.sub("retention")),
        fees=_fees(top.sub("fees")),
        languages=top.sourced("languages", list_of(one_of(LANGUAGES))),
        governing_language=top.sourced("governing_language", one_of(LANGUAGES)),
        missing_texts=top.sourced("missing_texts", list_of(one_of(LANGUAGES), empty=True)),
        complaint_authority=top.sourced("complaint_authority", words),
        court_note=top.sourced("court_note", words),
        answer=_answer(top.sub("answer")) if "answer" in raw else None,
        goes_on=tuple(_goes_on(row) for row in top.rows("goes_on")) if "goes_on" in raw else (),
        sources=MappingProxyType(sources),
    )
    top.close()
    _check_together(policy, top)
    if regimes is not None:
        _check_promise(policy, regimes, top)
        _check_erasure(policy, top)
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return policy
