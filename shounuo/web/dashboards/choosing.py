"""How a reader chooses what a dashboard looks at: period, team, channel, topic. Everything stands in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.analytics.asking import DEFAULT, FILTERS, Lens
from shounuo.analytics.rules import Kind
from shounuo.cases.models import Case, Topic
from shounuo.kernel.actors import Actor
from shounuo.metrics import registry
from shounuo.staff import queries as staff
from shounuo.web.dashboards.labels import period_name
from shounuo.web.figures.showing import name_of

Given = Mapping[str, Sequence[str]]
OFFERED: tuple[tuple[Kind, Any], ...] = (
    ("week", gettext_lazy("本周")),
    ("month", gettext_lazy("本月")),
    ("quarter", gettext_lazy("本季")),
    ("days", gettext_lazy("近 30 天")),
)
OF_TIME = ("period", "back", "from", "to")
NEVER = ("all", "part")


def query(given: Given, **changes: Any) -> str:
    """The address's own question with these parameters set or (None) left out."""
    pairs = [
        (name, one)
        for name, values in given.items()
        if name not in changes and name not in NEVER
        for one in values
    ]
    pairs += [(name, str(one)) for name, one in changes.items() if one is not None]
    return f"?{urlencode(pairs)}" if pairs else "?"


def chosen(given: Given, lens: Lens, actor: Actor, at: datetime) -> dict[str, Any]:
    """What the bar of the dashboard shows: periods, steps back and on, own days, filters. Three queries."""
    period = lens.period
    plain: dict[str, Any] = dict.fromkeys(OF_TIME)
    earlier = None if lens.own else query(given, **plain | {"period": period.kind, "back": period.back + 1})
    later = (
        query(given, **plain | {"period": period.kind, "back": period.back - 1 or None})
        if not lens.own and period.back
        else None
    )
    return {
        "periods": [
            {
                "label": label,
                "url": query(given, **plain | {"period": kind if kind != DEFAULT else None}),
                "active": not lens.own and period.kind == kind and not period.back,
            }
            for kind, label in OFFERED
        ],
        "period": "" if not lens.own and not period.back else period_name(period, own=lens.own),
        "earlier": earlier,
        "later": later,
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "kept": [(name, one) for name in FILTERS for one in given.get(name, ())],
        "filters": [_filter(code, choices, given, lens) for code, choices in _choices()],
    }


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What each filter offers: (value in an address, name)."""
    topics = Topic.objects.filter(active=True, parent=None).order_by("position", "id")
    return [
        ("team", [(team.code, team.name) for team in staff.teams()]),
        ("channel", [(code, str(label)) for code, label in Case.Channel.choices]),
        ("topic", [(topic.code, topic.name) for topic in topics]),
    ]


def _filter(code: str, choices: list[tuple[str, str]], given: Given, lens: Lens) -> dict[str, Any]:
    dimension = registry.dimensions()[code]
    wanted = lens.where.get(code, [])
    names = dimension.names([v for v in wanted if v is not None])
    return {
        "code": code,
        "label": dimension.label,
        "value": _("、").join(name_of(names, v) for v in wanted) or _("全部"),
        "clear_url": query(given, **{code: None}) if wanted else "",
        "choices": [
            {"label": name, "url": query(given, **{code: value}), "active": given.get(code) == [value]}
            for value, name in choices
        ],
    }
