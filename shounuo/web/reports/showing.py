"""What a report shows: its points in words, and the parts of the dashboard with the figures as they stood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.analytics import freezing, queries
from shounuo.analytics.asking import Lens
from shounuo.analytics.models import Report
from shounuo.analytics.queries import Compared, Limit, Overview, Rest
from shounuo.analytics.rules import Kind, Period
from shounuo.kernel.actors import Actor
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.web import words
from shounuo.web.dashboards import below, showing
from shounuo.web.dashboards.labels import days_name, period_name
from shounuo.web.dashboards.parts import Part, change, clause_names, limit_words
from shounuo.web.figures import showing as figures

TITLES: dict[str, Any] = {
    "day": gettext_lazy("服务质量日报"),
    "week": gettext_lazy("服务质量分析报告"),
    "month": gettext_lazy("服务质量月报"),
    "quarter": gettext_lazy("服务质量季报"),
}
COURSES = ("response", "kept", "hours")
HEADLINE = ("kept_share", "first_response_median", "cases_opened", "complaint_count")
LEAST_RISE = 10


@dataclass(frozen=True, slots=True)
class Told:
    """A report ready to be shown, printed or written into a file: everything in the reader's language."""

    report: Report
    title: str
    period: str
    span: str
    points: list[str]
    kpis: list[dict[str, Any]]
    compared: tuple[Compared, ...]
    limits: dict[str, tuple[Limit, ...]]
    parts: list[Part]


def told(report: Report, actor: Actor) -> Told:
    """The report for this reader: people only where he may see them."""
    overview, rest, limits = freezing.thaw(report.content, with_people=queries.may_see_people(actor))
    lens = Lens(period_of(report, overview), {})
    parts = showing.first_parts(actor, overview, lens, limits, report.made_at) + below.rest_parts(
        actor, rest, lens, limits
    )
    if report.kind == "day":  # one day is no course, and no week of hours
        parts = [_beside(part) for part in parts if part.code not in COURSES]
    compared = (*overview.kpis, *rest.quality)
    return Told(
        report,
        title(report),
        period_name(lens.period),
        words.days_span(report.first, report.last),
        points(overview, rest, limits),
        [showing.kpi(one, lens, limits.get(one.metric.code, ())) for one in overview.kpis],
        compared,
        limits,
        parts,
    )


def _beside(part: Part) -> Part:
    return replace(part, width=6) if part.width < 12 else part


def period_of(report: Report, overview: Overview) -> Period:
    kind: Kind = next(k for k in ("day", "week", "month", "quarter") if k == report.kind)
    first = overview.kpis[0]
    return Period(kind, 0, first.now.window, first.before.window, True)


def file_name(report: Report) -> str:
    """What its files are called, without their ending: report-week-2026-11-09."""
    return f"report-{report.kind}-{report.first.isoformat()}"


def title(report: Report) -> str:
    """服务质量分析报告: what a report of its kind is called."""
    return capfirst(str(TITLES[report.kind]))


def points(overview: Overview, rest: Rest, limits: dict[str, tuple[Limit, ...]]) -> list[str]:
    """The report in a few sentences: each figure with its change and target, what was broken most, what rose most."""
    found = [_sentence(one, limits.get(one.metric.code, ())) for one in overview.kpis if one.now.total.n]
    broken = max(overview.clauses.cells, key=queries.breached, default=None)
    if broken is not None and queries.breached(broken):
        found.append(
            _("违诺最多的是 %(clause)s：%(n)s 项，应守 %(due)s 项。")
            % {
                "clause": clause_names([broken.by[0]])[broken.by[0]],
                "n": words.number(queries.breached(broken)),
                "due": words.number(broken.n),
            }
        )
    before = {c.by[0]: c.n for c in overview.topics.before.cells}
    risen = max(overview.topics.now.cells, key=lambda c: c.n - before.get(c.by[0], 0), default=None)
    if risen is not None and risen.n - before.get(risen.by[0], 0) >= LEAST_RISE:
        names = registry.dimensions()["topic_top"].names([risen.by[0]])
        found.append(
            _("增加最多的是“%(topic)s”：%(n)s 件，上期 %(before)s 件。")
            % {
                "topic": figures.name_of(names, risen.by[0]),
                "n": words.number(risen.n),
                "before": words.number(before.get(risen.by[0], 0)),
            }
        )
    complaints = rest.complaints.total
    if complaints.n:
        found.append(_("投诉 %(n)s 件。") % {"n": words.number(complaints.n)})
    return found or [_("这段时间没有可说的数。")]


def _sentence(one: Compared, limits: tuple[Limit, ...]) -> str:
    metric, total = one.metric, one.now.total
    parts = [
        _("%(name)s %(value)s（%(population)s）")
        % {
            "name": metric_words.name(metric),
            "value": figures.plain(metric, total.value),
            "population": figures.population(metric, total),
        }
    ]
    delta = change(metric, total.value, one.before.total.value)
    if delta is not None and one.before.total.n >= metric.least:
        text = str(delta["text"])
        size = text[2:]
        parts.append(
            _("比上期高 %(size)s") % {"size": size}
            if text[0] == "▲"
            else _("比上期低 %(size)s") % {"size": size}
        )
    target = queries.target_of(queries.drawn(limits, metric, None))
    if target is not None and total.value is not None and one.now.enough:
        met = queries.meets(total.value, target)
        said = limit_words(target, metric)
        parts.append(
            _("达到%(target)s") % {"target": said} if met else _("没有达到%(target)s") % {"target": said}
        )
    if one.now.left_out:
        parts.append(_("另有 %(n)s 件还没有定论，未计入") % {"n": words.number(one.now.left_out)})
    return _("，").join(parts) + _("。")


# ---- the list


def row(report: Report) -> dict[str, Any]:
    """A report as a line of the list, with its headline figures."""
    numbers = []
    for code in HEADLINE:
        metric = registry.get(code)
        if metric is not None and code in report.headline:
            value, n = report.headline[code]
            numbers.append(
                {
                    "name": metric_words.name(metric),
                    "value": figures.plain(metric, value),
                    "n": n,
                    "is_count": metric.unit.value == "count",
                }
            )
    return {
        "url": reverse("report", args=[report.pk]),
        "kind": report.get_kind_display(),
        "title": title(report),
        "name": days_name(report.kind, report.first, report.last),
        "span": words.days_span(report.first, report.last),
        "made_at": report.made_at,
        "numbers": numbers,
        "said": getattr(report, "said", 0),
    }
