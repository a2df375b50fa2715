"""What the dashboard shows below its first screen: promises, quality, complaints, people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.analytics import queries
from shounuo.analytics.asking import Lens
from shounuo.analytics.queries import Compared, Limit, Rest
from shounuo.cases.models import Case
from shounuo.kernel.actors import Actor
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.metrics.queries import Cell, Figure
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Unit, Window
from shounuo.staff import queries as staff
from shounuo.web import words
from shounuo.web.dashboards import links
from shounuo.web.dashboards.parts import (
    FEW,
    Column,
    Limits,
    Part,
    Slot,
    bands,
    clause_names,
    delta_slot,
    figure_slot,
    limit_lines,
    limit_words,
    more_words,
)
from shounuo.web.figures import showing as figures

TOP = 10
MOST_CLAUSES = 12


def rest_parts(actor: Actor, found: Rest, lens: Lens, limits: Limits) -> list[Part]:
    """The parts below the first screen, in their order; people only where they were asked for."""
    shown = [
        _kept(found.kept, limits["kept_share"]),
        _clause_table(actor, found.clauses, lens, limits["kept_share"]),
        _quality(found, lens, limits),
        _complaints(actor, found, lens),
    ]
    return [*shown, _people(actor, found, lens)] if found.people is not None else shown


def _kept(now: Figure, limits: Sequence[Limit]) -> Part:
    labels = [figures.tick(c.bucket, now.bucket) for c in now.cells]
    shares = [None if c.value is None else round(c.value * 100, 1) for c in now.cells]
    least = min((s for s in shares if s is not None), default=100.0)
    return Part(
        "kept",
        _("守诺率走势"),
        (
            Column(_("时间"), "bucket", False),
            Column(_("守诺率"), "share"),
            Column(_("应守"), "due"),
            Column(_("违诺"), "breached"),
        ),
        tuple(
            (
                Slot(figures.bucket_name(c.bucket, now.bucket), c.bucket),
                figure_slot(now.metric, c.value),
                Slot(words.number(c.n), c.n),
                Slot(words.number(queries.breached(c)), queries.breached(c)),
            )
            for c in reversed(now.cells)
        ),
        note=_("线为守诺率，灰柱为应守项数"),
        chart="trend",
        data={
            "labels": labels,
            "shares": shares,
            "counts": [c.n for c in now.cells],
            "limits": limit_lines(limits, now.metric, now.bucket, 0.01),
            "bands": bands([c.bucket for c in now.cells], now.bucket, labels),
            "min": max(0, int(least // 20 * 20)) if least < 80 else 80,
            "share_name": _("守诺率"),
            "count_name": _("应守"),
        },
        label=_("守诺率按时间：全期 %(share)s，应守 %(due)s 项")
        % {"share": figures.plain(now.metric, now.total.value), "due": words.number(now.total.n)},
        width=6,
        few=not figures.enough_for_chart(now),
        empty=_("这段时间没有到期的时限"),
    )


def _clause_table(actor: Actor, found: Compared, lens: Lens, limits: Sequence[Limit]) -> Part:
    """How each clause's promises were kept, those furthest below first."""
    before = {c.by[0]: c for c in found.before.cells}
    cells = sorted((c for c in found.now.cells if c.n), key=lambda c: (c.value or 0.0, -c.n))
    names = clause_names([c.by[0] for c in cells])
    goal = next((one.value for one in limits if one.is_target), None)
    rows = []
    for c in cells[:MOST_CLAUSES]:
        past = before.get(c.by[0])
        ask: dict[str, Any] = {"clause": c.by[0]}
        rows.append(
            (
                Slot(names[c.by[0]], c.by[0], url=reverse("clause", args=[c.by[0]])),
                Slot(kept=c.value, goal=goal),
                figure_slot(found.metric, c.value, is_strong=True),
                delta_slot(found.metric, c.value, past.value if past else None, past.value if past else None),
                Slot(
                    words.number(c.n),
                    c.n,
                    url=links.behind_url(actor, "kept_share", found.now.window, lens.where, **ask),
                ),
                Slot(
                    words.number(queries.breached(c)),
                    queries.breached(c),
                    url=links.behind_url(
                        actor, "kept_share", found.now.window, lens.where, which="missed", **ask
                    )
                    if queries.breached(c)
                    else "",
                    tone="breach" if queries.breached(c) else "",
                ),
            )
        )
    return Part(
        "clauses",
        _("各条款守诺"),
        (
            Column(pgettext("dimension", "条款"), "clause", False),
            Column("", "", False),
            Column(_("守诺率"), "share"),
            Column(_("与上期比"), "share_before"),
            Column(_("应守"), "due"),
            Column(_("违诺"), "breached"),
        ),
        tuple(rows),
        note=_("守诺率最低的在前 · 条形从 80% 起"),
        width=6,
        more=more_words(len(cells) - MOST_CLAUSES),
        empty=_("这段时间没有到期的时限"),
    )


