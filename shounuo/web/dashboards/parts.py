"""A part of a dashboard: a chart with its table, or a table alone. The same rows are shown and exported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.analytics import queries
from shounuo.analytics.queries import Limit
from shounuo.calendars import queries as calendars
from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Bucket, Direction, Unit
from shounuo.web import words
from shounuo.web.figures import showing as figures

Limits = dict[str, tuple[Limit, ...]]

FEW = 10
HOLIDAYS_OF = "business"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, its name in an export (none: it is not exported), whether its cells stand to the
    right, whether the page shows it."""

    label: str
    code: str
    is_number: bool = True
    is_shown: bool = True

    @property
    def is_bar(self) -> bool:
        """True for a column of bars or courses, which says nothing new to an export."""
        return self.is_shown and not self.code


@dataclass(frozen=True, slots=True)
class Slot:
    """A cell of a table. `raw` goes into an export, as what `unit` says; a bar is `bar` of `most`, a kept share `kept` against `goal`."""

    text: str = ""
    raw: Any = None
    url: str = ""
    tone: str = ""
    bar: float | None = None
    most: float = 0
    kept: float | None = None
    goal: float | None = None
    is_strong: bool = False
    delta: dict[str, Any] | None = None
    hint: str = ""
    points: Sequence[float] = ()
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """`chart` names the kind of charts.js that draws `data`; without one the table stands open. `few`: too little for a
    chart, the table says it all. `width` in twelfths. `export` is the address of its CSV where it is not a part of the
    dashboard of service quality."""

    code: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Slot, ...], ...]
    note: str = ""
    aside: str = ""
    chart: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    width: int = 6
    few: bool = False
    more: str = ""
    empty: str = ""
    export: str = ""

    @property
    def is_drawn(self) -> bool:
        return bool(self.chart) and not self.few and bool(self.rows)

    @property
    def table(self) -> list[list[tuple[Column, Slot]]]:
        """The rows, each cell with its column, as the page shows them."""
        return [[(c, s) for c, s in zip(self.columns, row, strict=True) if c.is_shown] for row in self.rows]

    @property
    def data_id(self) -> str:
        return f"part-{self.code}-data"


def lines(part: Part) -> Iterator[Sequence[Any]]:
    """The lines of the part's export: codes of the columns, then plain numbers."""
    yield [c.code for c in part.columns if c.code]
    for row in part.rows:
        yield [slot.raw for column, slot in zip(part.columns, row, strict=True) if column.code]


def figure_slot(metric: Metric, value: float | None, **more: Any) -> Slot:
    """A figure as a cell."""
    return Slot(figures.plain(metric, value), value, unit=metric.unit, **more)


def change(metric: Metric, now: float | None, before: float | None) -> dict[str, Any] | None:
    """A change with an arrow in place of its sign, and whether it is one for the better (None: neither)."""
    delta = figures.delta(metric, now, before)
    if delta is None:
        return None
    text = str(delta["text"])
    mark = "▼" if text.startswith("-") else "▲"
    good = None if metric.direction is Direction.NONE else delta["good"]
    return {"text": f"{mark} {text.lstrip('+-')}", "good": good}


def delta_slot(metric: Metric, now: float | None, before: float | None, raw: Any = None) -> Slot:
    """A change as a cell."""
    delta = change(metric, now, before)
    return Slot(text="" if delta else "–", raw=raw, delta=delta, unit=metric.unit)


def limit_lines(
    found: Sequence[Limit], metric: Metric, bucket: Bucket | None, by: float
) -> list[dict[str, Any]]:
    """The lines of the regulation in a chart: their place on the axis, and what is written beside them."""
    return [
        {"value": round(one.value / by, 2), "label": limit_words(one, metric), "level": one.level or "notice"}
        for one in queries.drawn(found, metric, bucket)
    ]


def limit_words(one: Limit, metric: Metric) -> str:
    """目标 95% · 黄色预警 80%."""
    value = figures.plain(metric, one.value)
    if metric.unit is Unit.SHARE:
        value = words.percent(one.value, 0 if round(one.value * 100, 4) % 1 == 0 else 1)
    names = {
        "target": _("目标 %(value)s"),
        "blue": _("蓝色预警 %(value)s"),
        "yellow": _("黄色预警 %(value)s"),
        "red": _("红色预警 %(value)s"),
    }
    return names.get(one.level, _("提醒 %(value)s")) % {"value": value}


def bands(days: Sequence[date | None], bucket: Bucket | None, labels: Sequence[str]) -> list[dict[str, str]]:
    """Holidays of more than a day as grey bands; none on a course by weeks or months."""
    known = [d for d in days if d is not None]
    if bucket != "day" or not known or not calendars.exists(HOLIDAYS_OF):
        return []
    book = calendars.compiled(HOLIDAYS_OF)
    found: list[dict[str, str]] = []
    run: list[int] = []
    for n, day in enumerate([*known, known[-1] + timedelta(days=400)]):
        told = book.day(day) if n < len(known) else None
        if told is not None and str(told.kind) == "holiday":
            run.append(n)
            continue
        if len(run) > 1:
            name = str(book.day(known[run[0]]).name or _("放假"))
            found.append({"from": labels[run[0]], "to": labels[run[-1]], "label": name})
        run = []
    return found


def clause_names(codes: Sequence[str]) -> dict[str, str]:
    """2.2.1 响应及时: what people call clauses, by their codes. One query."""
    known = registry.dimensions()["clause"].names(codes)
    found = {}
    for code in codes:
        number = code.partition("-")[2] or code
        title = known.get(code, "").removeprefix(code).strip()
        found[code] = f"{number} {title}".strip()
    return found


def more_words(count: int) -> str:
    """另有 3 项; nothing when there are no more."""
    if count <= 0:
        return ""
    return ngettext("另有 %(n)s 项", "另有 %(n)s 项", count) % {"n": count}
