"""A calendar written out as sorted moments with running sums: any question is one binary search."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

from shounuo.kernel.worktime.spec import CalendarSpec
from shounuo.kernel.worktime.zones import edge, midnight, reading_of


@dataclass(frozen=True, slots=True)
class Table:
    """All opening intervals of the years `first`..`last` of a calendar, ascending and without overlap.

    Interval i is open from `starts[i]` to `ends[i]` (not included), belongs to the day `owners[i]` (an
    ordinal: the date on which it starts, which for a night is the day before its end) and has `sums[i]`
    microseconds of work before it. `days` are the owners without repeats (the working days), `heads[k]` the
    first interval of `days[k]`. The table answers for moments in [low, high]; it also holds the last day
    before, whose night may reach in.
    """

    first: int
    last: int
    low: int
    high: int
    starts: list[int]
    ends: list[int]
    owners: list[int]
    sums: list[int]
    total: int
    days: list[int]
    heads: list[int]

    def worked(self, us: int) -> int:
        """Microseconds of work between the table's beginning and this moment."""
        i = bisect_right(self.starts, us) - 1
        if i < 0:
            return 0
        return self.sums[i] + min(us, self.ends[i]) - self.starts[i]

    def at(self, us: int) -> int | None:
        """The interval that is open at this moment."""
        i = bisect_right(self.starts, us) - 1
        return i if i >= 0 and us < self.ends[i] else None

    def following(self, us: int) -> int | None:
        """The first interval that begins at or after this moment; None when the table ends before."""
        i = bisect_left(self.starts, us)
        return i if i < len(self.starts) else None

    def reach(self, work: int) -> int | None:
        """The first moment at which so much work (> 0) has passed since the beginning; None: not here."""
        if work > self.total:
            return None
        i = bisect_left(self.sums, work) - 1
        return self.starts[i] + work - self.sums[i]

    def day_index(self, owner: int) -> int:
        """Where this working day stands among the working days."""
        return bisect_left(self.days, owner)

    def intervals_of(self, index: int) -> range:
        """The intervals of the working day with this index."""
        end = self.heads[index + 1] if index + 1 < len(self.heads) else len(self.starts)
        return range(self.heads[index], end)


def build(spec: CalendarSpec, first: int, last: int) -> Table:
    """Write out the years first..last."""
    table = Table(
        first,
        first - 1,
        midnight(spec.zone, date(first, 1, 1)),
        0,
        [],
        [],
        [],
        [],
        total=0,
        days=[],
        heads=[],
    )
    return _append(table, spec, date(first - 1, 12, 31), last)


def extend(table: Table, spec: CalendarSpec, last: int) -> Table:
    """A new table that goes on to the year `last`; the given one is left as it is."""
    copy = Table(
        table.first,
        table.last,
        table.low,
        table.high,
        table.starts.copy(),
        table.ends.copy(),
        table.owners.copy(),
        table.sums.copy(),
        table.total,
        table.days.copy(),
        table.heads.copy(),
    )
    return _append(copy, spec, date(table.last + 1, 1, 1), last)


def _append(table: Table, spec: CalendarSpec, begin: date, last: int) -> Table:
    """Fill the lists of a table that nobody else has seen yet, from a date to the end of a year."""
    zone = spec.zone
    total = table.total
    until = table.ends[-1] if table.ends else None
    for ordinal in range(begin.toordinal(), date(last, 12, 31).toordinal() + 1):
        day = date.fromordinal(ordinal)
        hours = spec.hours_on(day)
        if not hours:
            continue
        base = reading_of(day)
        for each in hours:
            start = edge(zone, base + timedelta(minutes=each.start))
            end = edge(zone, base + timedelta(minutes=each.end))
            if until is not None and start < until:
                start = until  # the night before still runs: that time is the night's, and counts once
            if start >= end:
                continue  # left out by the clock, or wholly inside that night
            table.starts.append(start)
            table.ends.append(end)
            table.owners.append(ordinal)
            table.sums.append(total)
            if not table.days or table.days[-1] != ordinal:
                table.days.append(ordinal)
                table.heads.append(len(table.starts) - 1)
            total += end - start
            until = end
    high = midnight(zone, date(last + 1, 1, 1))
    return Table(
        table.first,
        last,
        table.low,
        high,
        table.starts,
        table.ends,
        table.owners,
        table.sums,
        total,
        table.days,
        table.heads,
    )
