"""The dashboard of service quality: what it counts, in a fixed number of statements whatever stands in the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.analytics.permissions import PEOPLE, VIEW
from shounuo.analytics.rules import Period
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.permissions import PEOPLE as METRICS_OF_PEOPLE
from shounuo.metrics.queries import Cell, Figure
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Bucket, Window

Where = Mapping[str, Sequence[Any]]
KPIS = ("kept_share", "first_response_median", "fcr", "resolution_median", "reopen_rate")
NOW = ("queue_size", "backlog", "overdue_promises", "online_people")
TODAY = ("cases_opened", "first_response_within_30min")
QUALITY = (
    "same_day_fcr",
    "transfer_rate",
    "complaint_rate",
    "record_complete_rate",
    "eta_kept_rate",
    "reply_ratio",
)
OF_PEOPLE = ("cases_resolved", "first_response_median", "kept_share", "reopen_rate", "praise_count")
MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of the period, cut by its buckets, beside that of the period before. `apart` names the conditions asked
    for that the metric cannot be narrowed by: its number is without them."""

    now: Figure
    before: Figure
    apart: tuple[str, ...] = ()

    @property
    def metric(self) -> Metric:
        return self.now.metric


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first screen shows. `slow` is the ninety per cent beside the median; `clauses` the kept share by clause;
    `hours` cases opened by weekday and hour, `missed` the kept share by the same; `topics` cases by branch of topics."""

    kpis: tuple[Compared, ...]
    slow: Figure
    clauses: Figure
    hours: Figure
    missed: Figure
    topics: Compared


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row of people: his figures by metric, in the order of how many cases he resolved."""

    person_id: int
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Rest:
    """What stands below: the course of the kept share and its clauses, courses of quality, complaints by branch and
    severity, people (None: not for this reader)."""

    kept: Figure
    clauses: Compared
    quality: tuple[Compared, ...]
    complaints: Figure
    people: tuple[PersonRow, ...] | None
    more_people: int


def may_see_people(actor: Actor) -> bool:
    """True for who may see figures of single people, in dashboards and at all."""
    return actor.may(PEOPLE) and actor.may(METRICS_OF_PEOPLE)


def compared(
    code: str,
    period: Period,
    where: Where,
    *,
    by: Sequence[str] = (),
    bucket: Bucket | None = None,
    limit: int | None = None,
    actor: Actor,
    at: datetime,
) -> Compared:
    """The metric over the period and the one before, narrowed to what of `where` it can be. Two to six statements;
    NotAllowed as the engine says."""
    narrowed, apart = narrow(code, where)
    ask: dict[str, Any] = {"where": narrowed, "by": by, "limit": limit, "actor": actor, "at": at}
    now = metrics.figure(code, period.window, bucket=bucket, **ask)
    return Compared(now, metrics.figure(code, period.before, **ask), apart)


def narrow(code: str, where: Where) -> tuple[dict[str, Sequence[Any]], tuple[str, ...]]:
    """What of the conditions the metric has, and the names of the others."""
    metric = registry.get(code)
    known = {d.code for d in registry.dimensions_of(metric)} if metric is not None else set()
    kept = {name: values for name, values in where.items() if name in known}
    return kept, tuple(name for name in where if name not in known)


def overview(period: Period, where: Where, *, actor: Actor, at: datetime) -> Overview:
    """The first screen: figures with their course, response, promises by clause, hours, topics. NotAllowed without
    `analytics.view`. Twenty statements at most."""
    _check(actor)
    ask: dict[str, Any] = {"actor": actor, "at": at}
    kpis = tuple(compared(code, period, where, bucket=period.bucket, **ask) for code in KPIS)
    return Overview(
        kpis=kpis,
        slow=_figure("first_response_p90", period.window, where, bucket=period.bucket, **ask),
        clauses=_figure("kept_share", period.window, where, by=("clause",), **ask),
        hours=_figure("cases_opened", period.window, where, by=("weekday", "hour"), **ask),
        missed=_figure("kept_share", period.window, where, by=("weekday", "hour"), **ask),
        topics=compared("cases_opened", period, where, by=("topic_top",), **ask),
    )


def rest(period: Period, where: Where, *, actor: Actor, at: datetime) -> Rest:
    """What stands below the first screen. NotAllowed without `analytics.view`; people only for who may see them."""
    _check(actor)
    ask: dict[str, Any] = {"actor": actor, "at": at}
    people, more = _people(period, where, **ask) if may_see_people(actor) else (None, 0)
    return Rest(
        kept=_figure("kept_share", period.window, where, bucket=period.bucket, **ask),
        clauses=compared("kept_share", period, where, by=("clause",), **ask),
        quality=tuple(compared(code, period, where, bucket=period.bucket, **ask) for code in QUALITY),
        complaints=_figure("complaint_count", period.window, where, by=("topic_top", "severity"), **ask),
        people=people,
        more_people=more,
    )


def live(where: Where, *, actor: Actor, at: datetime) -> list[Compared]:
    """What stands now, and today so far beside yesterday up to this time. NotAllowed without `analytics.view`."""
    _check(actor)
    from_midnight = Window.last(1, at, metrics.zone())
    found = []
    for code in NOW:
        narrowed, apart = narrow(code, where)
        figure = metrics.figure(code, from_midnight, where=narrowed, actor=actor, at=at)
        found.append(Compared(figure, figure, apart))
    yesterday = from_midnight.previous()
    part = yesterday.until(yesterday.start + (at - from_midnight.start)) or yesterday
    for code in TODAY:
        narrowed, apart = narrow(code, where)
        now, before = (
            metrics.figure(code, window, where=narrowed, actor=actor, at=at)
            for window in (from_midnight, part)
        )
        found.append(Compared(now, before, apart))
    return found


def _figure(code: str, window: Window, where: Where, **more: Any) -> Figure:
    narrowed, _apart = narrow(code, where)
    return metrics.figure(code, window, where=narrowed, **more)


def _people(period: Period, where: Where, *, actor: Actor, at: datetime) -> tuple[tuple[PersonRow, ...], int]:
    """Those with most cases resolved first; how many more there are."""
    cells: dict[int, dict[str, Cell]] = {}
    for code in OF_PEOPLE:
        found = _figure(code, period.window, where, by=("person",), actor=actor, at=at)
        for cell in _named(found.cells):
            cells.setdefault(int(cell.by[0]), {})[code] = cell
    ranked = sorted(
        ((who, mine) for who, mine in cells.items() if OF_PEOPLE[0] in mine),
        key=lambda pair: (-pair[1][OF_PEOPLE[0]].n, pair[0]),
    )
    rows = tuple(PersonRow(who, mine) for who, mine in ranked[:MOST_PEOPLE])
    return rows, max(0, len(ranked) - MOST_PEOPLE)


def _named(cells: Iterable[Cell]) -> Iterable[Cell]:
    return (cell for cell in cells if cell.by and cell.by[0] is not None)


def _check(actor: Actor) -> None:
    if not actor.may(VIEW):
        raise NotAllowed(_("您没有查看看板的权限"))


def breached(cell: Cell) -> int:
    """How many of a cell of the kept share were broken."""
    assert cell.part is not None or not cell.n
    return cell.n - int(cell.part or 0)
