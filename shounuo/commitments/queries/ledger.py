"""Why a clock is due when it is: its time interval by interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shounuo.calendars.rules import reason_words
from shounuo.commitments.hours import hours_of
from shounuo.commitments.labels import pause_words
from shounuo.commitments.models import Clock, Pause
from shounuo.commitments.timing import Hours
from shounuo.kernel import worktime
from shounuo.kernel.durations import Span
from shounuo.kernel.worktime import BeyondHorizon, LedgerLine, NoWorkingTime


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch: `counted` in seconds, `reason` in words, `kind` as its code (of a pause: with its own reason)."""

    start: datetime
    end: datetime
    counted: int
    reason: str
    kind: str
    day: date
    name: str = ""
    provisional: bool = False
    business_day: int | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The lines from when the clock counts to when it is due, and the sums in seconds up to `now` (or to when it was
    decided). `due_at` of a paused clock is where it would lie if it went on now. `rebased`: a person set the due moment,
    so the lines end there and not where the figures would."""

    clock: Clock
    lines: tuple[Line, ...]
    due_at: datetime
    warn_at: datetime | None
    total: int
    used: int
    rebased: bool
    provisional: bool

    @property
    def left(self) -> int:
        """Seconds that are left; negative when it is late."""
        return self.total - self.used


def ledger(clock: Clock, now: datetime) -> Ledger:
    """Explains a clock as it stands at `now`. One query for its pauses."""
    hours = hours_of(clock.calendar)
    span = Span.parse(clock.within)
    rows = list(clock.pauses.order_by("started_at"))
    pauses = [(p.started_at, p.ended_at or max(now, p.started_at)) for p in rows]
    due, warn = clock.due_at, clock.warn_at
    if clock.state == Clock.State.PAUSED and clock.paused_at is not None:
        due = hours.postpone(due, clock.paused_at, now, span)
        if warn is not None and clock.warned_at is None:
            warn = hours.postpone(warn, clock.paused_at, now, span)
    told, by_figures = _explained(clock, hours, span, due, pauses)
    end = clock.met_at or clock.cancelled_at or now
    used = max(hours.seconds(clock.counted_from, max(end, clock.counted_from), span, pauses), 0)
    return Ledger(
        clock=clock,
        lines=tuple(_line(line, rows) for line in told),
        due_at=due,
        warn_at=warn,
        total=told.counted,
        used=used,
        rebased=not by_figures,
        provisional=told.provisional,
    )


def _explained(
    clock: Clock, hours: Hours, span: Span, due: datetime, pauses: Sequence[worktime.Pause]
) -> tuple[worktime.Ledger, bool]:
    """The figures' own explanation when it ends at the due moment, else that of the stretch as it is."""
    if clock.follows_id is None:
        try:
            told = worktime.explain_add(
                hours.own, clock.counted_from, span, paused=pauses, business=hours.business
            )
        except (NoWorkingTime, BeyondHorizon):
            told = None
        if told is not None and told.end == due:
            return told, True
    return worktime.explain(hours.counting(span), clock.counted_from, due, paused=pauses), False


def _line(line: LedgerLine, pauses: Sequence[Pause]) -> Line:
    kind, words = str(line.reason), ""
    if kind == "paused":
        why = next((p.reason for p in pauses if p.started_at <= line.start < (p.ended_at or line.end)), "")
        words = pause_words(why)
    return Line(
        start=line.start,
        end=line.end,
        counted=line.counted,
        reason=words or str(reason_words(line)),
        kind=kind,
        day=line.day,
        name=line.name,
        provisional=line.provisional,
        business_day=line.business_day,
    )


def ledger_json(clock: Clock, now: datetime) -> dict[str, Any]:
    """The ledger as the API gives it: counted times in seconds."""
    told = ledger(clock, now)
    return {
        "due_at": told.due_at,
        "warn_at": told.warn_at,
        "total": told.total,
        "used": told.used,
        "left": told.left,
        "rebased": told.rebased,
        "provisional": told.provisional,
        "ledger": [
            {
                "from": line.start,
                "to": line.end,
                "counted": line.counted,
                "reason": line.reason,
                "kind": line.kind,
                "day": line.day,
                "name": line.name,
                "provisional": line.provisional,
            }
            for line in told.lines
        ],
    }
