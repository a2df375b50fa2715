"""What the pages of figures show: numbers in words, courses for charts, links that ask further."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.kernel.actors import Actor
from shounuo.metrics import queries, registry
from shounuo.metrics import words as metric_words
from shounuo.metrics.asking import Asked
from shounuo.metrics.permissions import PEOPLE
from shounuo.metrics.queries import Behind, Cell, Figure, Which
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Aggregate, Bucket, Direction, Unit, Window
from shounuo.policy import labels
from shounuo.web import words

FEW = 10
SPANS: tuple[tuple[int, Any], ...] = (
    (7, gettext_lazy("7 天")),
    (30, gettext_lazy("30 天")),
    (90, gettext_lazy("90 天")),
    (365, gettext_lazy("一年")),
)
BUCKETS: tuple[tuple[Bucket, Any], ...] = (
    ("day", gettext_lazy("按天")),
    ("week", gettext_lazy("按周")),
    ("month", gettext_lazy("按月")),
)
UNITS: dict[Unit, Any] = {
    Unit.COUNT: gettext_lazy("数量"),
    Unit.SECONDS: gettext_lazy("时长"),
    Unit.SHARE: gettext_lazy("比例"),
    Unit.RATIO: gettext_lazy("比值"),
    Unit.SCORE: gettext_lazy("分数"),
    Unit.MONEY: gettext_lazy("金额"),
}
DIRECTIONS: dict[Direction, Any] = {
    Direction.UP: gettext_lazy("越高越好"),
    Direction.DOWN: gettext_lazy("越低越好"),
    Direction.NONE: gettext_lazy("不论高低"),
}
# For axes: the largest unit of time in which most of the course is above one.
_SCALES = ((86_400, gettext_lazy("天")), (3600, gettext_lazy("小时")), (60, gettext_lazy("分钟")), (1, gettext_lazy("秒")))  # fmt: skip
_COUNTS = (Aggregate.COUNT, Aggregate.STANDING, Aggregate.DISTINCT, Aggregate.DIFFERENCE, Aggregate.SUM)
MOST_GROUPS = 30


# ---- one number


def value(metric: Metric, number: float | None) -> tuple[str, str]:
    """A value in words, and its unit where that stands apart."""
    if number is None:
        return _("未计"), ""
    match metric.unit:
        case Unit.SECONDS:
            return words.span(number, exact=number < 3600), ""
        case Unit.SHARE:
            if metric.aggregate is Aggregate.GROWTH:
                return f"{number * 100:+.1f}", "%"
            return words.percent(number).removesuffix("%"), "%"
        case Unit.MONEY:
            return words.money(round(number)), ""
        case Unit.COUNT:
            return words.number(number, 0), _noun(metric, number)
    return words.number(number, 2 if abs(number) < 10 else 1), _noun(metric, number)


def _noun(metric: Metric, number: float) -> str:
    return str(metric.noun % (1 if number == 1 else 2)) if metric.noun else ""


def plain(metric: Metric, number: float | None) -> str:
    """The same in one text."""
    text, unit = value(metric, number)
    return text + unit if unit == "%" else f"{text} {unit}".strip()


def population(metric: Metric, cell: Cell) -> str:
    """What stands under every number."""
    text = _("%(n)s · %(population)s") % {"n": words.number(cell.n), "population": metric.population}
    if metric.aggregate is Aggregate.SHARE and cell.part is not None:
        return _("%(part)s / %(n)s · %(population)s") % {
            "part": words.number(cell.part),
            "n": words.number(cell.n),
            "population": metric.population,
        }
    if cell.part is not None and metric.aggregate in (Aggregate.RATIO, Aggregate.PER):
        first, second = (cell.part, cell.n) if metric.aggregate is Aggregate.RATIO else (cell.n, cell.part)
        return f"{words.number(first, 0)} {metric.hits} / {words.number(second, 0)} {metric.population}"
    return text


def delta(metric: Metric, now: float | None, before: float | None) -> dict[str, Any] | None:
    """The change against the window before, in points, percent or, from ten times as much, times; nothing where it
    would round to none."""
    if now is None or before is None or metric.aggregate is Aggregate.GROWTH:
        return None
    if metric.unit is Unit.SHARE:
        change = (now - before) * 100
        text, least = _("%(points)s 点") % {"points": f"{change:+.1f}"}, 0.05
    elif before:
        change, least = (now / before - 1) * 100, 0.5
        text = f"{change:+.0f}%" if change < 900 else _("%(times)s 倍") % {"times": f"+{change / 100:,.0f}"}
    else:
        return None
    if abs(change) < least:
        return None
    good = metric.direction is Direction.NONE or (change > 0) == (metric.direction is Direction.UP)
    return {"text": text, "good": good}


def kpi(found: Figure, before: Figure) -> dict[str, Any]:
    """The metric as the component kpi shows it."""
    metric = found.metric
    text, unit = value(metric, found.total.value)
    course = [c.value for c in found.cells]
    return {
        "name": metric_words.name(metric),
        "value": text,
        "unit": unit,
        "population": population(metric, found.total),
        "delta": delta(metric, found.total.value, before.total.value)
        if before.total.n >= metric.least
        else None,
        "points": [v for v in course if v is not None] if len(course) > 2 else [],
    }


# ---- the library


def groups(found: Sequence[Metric]) -> list[dict[str, Any]]:
    """The metrics group by group, without numbers."""
    shown = []
    for code, label in registry.GROUPS.items():
        rows = [row(m, None) for m in found if m.group == code]
        if rows:
            shown.append({"code": code, "name": str(label), "rows": rows, "count": len(rows)})
    return shown


def row(metric: Metric, found: Figure | None) -> dict[str, Any]:
    """A metric as a row of the library, with its number where one was asked for."""
    return {
        "code": metric.code,
        "name": metric_words.name(metric),
        "definition": metric.definition,
        "unit": UNITS[metric.unit],
        "direction": metric.direction.value,
        "direction_label": DIRECTIONS[metric.direction],
        "waits_for": labels.part(metric.waits_for) if metric.waits_for else "",
        "value": _headline(found) if found is not None else "",
        "population": population(metric, found.total) if found is not None else "",
        "uncounted": found is not None and found.total.value is None,
    }


def _headline(found: Figure) -> str:
    """The number of a row; of a structure its largest part."""
    if not found.by or not found.cells:
        return plain(found.metric, found.total.value)
    most = max(found.cells, key=lambda c: c.n)
    names = registry.dimensions()[found.by[0]].names([most.by[0]])
    return f"{name_of(names, most.by[0])} {plain(found.metric, most.value)}"


def standings(request: HttpRequest, every: int, waiting: int, chosen: str) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "count": count,
            "url": query(request, standing=code or None),
            "active": chosen == code,
        }
        for code, label, count in (
            ("", _("全部"), every),
            ("counting", _("在计"), every - waiting),
            ("waiting", _("等待所需部分"), waiting),
        )
    ]


# ---- one metric


def described(metric: Metric, asked: Asked) -> dict[str, Any]:
    """What it is, in words."""
    dimensions = [str(d.label) for d in registry.dimensions_of(metric)]
    return {
        "code": metric.code,
        "name": metric_words.name(metric),
        "definition": metric.definition,
        "formula": metric_words.formula(metric, asked.limit),
        "population": metric.population,
        "unit": UNITS[metric.unit],
        "direction": DIRECTIONS[metric.direction],
        "dimensions": _("、").join(dimensions),
        "least": metric.least if metric.least > 1 else None,
        "final_days": metric.final_after.days if metric.final_after is not None else None,
        "within": asked.limit or metric.within,
    }


def query(request: HttpRequest, **changes: Any) -> str:
    """The page's own address with these parameters set or (None) left out."""
    given = request.GET.copy()
    for name, one in changes.items():
        if one is None:
            given.pop(name, None)
        else:
            given.setlist(name, [str(one)])
    return f"?{given.urlencode()}" if given else "?"


