"""How a date was counted, in sentences: `{% for step in deadline.steps %}{{ step|sentence }}{% endfor %}`."""

import re

from django import template
from django.utils.translation import gettext, ngettext

from requests_app.rules.response_deadline import Step

from .days import day

register = template.Library()


def _count(count: int, unit: str) -> str:
    if unit == "months":
        return ngettext("%(count)d month", "%(count)d months", count) % {"count": count}
    if unit == "working_days":
        return ngettext("%(count)d working day", "%(count)d working days", count) % {"count": count}
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


@register.filter
def sentence(step: Step) -> str:
    """One step of the counting. An unknown code is shown as it is rather than hidden."""
    says = {key: day(value) if hasattr(value, "isoformat") else value for key, value in step.params.items()}
    if step.code == "received":
        return gettext("Your request came in on %(on)s. That day does not count.") % says
    if step.code == "count":
        says["period"] = _count(int(str(says["count"])), str(says["unit"]))
        if says.get("extension"):
            says["more"] = _count(int(str(says["extension"])), str(says["unit"]))
            return gettext("%(period)s from there, and %(more)s of extension, end on %(end)s.") % says
        return gettext("%(period)s from there end on %(end)s.") % says
    if step.code == "restart":
        return gettext("The period counts from %(on)s, when we had everything that we had asked for.") % says
    if step.code == "pause":
        return gettext("The days from %(first)s to %(last)s do not count.") % says
    if step.code == "pauses_ignored":
        return gettext("A pause outside this period changes nothing.")
    if step.code == "no_calendar":
        return gettext("The holidays of %(year)s are not known to us, so we keep to the earlier date.") % says
    if step.code == "roll_over":
        return gettext("%(from)s is no working day, so the period ends on %(to)s.") % says
    if step.code == "stands":
        return gettext("Holidays became known that would give %(counted)s. The date we told you stands: %(on)s.") % says
    if step.code == "due":
        return gettext("The last day on which our answer is in time is %(on)s.") % says
    return step.code


def cited(sources: str) -> str:
    """The sources of a step for the person: a clause by the document that it stands in, a law by its name."""
    return "; ".join(dict.fromkeys(filter(None, map(_cited, sources.split("; ")))))


def _cited(source: str) -> str:
    if clause := re.fullmatch(r"[AB]-?([IVX\d]+(?:\(\d+\))*)", source):
        return gettext("our privacy policy, section %(clause)s") % {"clause": clause.group(1)}
    return gettext("our own rule") if source.startswith("house rule") else source
