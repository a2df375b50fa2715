"""The catalogue of metrics, for people and other systems."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed, NotFound
from shounuo.kernel.text import initials
from shounuo.metrics import registry, words
from shounuo.metrics.models import Progress
from shounuo.metrics.permissions import READ
from shounuo.metrics.registry import Metric


def catalogue(actor: Actor, text: str = "", *, group: str = "") -> list[Metric]:
    """The metrics whose name, code, definition or pinyin initials hold the text, group by group. NotAllowed without
    `metrics.read`. No query."""
    if not actor.may(READ):
        raise NotAllowed(_("您没有查看指标的权限"))
    wanted = text.strip().lower()
    return [
        m
        for m in registry.catalogue()
        if (not group or m.group == group) and (not wanted or _holds(m, wanted))
    ]


def metric(actor: Actor, code: str) -> Metric:
    """The metric of this code; NotFound when there is none, NotAllowed without `metrics.read`."""
    if not actor.may(READ):
        raise NotAllowed(_("您没有查看指标的权限"))
    found = registry.get(code)
    if found is None:
        raise NotFound(_("没有指标 %(code)s") % {"code": code[:60]}, code="no_metric")
    return found


def _holds(metric: Metric, wanted: str) -> bool:
    name = str(metric.name)
    return (
        wanted in name.lower()
        or wanted in metric.code
        or wanted in str(metric.definition).lower()
        or (len(wanted) > 1 and wanted in initials(name))
    )


def parts_awaited(metrics: Iterable[Metric]) -> dict[str, int]:
    """Which parts of the product metrics wait for, and how many each."""
    found: dict[str, int] = {}
    for one in metrics:
        if one.waits_for:
            found[one.waits_for] = found.get(one.waits_for, 0) + 1
    return found


def standing() -> tuple[datetime | None, list[str]]:
    """How far the figures are: when the last event that changed one was read, and the labels of the sources that are still
    being built. One query."""
    rows = {p.source: p for p in Progress.objects.all()}
    behind = [str(s.label) for s in registry.sources() if s.code not in rows or rows[s.code].built_at is None]
    moments = [m for p in rows.values() if p.built_at is not None and (m := p.read_at or p.built_at)]
    return max(moments, default=None), behind


def metric_json(one: Metric) -> dict[str, Any]:
    """The metric as the API tells it."""
    return {
        "code": one.code,
        "name": str(one.name),
        "group": one.group,
        "definition": str(one.definition),
        "formula": words.formula(one),
        "population": str(one.population),
        "unit": one.unit.value,
        "direction": one.direction.value,
        "aggregate": one.aggregate.value,
        "dimensions": [d.code for d in registry.dimensions_of(one)],
        "within": one.within,
        "least": one.least,
        "final_after_days": one.final_after.days if one.final_after is not None else None,
        "waiting_for": one.waits_for or None,
    }
