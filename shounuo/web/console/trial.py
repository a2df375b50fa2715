"""试算: when a length of time ends on a calendar, told day by day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shounuo.calendars import queries, rules
from shounuo.calendars.models import Calendar
from shounuo.kernel import worktime
from shounuo.kernel.durations import BadDuration, Span, parse
from shounuo.kernel.errors import Invalid
from shounuo.kernel.worktime import LedgerLine
from shounuo.web import words

INSTANT = timedelta(microseconds=1)
LONGEST = timedelta(days=5 * 366)
NOTHING = ("rest", "holiday", "paused")  # why a whole date does not count
SHOWN = 24  # lines; a longer way is told by its beginning and its end
# Words of both languages, longest first; each a part of a Span and its size.
_UNITS: tuple[tuple[re.Pattern[str], str, int], ...] = tuple(
    (re.compile(pattern, re.I), part, size)
    for pattern, part, size in (
        (r"个?\s*工作日|business\s*days?|working\s*days?|workdays?", "business_days", 1),
        (r"个?\s*工作小时|business\s*hours?|working\s*hours?", "business_seconds", 3600),
        (r"个?\s*小时|个?\s*钟头|hours?|hrs?|h\b", "seconds", 3600),
        (r"分钟|分|minutes?|mins?", "seconds", 60),
        (r"个?\s*星期|周|weeks?", "days", 7),
        (r"天|日|days?", "days", 1),
        (r"个?\s*月|months?", "months", 1),
    )
)
_NUMBER = re.compile(r"\s*(\d{1,5})\s*")


def span_read(text: str) -> Span:
    """A length of time as people type it (3 个工作日, 2 小时 30 分钟, 4 hours) or in the policies' form (P3BD).

    Raises BadDuration that shows both.
    """
    text = text.strip()
    if text[:1].upper() == "P":
        return parse(text.upper())
    total = dict.fromkeys(("months", "days", "seconds", "business_days", "business_seconds"), 0)
    at = 0
    while at < len(text):
        number = _NUMBER.match(text, at)
        found = number and next(
            ((unit, part, size) for p, part, size in _UNITS if (unit := p.match(text, number.end()))), None
        )
        if number is None or not found:
            raise _unclear(text)
        unit, part, size = found
        total[part] += int(number[1]) * size
        at = unit.end()
        while at < len(text) and text[at] in " ,，":
            at += 1
    span = Span(**total)
    if span.is_zero:
        raise _unclear(text)
    return span


def _unclear(text: str) -> BadDuration:
    return BadDuration(
        _("看不懂时限“%(text)s”，可写 3 个工作日、4 小时、30 分钟或 P3BD") % {"text": text[:40]},
        field="within",
    )


def run(calendar: Calendar, start: datetime, within: str) -> dict[str, Any]:
    """What calendars/_trial.html takes: the due moment and the way there. Raises Invalid with the field."""
    span = span_read(within)
    compiled = queries.compiled(calendar.code)
    due = compiled.add_span(start, span)
    if due - start > LONGEST:
        raise Invalid(_("结果超出 5 年，请缩短时长"), field="within", code="too_long")
    ledger = worktime.explain_add(compiled, start, span)
    lines = _days(ledger.lines, compiled.zone)
    folded = 0
    if len(lines) > SHOWN:
        folded = len(lines) - SHOWN
        lines = [*lines[: SHOWN - 4], {"folded": folded}, *lines[-4:]]
    here = due.astimezone(compiled.zone)
    return {
        "result": _("到期 %(day)s %(time)s")
        % {"day": words.full_day(here.date(), start.date()), "time": here.strftime("%H:%M")},
        "note": span.words(),
        "lines": lines,
        "provisional": ledger.provisional,
    }


def _days(lines: Sequence[LedgerLine], zone: ZoneInfo) -> list[dict[str, Any]]:
    """One line a date that counted; dates that did not and have one reason stand together, natural days too."""
    rows: list[dict[str, Any]] = []
    for day, group in groupby(lines, key=lambda line: line.day):
        parts = list(group)
        counted = [p for p in parts if p.counted]
        told = (counted or parts)[0]
        if not counted and told.reason not in NOTHING:
            continue  # the evening before the first hour that counts, the morning after the last
        stretch = not counted or told.reason == "natural"
        row = {
            "first": day,
            "last": (parts[-1].end - INSTANT).astimezone(zone).date() if stretch else day,
            "reason": rules.reason_words(told),
            "counted": sum(p.counted for p in parts),
            "number": told.business_day,
        }
        if rows and not counted and not rows[-1]["counted"] and rows[-1]["reason"] == row["reason"]:
            rows[-1]["last"] = row["last"]
        else:
            rows.append(row)
    for row in rows:
        row["day"] = words.short_span(row["first"], row["last"])
    return rows
