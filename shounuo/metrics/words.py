"""What a metric's way of counting is called: its formula in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from shounuo.kernel.durations import Span
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Aggregate as A


def name(metric: Metric) -> str:
    """The metric's name as a heading."""
    text = str(metric.name)
    return text[:1].upper() + text[1:]


def formula(metric: Metric, limit: int | None = None) -> str:
    """The formula in words, with `limit` (seconds) where the metric takes one."""
    given: dict[str, Any] = {
        "name": metric.name,
        "population": metric.population,
        "hits": metric.hits,
        "limit": span(limit if limit is not None else metric.within or 0),
    }
    match metric.aggregate:
        case A.COUNT | A.DISTINCT:
            text = _("%(population)s的个数")
        case A.SUM:
            text = _("%(population)s的数值合计")
        case A.MEAN:
            text = _("%(population)s的数值合计 ÷ %(population)s的个数")
        case A.MEDIAN:
            text = _("%(population)s按数值排列，居中的一个")
        case A.P90:
            text = _("%(population)s按数值排列，九成不超过的值")
        case A.SHARE if metric.within is not None:
            text = _("不超过 %(limit)s 的 ÷ %(population)s")
        case A.SHARE | A.RATIO | A.PER:
            text = _("%(hits)s ÷ %(population)s")
        case A.PORTION:
            text = _("各类的 ÷ 全部%(population)s")
        case A.DIFFERENCE:
            return str(metric.hits)
        case A.GROWTH:
            text = _("本期%(population)s ÷ 上一个等长时期的 − 1")
        case A.STANDING if metric.within is not None:
            text = _("期末时刻，已超过 %(limit)s 的%(population)s的个数")
        case A.STANDING if metric.per:
            text = _("期末时刻，%(hits)s ÷ %(population)s")
        case A.STANDING:
            text = _("期末时刻，%(population)s的个数")
        case A.AGE:
            text = _("期末时刻，%(population)s已持续时长的合计 ÷ 个数")
        case A.LASTING:
            text = _("%(population)s落在时间范围内的时长合计")
        case A.LASTING_PER:
            text = _("%(population)s落在时间范围内的时长合计 ÷ 人数")
        case _:
            text = _("%(hits)s的时长 ÷ %(population)s的时长")
    return text % given


def span(seconds: int) -> str:
    """A length of time as people say it, in the reader's language."""
    days, rest = divmod(seconds, 86_400)
    return (Span(days=days) if days and not rest else Span(seconds=seconds)).words()
