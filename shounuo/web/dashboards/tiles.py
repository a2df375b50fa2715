"""What a board's tiles show, and what may be put on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.analytics import queries
from shounuo.analytics.asking import Lens
from shounuo.analytics.queries import Answer, Compared, Limit, Tile
from shounuo.kernel.actors import Actor
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.metrics.queries import Figure
from shounuo.policy.labels import small
from shounuo.staff.models import Team
from shounuo.web import words
from shounuo.web.dashboards import links, showing
from shounuo.web.dashboards.choosing import OFFERED
from shounuo.web.dashboards.parts import (
    Column,
    Part,
    Slot,
    bands,
    figure_slot,
    limit_lines,
    more_words,
)
from shounuo.web.figures import showing as figures

FORMS: dict[str, Any] = {
    "number": gettext_lazy("数字"),
    "course": gettext_lazy("走势图"),
    "groups": gettext_lazy("分组对比"),
}
WIDTHS: dict[int, Any] = {
    3: gettext_lazy("四分之一"),
    4: gettext_lazy("三分之一"),
    6: gettext_lazy("一半"),
    8: gettext_lazy("三分之二"),
    12: gettext_lazy("整行"),
}
TOP = 12
UNCUT = ("customer", "topic")


def menu(actor: Actor, here: int | None) -> list[dict[str, Any]]:
    """The boards that the reader may see, that of service quality first."""
    rows = [{"label": _("服务质量看板"), "url": reverse("dashboards"), "active": here is None, "note": ""}]
    for board in queries.boards(actor):
        mine = board.owner_id == actor.person_id
        rows.append(
            {
                "label": board.name,
                "url": reverse("own-board", args=[board.pk]),
                "active": board.pk == here,
                "note": "" if mine else board.owner.name,
            }
        )
    return rows


def shown(
    actor: Actor, answer: Answer, lens: Lens, limits: dict[str, tuple[Limit, ...]], board: int
) -> dict[str, Any]:
    """A tile as the board shows it: a figure, a part, or why there is nothing."""
    tile = answer.tile
    if answer.figure is None:
        metric = registry.get(tile.metric)
        name = metric_words.name(metric) if metric is not None else tile.metric
        why = _("您没有查看个人指标的权限") if metric is not None else _("指标库里没有这个指标了")
        return {"width": tile.width, "name": name, "why": why}
    own = limits.get(tile.metric, ())
    if tile.form == "number":
        return {"width": tile.width, "kpi": showing.kpi(answer.figure, lens, own)}
    return {"width": tile.width, "part": part(actor, answer, answer.figure, lens, own, board)}


def part(
    actor: Actor, answer: Answer, figure: Compared, lens: Lens, limits: Sequence[Limit], board: int
) -> Part:
    """The tile as a part: its course, or its groups."""
    tile = answer.tile
    made = (
        _groups(actor, tile, figure, answer.groups, lens)
        if answer.groups is not None
        else _course(tile, figure, limits)
    )
    return replace(made, width=tile.width, export=reverse("own-board-export", args=[board, tile.id]))


def _course(tile: Tile, found: Compared, limits: Sequence[Limit]) -> Part:
    metric, now = found.metric, found.now
    by, _unit = figures.axis_scale(metric, [c.value for c in now.cells])
    trend = figures.trend(now)
    return Part(
        f"tile-{tile.id}",
        metric_words.name(metric),
        (
            Column(_("时间"), "bucket", False),
            Column(metric_words.name(metric), "value"),
            Column(_("个数"), "n"),
        ),
        tuple(
            (
                Slot(figures.bucket_name(c.bucket, now.bucket), c.bucket),
                figure_slot(metric, c.value),
                Slot(words.number(c.n), c.n),
            )
            for c in reversed(now.cells)
        ),
        note=f"{figures.plain(metric, now.total.value)} · {figures.population(metric, now.total)}",
        chart="course",
        data=trend
        | {
            "limits": limit_lines(limits, metric, now.bucket, by),
            "bands": bands([c.bucket for c in now.cells], now.bucket, trend["labels"]),
        },
        label=trend["label"],
        few=not figures.enough_for_chart(now),
        empty=_("这段时间没有"),
    )


def _groups(actor: Actor, tile: Tile, found: Compared, groups: Figure, lens: Lens) -> Part:
    metric, dimension = found.metric, registry.dimensions()[tile.by]
    in_order = tile.by in ("hour", "weekday")
    cells = sorted(
        (c for c in groups.cells if c.n),
        key=(lambda c: c.by[0] or 0) if in_order else (lambda c: (-(c.value or 0.0), str(c.by))),
    )
    names = dimension.names([c.by[0] for c in cells])
    most = max((abs(c.value) for c in cells if c.value is not None), default=0.0)
    top = cells if in_order else cells[:TOP]
    return Part(
        f"tile-{tile.id}",
        _("%(name)s · 按%(dimension)s")
        % {"name": metric_words.name(metric), "dimension": small(str(dimension.label))},
        (
            Column(str(dimension.label), tile.by, False),
            Column("", "", False),
            Column(metric_words.name(metric), "value"),
            Column(_("个数"), "n"),
        ),
        tuple(
            (
                Slot(
                    figures.name_of(names, c.by[0]),
                    c.by[0],
                    url=links.behind_url(actor, metric.code, groups.window, lens.where, **{tile.by: c.by[0]})
                    if tile.by not in ("department",) or c.by[0]
                    else "",
                ),
                Slot(bar=abs(c.value or 0.0), most=most),
                figure_slot(metric, c.value, is_strong=True),
                Slot(words.number(c.n), c.n),
            )
            for c in top
        ),
        note=figures.population(metric, groups.total),
        more=more_words(len(cells) - len(top)),
        empty=_("这段时间没有"),
    )


# ---- putting a board together


def line(tile: Tile) -> dict[str, Any]:
    """A tile as a line of the page where it is changed."""
    metric = registry.get(tile.metric)
    return {
        "id": tile.id,
        "name": metric_words.name(metric) if metric is not None else tile.metric,
        "definition": metric.definition if metric is not None else "",
        "form": tile.form,
        "by": tile.by,
        "width": tile.width,
        "cuts": [
            {"code": d.code, "label": small(str(d.label))}
            for d in (registry.dimensions_of(metric) if metric is not None else [])
            if d.code not in UNCUT
        ],
    }


def choices(actor: Actor) -> dict[str, Any]:
    """What may be chosen: metrics with numbers group by group, forms, widths, cuts, periods, the owner's teams. One query."""
    found = [m for m in metrics.catalogue(actor) if not m.waits_for]
    mine = Team.objects.filter(pk__in=actor.team_ids | actor.led_team_ids).order_by("name")
    return {
        "groups": [
            {
                "name": str(label),
                "metrics": [{"code": m.code, "name": metric_words.name(m)} for m in found if m.group == code],
            }
            for code, label in registry.GROUPS.items()
        ],
        "forms": [{"code": code, "label": label} for code, label in FORMS.items()],
        "widths": [{"code": code, "label": label} for code, label in WIDTHS.items()],
        "cuts": [
            {"code": d.code, "label": small(str(d.label))}
            for d in registry.dimensions().values()
            if d.code not in UNCUT
        ],
        "periods": [{"code": code, "label": label} for code, label in OFFERED],
        "teams": [{"id": team.pk, "name": team.name} for team in mine],
    }
