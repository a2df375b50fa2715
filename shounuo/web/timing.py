"""A clock as the components show it: what is left in counted time, and how to count it down in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from django.utils.translation import gettext as _

from shounuo.calendars import queries as calendars
from shounuo.commitments.labels import pause_words
from shounuo.commitments.models import Clock
from shounuo.commitments.queries.ledger import Ledger, Line
from shounuo.kernel import worktime
from shounuo.kernel.durations import Span
from shounuo.policy import labels
from shounuo.web import words

COUNTED_DOWN = timedelta(hours=36)  # further ahead the words do not change while a page is open
MOST_SEGMENTS = 6
ALWAYS = "always"


def clock_view(clock: Clock, now: datetime, *, titles: dict[int, str] | None = None) -> dict[str, Any]:
    """What the tags clock and clocks take, from a clock row; no query of its own.

    `titles`: rule id -> what the promise is called.
    """
    told, calendar = _owed(clock, now)
    view = told | {
        "id": clock.pk,
        "warn_at": clock.warn_at,
        "started_at": clock.started_at,
        "clause": {
            "number": clause_number(clock.clause_code),
            "name": "",
            "url": f"/policy/clauses/{clock.clause_code}/",
        },
        "name": (titles or {}).get(clock.rule_id, clock.commitment),
        "used_seconds": clock.used_s,
        "total_seconds": clock.length_s,
    }
    if view["state"] == "pause":
        view["pause_reason"] = pause_words(str(clock.facts.get("status", "")))
    if calendar is not None:
        view["segments"] = segments(calendar, now, clock.due_at)
    return view


class Timed(Protocol):
    """What the words of a clock are made of that is running or broken."""

    @property
    def state(self) -> str: ...
    @property
    def calendar(self) -> str: ...
    @property
    def warn_at(self) -> datetime | None: ...
    @property
    def warned_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def met_at(self) -> datetime | None: ...
    @property
    def cancelled_at(self) -> datetime | None: ...


def clock_said(clock: Timed, now: datetime) -> tuple[str, str]:
    """State and words of a clock that is running or broken, for where nothing counts down; no query of its own."""
    told, _calendar = _owed(clock, now)
    return told["state"], words.clock_words(told, now)


def _owed(clock: Timed, now: datetime) -> tuple[dict[str, Any], worktime.CompiledCalendar | None]:
    """What is said of a clock, and the calendar by whose hours it counts down."""
    state = _state(clock, now)
    told: dict[str, Any] = {"state": state, "due_at": clock.due_at, "met_at": clock.met_at}
    if state == "breach" and clock.cancelled_at is not None:
        told["text"] = _("超时，没有办到")
    if state in ("run", "warn") and clock.calendar != ALWAYS:
        calendar = calendars.compiled(clock.calendar)
        return told | {"left_seconds": calendar.between(now, clock.due_at)}, calendar
    return told, None


def segments(
    calendar: worktime.CompiledCalendar, now: datetime, due: datetime
) -> list[tuple[datetime, datetime]]:
    """The coming counted intervals until the due moment; empty where it lies further ahead than a page is open, for
    what is left is the sum of all of them."""
    if due - now > COUNTED_DOWN:
        return []
    spans = calendar.openings(int(now.timestamp() * 1e6), int(due.timestamp() * 1e6))
    if len(spans) > MOST_SEGMENTS:
        return []
    return [
        (datetime.fromtimestamp(a / 1e6, UTC), datetime.fromtimestamp(b / 1e6, UTC)) for a, b, _day in spans
    ]


def clause_number(code: str) -> str:
    """What a reader calls the clause: REG-2.2.1 is 2.2.1."""
    head, _dash, tail = code.partition("-")
    return tail if tail and tail[0].isdigit() else head


def span_words(within: str) -> str:
    """A clock's length in words (30 分钟, 3 个工作日)."""
    return Span.parse(within).words()


def _state(clock: Timed, now: datetime) -> str:
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


