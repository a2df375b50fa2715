"""The engine: a metric over a window, cut and narrowed, as one statement over the observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.metrics import registry
from shounuo.metrics.queries import compiling, conditions
from shounuo.metrics.queries.compiling import Question
from shounuo.metrics.queries.conditions import Where
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import (
    ADDITIVE,
    BUCKETS,
    COUNTED,
    MAX_BUCKETS,
    SPANNING,
    SUMMED,
    Aggregate,
    Bucket,
    Window,
    bucket_of,
)
from shounuo.staff import queries as staff

Group = tuple[date | None, tuple[Any, ...]]
_Row = tuple[int, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number: of the bucket that begins on `bucket` (None: the whole window) and of the values `by` (in the order
    asked for). `n` is its population, `part` what of it was hit or summed (or the second population); `value` is None
    where nothing can be said."""

    bucket: date | None
    by: tuple[Any, ...]
    value: float | None
    n: int
    part: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's answer. `total` is the whole window together; `cells` one per bucket and group, buckets in order, of a
    bucket the largest population first; without groups empty buckets are there too. `waiting` names the part of the
    product that the metric waits for (then there are no numbers); `left_out` counts what is not final yet."""

    metric: Metric
    window: Window
    total: Cell
    cells: tuple[Cell, ...] = ()
    by: tuple[str, ...] = ()
    bucket: Bucket | None = None
    limit: int | None = None
    waiting: str = ""
    left_out: int = 0

    @property
    def enough(self) -> bool:
        """True when the population is large enough for a judgement."""
        return self.total.n >= self.metric.least


def zone() -> ZoneInfo:
    """The organisation's zone, in which days are counted."""
    return ZoneInfo(staff.organisation().zone)


def window_of(start: datetime, end: datetime) -> Window:
    """From the moment to before the other, with days as the organisation counts them. Invalid for a window without
    length."""
    if start >= end:
        raise Invalid(_("时间范围的结束须在开始之后"), field="to", code="empty_window")
    return Window(start, end, zone())


def figure(
    code: str,
    window: Window,
    *,
    where: Where | None = None,
    by: Sequence[str] = (),
    bucket: Bucket | None = None,
    limit: int | None = None,
    actor: Actor,
    at: datetime,
) -> Figure:
    """The metric over the window, narrowed to `where`, cut by dimensions and by buckets of time; `limit` (seconds)
    stands in for the metric's own `within`. What lies after `at` is not there yet: a stock is that of `at`.

    At most three statements, whatever is asked. NotFound for an unknown metric, Invalid for what cannot be asked of it,
    NotAllowed (see `conditions.may_read`).
    """
    metric, where, by = _metric(code), where or {}, tuple(by)
    conditions.may_read(actor, metric, where, by)
    empty = Figure(metric, window, Cell(None, (), None, 0), by=by, bucket=bucket, waiting=metric.waits_for)
    if metric.waits_for:
        return empty
    _check(metric, window, by, bucket)
    within = metric.within if limit is None or metric.within is None else limit
    asked = Question(metric, window, tuple(where.items()), by, bucket, within, at)
    found = replace(_answer(asked), by=by, bucket=bucket, limit=within)
    return found if metric.final_after is None else replace(found, left_out=_left_out(asked))


