"""Composite scores: what a rule of kind `weight` comes to, out of the figures of its parts. Nothing is guessed: a part without a
figure is named with the reason, and there is no total then.

Parts are put on one scale of 0 to 100 points: shares as per cent, scores as they are. Times, counts and money have no place on
it, nor has what is better the lower it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Percent, Span
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Direction, Unit, Window
from shounuo.policy.schema import Weight
from shounuo.staff import queries as staff

WHOLE = 10_000  # basis points
LATELY = 30  # days, where a rule does not say how often it is composed


class Missing(StrEnum):
    """Why a part has no value."""

    NONE = ""
    UNSET = "unset"  # its share is not set
    UNKNOWN = "unknown"  # no figure of this name
    WAITING = "waiting"  # the figure waits for a part of the product
    SCALE = "scale"  # it has no place on a scale of points
    CUT = "cut"  # it cannot be narrowed as the rule's condition wants
    FEW = "few"  # too few are known


@dataclass(frozen=True, slots=True)
class Reading:
    """A part's value in points and the population behind it, or why there is none."""

    value: float | None = None
    n: int = 0
    missing: Missing = Missing.NONE


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its share in basis points (None: not set), its value in points, and what it adds to the whole."""

    code: str
    share: int | None
    reading: Reading

    @property
    def contribution(self) -> float | None:
        if self.share is None or self.reading.value is None:
            return None
        return self.reading.value * self.share / WHOLE


@dataclass(frozen=True, slots=True)
class Composite:
    """The parts of a score, the largest share first. `total` in points, only where every part is known and they are all of it;
    `known` is what the known parts add up to, `covered` the share in basis points that they stand for."""

    of: str
    parts: tuple[Part, ...]
    partial: bool = False

    @property
    def known(self) -> float:
        return sum(p.contribution for p in self.parts if p.contribution is not None)

    @property
    def covered(self) -> int:
        return sum(p.share or 0 for p in self.parts if p.contribution is not None)

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(p for p in self.parts if p.contribution is None)

    @property
    def total(self) -> float | None:
        return None if self.partial or self.missing or self.covered != WHOLE else self.known


def compose(rule: Weight, readings: Mapping[str, Reading]) -> Composite:
    """The score of the rule from what was read of its parts; one that was not read is unknown. Pure."""
    parts = []
    for code, share in rule.parts:
        points = share.basis_points if isinstance(share, Percent) else None
        reading = readings.get(code, Reading(missing=Missing.UNKNOWN))
        if points is None:
            reading = Reading(reading.value, reading.n, reading.missing or Missing.UNSET)
        parts.append(Part(code, points, reading))
    return Composite(rule.of, tuple(parts), rule.partial)


def why_not(code: str) -> Missing:
    """Why the figure of this name can be no part of a score; NONE where it can."""
    metric = registry.get(code)
    if metric is None:
        return Missing.UNKNOWN
    if metric.waits_for:
        return Missing.WAITING
    on_scale = metric.unit in (Unit.SHARE, Unit.SCORE) and metric.direction is Direction.UP
    return Missing.NONE if on_scale else Missing.SCALE


def composite_of(rule: Weight, at: datetime) -> Composite:
    """The score of the rule over its window at the moment (see `window_of`). At most three queries for each part."""
    window = window_of(rule, at, ZoneInfo(staff.organisation().zone))
    return compose(rule, {code: _read(rule, code, window, at) for code, _share in rule.parts})


def window_of(rule: Weight, at: datetime, zone: ZoneInfo) -> Window:
    """What a score looks at: the months up to now of which it is composed, or the last days; thirty where nothing is said."""
    every = rule.every if isinstance(rule.every, Span) else None
    if every is not None and every.months:
        today = at.astimezone(zone).date()
        first = today.year * 12 + today.month - every.months
        return Window.days(date(first // 12, first % 12 + 1, 1), today, zone)
    days = every.days + every.business_days if every is not None else LATELY
    return Window.last(days or LATELY, at, zone)


def _read(rule: Weight, code: str, window: Window, at: datetime) -> Reading:
    missing = why_not(code)
    metric = registry.get(code)
    if missing or metric is None:
        return Reading(missing=missing or Missing.UNKNOWN)
    where = _where(rule, metric)
    if where is None:
        return Reading(missing=Missing.CUT)
    found = metrics.figure(code, window, where=where, actor=Actor.system(), at=at)
    if found.total.value is None or not found.enough:
        return Reading(n=found.total.n, missing=Missing.FEW)
    return Reading(found.total.value * (100 if metric.unit is Unit.SHARE else 1), found.total.n)


def _where(rule: Weight, metric: Metric) -> dict[str, tuple[str, ...]] | None:
    """The rule's condition as a cut of the figure; None where the figure has no such cut."""
    cuts = {d.code for d in registry.dimensions_of(metric)}
    if any(c.negated or c.fact not in cuts for c in rule.when.conditions):
        return None
    return {c.fact: tuple(str(v) for v in c.values) for c in rule.when.conditions}
