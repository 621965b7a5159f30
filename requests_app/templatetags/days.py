"""Dates as they are said: `{{ due_on|day }}` with weekday and year, `{{ at|moment }}` with the time as well."""

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

register = template.Library()


@register.filter
def day(value: date | datetime | None) -> str:
    """Weekday, day, month, year; instants in the zone of the page."""
    return _said(value, "l j F Y")


@register.filter
def moment(value: datetime | None) -> str:
    """The same with hours and minutes."""
    return _said(value, "l j F Y, H:i")


@register.filter
def instant(value: datetime | None) -> str:
    """The same with seconds: from when something holds."""
    return _said(value, "l j F Y, H:i:s")


def _said(value: date | datetime | None, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    text = date_format(value, form, use_l10n=False)
    # Django's Italian names of days and months begin with a capital; inside a sentence they do not.
    return text.lower() if (get_language() or "").startswith("it") else text
