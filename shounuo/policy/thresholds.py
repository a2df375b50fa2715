"""A rule's threshold as a number of its metric. Pure."""

from __future__ import annotations

from decimal import Decimal

from shounuo.kernel.durations import Percent, Span
from shounuo.metrics.rules import Unit
from shounuo.policy.schema import Threshold, Unset


def limit_of(threshold: Threshold, unit: Unit) -> float | None:
    """The threshold in the metric's unit: shares as 0..1, lengths of time in seconds. None where it cannot be one of it."""
    return None if isinstance(threshold.value, Unset) else in_unit(threshold.value, unit)


def in_unit(value: Decimal | Percent | Span, unit: Unit) -> float | None:
    """A number of a rule in the metric's unit; None where it cannot be one of it."""
    if isinstance(value, Percent):
        return value.basis_points / (100 if unit is Unit.SCORE else 10_000)
    if isinstance(value, Span):
        if unit is not Unit.SECONDS or value.months or value.needs_business:
            return None
        return float(value.days * 86_400 + value.seconds)
    number = float(Decimal(value))
    return number / 100 if unit is Unit.SHARE and number > 1 else number
