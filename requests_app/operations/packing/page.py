"""The page of a package that a person reads: index.html, whole in itself, in their language."""

import base64
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_app.models import Message
from requests_app.operations.authorities import sought
from requests_app.operations.owed_steps import PORTABILITY
from requests_app.operations.rendering import right_title
from requests_app.rules.policy import Text

from .contents import WITHHELD, Contents, Part, Source
from .tables import Values, first, shown

SHOWN = 100  # records of a table; the rest stands in its file
MOST_CELLS = 20_000  # of one page: with more of them the tables that follow show fewer records
FEWER = 10
LONGEST = 400  # characters of one value
NARROW = 4  # columns that fit beside each other on a phone
AFTERWARDS = ("correction", "deletion", "restriction", "objection", "portability", "consent_withdrawal")


@dataclass(frozen=True, slots=True)
class Shown:
    """One value of the page."""

    name: str
    text: str
    cut: bool = False


@dataclass(slots=True)
class TableShown:
    """One table of the page."""

    label: str
    name: str
    records: int
    path: str
    groups: list[dict[str, Any]]
    hidden: list[dict[str, Any]]
    columns: list[str]
    rows: list[list[Shown]] = field(default_factory=list)

    @property
    def narrow(self) -> bool:
        """Whether its columns fit beside each other."""
        return len(self.columns) <= NARROW

    @property
    def more(self) -> bool:
        """Whether its file holds records that the page does not show."""
        return self.records > len(self.rows) + sum(int(one["records"]) for one in self.hidden)


def page(contents: Contents, paths: "Paths", *, at: datetime) -> bytes:
    """Return index.html."""
    language, submission = contents.language, contents.submission
    with translation.override(language), timezone.override(ZoneInfo(submission.received_zone)):
        style = render_to_string("requests_app/package.css", {"accent": settings.ACCENT_COLOUR})
        values = {
            "language": language,
            "style": style,
            "style_digest": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            "contents": contents,
            "controller": contents.policy.controller_name,
            "organisation": settings.ORGANISATION_NAME,
            "portal": settings.PUBLIC_URL.rstrip("/"),
            "portable": contents.dsr.right == PORTABILITY,
            "right": right_title(contents.dsr.right, language),
            "name": sought(submission)[1] or submission.name,
            "at": at,
            "sources": list(_sources(contents, paths)),
            "found": sum(bool(s.parts or s.files) for s in contents.sources),
            "recipients": _recipients(contents),
            "general": _general(contents),
            "attached": [{"name": f.name, "path": paths.of[f.pk], "size": f.size} for f in contents.attached],
            "messages": [_message(message, paths) for message in contents.messages],
            "rights": [right_title(right, language) for right in AFTERWARDS if right in contents.policy.rights],
            "authority": contents.policy.complaint_authority.in_language(language),
            "court": contents.policy.court_note.in_language(language),
        }
        return render_to_string("requests_app/package.html", values).encode("utf-8", "replace")


@dataclass(slots=True)
class Paths:
    """Where everything lies in the package, without the ending for tables."""

    tables: dict[tuple[str, str], str] = field(default_factory=dict)
    of: dict[Any, str] = field(default_factory=dict)  # by the key of the row


def _sources(contents: Contents, paths: Paths) -> Iterable[dict[str, Any]]:
    cells = 0
    for source in contents.sources:
        tables = []
        for part in source.parts:
            shown = _table(contents, source, part, paths, most=SHOWN if cells < MOST_CELLS else FEWER)
            cells += len(shown.rows) * len(shown.columns)
            tables.append(shown)
        yield {
            "alias": source.alias,
            "result": _result_words()[source.result],
            "ground": ground(contents, source.step.withheld_ground) if source.result == WITHHELD else "",
            "why": source.step.withheld_why,
            "tables": tables,
            "files": [
                {"name": f.name, "path": paths.of[f.pk], "size": f.size, "type": f.media_type} for f in source.files
            ],
            "hidden_files": [ground(contents, f.hidden_ground) for f in source.hidden_files],
        }


def _result_words() -> Mapping[str, str]:
    return {
        "found": _("Something is held about you there."),
        "nothing found": _("Nothing about you was found there."),
        "withheld": _("Something is held about you there, and it is withheld."),
        "could not be asked": _("It could not be asked. What it may hold about you is not in this answer."),
    }


def ground(contents: Contents, key: str) -> str:
    """Return the words of the catalogue for a ground, with its clause."""
    for known in contents.policy.refusal_grounds:
        if known.key == key:
            return f"{known.label.in_language(contents.language)} ({known.clause})"
    return key