def _quality(found: Rest, lens: Lens, limits: Limits) -> Part:
    rows = []
    for one in found.quality:
        metric, total = one.metric, one.now.total
        target = queries.target_of(queries.drawn(limits.get(metric.code, ()), metric, None))
        told = [figures.population(metric, total), *([limit_words(target, metric)] if target else [])]
        rows.append(
            (
                Slot(
                    metric_words.name(metric),
                    metric.code,
                    url=links.metric_url(metric.code, one.now.window, lens.where),
                    hint=" · ".join(told),
                ),
                Slot(points=[c.value for c in one.now.cells if c.value is not None]),
                figure_slot(metric, total.value, is_strong=True),
                delta_slot(metric, total.value, one.before.total.value, one.before.total.value),
                Slot(raw=target.value if target else None, unit=metric.unit),
                Slot(raw=total.n),
            )
        )
    return Part(
        "quality",
        _("质量走势"),
        (
            Column(_("指标"), "metric", False),
            Column(_("走势"), "", False),
            Column(_("本期"), "value"),
            Column(_("与上期比"), "before"),
            Column("", "target", is_shown=False),
            Column("", "n", is_shown=False),
        ),
        tuple(rows),
        width=6,
        empty=_("还没有指标"),
    )


def _complaints(actor: Actor, found: Rest, lens: Lens) -> Part:
    """Complaints by branch of topics, each cut by severity."""
    counts: dict[Any, dict[str, int]] = {}
    for c in found.complaints.cells:
        counts.setdefault(c.by[0], {})[c.by[1] or ""] = c.n
    ranked = sorted(counts, key=lambda topic: -sum(counts[topic].values()))
    names = registry.dimensions()["topic_top"].names(ranked)
    severities = [("", _("未定")), *((code, str(label)) for code, label in Case.Severity.choices)]
    used = [(code, label) for code, label in severities if any(code in of for of in counts.values())]
    tones = {"": "none"} | dict(zip(Case.Severity.values, ("low", "mid", "high"), strict=False))
    metric, window = found.complaints.metric, found.complaints.window
    return Part(
        "complaints",
        _("投诉构成"),
        (
            Column(_("主题"), "topic", False),
            *(Column(label, code or "unset") for code, label in used),
            Column(_("合计"), "total"),
        ),
        tuple(
            (
                Slot(figures.name_of(names, topic), topic),
                *(
                    Slot(words.number(counts[topic].get(code, 0)), counts[topic].get(code, 0))
                    for code, _l in used
                ),
                Slot(
                    words.number(sum(counts[topic].values())),
                    sum(counts[topic].values()),
                    url=links.behind_url(
                        actor, metric.code, window, lens.where | {"topic": [topic or "none"]}
                    ),
                    is_strong=True,
                ),
            )
            for topic in ranked[:TOP]
        ),
        note=_("%(n)s 件 · 按主题与严重程度") % {"n": words.number(found.complaints.total.n)},
        chart="stack",
        data={
            "labels": [figures.name_of(names, topic) for topic in ranked[:TOP]],
            "series": [
                {"name": label, "tone": tones[code], "data": [counts[t].get(code, 0) for t in ranked[:TOP]]}
                for code, label in used
            ],
        },
        label=_("投诉按主题与严重程度，共 %(n)s 件") % {"n": words.number(found.complaints.total.n)},
        width=6,
        few=found.complaints.total.n < FEW,
        more=more_words(len(ranked) - TOP),
        empty=_("这段时间没有投诉"),
    )


def _people(actor: Actor, found: Rest, lens: Lens) -> Part:
    assert found.people is not None
    names = dict(staff.names([p.person_id for p in found.people]))
    shown = [registry.get(code) for code in queries.OF_PEOPLE]
    metrics = [m for m in shown if m is not None]
    window = found.complaints.window
    most = max((p.cells[queries.OF_PEOPLE[0]].n for p in found.people), default=0)
    rows = []
    for place, person in enumerate(found.people, 1):
        row = [
            Slot(str(place), place),
            Slot(names.get(person.person_id, f"#{person.person_id}"), person.person_id),
            Slot(bar=person.cells[queries.OF_PEOPLE[0]].n, most=most),
        ]
        for metric in metrics:
            cell = person.cells.get(metric.code) or Cell(None, (), None, 0)
            row.append(_of_person(actor, metric, cell, window, lens, person.person_id))
        rows.append(tuple(row))
    return Part(
        "people",
        _("人员"),
        (
            Column(_("名次"), "place", False),
            Column(_("姓名"), "person", False),
            Column("", "", False),
            *(Column(metric_words.name(m), m.code) for m in metrics),
        ),
        tuple(rows),
        note=_("按解决量排 · 灰字为样本数，少于 %(n)s 个不作判断") % {"n": FEW},
        aside=_("只有有权限的人看得到这一节"),
        width=12,
        more=more_words(found.more_people),
        empty=_("这段时间没有人解决过工单"),
    )


def _of_person(actor: Actor, metric: Metric, cell: Cell, window: Window, lens: Lens, person: int) -> Slot:
    """A person's figure; one made of too few is grey, and says of how many."""
    where = lens.where | {"person": [person]}
    counted = metric.unit is Unit.COUNT
    few = not counted and cell.n < metric.least
    text = figures.plain(metric, cell.value) if cell.value is not None or not counted else "0"
    return Slot(
        text,
        cell.value,
        unit=metric.unit,
        url=links.behind_url(actor, metric.code, window, where) if cell.n else "",
        tone="few" if few else "",
        hint="" if counted else words.number(cell.n),
    )
