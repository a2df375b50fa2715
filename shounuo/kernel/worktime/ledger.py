"""Why a moment is what it is: a stretch of time interval by interval, what counted, what did not and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from shounuo.kernel.durations import Span
from shounuo.kernel.worktime.calendar import CompiledCalendar, Pause, merged
from shounuo.kernel.worktime.spec import Day, Source
from shounuo.kernel.worktime.zones import SECOND, day_at, from_us, midnight, to_us

Reason = Literal["working", "workday", "custom", "closed", "rest", "holiday", "natural", "paused"]
"""`working` ordinary hours · `workday` a make-up day's · `custom` an own exception's · `natural` calendar
time, whatever the hours (days, months) - these count. `closed` out of hours on a day that has some (or an
exception without any) · `rest` a weekday without hours · `holiday` · `paused` - these do not."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One stretch. `counted` is in whole seconds; the lines of a ledger add up to its total.

    `day` is the date whose rule decides: the date on which the stretch begins, or for a night shift the
    date on which the shift began. `name` is the holiday's or exception's. `business_day` numbers the
    working days where business days are counted: 0 the day from which counting starts, then 1, 2, 3; None
    elsewhere and after a pause.
    """

    start: datetime
    end: datetime
    counted: int
    day: date
    reason: Reason
    name: str = ""
    source: Source = "weekly"
    provisional: bool = False
    business_day: int | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The lines from `start` to `end`, without gap or overlap."""

    start: datetime
    end: datetime
    lines: tuple[LedgerLine, ...]

    @property
    def counted(self) -> int:
        """Whole seconds that counted."""
        return sum(line.counted for line in self.lines)

    @property
    def provisional(self) -> bool:
        """True when a day in it may still change because its year's holidays are not published."""
        return any(line.provisional for line in self.lines)

    def __iter__(self) -> Iterator[LedgerLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line before it is counted and rounded; `on` is the calendar that counts it (None: all or none)."""

    low: int
    high: int
    reason: Reason
    day: Day
    on: CompiledCalendar | None = None
    number: int | None = None

    @property
    def counts(self) -> int:
        if self.on is not None:
            return self.on.micros_worked(self.low, self.high)
        return self.high - self.low if self.reason == "natural" else 0

    @property
    def _plain(self) -> bool:
        """True where the day's rule is not the reason: paused, or an ordinary evening of a make-up day."""
        return self.reason == "paused" or (self.reason == "closed" and bool(self.day.hours))

    @property
    def name(self) -> str:
        return "" if self._plain else self.day.name

    @property
    def source(self) -> Source:
        return "weekly" if self._plain else self.day.source

    def goes_on_in(self, other: _Piece) -> bool:
        """True when both would be told as one line."""
        return (
            self.high == other.low
            and self.reason == other.reason
            and self.number == other.number
            and (self.on is None) == (other.on is None)
            and self.name == other.name
            and self.source == other.source
            and self.day.provisional == other.day.provisional
        )


def explain(
    calendar: CompiledCalendar, start: datetime, end: datetime, *, paused: Iterable[Pause] = ()
) -> Ledger:
    """How the working time between two moments comes about; its total is `calendar.between(start, end)`.

    No line at all when the end is not after the start.
    """
    low, high = to_us(start), to_us(end)
    return _ledger(low, high, _hours(calendar, low, high), merged(paused, low))


def explain_add(
    calendar: CompiledCalendar,
    start: datetime,
    within: Span | int | timedelta,
    *,
    paused: Iterable[Pause] = (),
    business: CompiledCalendar | None = None,
) -> Ledger:
    """How the end of a span comes about; `.end` is `calendar.add_span(start, within, ...)` (or `.add` of
    seconds).

    Hours are told interval by interval, business days day by day with their numbers, days and months as one
    stretch; a span of several parts part by part. What a pause has added at the end is told like the last
    part.
    """
    paused = tuple(paused)
    if not isinstance(within, Span):
        return explain(calendar, start, calendar.add(start, within, paused=paused), paused=paused)
    begin = at = to_us(start)
    due = to_us(calendar.add_span(start, within, paused=paused, business=business))
    parts = [part for part in _parts(within) if not part.is_zero]
    pieces: list[_Piece] = []
    for part in parts:
        end = due if part is parts[-1] else to_us(calendar.add_span(from_us(at), part, business=business))
        counting = (business or calendar) if part.needs_business else calendar
        tell = _natural if part.is_natural else _days if part.business_days else _hours
        pieces += tell(counting, at, end)
        at = end
    return _ledger(begin, due, pieces, merged(paused, begin))


def _parts(span: Span) -> list[Span]:
    """A span cut by the way it is counted, in the order of `add_span`."""
    return [
        Span(months=span.months, days=span.days),
        Span(business_days=span.business_days),
        Span(seconds=span.seconds),
        Span(business_seconds=span.business_seconds),
    ]


def _hours(calendar: CompiledCalendar, low: int, high: int) -> list[_Piece]:
    """The opening intervals, and what lies between them cut at midnights."""
    pieces: list[_Piece] = []
    if high <= low:
        return pieces
    at = low
    for start, end, owner in calendar.openings(low, high):
        pieces += _shut(calendar, at, start)
        day = calendar.day(date.fromordinal(owner))
        pieces.append(_Piece(start, end, _open_reason(day), day, calendar))
        at = end
    return pieces + _shut(calendar, at, high)


def _shut(calendar: CompiledCalendar, low: int, high: int) -> list[_Piece]:
    pieces = []
    at = low
    while at < high:
        date_ = day_at(calendar.zone, at)
        end = min(high, midnight(calendar.zone, date_ + timedelta(days=1)))
        day = calendar.day(date_)
        pieces.append(_Piece(at, end, _shut_reason(day), day))
        at = end
    return pieces


def _natural(calendar: CompiledCalendar, low: int, high: int) -> list[_Piece]:
    return [_Piece(low, high, "natural", Day(day_at(calendar.zone, low), "working", ()))]


def _days(calendar: CompiledCalendar, low: int, high: int) -> list[_Piece]:
    """Day by day. A day with a night shift ends with it, the next begins there."""
    first = calendar.counted_from(low)
    calendar.working_day(
        day_at(calendar.zone, high)
    )  # writes out all years at once, so that the numbers hold
    zero = calendar.working_day(first)
    assert zero is not None
    date_ = day_at(calendar.zone, low) - timedelta(days=1)
    pieces = []
    at = low
    while at < high:
        found = calendar.working_day(date_)
        end = min(high, max(midnight(calendar.zone, date_ + timedelta(days=1)), found[1] if found else 0))
        if at < end:
            day = calendar.day(date_)
            if found and date_ >= first:
                pieces.append(_Piece(at, end, _open_reason(day), day, calendar, found[0] - zero[0]))
            else:
                pieces.append(_Piece(at, end, _shut_reason(day), day))
            at = end
        date_ += timedelta(days=1)
    return pieces


def _open_reason(day: Day) -> Reason:
    return day.kind if day.kind == "workday" or day.kind == "custom" else "working"


def _shut_reason(day: Day) -> Reason:
    return day.kind if day.kind == "holiday" or day.kind == "rest" else "closed"


def _ledger(low: int, high: int, pieces: list[_Piece], stops: Sequence[tuple[int, int]]) -> Ledger:
    """Cut at the pauses, join what belongs together, round so that the lines add up to the total."""
    joined: list[_Piece] = []
    for piece in _stopped(pieces, stops):
        if joined and joined[-1].goes_on_in(piece):
            joined[-1] = replace(joined[-1], high=piece.high)
        else:
            joined.append(piece)
    lines = []
    total = told = 0
    numbered_until = stops[0][0] if stops else high
    for piece in joined:
        total += piece.counts
        lines.append(
            LedgerLine(
                from_us(piece.low),
                from_us(piece.high),
                total // SECOND - told,
                piece.day.date,
                piece.reason,
                piece.name,
                piece.source,
                piece.day.provisional,
                piece.number if piece.low < numbered_until else None,
            )
        )
        told = total // SECOND
    return Ledger(from_us(low), from_us(high), tuple(lines))


def _stopped(pieces: list[_Piece], stops: Sequence[tuple[int, int]]) -> Iterator[_Piece]:
    """The pieces with every pause cut out of them."""
    for piece in pieces:
        at = piece.low
        for low, high in stops:
            if high <= at or low >= piece.high:
                continue
            if at < low:
                yield replace(piece, low=at, high=low)
            at = max(at, low)
            end = min(high, piece.high)
            day = Day(piece.day.date, "working", ())
            yield _Piece(at, end, "paused", day)
            at = end
        if at < piece.high:
            yield replace(piece, low=at)