def periods(request: HttpRequest, asked: Asked, at: datetime) -> list[dict[str, Any]]:
    zone = asked.window.zone
    shown = []
    for days, label in SPANS:
        window = Window.last(days, at, zone)
        first = timezone.localtime(window.start, zone).date()
        shown.append(
            {
                "label": label,
                "url": query(request, **{"from": first, "to": None, "bucket": None, "cursor": None}),
                "active": asked.window == window,
            }
        )
    return shown


def window_form(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """The days for the form, with what else the address holds as hidden fields."""
    zone = asked.window.zone
    last = timezone.localtime(asked.window.end - timedelta(microseconds=1), zone).date()
    kept = [
        (name, one)
        for name in request.GET
        if name not in ("from", "to", "cursor", "bucket", "limit")
        for one in request.GET.getlist(name)
        if one
    ]
    return {
        "from": timezone.localtime(asked.window.start, zone).date().isoformat(),
        "to": last.isoformat(),
        "kept": kept,
        "limit": (asked.limit or asked.metric.within) if asked.metric.within is not None else None,
    }


def bucket_for(window: Window) -> Bucket:
    """Days for up to six weeks, weeks for up to half a year, else months."""
    days = (window.end - window.start).days
    return "day" if days <= 42 else "week" if days <= 200 else "month"


def buckets(request: HttpRequest, chosen: Bucket) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": query(request, bucket=code), "active": code == chosen}
        for code, label in BUCKETS
    ]


