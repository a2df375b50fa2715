"""The kept share, and how long things took: one definition, one place, always in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import TruncWeek

from shounuo.commitments.models import Clock
from shounuo.staff import queries as staff

State = Clock.State
DIMENSIONS = ("team", "channel", "owner", "level", "kind", "segment", "channel_class")


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


_COUNTS = {
    "met": Count("id", filter=Q(state=State.MET)),
    "breached": Count("id", filter=Q(state=State.BREACHED)),
    "running": Count("id", filter=Q(state__in=[State.RUNNING, State.PAUSED])),
    "cancelled": Count("id", filter=Q(state=State.CANCELLED)),
    "met_by_person": Count("id", filter=Q(state=State.MET, person_met_at__lte=F("due_at"))),
}
_NAMES = tuple(_COUNTS)


def _window(
    clauses: Iterable[str] | None,
    start: datetime,
    end: datetime,
    facts: Mapping[str, Any] | None,
    commitment: str = "",
) -> QuerySet[Clock]:
    rows = Clock.objects.filter(due_at__gte=start, due_at__lt=end).order_by()
    if clauses is not None:
        rows = rows.filter(clause_code__in=list(clauses))
    if commitment:
        rows = rows.filter(commitment=commitment)
    return rows.filter(facts__contains=dict(facts)) if facts else rows


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(**{name: row[name] for name in _NAMES})


def kept(
    clauses: Iterable[str] | None,
    start: datetime,
    end: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    commitment: str = "",
) -> dict[str, Kept]:
    """By clause code, of the clocks due in [start, end): those whose subject had these facts when they were decided.
    One query; clauses without a clock are left out."""
    rows = _window(clauses, start, end, facts, commitment).values("clause_code").annotate(**_COUNTS)
    return {row["clause_code"]: _kept(row) for row in rows}


def kept_total(
    start: datetime,
    end: datetime,
    *,
    clauses: Iterable[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    subject_kind: str = "",
) -> Kept:
    """All clocks due in [start, end) together. One query."""
    rows = _window(clauses, start, end, facts)
    if subject_kind:
        rows = rows.filter(subject_kind=subject_kind)
    return _kept(rows.aggregate(**_COUNTS))


def kept_by(
    dimension: str,
    clauses: Iterable[str] | None,
    start: datetime,
    end: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    commitment: str = "",
) -> dict[str, Kept]:
    """By the value of a fact (one of DIMENSIONS) as it was when the clock was decided; "" where it had none. One query,
    most first."""
    if dimension not in DIMENSIONS:
        raise ValueError(f"no dimension {dimension}")
    rows = (
        _window(clauses, start, end, facts, commitment)
        .annotate(value=KT(f"facts__{dimension}"))
        .values("value")
        .annotate(**_COUNTS)
    )
    found = {row["value"] or "": _kept(row) for row in rows}
    return dict(sorted(found.items(), key=lambda item: (-item[1].due, item[0])))


def kept_weekly(
    clauses: Iterable[str] | None,
    until: datetime,
    *,
    weeks: int = 26,
    zone: ZoneInfo | None = None,
    facts: Mapping[str, Any] | None = None,
    commitment: str = "",
) -> list[tuple[datetime, Kept]]:
    """The last `weeks` weeks from Monday to Monday in the organisation's zone, oldest first, that of `until` last;
    empty ones too. One query."""
    zone = zone or ZoneInfo(staff.organisation().zone)
    there = until.astimezone(zone)
    monday = (there - timedelta(days=there.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    first = monday - timedelta(weeks=weeks - 1)
    rows = (
        _window(clauses, first, monday + timedelta(weeks=1), facts, commitment)
        .annotate(week=TruncWeek("due_at", tzinfo=zone))
        .values("week")
        .annotate(**_COUNTS)
    )
    found = {row["week"].date(): _kept(row) for row in rows}
    starts = [first + timedelta(weeks=n) for n in range(weeks)]
    return [(start, found.get(start.date(), Kept())) for start in starts]


def kept_of_clauses(codes: Sequence[str], at: datetime) -> dict[str, dict[str, Any] | None]:
    """What the policy pages show of each clause: this week, month and quarter so far, and how many run now.

    The windows are those of the organisation's zone, from their beginning to `at`. One query.
    """
    there = at.astimezone(ZoneInfo(staff.organisation().zone))
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "week": midnight - timedelta(days=midnight.weekday()),
        "month": midnight.replace(day=1),
        "quarter": midnight.replace(month=(midnight.month - 1) // 3 * 3 + 1, day=1),
    }
    counts = {
        f"{window}_{name}": Count("id", filter=count.filter & Q(due_at__gte=start, due_at__lt=at))
        for window, start in starts.items()
        for name, count in _COUNTS.items()
    }
    owed = Q(state__in=[State.RUNNING, State.PAUSED]) | Q(
        state=State.BREACHED, met_at=None, cancelled_at=None
    )
    rows: Iterable[Mapping[str, Any]] = (
        Clock.objects.filter(Q(due_at__gte=min(starts.values())) | owed, clause_code__in=list(codes))
        .order_by()
        .values("clause_code")
        .annotate(
            **counts,
            running=Count("id", filter=owed),
            overdue=Count("id", filter=owed & Q(state=State.BREACHED)),
            at_risk=Count("id", filter=Q(state=State.RUNNING, warned_at__isnull=False)),
        )
    )
    found: dict[str, dict[str, Any] | None] = {}
    for row in rows:
        windows = {
            window: Kept(**{name: row[f"{window}_{name}"] for name in _NAMES}).json() for window in starts
        }
        found[row["clause_code"]] = {
            **windows,
            "running": row["running"],
            "overdue": row["overdue"],
            "at_risk": row["at_risk"],
        }
    return found


@dataclass(frozen=True, slots=True)
class Used:
    """How long it took: median and the time within which nine of ten were done, in counted seconds; `bars` counts them
    by tenths of the time allowed, the last one twice the time and more; `limit` the time most often allowed."""

    count: int
    median: float | None
    p90: float | None
    limit: int | None
    bars: tuple[int, ...]


def used_times(
    clauses: Iterable[str],
    start: datetime,
    end: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    commitment: str = "",
) -> Used:
    """The distribution of the time used by clocks due in [start, end) that were met, in time or late. Two queries."""
    rows = _window(clauses, start, end, facts, commitment).filter(used_s__isnull=False, length_s__gt=0)
    sql, params = rows.values("used_s", "length_s").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY used_s),
                       percentile_cont(0.9) WITHIN GROUP (ORDER BY used_s),
                       mode() WITHIN GROUP (ORDER BY length_s) FROM ({sql}) used""",  # noqa: S608  the ORM's own SQL
            params,
        )
        count, median, p90, limit = cursor.fetchone()
        cursor.execute(
            f"""SELECT least(floor(used_s * 10.0 / length_s), 20)::int, count(*) FROM ({sql}) used GROUP BY 1""",  # noqa: S608
            params,
        )
        bars = dict(cursor.fetchall())
    return Used(count, median, p90, limit, tuple(bars.get(n, 0) for n in range(21)))
