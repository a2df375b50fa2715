"""From a question to its statement. Rows are (is the whole, bucket, values..., n, part, value)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shounuo.metrics.queries import conditions
from shounuo.metrics.queries.conditions import Sql
from shounuo.metrics.registry import Dimension, Metric
from shounuo.metrics.rules import AT_A_MOMENT, OVER_TIME, SUMMED, Aggregate, Bucket, Window


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the engine; everything in it has been checked."""

    metric: Metric
    window: Window
    where: tuple[tuple[str, Any], ...]
    by: tuple[str, ...]
    bucket: Bucket | None
    within: int | None
    at: datetime

    @property
    def is_cut(self) -> bool:
        return self.bucket is not None or bool(self.by)


def statement(asked: Question) -> tuple[str | None, list[Any]]:
    """The SQL and its parameters; no SQL when nothing of the window has begun."""
    if asked.metric.aggregate in AT_A_MOMENT:
        return _standing(asked)
    if asked.metric.aggregate in OVER_TIME:
        return _lasting(asked)
    return _counted(asked)


def filters(asked: Question) -> Sql:
    """The observations of the metric that the question is narrowed to, whatever their time."""
    metric = asked.metric
    sql = Sql()
    sql.add("o.series = %s", metric.series)
    own = conditions.fixed(metric.series, metric.only)
    sql.parts += own.parts
    sql.params += own.params
    conditions.narrow(sql, metric, dict(asked.where))
    return sql


def hits(asked: Question) -> tuple[str, str, list[Any]]:
    """SQL of what is a hit, and of what can be one at all, with the parameters of one hit."""
    metric = asked.metric
    if asked.within is not None:
        return "o.value <= %s", "o.value IS NOT NULL", [asked.within]
    if metric.hit is not None:
        own = conditions.fixed(metric.series, metric.hit)
        return own.joined(), "true", own.params
    return "o.hit", "o.hit IS NOT NULL", []


def _counted(asked: Question) -> tuple[str | None, list[Any]]:
    window: Window | None = asked.window
    if asked.metric.final_after is not None:
        window = asked.window.until(asked.at - asked.metric.final_after)
    if window is None:
        return None, []
    columns, params = _measures(asked)
    sql = filters(asked)
    sql.add("o.at >= %s AND o.at < %s", window.start, window.end)
    shape = _told_apart if asked.metric.aggregate in (Aggregate.PER, Aggregate.DISTINCT) else _grouped
    return shape(asked, _bucket(asked), columns, params, "metrics_observation o", [], sql)


def together(asked: Sequence[Question], edges: Sequence[datetime]) -> tuple[str, list[Any]]:
    """One statement for metrics of one series; the questions differ in their metric alone. Rows are (span, is the whole,
    bucket, values..., then n, part and value of each metric), the first span being that between the first two edges.

    The whole is told apart only where it does not follow from the groups; then there must be one span.
    """
    first = asked[0]
    columns, given = [], []
    for one in asked:
        measured, params = _measures(one, conditions.fixed(one.metric.series, one.metric.only))
        columns.append(measured)
        given += params
    sql = Sql()
    sql.add("o.series = %s", first.metric.series)
    conditions.narrow(sql, first.metric, dict(first.where))
    sql.add("o.at >= %s AND o.at < %s", edges[0], edges[-1])
    bucket = _bucket(first)
    joins, values, params = _cuts(first)
    keys = [*([bucket] if bucket else []), *values]
    spans = len(edges) > 2
    span = "width_bucket(o.at, %s::timestamptz[])" if spans else "1"
    whole, groups = "false", ""
    if all(one.metric.aggregate in SUMMED for one in asked):
        places = [*(["1"] if spans else []), *keys]
        groups = f" GROUP BY {', '.join(places)}" if places else ""
    elif keys:
        whole = f"GROUPING({', '.join(keys)}) = {2 ** len(keys) - 1}"
        groups = f" GROUP BY GROUPING SETS (({', '.join(keys)}), ())"
    shown = ", ".join([bucket or "NULL::date", *values])
    return (
        f"SELECT {span}, {whole}, {shown}, {', '.join(columns)} FROM metrics_observation o"  # noqa: S608  names of ours
        f"{joins} WHERE {sql.joined()}{groups}",
        [*([list(edges)] if spans else []), *given, *params, *sql.params],
    )


def spread(asked: Question, edges: Sequence[float]) -> tuple[str, list[Any]]:
    """Rows are (place among the edges, count) of the values that the question counts: 0 lies below the first edge."""
    sql = filters(asked)
    sql.add("o.at >= %s AND o.at < %s AND o.value IS NOT NULL", asked.window.start, asked.window.end)
    text = f"SELECT width_bucket(o.value, %s::float8[]), count(*) FROM metrics_observation o WHERE {sql.joined()} GROUP BY 1"  # noqa: S608
    return text, [list(edges), *sql.params]


