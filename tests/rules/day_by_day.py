"""The response clock counted day by day, sharing no code with the engine: slow, plain; the engine has to equal it."""

from datetime import date, timedelta

ONE = timedelta(days=1)


def is_working(day, *, weekend, holidays, ranges, makeup):
    """Make-up days win over everything."""
    if day in makeup:
        return True
    return day.isoweekday() not in weekend and day not in holidays and not any(a <= day <= b for a, b in ranges)


def same_numbered_day(start, months, missing):
    """The same day of a later month; where the month has none, its last day or the day after it."""
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for number in range(start.day, 27, -1):
        try:
            found = date(year, month, number)
        except ValueError:
            continue
        return found if number == start.day or missing == "last_day" else found + ONE
    return date(year, month, start.day)


def count(received, rule, pauses, calendar):
    """(end before roll-over, last timely day) of plain values: a rule as a dict, pauses as (first, last)."""
    paused = {a + n * ONE for a, b in pauses for n in range((b - a).days + 1)}

    def works(day):
        return is_working(day, **calendar)

    if rule["unit"] == "months":
        start = received + (ONE if rule["day_of_receipt"] == "period_opens_next_day" else timedelta())
        left = (same_numbered_day(start, rule["count"], rule["missing_month_day"]) - received).days
    else:
        left = rule["count"]
    day = received
    while left:
        day += ONE
        counts = day not in paused and (rule["unit"] != "working_days" or works(day))
        left -= counts
    due = day
    while rule["roll_over"] == "next_working_day" and not works(due):
        due += ONE
    return day, due