def _table(contents: Contents, source: Source, part: Part, paths: Paths, *, most: int) -> TableShown:
    language = contents.language
    kinds = {column.name: column.kind for column in part.shown_columns}
    names = list(kinds) or [name for record in first(part, 1) for name in record]
    return TableShown(
        label=part.table.label.in_language(language) or part.table.name,
        name=part.table.name,
        records=part.records,
        path=paths.tables[source.alias, part.table.name],
        groups=_groups(contents, part),
        hidden=_hidden(contents, part),
        columns=names,
        rows=[
            [_shown(name, record, kinds.get(name, "text")) for name in names]
            for record in itertools.islice(shown(part), most)
        ],
    )


def _shown(name: str, record: Values, kind: str) -> Shown:
    value = record.get(name)
    if value is None or value == "":
        return Shown(name, "–")
    if isinstance(value, bool):
        return Shown(name, _("yes") if value else _("no"))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Shown(name, _as_said(text[:LONGEST], kind), cut=len(text) > LONGEST)


def _as_said(text: str, kind: str) -> str:
    """A date as it is read, in the zone of the page; whatever is none stays as it is. The exact text is in the file."""
    form = {"date": "j F Y", "instant": "j F Y, H:i"}.get(kind)
    try:
        at = datetime.fromisoformat(text) if form else None
        if at is None:
            return text
        local = timezone.localtime(at) if timezone.is_aware(at) else at
    except (ValueError, OverflowError):
        return text
    said = date_format(local, form, use_l10n=False)
    return said.lower() if (get_language() or "").startswith("it") else said


def _groups(contents: Contents, part: Part) -> list[dict[str, Any]]:
    """What is told of the columns, those together of which the same is told."""
    language = contents.language
    found: dict[tuple[str, ...], list[str]] = {}
    for column in part.shown_columns:
        about = column.about
        told = (
            about.category.in_language(language),
            about.purpose.in_language(language),
            _bases().get(about.basis, ""),
            about.origin.in_language(language) or (_("You") if about.provided else ""),
            about.retention.in_language(language) or _in(contents, "retention"),
            "; ".join(recipient.in_language(language) for recipient in about.recipients),
        )
        found.setdefault(told, []).append(column.name)
    labels = (
        _("What it is"), _("What for"), _("On which basis"), _("From whom"), _("How long it is kept"),
        _("Who receives it"),
    )  # fmt: skip
    return [
        {"columns": columns, "facts": [(label, word) for label, word in zip(labels, told, strict=True) if word]}
        for told, columns in found.items()
    ]


def _bases() -> Mapping[str, str]:
    return {
        "consent": _("Your consent (GDPR 6(1)(a))"),
        "contract": _("A contract with you (GDPR 6(1)(b))"),
        "legal_obligation": _("A duty under the law (GDPR 6(1)(c))"),
        "vital_interests": _("Vital interests (GDPR 6(1)(d))"),
        "public_task": _("A task in the public interest (GDPR 6(1)(e))"),
        "legitimate_interests": _("Legitimate interests (GDPR 6(1)(f))"),
    }


def _hidden(contents: Contents, part: Part) -> list[dict[str, Any]]:
    """What of a table is withheld, counted by its ground."""
    counted: dict[str, dict[str, Any]] = {}
    for key, column in part.grounds:
        words = ground(contents, key)
        one = counted.setdefault(words, {"ground": words, "records": 0, "fields": 0})
        one["fields" if column else "records"] += 1
    return list(counted.values())


def _recipients(contents: Contents) -> list[dict[str, str]]:
    """The actual recipients of what was found, each with the tables of which they receive something."""
    found: dict[str, list[str]] = {}
    for source in contents.sources:
        for part in source.parts:
            label = part.table.label.in_language(contents.language) or part.table.name
            for column in part.shown_columns:
                for recipient in column.about.recipients:
                    of = found.setdefault(recipient.in_language(contents.language), [])
                    if label not in of:
                        of.append(label)
    return [{"name": name, "of": ", ".join(of)} for name, of in sorted(found.items())]


def _general(contents: Contents) -> dict[str, Any]:
    """What is told of the controller as a whole."""
    if contents.answer is None:
        return {}
    language = contents.language
    return {
        "recipients": [
            (one.name.in_language(language), one.gets.in_language(language)) for one in contents.answer.recipients
        ],
        **{name: _in(contents, name) for name in ("transfers", "automated_decisions", "retention")},
    }


def _in(contents: Contents, name: str) -> str:
    text: Text = getattr(contents.answer, name, Text("", ""))
    return text.in_language(contents.language)


def _message(message: Message, paths: Paths) -> dict[str, Any]:
    authors = {
        Message.Author.PERSON: _("You wrote"),
        Message.Author.STAFF: _("We wrote"),
        Message.Author.INTERNAL: _("Note of our team"),
    }
    return {
        "author": authors[Message.Author(message.author)],
        "mine": message.author == Message.Author.PERSON,
        "at": message.written_at,
        "body": message.body,
        "file": message.file_name,
        "path": paths.of.get(message.pk, ""),
    }
