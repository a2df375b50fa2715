"""How promises were kept: questions to the engine of figures, in the words of promises. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from shounuo.kernel.actors import Actor
from shounuo.metrics import queries as metrics
from shounuo.metrics.queries import Cell, Figure
from shounuo.metrics.rules import Bucket, Window, bucket_of

SYSTEM = Actor.system()
MEASURES = ("kept_share", "kept_share_by_person", "promises_running", "promises_cancelled")
TIMES = ("promise_used_median", "promise_used_p90")
TENTHS = [tenth / 10 for tenth in range(1, 21)]
Where = Mapping[str, Any]
"""Dimension of the figures -> value or values, e.g. {"team": 3}."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises due in a window: `met` in time and `breached`, of which the share is made; those still `running`, and
    those `cancelled`, are counted beside it. `met_by_person` leaves out what only an automatic message met in time."""

    met: int = 0
    breached: int = 0
    running: int = 0
    cancelled: int = 0
    met_by_person: int = 0

    @property
    def due(self) -> int:
        """Promises that are decided."""
        return self.met + self.breached

    @property
    def share(self) -> float | None:
        """The kept share; None when nothing was due."""
        return self.met / self.due if self.due else None

    @property
    def share_by_person(self) -> float | None:
        """The kept share without automatic receipts: what they alone met counts as not kept."""
        return self.met_by_person / self.due if self.due else None

    @property
    def automatic(self) -> int:
        """How many were met in time by an automatic message alone."""
        return self.met - self.met_by_person

    def json(self) -> dict[str, Any]:
        return {
            "share": self.share,
            "share_without_automatic": self.share_by_person,
            "due": self.due,
            "met": self.met,
            "breached": self.breached,
            "running": self.running,
            "cancelled": self.cancelled,
        }


@dataclass(frozen=True, slots=True)
class Used:
    """How long it took: how many were met, in time or late, their median and the time within which nine of ten were, in
    counted seconds."""

    count: int = 0
    median: float | None = None
    p90: float | None = None


def kept(clauses: Iterable[str] | None, start: datetime, end: datetime) -> dict[str, Kept]:
    """By clause code (None: every one), of the promises due in [start, end); clauses without one are left out. One
    statement."""
    return _cut(_asked(MEASURES, _window(start, end), clauses, by=["clause"]))


def kept_and_used(clauses: Iterable[str], start: datetime, end: datetime) -> dict[str, tuple[Kept, Used]]:
    """The same with how long they took. One statement."""
    found = _asked([*MEASURES, *TIMES], _window(start, end), clauses, by=["clause"])
    if not found:
        return {}
    median, p90 = ({c.by[0]: c for c in found[code].cells} for code in TIMES)
    return {
        code: (
            of_one,
            Used(median[code].n, median[code].value, p90[code].value) if code in median else Used(),
        )
        for code, of_one in _cut(found).items()
    }


def used_spread(clause: str, start: datetime, end: datetime) -> tuple[int, ...]:
    """Those met, counted by tenths of the time allowed; the last counts twice the time and more. One statement."""
    window = _window(start, end)
    if window is None:
        return (0,) * (len(TENTHS) + 1)
    return metrics.spread(
        "promise_used_share", window, TENTHS, where={"clause": clause}, actor=SYSTEM, at=end
    )


def kept_total(
    start: datetime, end: datetime, *, clauses: Iterable[str] | None = None, where: Where | None = None
) -> Kept:
    """All promises due in [start, end) together. One statement."""
    found = _asked(MEASURES, _window(start, end), clauses, where)
    return _made([found[code].total for code in MEASURES]) if found else Kept()


def kept_by(
    dimension: str, start: datetime, end: datetime, *, clauses: Iterable[str] | None = None
) -> dict[Any, Kept]:
    """By the value of a dimension of the figures as it was when the promise was decided; None or "" where it had none. Most
    first. One statement; Invalid for a dimension that there is not."""
    found = _cut(_asked(MEASURES, _window(start, end), clauses, by=[dimension]))
    return dict(sorted(found.items(), key=lambda item: (-item[1].due, str(item[0] or ""))))


def kept_weekly(clauses: Iterable[str], until: datetime, *, weeks: int = 26) -> list[tuple[datetime, Kept]]:
    """The last `weeks` weeks from Monday to Monday in the organisation's zone, oldest first, that of `until` last;
    empty ones too. One statement."""
    zone = metrics.zone()
    this = bucket_of(until.astimezone(zone).date(), "week")
    window = Window.days(this - timedelta(weeks=weeks - 1), this + timedelta(days=6), zone)
    found = _asked(MEASURES, window, clauses, bucket="week")
    cells = [{c.bucket: c for c in found[code].cells} for code in MEASURES]
    return [
        (start, _made([of_one.get(monday) for of_one in cells]))
        for start, monday in zip(window.edges("week"), window.buckets("week"), strict=False)
    ]


def kept_of_clauses(codes: Sequence[str], at: datetime) -> dict[str, dict[str, Any]]:
    """What the policy pages show of each clause: this week, month and quarter so far; clauses of which nothing was due are
    left out.

    The windows are those of the organisation's zone, from their beginning to `at`. One statement.
    """
    there = at.astimezone(metrics.zone())
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "week": midnight - timedelta(days=midnight.weekday()),
        "month": midnight.replace(day=1),
        "quarter": midnight.replace(month=(midnight.month - 1) // 3 * 3 + 1, day=1),
    }
    windows = {name: window for name, start in starts.items() if (window := _window(start, at)) is not None}
    if not windows:
        return {}
    told = metrics.together(
        MEASURES, [*windows.values()], where={"clause": list(codes)}, by=["clause"], actor=SYSTEM, at=at
    )
    cuts = {name: _cut(found) for name, found in zip(windows, told, strict=True)}
    return {
        code: {name: cuts.get(name, {}).get(code, Kept()).json() for name in starts}
        for code in {code for cut in cuts.values() for code in cut}
    }


def causes(clauses: Iterable[str], start: datetime, end: datetime) -> list[tuple[str, int]]:
    """(cause code, count) of the promises due in [start, end) that were broken, most first; "" = not said yet. One
    statement."""
    window = _window(start, end)
    if window is None:
        return []
    where = {"clause": list(clauses)}
    found = metrics.figure("breach_cause_share", window, where=where, by=["cause"], actor=SYSTEM, at=end)
    return sorted(((c.by[0], c.n) for c in found.cells), key=lambda row: (row[0] == "", -row[1]))


def _window(start: datetime, end: datetime) -> Window | None:
    """None where nothing lies between the moments yet: at the very beginning of a day or week."""
    return metrics.window_of(start, end) if start < end else None


def _asked(
    codes: Sequence[str],
    window: Window | None,
    clauses: Iterable[str] | None,
    where: Where | None = None,
    *,
    by: Sequence[str] = (),
    bucket: Bucket | None = None,
) -> dict[str, Figure]:
    """The metrics of one window by code; none without a window."""
    if window is None:
        return {}
    narrowed = {**(where or {}), **({} if clauses is None else {"clause": list(clauses)})}
    (found,) = metrics.together(
        codes, [window], where=narrowed, by=by, bucket=bucket, actor=SYSTEM, at=window.end
    )
    return found


def _cut(found: Mapping[str, Figure]) -> dict[Any, Kept]:
    """By the value of the one dimension by which was cut."""
    if not found:
        return {}
    cells = [{c.by[0]: c for c in found[code].cells} for code in MEASURES]
    return {value: _made([of_one.get(value) for of_one in cells]) for value in dict.fromkeys(chain(*cells))}


def _made(cells: Sequence[Cell | None]) -> Kept:
    """One group's cells of MEASURES."""
    share, by_person, running, cancelled = cells
    met = _part(share)
    return Kept(
        met=met,
        breached=(share.n if share is not None else 0) - met,
        running=running.n if running is not None else 0,
        cancelled=cancelled.n if cancelled is not None else 0,
        met_by_person=_part(by_person),
    )


def _part(cell: Cell | None) -> int:
    return int(cell.part or 0) if cell is not None else 0
