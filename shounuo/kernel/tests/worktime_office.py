"""The office that the work-time tests count in, and short ways to write moments and ledgers."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from shounuo.kernel import worktime
from shounuo.kernel.worktime import CalendarSpec, DayRule, week_parse, zone_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = [["08:30", "12:00"], ["13:30", "17:30"]]
MON_TO_FRI = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
# The State Council's autumn of 2026: off 25-27 September and 1-7 October, at work 20 September and 10 October
AUTUMN = {
    **{date(2026, 9, day): DayRule("holiday", "中秋", "statutory") for day in (25, 26, 27)},
    **{date(2026, 10, day): DayRule("holiday", "国庆节", "statutory") for day in range(1, 8)},
    date(2026, 9, 20): DayRule("workday", "国庆节", "statutory"),
    date(2026, 10, 10): DayRule("workday", "国庆节", "statutory"),
}


def office(week=None, days=None, zone="Asia/Shanghai", published=None, **kwargs):
    spec = CalendarSpec(zone_of(zone), week_parse(week or MON_TO_FRI), days or {}, published, **kwargs)
    return worktime.compile(spec, 2026, 2026)


def at(text, zone=SHANGHAI):
    """A moment from "10-09 15:00" in 2026, or with its year."""
    return datetime.fromisoformat(text if text[4] == "-" else f"2026-{text}").replace(tzinfo=zone)


def told(ledger, zone=SHANGHAI):
    """A ledger in short: from, to, seconds, reason and name."""
    return [
        f"{line.start.astimezone(zone):%m-%d %H:%M} {line.end.astimezone(zone):%m-%d %H:%M}"
        f" {line.counted} {line.reason}{' ' + line.name if line.name else ''}"
        for line in ledger
    ]