def cut_of(asked: Asked, actor: Actor) -> str:
    """The dimension by which the page cuts: the one asked for, else the metric's own first that is not settled yet."""
    able = _able(asked, actor)
    wanted = [code for code in (*asked.by, *asked.metric.cut, *able) if code in able]
    free = [code for code in wanted if code in asked.by or code not in asked.where]
    return free[0] if free else ""


def _able(asked: Asked, actor: Actor) -> list[str]:
    codes = [d.code for d in registry.dimensions_of(asked.metric) if d.code != "customer"]
    return codes if actor.may(PEOPLE) else [c for c in codes if c != "person"]


def cuts(request: HttpRequest, asked: Asked, chosen: str, actor: Actor) -> list[dict[str, Any]]:
    known = registry.dimensions()
    return [
        {"label": known[code].label, "url": query(request, by=code), "active": code == chosen}
        for code in _able(asked, actor)
    ]


def conditions(request: HttpRequest, asked: Asked) -> list[dict[str, Any]]:
    """What the figure is narrowed to, each with the way to take it off."""
    shown = []
    for code, wanted in asked.where.items():
        dimension = registry.dimensions()[code]
        names = dimension.names([v for v in wanted if v is not None])
        shown.append(
            {
                "label": dimension.label,
                "value": _("、").join(name_of(names, v) for v in wanted),
                "set": True,
                "clear_url": query(request, **{code: None, "cursor": None}),
            }
        )
    return shown


def name_of(names: dict[Any, str], one: Any) -> str:
    return _("未填") if one in (None, "") else names.get(one, str(one))


def groups_of(request: HttpRequest, found: Figure) -> dict[str, Any]:
    """The groups of the cut: name, value, population, a bar, and the way to narrow to it."""
    code = found.by[0]
    dimension = registry.dimensions()[code]
    cells = sorted(found.cells, key=lambda c: -c.n)
    if code in ("hour", "weekday"):
        cells = sorted(cells, key=lambda c: c.by[0] or 0)
    names = dimension.names([c.by[0] for c in cells])
    most = max((abs(c.value) for c in cells if c.value is not None), default=0)
    rows = [
        {
            "name": name_of(names, c.by[0]),
            "url": query(
                request, **{code: "none" if c.by[0] in (None, "") else c.by[0], "by": None, "cursor": None}
            )
            if code not in ("department", "topic_top") or c.by[0] not in (None, "")
            else "",
            "value": plain(found.metric, c.value),
            "count": c.n,
            "bar": abs(c.value or 0),
        }
        for c in cells[:MOST_GROUPS]
    ]
    return {"label": dimension.label, "rows": rows, "most": most, "more": max(0, len(cells) - MOST_GROUPS)}


# ---- its course


def enough_for_chart(found: Figure) -> bool:
    """True for ten and more, of a stock in all its moments together, in more than one bucket."""
    return max(found.total.n, sum(c.n for c in found.cells)) >= FEW and len(found.cells) > 1


def bucket_name(first: date | None, bucket: Bucket | None) -> str:
    """10月9日 · 第 41 周 · 10月."""
    if first is None:
        return ""
    if bucket == "week":
        return _("第 %(n)s 周") % {"n": first.isocalendar().week}
    if bucket == "month":
        return date_format(first, "Y-m")
    return words.full_day(first, first, weekday=False)


def tick(first: date | None, bucket: Bucket | None) -> str:
    """The same for an axis: a day as 10/9."""
    return (
        f"{first.month}/{first.day}" if first is not None and bucket == "day" else bucket_name(first, bucket)
    )


