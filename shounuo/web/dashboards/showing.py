"""What the dashboard of service quality shows, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.analytics import queries
from shounuo.analytics.asking import Lens
from shounuo.analytics.queries import Compared, Limit, Overview
from shounuo.kernel.actors import Actor
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.metrics.ground import WEEKDAYS
from shounuo.metrics.registry import Metric
from shounuo.web import words
from shounuo.web.dashboards import links
from shounuo.web.dashboards.parts import (
    FEW,
    Column,
    Limits,
    Part,
    Slot,
    bands,
    change,
    clause_names,
    delta_slot,
    figure_slot,
    limit_lines,
    limit_words,
    more_words,
)
from shounuo.web.figures import showing as figures

TOP = 10
OPENING, CLOSING = 7, 21
POOR = 0.8
HIGH = 5  # above so many times the highest median the ninety per cent would press the median flat


# ---- figures in a row


def kpi(found: Compared, lens: Lens, limits: Sequence[Limit]) -> dict[str, Any]:
    """A figure of the period with its course, its target, its population and the way to its page."""
    metric, total = found.metric, found.now.total
    shown = figures.kpi(found.now, found.before)
    target = queries.target_of(queries.drawn(limits, metric, None))
    missed = (
        target is not None
        and found.now.enough
        and total.value is not None
        and not queries.meets(total.value, target)
    )
    delta = change(metric, total.value, found.before.total.value) if shown["delta"] else None
    return shown | {
        "delta": delta,
        "population": _population(found, target),
        "target": target.value if target is not None else None,
        "spark_bad": missed or (target is None and delta is not None and delta["good"] is False),
        "url": links.metric_url(metric.code, found.now.window, lens.where),
    }


def _population(found: Compared, target: Limit | None) -> str:
    parts = [figures.population(found.metric, found.now.total)]
    if target is not None:
        parts.append(limit_words(target, found.metric))
    return " · ".join([*parts, *_unnarrowed(found)])


def _unnarrowed(found: Compared) -> list[str]:
    """What the number could not be narrowed by."""
    known = registry.dimensions()
    return [_("不分%(dimension)s") % {"dimension": known[name].label} for name in found.apart]


def live(actor: Actor, found: Sequence[Compared], lens: Lens) -> list[dict[str, Any]]:
    """What stands now."""
    shown = []
    for one in found:
        metric = one.metric
        text, unit = figures.value(metric, one.now.total.value)
        standing = metric.code in queries.NOW
        shown.append(
            {
                "name": _now_name(metric),
                "value": text,
                "unit": unit,
                "population": " · ".join(
                    [figures.population(metric, one.now.total), *_unnarrowed(one)]
                    if not standing
                    else [str(metric.population), *_unnarrowed(one)]
                ),
                "delta": None if standing else change(metric, one.now.total.value, one.before.total.value),
                "tone": "breach" if metric.code == "overdue_promises" and one.now.total.value else "",
                "url": links.behind_url(actor, metric.code, one.now.window, lens.where),
            }
        )
    return shown


def _now_name(metric: Metric) -> str:
    if metric.code in queries.NOW:
        return metric_words.name(metric)
    return _("今日%(name)s") % {"name": metric.name}


# ---- the first screen


def first_parts(actor: Actor, found: Overview, lens: Lens, limits: Limits, at: datetime) -> list[Part]:
    """The parts of the first screen, in their order."""
    return [
        _response(found, limits["first_response_median"]),
        _breaches(actor, found, lens),
        _hours(found, at),
        _topics(actor, found, lens),
    ]


def _response(found: Overview, limits: Sequence[Limit]) -> Part:
    median = next(one.now for one in found.kpis if one.metric.code == "first_response_median")
    metric, slow = median.metric, {c.bucket: c for c in found.slow.cells}
    by, unit = figures.axis_scale(metric, [c.value for c in median.cells])
    labels = [figures.tick(c.bucket, median.bucket) for c in median.cells]
    p90 = [slow[c.bucket].value if c.bucket in slow else None for c in median.cells]
    top = HIGH * max((c.value or 0.0 for c in median.cells), default=0.0)
    is_near = all(high is None or high <= top for high in p90)
    lines: list[dict[str, Any]] = [
        {"name": _("中位"), "data": figures.scaled([c.value for c in median.cells], by)}
    ]
    if is_near:
        lines.insert(0, {"name": _("九成"), "data": figures.scaled(p90, by), "faint": True})
    return Part(
        "response",
        capfirst(_("首次响应时长")),
        (
            Column(_("时间"), "bucket", False),
            Column(_("中位"), "median"),
            Column(_("九成位"), "p90"),
            Column(_("工单"), "n"),
        ),
        tuple(
            (
                Slot(figures.bucket_name(c.bucket, median.bucket), c.bucket),
                figure_slot(metric, c.value),
                figure_slot(metric, high),
                Slot(words.number(c.n), c.n),
            )
            for c, high in reversed(list(zip(median.cells, p90, strict=True)))
        ),
        note=_("%(unit)s · 粗线为中位，浅色为九成位") % {"unit": unit}
        if is_near
        else _("%(unit)s · 中位；九成位为 %(p90)s，见表")
        % {"unit": unit, "p90": figures.plain(metric, found.slow.total.value)},
        chart="lines",
        data={
            "labels": labels,
            "lines": lines,
            "limits": limit_lines(limits, metric, median.bucket, by),
            "bands": bands([c.bucket for c in median.cells], median.bucket, labels),
        },
        label=_("首次响应时长按时间：全期中位 %(median)s，九成位 %(p90)s")
        % {
            "median": figures.plain(metric, median.total.value),
            "p90": figures.plain(metric, found.slow.total.value),
        },
        width=8,
        few=not figures.enough_for_chart(median),
        empty=_("这段时间没有首次响应"),
    )


def _breaches(actor: Actor, found: Overview, lens: Lens) -> Part:
    metric = found.clauses.metric
    cells = sorted(
        (c for c in found.clauses.cells if queries.breached(c)), key=lambda c: -queries.breached(c)
    )[:8]
    names = clause_names([c.by[0] for c in cells])
    total = sum(queries.breached(c) for c in found.clauses.cells)
    return Part(
        "breaches",
        _("违诺最多的条款"),
        (
            Column(pgettext("dimension", "条款"), "clause", False),
            Column(_("违诺"), "breached"),
            Column(_("应守"), "due"),
        ),
        tuple(
            (
                Slot(names[c.by[0]], c.by[0], url=reverse("clause", args=[c.by[0]])),
                Slot(
                    words.number(queries.breached(c)),
                    queries.breached(c),
                    url=links.behind_url(
                        actor, metric.code, found.clauses.window, lens.where, clause=c.by[0], which="missed"
                    ),
                    is_strong=True,
                ),
                Slot(words.number(c.n), c.n),
            )
            for c in cells
        ),
        note=_("项 · 全部 %(n)s") % {"n": words.number(total)},
        chart="rank",
        data={
            "labels": [_short(names[c.by[0]]) for c in cells],
            "counts": [queries.breached(c) for c in cells],
            "bad": True,
        },
        label=_("违诺最多的条款：%(names)s")
        % {"names": _("、").join(f"{names[c.by[0]]} {queries.breached(c)}" for c in cells[:3])},
        width=4,
        empty=_("这段时间没有违诺"),
    )


def _hours(found: Overview, at: datetime) -> Part:
    """Cases by weekday and hour as the mean of a day, the hours outlined in which promises were kept less than wanted."""
    days = dict.fromkeys(range(1, 8), 0)
    window = found.hours.window
    first, last = (
        moment.astimezone(window.zone).date()
        for moment in (window.start, min(window.end - timedelta(microseconds=1), at))
    )
    for n in range(first.toordinal(), last.toordinal() + 1):
        days[date.fromordinal(n).isoweekday()] += 1
    counts = {(int(c.by[0]), int(c.by[1])): c.n for c in found.hours.cells}
    held = {(int(c.by[0]), int(c.by[1])): c for c in found.missed.cells}
    hours = _open_hours(counts)
    cells, rows = [], []
    for d in days:
        for x, h in enumerate(hours):
            n, kept = counts.get((d, h), 0), held.get((d, h))
            short = bool(n and kept and kept.n >= FEW and (kept.value or 0.0) < POOR)
            mean = n / days[d] if days[d] else 0.0
            cells.append([x, d - 1, round(mean, 1) if mean < 10 else round(mean), short])
            if n or kept:
                rows.append(
                    (
                        Slot(str(WEEKDAYS[d - 1]), d),
                        Slot(f"{h:02d}:00", h),
                        Slot(words.number(n), n),
                        Slot(words.number(mean, 1), round(mean, 3)),
                        figure_slot(found.missed.metric, kept.value if kept else None),
                    )
                )
    return Part(
        "hours",
        _("来访热力"),
        (
            Column(_("星期"), "weekday", False),
            Column(_("时段"), "hour", False),
            Column(_("工单"), "cases"),
            Column(_("平均每天"), "mean"),
            Column(_("到期守诺率"), "kept_share"),
        ),
        tuple(rows),
        note=_("每小时工单数，各日平均 · 描边：该时段到期的时限守诺率低于 80%"),
        chart="heat",
        data={"x": [str(h) for h in hours], "y": [str(day) for day in WEEKDAYS], "cells": cells},
        label=_("各星期各时段的工单数，共 %(n)s 件") % {"n": words.number(found.hours.total.n)},
        width=8,
        few=found.hours.total.n < FEW,
        empty=_("这段时间没有工单"),
    )


def _open_hours(counts: dict[tuple[int, int], int]) -> range:
    """The hours that are drawn: those of a working day, and others as far as more than a hundredth of all comes in them."""
    of_hour = dict.fromkeys(range(24), 0)
    for (_day, hour), n in counts.items():
        of_hour[hour] += n
    least = sum(of_hour.values()) / 100
    busy = {h for h, n in of_hour.items() if n > least} | {OPENING, CLOSING}
    return range(min(busy), max(busy) + 1)


def _topics(actor: Actor, found: Overview, lens: Lens) -> Part:
    metric = found.topics.metric
    before = {c.by[0]: c for c in found.topics.before.cells}
    cells = sorted(found.topics.now.cells, key=lambda c: -c.n)
    names = registry.dimensions()["topic_top"].names([c.by[0] for c in cells])
    most = cells[0].n if cells else 0
    rows = []
    for c in cells[:TOP]:
        past = before.get(c.by[0])
        earlier = float(past.n) if past is not None else 0.0
        topic = c.by[0] or "none"
        rows.append(
            (
                Slot(
                    figures.name_of(names, c.by[0]),
                    c.by[0],
                    url=links.behind_url(
                        actor, metric.code, found.topics.now.window, lens.where | {"topic": [topic]}
                    ),
                ),
                Slot(bar=c.n, most=most),
                Slot(words.number(c.n), c.n, is_strong=True),
                delta_slot(metric, float(c.n), earlier, earlier),
            )
        )
    return Part(
        "topics",
        _("来访原因"),
        (
            Column(_("主题"), "topic", False),
            Column("", "", False),
            Column(_("工单"), "cases"),
            Column(_("与上期比"), "cases_before"),
        ),
        tuple(rows),
        note=_("%(n)s 单 · 与上期比") % {"n": words.number(found.topics.now.total.n)},
        width=4,
        more=more_words(len(cells) - TOP),
        empty=_("这段时间没有工单"),
    )


# ---- words


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"


def span_words(lens: Lens, at: datetime) -> str:
    """10月24日 – 11月22日，与 9月24日 – 10月23日 比; a day alone stands alone."""
    zone = lens.period.window.zone
    today = timezone.localtime(at, zone).date()
    before = lens.period.before
    first, end = (
        moment.astimezone(zone).date() for moment in (before.start, before.end - timedelta(microseconds=1))
    )
    return _("%(days)s，与 %(before)s 比") % {
        "days": words.days_span(lens.period.first, lens.period.last, today),
        "before": words.days_span(first, end, today),
    }