# -- ledger --------------------------------------------------------------------------------------------------------
def ledger_view(told: Ledger, now: datetime, *, title: str, wording: str) -> dict[str, Any]:
    """What the tag ledger takes: a line per counted stretch, pauses, and days that do not count; the sums; why."""
    clock = told.clock
    calendar = calendars.compiled(clock.calendar)
    scale = _Scale(calendar, told.lines)
    lines: list[dict[str, Any]] = []
    last_day: date | None = None
    for line in _told(told.lines):
        row = _row(line, scale, now if clock.is_live else None)
        previous = lines[-1] if lines else None
        if previous is not None and row["kind"] in _IDLE and _goes_on(previous, row):
            previous["day_to"], previous["label"] = row["day"], _label_of(previous, row)
            continue
        if line.day == last_day:
            row["day"], row["label"] = None, row["label"] if row["kind"] == "pause" else ""
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
        "warn_at": told.warn_at if clock.is_live else None,
        "warn_share": share,
        "note": _("到期时间由人改定，不按原来的天数") if told.rebased else "",
        "provisional": told.provisional,
    }


_KINDS = {
    "working": "work", "natural": "work", "custom": "work", "workday": "makeup",
    "holiday": "holiday", "rest": "off", "closed": "off", "paused": "pause",
}  # fmt: skip
_IDLE = ("off", "holiday")


def _told(lines: Sequence[Line]) -> list[Line]:
    """The lines without the hours before opening and after closing of days on which something counted."""
    counted = {line.day for line in lines if line.counted or line.kind == "paused"}
    kept = [line for line in lines if line.kind != "closed" or line.day not in counted]
    return kept or list(lines)


def _row(line: Line, scale: _Scale, now: datetime | None) -> dict[str, Any]:
    kind = _KINDS.get(line.kind, "off")
    if kind in ("work", "makeup") and not line.counted:
        kind = "off"
    shown = kind not in _IDLE
    row: dict[str, Any] = {
        "day": line.day,
        "kind": kind,
        "name": line.name,
        "label": {"holiday": line.name or None, "makeup": _("调休"), "pause": line.reason}.get(kind),
        "start": line.start if shown else None,
        "end": line.end if shown else None,
        "seconds": line.counted,
        "from_share": scale.share(line.day, line.start) if shown else 0,
        "to_share": scale.share(line.day, line.end) if shown else 0,
    }
    if now is not None and shown and line.start <= now < line.end:
        row["now_share"] = scale.share(line.day, now)
    return row


def _goes_on(previous: dict[str, Any], row: dict[str, Any]) -> bool:
    """Two stretches that do not count, of one kind and name, on the same or on following days."""
    last: date | None = previous.get("day_to") or previous["day"]
    return (
        last is not None
        and (previous["kind"], previous["name"]) == (row["kind"], row["name"])
        and row["day"] - last <= timedelta(days=1)
    )


def _label_of(first: dict[str, Any], last: dict[str, Any]) -> str | None:
    if first["name"] or first["day"] == last["day"]:
        return str(first["name"]) or None
    return ""


class _Scale:
    """The bars' scale: from the earliest to the latest hour that counted, at least a working day."""

    def __init__(self, calendar: worktime.CompiledCalendar, lines: Sequence[Line]) -> None:
        self.calendar = calendar
        hours = [self._hours(line.day, m) for line in lines if line.counted for m in (line.start, line.end)]
        self.low = max(0.0, min([8.0, *hours]))
        self.high = min(24.0, max([18.0, *hours]))

    def _hours(self, day: date, moment: datetime) -> float:
        begin, _end = self.calendar.day_bounds(day)
        return (moment - begin).total_seconds() / 3600

    def share(self, day: date, moment: datetime) -> float:
        """Where the moment lies in the day, 0..1."""
        return min(1.0, max(0.0, (self._hours(day, moment) - self.low) / (self.high - self.low)))
