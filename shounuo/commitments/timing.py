"""When a clock warns, is due and escalates. Pure: calendars are handed in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shounuo.kernel import worktime
from shounuo.kernel.durations import Percent, Span, parse_offset
from shounuo.kernel.worktime import (
    BeyondHorizon,
    CalendarSpec,
    CompiledCalendar,
    NoWorkingTime,
    Pause,
    week_parse,
    zone_of,
)

T = TypeVar("T")
log = logging.getLogger(__name__)

TICK = timedelta(microseconds=1)
"""Of a range the upper end counts: what happens at the due moment itself is in time, a tick later it is not."""

PLAIN = worktime.compile(
    CalendarSpec(
        zone_of("Asia/Shanghai"), week_parse({day: [["00:00", "24:00"]] for day in worktime.WEEKDAYS})
    ),
    2025,
    2027,
)
"""Every hour of every day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The calendars that a clock counts on: its own, and the business one for spans in business days or hours.

    Where a calendar has no hours to count (emptied by mistake, or ending), time counts plainly: a promise must never
    keep a message from coming in, and must not be lost.
    """

    own: CompiledCalendar
    business: CompiledCalendar

    def add(self, start: datetime, span: Span, paused: Iterable[Pause] = ()) -> datetime:
        """When the span ends that begins at `start`."""
        paused = tuple(paused)
        return self._count(lambda h: h.own.add_span(start, span, paused=paused, business=h.business))

    def postpone(self, moment: datetime, paused_at: datetime, resumed_at: datetime, span: Span) -> datetime:
        """Where a moment ahead moves by a pause: the time left at its start runs again from its end."""
        return self._count(lambda h: h.own.postpone(moment, paused_at, resumed_at, span, business=h.business))

    def share(
        self, start: datetime, due: datetime, span: Span, share: Percent, paused: Sequence[Pause] = ()
    ) -> datetime:
        """The moment at which this share of the time from `start` to `due` has passed, counted as the span counts:
        on the calendar for hours and business days, plainly for calendar days and months. Over 100% lies after due."""

        def moment(h: Hours) -> datetime:
            counting = h.counting(span)
            length = max(counting.worked(start, due, paused=paused), timedelta())
            return counting.add(start, share.of(length), paused=paused)

        return self._count(moment)

    def seconds(self, start: datetime, end: datetime, span: Span, paused: Sequence[Pause] = ()) -> int:
        """Whole seconds that counted between two moments; negative when the end comes first."""
        return self.counting(span).between(start, end, paused=paused)

    def counting(self, span: Span) -> CompiledCalendar:
        """The calendar whose hours the span's time is made of; every hour for days and months."""
        if span.is_natural:
            return PLAIN
        return self.business if span.needs_business else self.own

    def _count(self, question: Callable[[Hours], T]) -> T:
        try:
            return question(self)
        except (NoWorkingTime, BeyondHorizon):
            log.exception("counts plainly: calendar %s has no hours left", self.own.spec.code)
            return question(Hours(PLAIN, PLAIN))


@dataclass(frozen=True, slots=True)
class Marks:
    """The moments of a clock besides its due."""

    warn_at: datetime | None
    steps: list[dict[str, str]]


def marks(
    hours: Hours,
    *,
    start: datetime,
    due: datetime,
    span: Span,
    warn: str,
    ladder: Sequence[dict[str, Any]],
    paused: Sequence[Pause] = (),
    floor: datetime | None = None,
) -> Marks:
    """When the clock warns and takes the steps of its ladder; a share counts of the time to due, a length from the
    start. Nothing lies before `floor` (when the clock came to life); a warning not before due is none."""

    def at(offset: str) -> datetime:
        read = parse_offset(offset)
        if isinstance(read, Percent):
            moment = due if read.basis_points == 10_000 else hours.share(start, due, span, read, paused)
        else:
            moment = hours.add(start, read, paused)
        return moment if floor is None else max(moment, floor)

    warn_at = at(warn)
    steps = [{"at": at(s["at"]).isoformat(), "position": s["at"], "to": s["to"]} for s in ladder]
    steps.sort(key=lambda s: datetime.fromisoformat(s["at"]))
    return Marks(warn_at if warn_at < due else None, steps)
