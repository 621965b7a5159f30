"""The review before release: what a source handed out, page by page straight from its sealed stream, nothing rendered
but text. Every opening is written to the access log."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from requests_app import clock
from requests_app.connectors import RetryLater, Table, tables_of
from requests_app.models import FulfilmentStep, Mark, Redaction
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import others, review
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.step_records import NoSuchRecord, Read, page_at
from requests_app.rules import redaction
from requests_app.rules.lifecycle import State
from requests_app.rules.others import Found
from requests_app.rules.visible import visible

from .roles import may
from .sources import counted, ground_said, said
from .step_acts import ACT, ACTS, CASE, GONE, PAGE, GroundForm, load
from .words import moment, named

RECORD = "admin:requests_app_datasubjectrequest_record"
ON_PAGE = 300  # characters of a value on a page of many; then it is cut
MARKS = 20  # links to marked places at once
CANNOT = (OSError, KeyDestroyed, InvalidTag)


def described(alias: str) -> dict[str, Table]:
    """The tables of a source by name; none where it cannot be asked now."""
    try:
        return tables_of(alias)
    except RetryLater:
        return {}


def text_of(value: Any) -> str:
    """A value as it is read."""
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))


@never_cache
@require_safe
def step_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The records of one source, at most fifty at once, and its files."""
    step, actor = open_step(request, pk), Actor.staff(request.user)
    tables = described(step.alias)
    context = head(request, step, tables)
    start = number(request.GET.get("from", ""))
    if step.parts:
        try:
            page = page_at(step, step.parts[0]["start"] if start is None else start)
        except NoSuchRecord:
            raise Http404 from None
        except CANNOT:
            messages.error(request, GONE)
            return HttpResponseRedirect(reverse(CASE, args=[step.dsr_id]))
        record_look(step.dsr.submission, what=f"records of {step.alias}"[:40], actor=actor, at=clock.now())
        marks = {mark.position: mark for mark in marks_at(step, [one.position for one in page.records])}
        review.note_seen(marks.values(), actor=actor)
        own, hidden = others.own_of(step), hidden_in(step, [one.position for one in page.records])
        context |= {
            "page": page,
            "table": tables.get(page.table),
            "records": [
                {
                    **_shown(one, tables.get(page.table), hidden.get(one.position, [])),
                    "url": reverse(RECORD, args=[step.pk, one.position]),
                    "found": found_words(others.left_in(one, hidden.get(one.position, []), own))
                    if one.position in marks
                    else [],
                    "settled": one.position in marks and marks[one.position].hidden,
                }
                for one in page.records
            ],
            "before": page_url(step, page.before),
            "after": page_url(step, page.after),
        }
    else:
        record_look(step.dsr.submission, what=f"records of {step.alias}"[:40], actor=actor, at=clock.now())
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/step.html", context | _left(request, step))


def open_step(request: HttpRequest, pk: UUID) -> FulfilmentStep:
    """The step of a page, which shows only what was found; written nowhere yet."""
    if not may(request.user, "review"):
        raise PermissionDenied
    step = load(pk)
    if step.status != FulfilmentStep.Status.FOUND or step.destroyed_at is not None:
        raise Http404
    return step


def head(request: HttpRequest, step: FulfilmentStep, tables: dict[str, Table]) -> dict[str, Any]:
    """What stands at the top of both pages: the tables with their categories, what is done and left."""
    dsr = step.dsr
    changes = dsr.state == State.IN_PROGRESS and dsr.opened_at == step.opened_at
    return {
        **admin.site.each_context(request),
        "title": f"What {step.alias} holds: {dsr.submission.case_label}",
        "step": step,
        "dsr": dsr,
        "submission": dsr.submission,
        "words": said(step),
        "tables": [
            {
                "name": part["table"],
                "n": part["records"],
                "url": page_url(step, part["start"]),
                "label": str(tables[part["table"]].label) if part["table"] in tables else "",
                "categories": categories_of(tables.get(part["table"])),
            }
            for part in step.parts
        ],
        "reviewed": step.reviewed_at
        and f"by {named(step.reviewed_by)} on {moment(step.reviewed_at, dsr.submission.received_zone)}",
        "acts": [
            {"url": _act_url(step, key), "label": ACTS[key][1]}
            for key in ("reviewed", "hide_marked", "retry", "withhold")
            if changes and may(request.user, ACTS[key][0]) and (key != "hide_marked" or _others(step))
        ],
        "may_hide": changes and may(request.user, "hide"),
        **counted(step),
    }


