"""What happens to alarms and targets. `rule` and `clause` name the rule, `level` its level, `n` the population of the figure."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

_BASE: dict[str, type | tuple[type, ...]] = {
    "rule": int,
    "clause": str,
    "metric": str,
    "level": str,
    "value": (int, float),
    "n": int,
    "about": str,
}

RAISED = declare("alarm.raised", subject="alarm", payload=_BASE, label=pgettext_lazy("happened", "发出预警"))
ACKNOWLEDGED = declare(
    "alarm.acknowledged", subject="alarm", payload=_BASE, label=pgettext_lazy("happened", "确认预警")
)
RELEASED = declare(
    "alarm.released", subject="alarm", payload=_BASE, label=pgettext_lazy("happened", "解除预警")
)
CLOSED = declare("alarm.closed", subject="alarm", payload=_BASE, label=pgettext_lazy("happened", "关闭预警"))

_GOAL: dict[str, type | tuple[type, ...]] = {
    "rule": int,
    "clause": str,
    "metric": str,
    "value": (int, float),
    "n": int,
}
MISSED = declare(
    "target.missed", subject="target", payload=_GOAL, label=pgettext_lazy("happened", "指标未达标")
)
REACHED = declare(
    "target.reached", subject="target", payload=_GOAL, label=pgettext_lazy("happened", "指标达标")
)
