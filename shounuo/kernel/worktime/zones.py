"""Between the wall clock of a zone and moments in UTC, safe through clock changes.

Moments are whole microseconds since 1970 UTC (integers add exactly and compare fast), wall-clock readings
are naive datetimes. Where a clock is put back it reads the same hour twice, where it is put forward it
leaves one out. One rule settles both: **a wall time is reached at the first moment at which the clock reads
it or later.** So opening hours never overlap, never turn round, and adjoining ones leave no hole.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall-clock reading has no zone
_DAY = 86_400


def to_us(moment: datetime) -> int:
    """Microseconds since 1970; raises ValueError for a datetime without zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"an aware datetime is needed, not {moment!r}")
    return _us(moment - _EPOCH)


def from_us(us: int) -> datetime:
    """The UTC datetime of a number of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=us)


def wall(zone: ZoneInfo, us: int) -> datetime:
    """The latest reading that the clock of the zone has reached by this moment.

    That is what the clock reads, except in the hour that is lived through twice: there it is the reading at
    which the clock was put back. So it never runs backwards.
    """
    local = from_us(us).astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    before = _offset(local.replace(fold=0))
    after = _offset(local)
    # the clock was put back within the last (before - after): find the first moment with the later offset
    change = _first(us - (before - after), us, lambda moment: _offset_at(zone, moment) == after)
    return _WALL_EPOCH + timedelta(microseconds=change + before)


def edge(zone: ZoneInfo, reading: datetime) -> int:
    """The first moment at which the clock of the zone reads this (naive) wall time or later."""
    before = zone.utcoffset(reading)
    after = zone.utcoffset(reading.replace(fold=1))
    assert before is not None and after is not None
    naive = _us(reading - _WALL_EPOCH)
    if after <= before:
        return naive - _us(before)
    # the clock skips this reading: the moment at which it was put forward
    low, high = naive - _us(after), naive - _us(before)
    return _first(low, high, lambda moment: moment + _offset_at(zone, moment) >= naive)


def midnight(zone: ZoneInfo, day: date) -> int:
    """The moment at which the day begins in the zone."""
    return edge(zone, reading_of(day))


def day_at(zone: ZoneInfo, us: int) -> date:
    """The day that this moment lies in: it has begun and the next has not."""
    day = wall(zone, us).date()
    return day - timedelta(days=1) if midnight(zone, day) > us else day


def reading_of(day: date) -> datetime:
    """Midnight of a date as a wall-clock reading."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first whole second in [low, high] for which `holds` is true (false before, true from there on)."""
    low //= SECOND
    high = -(-high // SECOND)
    while low < high:
        middle = (low + high) // 2
        if holds(middle * SECOND):
            high = middle
        else:
            low = middle + 1
    return low * SECOND


def _offset(aware: datetime) -> int:
    offset = aware.utcoffset()
    assert offset is not None
    return _us(offset)


def _offset_at(zone: ZoneInfo, us: int) -> int:
    return _offset(from_us(us).astimezone(zone))


def _us(length: timedelta) -> int:
    return (length.days * _DAY + length.seconds) * SECOND + length.microseconds
