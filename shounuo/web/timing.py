"""A clock as the components show it: what is left in counted time, and how to count it down in the browser."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shounuo.calendars import queries as calendars
from shounuo.commitments.labels import pause_words
from shounuo.commitments.models import Clock
from shounuo.commitments.queries.ledger import Ledger
from shounuo.kernel import worktime
from shounuo.kernel.durations import Span
from shounuo.policy import labels

COUNTED_DOWN = timedelta(hours=36)  # further ahead the words do not change while a page is open
MOST_SEGMENTS = 6


def clock_view(clock: Clock, now: datetime, *, titles: dict[int, str] | None = None) -> dict[str, Any]:
    """What the tags clock and clocks take, from a clock row; no query of its own.

    `titles`: rule id -> what the promise is called.
    """
    state = _state(clock, now)
    number = clause_number(clock.clause_code)
    view: dict[str, Any] = {
        "id": clock.pk,
        "state": state,
        "due_at": clock.due_at,
        "warn_at": clock.warn_at,
        "started_at": clock.started_at,
        "met_at": clock.met_at,
        "clause": {
            "number": number,
            "name": "",
            "url": f"/policy/clauses/{clock.clause_code}/",
        },
        "name": (titles or {}).get(clock.rule_id, clock.commitment),
        "used_seconds": clock.used_s,
        "total_seconds": clock.length_s,
    }
    if state == "pause" and clock.paused_at:
        view["pause_reason"] = pause_words(str(clock.facts.get("status", "")))
    if state in ("run", "warn"):
        calendar = calendars.compiled(clock.calendar)
        view["left_seconds"] = calendar.between(now, clock.due_at)
        if clock.calendar != "always":
            view["segments"] = segments(calendar, now, clock.due_at)
    return view


def segments(
    calendar: worktime.CompiledCalendar, now: datetime, due: datetime
) -> list[tuple[datetime, datetime]]:
    """The coming counted intervals until the due moment, as far as a page will be open."""
    end = min(due, now + COUNTED_DOWN)
    spans = calendar.openings(int(now.timestamp() * 1e6), int(end.timestamp() * 1e6))
    return [
        (datetime.fromtimestamp(a / 1e6, UTC), datetime.fromtimestamp(b / 1e6, UTC))
        for a, b, _day in spans[:MOST_SEGMENTS]
    ]


def clause_number(code: str) -> str:
    """What a reader calls the clause: REG-2.2.1 is 2.2.1."""
    head, _dash, tail = code.partition("-")
    return tail if tail and tail[0].isdigit() else head


def span_words(within: str) -> str:
    """A clock's length in words (30 分钟, 3 个工作日)."""
    return Span.parse(within).words()


def nearest(clocks: Iterable[Clock]) -> Clock | None:
    """The clock that a list shows: overdue first, then what is due first."""
    owed = [c for c in clocks if c.is_live]
    return min(owed, key=lambda c: c.due_at, default=None)


def _state(clock: Clock, now: datetime) -> str:
    match clock.state:
        case Clock.State.RUNNING:
            if clock.due_at <= now:
                return "breach"
            return "warn" if clock.warned_at or (clock.warn_at and clock.warn_at <= now) else "run"
        case Clock.State.PAUSED:
            return "pause"
        case Clock.State.MET:
            return "met"
        case Clock.State.CANCELLED:
            return "cancelled"
        case _:
            return "breach"


def value_words(fact: str, value: Any) -> str:
    """A fact's value as people call it (电话, 投诉 ...)."""
    return labels.value(fact, value)


def ledger_view(told: Ledger, now: datetime, *, title: str, wording: str) -> dict[str, Any]:
    """What the tag ledger takes: a line per day or stretch, bars over the working day, the sums, why."""
    clock = told.clock
    calendar = calendars.compiled(clock.calendar)
    lines, last_day = [], None
    for line in told.lines:
        low, high = _bar(calendar, line.day, line.start, line.end)
        row: dict[str, Any] = {
            "day": None if line.day == last_day else line.day,
            "kind": _KINDS.get(line.kind, "off"),
            "label": line.name or line.reason,
            "start": line.start if line.counted or line.kind == "paused" else None,
            "end": line.end if line.counted or line.kind == "paused" else None,
            "seconds": line.counted,
            "from_share": low,
            "to_share": high,
        }
        if line.start <= now < line.end:
            row["now_share"] = _share(calendar, line.day, now)
        lines.append(row)
        last_day = line.day
    share = None
    if told.warn_at and told.total:
        share = calendar.between(clock.counted_from, told.warn_at) / told.total
    return {
        "due_at": told.due_at,
        "clause": {
            "number": clause_number(clock.clause_code),
            "name": title,
            "url": f"/policy/clauses/{clock.clause_code}/",
        },
        "wording": wording,
        "calendar_name": labels.calendar(clock.calendar),
        "lines": lines,
        "total_seconds": told.total,
        "used_seconds": told.used,
        "left_seconds": told.left,
        "warn_at": told.warn_at,
        "warn_share": share,
        "provisional": told.provisional,
    }


_KINDS = {
    "counted": "work", "work": "work", "makeup": "makeup", "holiday": "holiday", "paused": "pause", "weekend": "off",
}  # fmt: skip


def _bar(
    calendar: worktime.CompiledCalendar, day: date, start: datetime, end: datetime
) -> tuple[float, float]:
    return _share(calendar, day, start), _share(calendar, day, end)


def _share(calendar: worktime.CompiledCalendar, day: date, moment: datetime) -> float:
    """Where the moment lies in the day, 0..1, on the scale of 07:00 to 21:00."""
    begin, _end = calendar.day_bounds(day)
    hours = (moment - begin).total_seconds() / 3600
    return min(1.0, max(0.0, (hours - 7) / 14))
