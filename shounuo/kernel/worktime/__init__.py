"""Working time: calendars with opening hours, nights, holidays and make-up days, and exact arithmetic on
them.

    week = week_parse({"mon": [["08:30", "12:00"], ["13:30", "17:30"]], "sat": [["22:00", "06:00"]]})
    spec = CalendarSpec(zone_of("Asia/Shanghai"), week)
    hours = worktime.compile(spec, 2026, 2027)
    due = hours.add_span(start, Span.parse("PT4H"))
    ledger = worktime.explain_add(hours, start, Span.parse("PT4H"))

What each way of counting promises stands in `calendar.py`, how clock changes are met in `zones.py`.
"""

from shounuo.kernel.worktime.calendar import (
    BeyondHorizon,
    CompiledCalendar,
    NoWorkingTime,
    Pause,
    compile,
)
from shounuo.kernel.worktime.ledger import Ledger, LedgerLine, Reason, explain, explain_add
from shounuo.kernel.worktime.spec import (
    WEEKDAY_WORDS,
    WEEKDAYS,
    BadHours,
    BadZone,
    CalendarSpec,
    Day,
    DayRule,
    Hours,
    Week,
    hours_json,
    hours_parse,
    week_json,
    week_parse,
    zone_of,
)

__all__ = [
    "WEEKDAYS",
    "WEEKDAY_WORDS",
    "BadHours",
    "BadZone",
    "BeyondHorizon",
    "CalendarSpec",
    "CompiledCalendar",
    "Day",
    "DayRule",
    "Hours",
    "Ledger",
    "LedgerLine",
    "NoWorkingTime",
    "Pause",
    "Reason",
    "Week",
    "compile",
    "explain",
    "explain_add",
    "hours_json",
    "hours_parse",
    "week_json",
    "week_parse",
    "zone_of",
]