def _act_url(step: FulfilmentStep, key: str) -> str:
    """Where a button leads; whoever says that they looked says at what."""
    url = reverse(ACT, args=[step.pk, key])
    return f"{url}?seen={review.digest_of(step)}" if key == "reviewed" else url


def _left(request: HttpRequest, step: FulfilmentStep) -> dict[str, Any]:
    """The marked places that this account has not opened, and the files."""
    own_pk = request.user.pk
    left = [m for m in step.marks.filter(hidden=False, file=None) if own_pk not in m.seen_by]
    by_file = {mark.file_id: mark for mark in step.marks.exclude(file=None)}
    return {
        "first": [{"url": page_url(step, m.position), "kinds": ", ".join(m.kinds)} for m in left[:MARKS]],
        "first_more": max(0, len(left) - MARKS),
        "unseen": review.unseen(step, request.user),  # type: ignore[arg-type]
        "files": [
            {
                "row": file,
                "name": visible(file.name),
                "ground": ground_said(step.dsr, file.hidden_ground),
                "kinds": ", ".join(by_file[file.pk].kinds[1:]) if file.pk in by_file else "",
                "opened": file.pk in by_file and own_pk in by_file[file.pk].seen_by,
            }
            for file in step.files.select_related("step__dsr")
        ],
        "ground_form": GroundForm(dsr=step.dsr),
    }


def _others(step: FulfilmentStep) -> bool:
    """Whether the check marked anything that can be hidden by one button."""
    return any(kinds != [others.FILE] for kinds in step.marks.filter(hidden=False).values_list("kinds", flat=True))


def categories_of(table: Table | None) -> str:
    named_ones = dict.fromkeys(str(column.about.category) for column in table.columns) if table else {}
    return ", ".join(filter(None, named_ones))


def _shown(record: Read, table: Table | None, hidden: Sequence[Redaction]) -> dict[str, Any]:
    """A record as it will be handed out, its long values cut."""
    if record.values is None:
        return {"position": record.position, "raw": visible(record.line.decode(errors="replace"))[:ON_PAGE]}
    left = redaction.apply(record.values, [redaction.Hidden(row.column, row.passage) for row in hidden])
    kinds = {column.name: str(column.about.category) for column in table.columns} if table else {}
    fields = [
        {"name": visible(name), "category": kinds.get(name, ""), "text": text[:ON_PAGE], "cut": len(text) > ON_PAGE}
        for name, text in ((name, text_of(value)) for name, value in (left or {}).items())
    ]
    return {"position": record.position, "fields": fields, "withheld": left is None, "hidden": len(hidden)}


def found_words(found: Sequence[Found]) -> list[dict[str, str]]:
    """What the check found in a record."""
    return [
        {"kind": one.kind, "column": visible(one.column), "passage": visible(one.passage)[:ON_PAGE]} for one in found
    ]


def marks_at(step: FulfilmentStep, positions: Sequence[int]) -> list[Mark]:
    """The marks of these records."""
    return list(step.marks.filter(position__in=positions))


def hidden_in(step: FulfilmentStep, positions: Sequence[int]) -> dict[int, list[Redaction]]:
    """What is hidden of these records."""
    rows = Redaction.objects.filter(step=step, position__in=positions, undone_at=None)
    found: dict[int, list[Redaction]] = {}
    for row in rows.select_related("step__dsr", "hidden_by"):
        found.setdefault(row.position, []).append(row)
    return found


def page_url(step: FulfilmentStep, start: int | None) -> str:
    """Where a page of records begins."""
    return "" if start is None else f"{reverse(PAGE, args=[step.pk])}?from={start}#records"


def number(text: str) -> int | None:
    """A number of an address; None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def urls() -> list[Any]:
    """Their addresses, behind the admin's sign-in."""
    return [path("steps/<uuid:pk>/", admin.site.admin_view(step_page), name="requests_app_datasubjectrequest_step")]