def together(
    codes: Sequence[str],
    windows: Sequence[Window],
    *,
    where: Where | None = None,
    by: Sequence[str] = (),
    bucket: Bucket | None = None,
    actor: Actor,
    at: datetime,
) -> list[dict[str, Figure]]:
    """Several metrics of one series, over several windows, cut and narrowed alike: for each window the figures by code,
    each as `figure` gives it, save that groups in which a metric has no population are left out of it. One statement.

    For metrics that count what lies in a window (`COUNTED`) and are final at once, over several windows those whose
    populations add up (`SUMMED`); ValueError for others. The same errors as `figure`.
    """
    where, by = where or {}, tuple(by)
    asked = []
    for code in codes:
        metric = _metric(code)
        conditions.may_read(actor, metric, where, by)
        for window in windows:
            _check(metric, window, by, bucket)
        asked.append(Question(metric, windows[0], tuple(where.items()), by, bucket, metric.within, at))
    if len({q.metric.series for q in asked}) != 1 or not all(_is_counted(q.metric) for q in asked):
        raise ValueError(f"{', '.join(codes)} cannot be counted in one statement")
    adds_up = all(q.metric.aggregate in SUMMED for q in asked)
    if len(windows) > 1 and not adds_up:
        raise ValueError(f"{', '.join(codes)} cannot be counted over several windows in one statement")
    edges = sorted({edge for window in windows for edge in (window.start, window.end)})
    rows = _run_together(asked, edges)
    found = []
    for window in windows:
        inside = [
            (group, told)
            for span, group, told in rows
            if window.start <= edges[span - 1] and edges[span] <= window.end
        ]
        found.append(
            {
                one.metric.code: _figure_of(
                    replace(one, window=window),
                    [(group, (told[3 * n], told[3 * n + 1], told[3 * n + 2])) for group, told in inside],
                    adds_up=adds_up,
                )
                for n, one in enumerate(asked)
            }
        )
    return found


def _run_together(asked: Sequence[Question], edges: Sequence[datetime]) -> list[tuple[int, Group, list[Any]]]:
    """(span, group, n, part and value of each metric)."""
    sql, params = compiling.together(asked, edges)
    width = len(asked[0].by)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            (span, (None, ()) if is_whole else (bucket, tuple(rest[:width])), rest[width:])
            for span, is_whole, bucket, *rest in cursor.fetchall()
        ]


def _figure_of(
    asked: Question, rows: Sequence[tuple[Group, tuple[Any, Any, Any]]], *, adds_up: bool
) -> Figure:
    """Of the rows of its window, in which the whole stands, or which add up to it, those of several spans too."""
    metric, whole = asked.metric, (None, ())
    found: dict[Group, _Row] = {}
    if adds_up:
        is_share = metric.aggregate is Aggregate.SHARE
        sums: dict[Group, tuple[int, int]] = {whole: (0, 0)}
        for group, (count, hits, _value) in rows:
            for key in {group, whole}:
                n, part = sums.get(key, (0, 0))
                sums[key] = (n + count, part + (hits or 0))
        for key, (n, part) in sums.items():
            found[key] = (n, float(part), part / n if n else None) if is_share else (n, None, float(n))
    else:
        found = {group: (int(n or 0), _float(part), _float(value)) for group, (n, part, value) in rows}
    total = _cell(whole, found.pop(whole), metric)
    cells = {key: _cell(key, row, metric) for key, row in found.items() if row[0]}
    return Figure(
        metric,
        asked.window,
        total,
        _ordered(cells, asked) if asked.is_cut else (),
        by=asked.by,
        bucket=asked.bucket,
        limit=asked.within,
    )


