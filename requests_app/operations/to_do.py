"""What a department has to do, line by line and in plain words: it is shown to people, who know no plan and no map."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import override

from requests_app.connectors import Change, ConsentAct
from requests_app.models import ErasureItem
from requests_app.rules.erasure_plan import ANONYMISE, GOES
from requests_app.rules.policy import LANGUAGES, Policy, Text

ALL = Text("All that you hold of this person", "Tutto ciò che conservate su questa persona")
ERASE = Text("{what}: erase it.", "{what}: cancellare.")
MASK = Text(
    "{what}: make it anonymous, so that nobody can be told from it. {method}",
    "{what}: rendere anonimo, così che non si riconosca nessuno. {method}",
)
LEAVE = Text("{what}: leave it as it is for now.", "{what}: lasciare per ora com'è.")
KEEP = Text("{what}: keep it{until}.{why} {use}", "{what}: conservare{until}.{why} {use}")
UNTIL = Text(" until {day}", " fino al {day}")
USE = Text("Use it only for: {use}.", "Usare solo per: {use}.")
ALLOWED = Text("{purpose}: you may go on, or begin again.", "{purpose}: potete continuare, o ricominciare.")
STOPPED = Text("{purpose}: stop it.", "{purpose}: smettere.")
STORE = Text("{scope}: store it, and use it for nothing else.", "{scope}: conservare soltanto, senza usarlo per altro.")
USE_AGAIN = Text("{scope}: you may use it again.", "{scope}: potete usarlo di nuovo.")
RIGHT = Text("{field}: it has to read “{wanted}”.", "{field}: deve essere «{wanted}».")
BEFORE = Text("{field}: not “{before}”, but “{wanted}”.", "{field}: non «{before}», ma «{wanted}».")


def of_items(items: Iterable[ErasureItem], going: Sequence[ErasureItem], policy: Policy) -> tuple[Text, ...]:
    """Return what becomes of each item. What would go and is not `going` is held, or gone already: it is left."""
    goes = {item.pk for item in going}
    return tuple(_item(item, policy, goes=item.pk in goes) for item in items)


def _item(item: ErasureItem, policy: Policy, *, goes: bool) -> Text:
    what, told = _named(item), item.told
    if item.way in GOES and not goes:
        return _said(LEAVE, what=what)
    if item.way == ANONYMISE:
        return _said(MASK, what=what, method=told.get("method", ""))
    if item.way in GOES:
        return _said(ERASE, what=what)
    ground = policy.ground(item.ground)
    why = [Text("", "") if ground is None else ground.label, told.get("basis", "")]
    return _said(KEEP, what=what, until=_until(item.until_on), why=_joined(why), use=_use(told.get("use", "")))


def _named(item: ErasureItem) -> Text:
    if not item.table:
        return ALL
    return Text(*(item.label.get(code) or item.category.get(code) or item.table for code in LANGUAGES))


def _until(day: date | None) -> Text:
    if day is None:
        return Text("", "")
    return Text(*(UNTIL.in_language(code).format(day=_day(day, code)) for code in LANGUAGES))


def _day(day: date, language: str) -> str:
    with override(language):
        said = date_format(day, "j F Y")
    return said.lower() if language == "it" else said


def _use(use: str) -> Text:
    return _said(USE, use=use) if use else Text("", "")


def _joined(parts: Sequence[Text | str]) -> Text:
    said = [[part if isinstance(part, str) else part.in_language(code) for part in parts] for code in LANGUAGES]
    return Text(*(f" {': '.join(filter(None, words))}." if any(words) else "" for words in said))


def of_consents(acts: Iterable[ConsentAct], policy: Policy) -> tuple[Text, ...]:
    """Return what is allowed and what has to stop, by the names that the policy gives."""
    return tuple(_said(ALLOWED if act.allowed else STOPPED, purpose=_purpose(act.purpose, policy)) for act in acts)


def _purpose(key: str, policy: Policy) -> Text:
    purpose = policy.purpose(key)
    return purpose.label if purpose else Text(key, key)


def of_change(change: Change) -> tuple[Text, ...]:
    """Return the one value that is put right."""
    words = {"field": change.field, "before": change.before, "wanted": change.wanted}
    return (_said(BEFORE if change.before else RIGHT, **words),)


def of_restriction(scope: str, *, restricted: bool) -> tuple[Text, ...]:
    """Return what is only stored from now on, or may be used again, in the words of whoever restricted it."""
    return (_said(STORE if restricted else USE_AGAIN, scope=scope.rstrip(".")),)


def _said(sentence: Text, **words: Text | str) -> Text:
    return Text(*(sentence.in_language(code).format(**_in(words, code)).strip() for code in LANGUAGES))


def _in(words: Mapping[str, Text | str], language: str) -> dict[str, str]:
    return {key: word if isinstance(word, str) else word.in_language(language) for key, word in words.items()}