def _bucket(asked: Question) -> str | None:
    """The first day of an observation's bucket."""
    if asked.bucket in ("week", "month"):
        return f"date_trunc('{asked.bucket}', o.day::timestamp)::date"
    return "o.day" if asked.bucket else None


def _measures(asked: Question, only: Sql | None = None) -> tuple[str, list[Any]]:
    """SQL of n, part and value with its parameters; `only`: of these observations alone, where a statement has others."""
    metric = asked.metric
    own = only if only is not None else Sql()

    def over(call: str, *more: str) -> str:
        told = " AND ".join([*own.parts, *more])
        return f"{call} FILTER (WHERE {told})" if told else call

    match metric.aggregate:
        case Aggregate.SUM:
            return (
                f"{over('count(o.value)')}, NULL::float8, coalesce({over('sum(o.value)')}, 0)",
                [*own.params, *own.params],
            )
        case Aggregate.MEAN:
            return (
                f"{over('count(o.value)')}, {over('sum(o.value)')}, {over('avg(o.value)')}",
                own.params * 3,
            )
        case Aggregate.MEDIAN | Aggregate.P90:
            share = 0.5 if metric.aggregate is Aggregate.MEDIAN else 0.9
            middle = over(f"percentile_cont({share}) WITHIN GROUP (ORDER BY o.value)")
            return f"{over('count(o.value)')}, NULL::float8, {middle}", own.params * 2
        case Aggregate.SHARE:
            hit, able, params = hits(asked)
            part, all_ = over("count(*)", hit), over("count(*)", able)
            return (
                f"{all_}, {part}, {part}::float8 / nullif({all_}, 0)",
                [*own.params, *(own.params + params) * 2, *own.params],
            )
        case Aggregate.DISTINCT:
            return "sum(c), NULL::float8, count(*)", []
        case Aggregate.PER:
            return "sum(c), count(*), sum(c)::float8 / count(*)", []
    return f"{over('count(*)')}, NULL::float8, {over('count(*)')}", own.params * 2


def _standing(asked: Question) -> tuple[str | None, list[Any]]:
    """The stretches that were on at the end of each bucket, or now where that has not ended.

    A stretch begun in the very moment does not count yet, one ended in it still does. `width_bucket` says between
    which of the moments it began and ended, so that each stretch is met only where it was on.
    """
    moments = [min(edge, asked.at) for edge in asked.window.edges(asked.bucket)[1:]]
    begun = sum(1 for start in asked.window.edges(asked.bucket)[:-1] if start < asked.at)
    moments = moments[:begun]
    if not moments:
        return None, []
    sql = filters(asked)
    sql.add("o.until >= %s AND o.at < %s", moments[0], moments[-1])
    moment = "m.t" if asked.bucket else "%s::timestamptz"
    old = f"coalesce(o.value, 0) + date_part('epoch', {moment} - o.at)"
    of_moment = [] if asked.bucket else [moments[0]]
    if asked.within is not None:
        sql.add(f"{old} > %s", *of_moment, asked.within)
    columns, params = "count(*), NULL::float8, count(*)", []
    if asked.metric.aggregate is Aggregate.AGE:
        columns, params = f"count(*), sum({old}), avg({old})", [*of_moment, *of_moment]
    elif asked.metric.per:
        each = f"o.{asked.metric.per[0]}"
        sql.add(f"{each} IS NOT NULL")
        columns = f"count(*), count(DISTINCT {each}), count(*)::float8 / nullif(count(DISTINCT {each}), 0)"
    if asked.bucket is None:
        return _grouped(asked, None, columns, params, "metrics_observation o", [], sql)
    table = (
        "metrics_observation o CROSS JOIN LATERAL generate_series(width_bucket(o.at, %s::timestamptz[]) + 1,"
        " least(width_bucket(o.until, %s::timestamptz[]), %s)) AS i(i)"
        " JOIN unnest(%s::timestamptz[]) WITH ORDINALITY AS m(t, i) ON m.i = i.i"
    )
    given = [moments, moments, len(moments), moments]
    return _grouped(asked, "m.i", columns, params, table, given, sql)


