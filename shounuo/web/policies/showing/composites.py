"""A composite score on its clause's page: every part with its share, its value and what it adds; what is missing by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.metrics import registry
from shounuo.policy import labels
from shounuo.policy.composites import LATELY, Missing, Part, composite_of
from shounuo.policy.queries import RuleView
from shounuo.policy.schema import Weight
from shounuo.web import words

WHY = {
    Missing.UNSET: gettext_lazy("占比未写明，须由公司填写"),
    Missing.UNKNOWN: gettext_lazy("还没有这个指标"),
    Missing.SCALE: gettext_lazy("不是越高越好的比例或分数，不能折算成分"),
    Missing.CUT: gettext_lazy("这个指标不能按规则的条件细分"),
    Missing.FEW: gettext_lazy("数据太少，不能算"),
}


def shown(view: RuleView, at: datetime) -> dict[str, Any] | None:
    """The score of a rule that composes one; None for other rules."""
    rule = view.rule
    if not isinstance(rule, Weight):
        return None
    found = composite_of(rule, at)
    return {
        "rows": [_row(p) for p in found.parts],
        "total": words.number(found.total, 1) if found.total is not None else "",
        "known": words.number(found.known, 1) if found.total is None and found.covered else "",
        "covered": words.percent(found.covered / 10_000, 0),
        "missing": _("、").join(labels.word(p.code) for p in found.missing),
        "partial": rule.partial,
        "window": "" if rule.every is not None else _("按最近 %(n)s 天计算") % {"n": LATELY},
    }


def _row(part: Part) -> dict[str, Any]:
    reading = part.reading
    return {
        "name": labels.word(part.code),
        "share": words.percent(part.share / 10_000, 0) if part.share is not None else "",
        "value": words.number(reading.value, 1) if reading.value is not None else "",
        "n": reading.n,
        "adds": words.number(part.contribution, 1) if part.contribution is not None else "",
        "why": _why(part),
    }


def _why(part: Part) -> str:
    missing = part.reading.missing
    if missing is Missing.NONE:
        return ""
    if missing is Missing.WAITING:
        metric = registry.get(part.code)
        return _("等待所需部分：%(part)s") % {
            "part": labels.part(metric.waits_for if metric is not None else "")
        }
    return str(WHY[missing])