def time_scale(values: Sequence[float]) -> tuple[float, str]:
    """For an axis of seconds: the largest unit of time in which most of the values are above one, and its name."""
    known = sorted(values)
    middle = known[len(known) // 2] if known else 0
    scale, label = next((s, name) for s, name in _SCALES if middle >= s or s == 1)
    return float(scale), str(label)


def axis_scale(metric: Metric, values: Iterable[float | None]) -> tuple[float, str]:
    """What a course is divided by for its axis, and the unit that is then written there."""
    if metric.unit is Unit.SHARE:
        return 0.01, "%"
    if metric.unit is Unit.SECONDS:
        return time_scale([v for v in values if v is not None])
    return 1.0, ""


def scaled(values: Iterable[float | None], by: float) -> list[float | None]:
    """Values for a chart: two digits where they are small."""
    return [None if v is None else round(v / by, 1 if by > 1 else 2) for v in values]


def trend(found: Figure) -> dict[str, Any]:
    """The data of the chart "course", and a sentence for those who do not see it."""
    metric = found.metric
    values = [c.value for c in found.cells]
    scale, unit = axis_scale(metric, values)
    last = next((c for c in reversed(found.cells) if c.value is not None), None)
    return {
        "labels": [tick(c.bucket, found.bucket) for c in found.cells],
        "values": scaled(values, scale),
        "counts": [] if metric.aggregate in _COUNTS else [c.n for c in found.cells],
        "unit": unit,
        "bars": metric.aggregate in (Aggregate.COUNT, Aggregate.SUM, Aggregate.DIFFERENCE),
        "value_name": metric_words.name(metric),
        "count_name": _("个数"),
        "label": _("%(name)s，最近一期 %(value)s，全期 %(total)s")
        % {
            "name": metric_words.name(metric),
            "value": plain(metric, last.value if last is not None else None),
            "total": plain(metric, found.total.value),
        },
    }


def table(found: Figure, at: datetime) -> list[dict[str, Any]]:
    """The same as rows, the latest first."""
    return [
        {
            "name": bucket_name(c.bucket, found.bucket),
            "title": c.bucket.isoformat() if c.bucket is not None else "",
            "value": plain(found.metric, c.value),
            "count": c.n,
        }
        for c in reversed(found.cells)
    ]


def lines(found: Figure) -> Iterator[Sequence[Any]]:
    """The lines of the CSV: seconds and shares as plain numbers, names beside codes."""
    known = registry.dimensions()
    yield ("bucket", *[h for code in found.by for h in (code, f"{code}_name")], "value", "n", "part")
    names = [known[code].names({c.by[i] for c in found.cells}) for i, code in enumerate(found.by)]
    for cell in found.cells:
        keys = [v for i, one in enumerate(cell.by) for v in (one, names[i].get(one, ""))]
        bucket = cell.bucket.isoformat() if cell.bucket is not None else ""
        yield (bucket, *keys, cell.value, cell.n, cell.part)


# ---- what stands behind it


def which_of(request: HttpRequest, metric: Metric) -> Which:
    asked = request.GET.get("which", "all")
    return next((w["code"] for w in _whiches(metric) if w["code"] == asked), "all")


def _whiches(metric: Metric) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [{"code": "all", "label": _("全部")}]
    if metric.aggregate is Aggregate.SHARE:
        shown += [{"code": "hit", "label": _("算在内的")}, {"code": "missed", "label": _("没算在内的")}]
    if metric.against is not None:
        shown = [{"code": "all", "label": _("分子")}, {"code": "against", "label": _("分母")}]
    return shown


def whiches(request: HttpRequest, metric: Metric) -> list[dict[str, Any]]:
    chosen = which_of(request, metric)
    shown = _whiches(metric)
    if len(shown) == 1:
        return []
    return [
        one | {"url": query(request, which=one["code"], cursor=None), "active": one["code"] == chosen}
        for one in shown
    ]


def behind(rows: Sequence[Behind]) -> list[dict[str, Any]]:
    """The observations with their subjects' names and pages; several of one subject in a row are told as one."""
    known = queries.described({row.subject for row in rows})
    shown: list[dict[str, Any]] = []
    last: tuple[str, int] | None = None
    for one in rows:
        if one.subject == last:
            shown[-1]["count"] += 1
            continue
        last = one.subject
        label, url = known.get(one.subject, ("", ""))
        number, _blank, rest = label.partition(" ")
        is_case = one.subject[0] == "case"
        shown.append(
            {
                "number": number if is_case else "",
                "title": rest if is_case else label,
                "url": url,
                "at": one.at,
                "count": 1,
            }
        )
    return shown