def _lasting(asked: Question) -> tuple[str | None, list[Any]]:
    """How much of the stretches lies within each bucket, in seconds."""
    window = asked.window.until(asked.at)
    if window is None:
        return None, []
    edges = window.edges(asked.bucket)
    sql = filters(asked)
    sql.add("o.until > %s AND o.at < %s", window.start, window.end)
    first, last = ("m.a", "m.b") if asked.bucket else ("%s::timestamptz", "%s::timestamptz")
    span = f"date_part('epoch', least(o.until, {last}) - greatest(o.at, {first}))"
    ends: list[Any] = [] if asked.bucket else [window.end, window.start]
    match asked.metric.aggregate:
        case Aggregate.LASTING_PER:
            each = f"count(DISTINCT o.{asked.metric.per[0]})"
            columns, params = f"count(*), {each}, sum({span}) / nullif({each}, 0)", ends
        case Aggregate.LASTING_SHARE:
            hit, _able, of_hit = hits(asked)
            part = f"coalesce(sum({span}) FILTER (WHERE {hit}), 0)"
            columns = f"count(*), {part}, {part} / nullif(sum({span}), 0)"
            params = [*ends, *of_hit, *ends, *of_hit, *ends]
        case _:
            columns, params = f"count(*), NULL::float8, sum({span})", ends
    if asked.bucket is None:
        return _grouped(asked, None, columns, params, "metrics_observation o", [], sql)
    table = (
        "metrics_observation o CROSS JOIN LATERAL generate_series(greatest(width_bucket(o.at, %s::timestamptz[]), 1),"
        " least(width_bucket(o.until, %s::timestamptz[]), %s)) AS i(i)"
        " JOIN unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS m(a, b, i) ON m.i = i.i"
    )
    starts = edges[:-1]
    given = [starts, starts, len(starts), starts, edges[1:]]
    return _grouped(asked, "m.i", columns, params, table, given, sql)


def _told_apart(
    asked: Question,
    bucket: str | None,
    columns: str,
    column_params: list[Any],
    table: str,
    table_params: list[Any],
    sql: Sql,
) -> tuple[str, list[Any]]:
    """The same for what is counted once however often it comes: first one row for each, then those rows. Two hash tables in
    place of a sort per group."""
    joins, values, params = _cuts(asked)
    keys = [*([bucket] if bucket else []), *values]
    per = [f"o.{name} + 0" for name in asked.metric.per]  # not the same expression as a cut by that column
    for name in asked.metric.per:
        sql.add(f"o.{name} IS NOT NULL")
    before = [*table_params, *params, *sql.params]
    whole = f"GROUPING({', '.join(keys)}) = {2 ** len(keys) - 1}" if keys else "true"
    sets = f"(({', '.join([*keys, *per])}), ({', '.join(per)}))" if keys else f"(({', '.join(per)}))"
    named = ", ".join([f"{bucket or 'NULL::date'} AS b", *(f"{v} AS k{n}" for n, v in enumerate(values))])
    shown = ", ".join(["b", *(f"k{n}" for n in range(len(values)))])
    inner = (
        f"SELECT {whole} AS w, {named}, count(*) AS c FROM {table}{joins} WHERE {sql.joined()}"  # noqa: S608  names of ours
        f" GROUP BY GROUPING SETS {sets}"
    )
    return f"SELECT w, {shown}, {columns} FROM ({inner}) x GROUP BY w, {shown}", [*before, *column_params]  # noqa: S608


def _grouped(
    asked: Question,
    bucket: str | None,
    columns: str,
    column_params: list[Any],
    table: str,
    table_params: list[Any],
    sql: Sql,
) -> tuple[str, list[Any]]:
    """The statement with the whole and every group in one pass."""
    joins, values, params = _cuts(asked)
    keys = [*([bucket] if bucket else []), *values]
    shown = ", ".join([bucket or "NULL::date", *values])
    head = f"SELECT {{whole}}, {shown}, {columns} FROM {table}{joins} WHERE {sql.joined()}"  # noqa: S608  names of ours
    before = [*table_params, *params, *sql.params]
    if not keys:
        return head.format(whole="true"), [*column_params, *before]
    grouping = f"GROUPING({', '.join(keys)}) = {2 ** len(keys) - 1}"
    sets = f"GROUP BY GROUPING SETS (({', '.join(keys)}), ())"
    return f"{head.format(whole=grouping)} {sets}", [*column_params, *before]


def _cuts(asked: Question) -> tuple[str, list[str], list[Any]]:
    """Joins, expressions and parameters of the dimensions by which is cut."""
    joins, values, params = "", [], []
    for n, code in enumerate(asked.by):
        dimension = conditions.of_metric(asked.metric, code)
        if dimension.mapping is None:
            values.append(dimension.sql or f"o.{dimension.column}")
            continue
        groups = dimension.mapping()
        kind = _kind(dimension)
        joins += f" LEFT JOIN unnest(%s::{kind}[], %s::text[]) AS g{n}(k, v) ON g{n}.k = o.{dimension.column}"
        values.append(f"g{n}.v")
        params += [list(groups), [str(v) for v in groups.values()]]
    return joins, values, params


def _kind(dimension: Dimension) -> str:
    return "bigint" if dimension.column.endswith("_id") else "text"