def spread(
    code: str,
    window: Window,
    edges: Sequence[float],
    *,
    where: Where | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[int, ...]:
    """How the values that a metric counts lie: how many below the first edge, from each edge to before the next, and
    from the last one on. For the metrics of `together`; the same errors. One statement."""
    metric, where = _metric(code), where or {}
    conditions.may_read(actor, metric, where, ())
    if not _is_counted(metric):
        raise ValueError(f"{code} has no values in a window")
    sql, params = compiling.spread(
        Question(metric, window, tuple(where.items()), (), None, metric.within, at), edges
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = dict(cursor.fetchall())
    return tuple(found.get(place, 0) for place in range(len(edges) + 1))


def _metric(code: str) -> Metric:
    metric = registry.get(code)
    if metric is None:
        raise NotFound(_("没有指标 %(code)s") % {"code": code[:60]}, code="no_metric")
    return metric


def _is_counted(metric: Metric) -> bool:
    return bool(metric.series) and metric.aggregate in COUNTED and metric.final_after is None


def _check(metric: Metric, window: Window, by: tuple[str, ...], bucket: str | None) -> None:
    for code in by:
        conditions.of_metric(metric, code)
    if len(set(by)) < len(by) or len(by) > 4:
        raise Invalid(_("最多按四个不同的维度分"), field="by", code="bad_by")
    if bucket is not None and bucket not in BUCKETS:
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": str(bucket)[:40]}, field="bucket", code="bad_choice"
        )
    if bucket is not None and (window.end - window.start).days > MAX_BUCKETS * (1 if bucket == "day" else 7):
        raise Invalid(_("时间范围太长，请按更大的单位分"), field="bucket", code="too_many_buckets")


def _answer(asked: Question) -> Figure:
    metric = asked.metric
    if metric.aggregate is Aggregate.GROWTH:
        return _growth(asked)
    if metric.against is not None:
        return _of_two(asked)
    rows = _run(asked)
    if (
        asked.bucket is not None and metric.aggregate in SPANNING
    ):  # a stretch lies in several buckets, or is on in several
        total = _run(replace(asked, by=(), bucket=None)).get((None, ()))
        rows.pop((None, ()), None)
    else:
        total = rows.pop((None, ()), None) if asked.is_cut else rows.get((None, ()))
    whole = _cell((None, ()), total or (0, None, None), metric)
    cells = {key: _cell(key, row, metric) for key, row in rows.items()} if asked.is_cut else {}
    if metric.aggregate is Aggregate.PORTION:
        cells = _portions(cells)
        whole = replace(whole, value=1.0 if whole.n else None)
    return Figure(metric, asked.window, whole, _ordered(cells, asked))


def _cell(key: Group, row: _Row, metric: Metric) -> Cell:
    n, part, value = row
    if not n and metric.aggregate in ADDITIVE:
        value = 0.0
    return Cell(key[0], key[1], value, n, part)


def _run(asked: Question) -> dict[Group, _Row]:
    """(bucket, values) -> n, part, value; the whole window under (None, ())."""
    sql, params = compiling.statement(asked)
    if sql is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    width = len(asked.by)
    found: dict[Group, _Row] = {}
    for is_whole, bucket, *rest in rows:
        key: Group = (None, ()) if is_whole else (_day(bucket, asked), tuple(rest[:width]))
        n, part, value = rest[width:]
        found[key] = (int(n or 0), _float(part), _float(value))
    return found


def _day(bucket: Any, asked: Question) -> date | None:
    """The first day of a bucket: given by the statement, or the place of its moment in the window."""
    if bucket is None or isinstance(bucket, date):
        return bucket
    assert asked.bucket is not None
    return asked.window.buckets(asked.bucket)[int(bucket) - 1]


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _portions(cells: dict[Group, Cell]) -> dict[Group, Cell]:
    sums: dict[date | None, int] = {}
    for cell in cells.values():
        sums[cell.bucket] = sums.get(cell.bucket, 0) + cell.n
    return {
        key: replace(
            cell,
            value=cell.n / sums[cell.bucket] if sums[cell.bucket] else None,
            part=float(sums[cell.bucket]),
        )
        for key, cell in cells.items()
    }


def _of_two(asked: Question) -> Figure:
    """For each group how many there are for one of the second population, or how many more."""
    assert asked.metric.against is not None
    series, only = asked.metric.against
    counted = replace(asked.metric, aggregate=Aggregate.COUNT, against=None)
    first = _answer(replace(asked, metric=counted))
    second = _answer(replace(asked, metric=replace(counted, series=series, only=only)))
    below = {(c.bucket, c.by): c for c in second.cells}
    cells = {(c.bucket, c.by): _two(asked.metric, c, below.get((c.bucket, c.by))) for c in first.cells}
    for key, cell in below.items():
        if key not in cells:
            cells[key] = _two(asked.metric, Cell(*key, 0.0, 0), cell)
    total = _two(asked.metric, first.total, second.total)
    return Figure(asked.metric, asked.window, total, _ordered(cells, asked))


def _two(metric: Metric, first: Cell, second: Cell | None) -> Cell:
    count, base = first.n, second.n if second is not None else 0
    if metric.aggregate is Aggregate.DIFFERENCE:
        return replace(first, value=float(count - base), n=count + base, part=float(count))
    return replace(first, value=count / base if base else None, n=base, part=float(count))


def _growth(asked: Question) -> Figure:
    """Against the window before; cut by time, each bucket against the one before it."""
    counted = replace(asked, metric=replace(asked.metric, aggregate=Aggregate.COUNT))
    now = _answer(replace(counted, bucket=None))
    then = _answer(replace(counted, bucket=None, window=asked.window.previous()))
    total = _more(now.total, then.total.n)
    if asked.bucket is None:
        before = {c.by: c.n for c in then.cells}
        cells = {(c.bucket, c.by): _more(c, before.get(c.by, 0)) for c in now.cells}
        return Figure(asked.metric, asked.window, total, _ordered(cells, asked))
    firsts = asked.window.buckets(asked.bucket)
    earlier = Window.days(_before(firsts[0], asked.bucket), firsts[0], asked.window.zone).start
    spread = _answer(replace(counted, window=replace(asked.window, start=min(earlier, asked.window.start))))
    counts = {(c.bucket, c.by): c for c in spread.cells}
    cells = {}
    for key, cell in counts.items():
        if key[0] in set(firsts):
            assert key[0] is not None
            past = counts.get((_before(key[0], asked.bucket), key[1]))
            cells[key] = _more(cell, past.n if past is not None else 0)
    return Figure(asked.metric, asked.window, total, _ordered(cells, asked))


def _before(first: date, bucket: Bucket) -> date:
    return bucket_of(date.fromordinal(first.toordinal() - 1), bucket)


def _more(cell: Cell, past: int) -> Cell:
    return replace(cell, value=cell.n / past - 1 if past else None, part=float(past))


def _ordered(cells: dict[Group, Cell], asked: Question) -> tuple[Cell, ...]:
    found = dict(cells)
    if asked.bucket is not None and not asked.by:
        for first in _past_buckets(asked):
            found.setdefault((first, ()), _cell((first, ()), (0, None, None), asked.metric))
    rank = {first: n for n, first in enumerate(asked.window.buckets(asked.bucket))} if asked.bucket else {}
    return tuple(
        sorted(found.values(), key=lambda c: (rank.get(c.bucket, 0) if c.bucket else 0, -c.n, str(c.by)))
    )


def _past_buckets(asked: Question) -> list[date]:
    """The buckets that have begun."""
    assert asked.bucket is not None
    today = asked.at.astimezone(asked.window.zone).date()
    return [first for first in asked.window.buckets(asked.bucket) if first <= today]


def _left_out(asked: Question) -> int:
    """How many would be counted but are not final yet."""
    assert asked.metric.final_after is not None
    settled = max(asked.at - asked.metric.final_after, asked.window.start)
    if settled >= asked.window.end:
        return 0
    young = replace(asked.metric, aggregate=Aggregate.COUNT, final_after=None)
    rest = replace(asked.window, start=settled)
    return _answer(replace(asked, metric=young, window=rest, by=(), bucket=None)).total.n


def figure_json(found: Figure) -> dict[str, Any]:
    """The figure as the API tells it."""

    def one(cell: Cell) -> dict[str, Any]:
        told: dict[str, Any] = {"value": cell.value, "n": cell.n, "part": cell.part}
        if found.bucket is not None:
            told["bucket"] = cell.bucket
        return told | {"by": dict(zip(found.by, cell.by, strict=False))} if found.by else told

    return {
        "metric": found.metric.code,
        "unit": found.metric.unit.value,
        "from": found.window.start,
        "to": found.window.end,
        "bucket": found.bucket,
        "limit": found.limit,
        "waiting_for": found.waiting or None,
        "enough": found.enough,
        "least": found.metric.least,
        "left_out": found.left_out,
        "total": {"value": found.total.value, "n": found.total.n, "part": found.total.part},
        "cells": [one(cell) for cell in found.cells],
    }
