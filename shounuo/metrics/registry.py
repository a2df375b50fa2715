"""Sources, dimensions and metrics, each declared once by the part that knows them (in its `metrics.py`).

A source says how the observations of some subjects are read from tables and events, and which events can change them; a
metric says how observations become a number that has a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.metrics.rules import OF_TWO, Aggregate, Direction, Unit

Key = tuple[str, int]
"""(kind, id) of a subject."""
Only = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Touch:
    """An event as a source sees it, to tell whose observations it may change."""

    kind: str
    subject: Key
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of observation. `sql` is what follows SELECT's columns (FROM ... WHERE ...), over the tables that the
    source gives; `columns` maps columns of the observation to SQL, `at` among them; `flags` names yes-or-no SQL in the
    order of the bits."""

    code: str
    sql: str
    columns: Mapping[str, str]
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Observations of one kind of subject.

    `given` are common tables (name -> SQL) in which %(kind)s and %(ids)s stand for the subjects asked for; they must
    depend on what is stored alone, never on the time of asking. `columns` are SQL for columns that all series share.
    `units()` gives (kind, least id, greatest id) of the subjects there are. `kinds` are the events that can change an
    observation; `touched(events)` gives the subjects that they change (default: the events' own, where they are of
    `subject`). `version` goes up with every change of meaning: what was built with another one is built anew.
    """

    code: str
    label: Any
    subject: str
    kinds: frozenset[str]
    given: Mapping[str, str]
    columns: Mapping[str, str]
    series: tuple[Series, ...]
    units: Callable[[], list[tuple[str, int, int]]]
    touched: Callable[[Sequence[Touch]], set[Key]] | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something by which figures are cut. `column` is an observation's; `names(values)` gives what to show for values,
    `read(text)` the value of a text from outside (ValueError when there is none such), `beneath(value)` what else
    belongs to it (a branch of topics). `mapping()` groups the column's values into coarser ones."""

    code: str
    label: Any
    column: str
    names: Callable[[Iterable[Any]], dict[Any, str]]
    read: Callable[[str], Any]
    beneath: Callable[[Any], list[Any]] | None = None
    mapping: Callable[[], dict[Any, Any]] | None = None
    sql: str = ""
    """An expression instead of the plain column (`o.` is the observation)."""
    series: str = ""
    """The one series in which the column means this; empty: in every one."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure with a name. See `rules.Aggregate` for how it is counted.

    `definition` says what it is, `population` what is counted (printed under every number), `hits` what of it makes the
    numerator. `only` and `hit` are conditions on columns of the observation: {"kind": "complaint"}, {"outcome": ("a",
    "b")}, {"flag": "late"}; without `hit` a share takes the observation's own. `within` seconds: a hit is a value not
    above it; who asks may give another. `against` is the second population, (series, conditions). `final_after`: what is
    younger is not counted yet. `waits_for`: the part of the product that will bring it; it has no number until then.
    """

    code: str
    name: Any
    group: str
    definition: Any
    population: Any
    series: str = ""
    aggregate: Aggregate = Aggregate.COUNT
    unit: Unit = Unit.COUNT
    noun: Any = ""  # ngettext_lazy of what is counted
    direction: Direction = Direction.NONE
    hits: Any = ""
    only: Only = field(default_factory=dict)
    hit: Only | None = None
    within: int | None = None
    against: tuple[str, Only] | None = None
    per: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    least: int = 1
    final_after: timedelta | None = None
    waits_for: str = ""


GROUPS: dict[str, Any] = {
    "volume": _("服务量"),
    "speed": _("响应与时效"),
    "quality": _("解决与质量"),
    "promise": _("时限与守诺"),
    "people": _("人员"),
    "customer": _("客户"),
    "channel": _("渠道与邮件"),
    "satisfaction": _("满意度"),
    "bot": _("智能客服与知识"),
    "business": _("售后与经营"),
}
_sources: dict[str, Source] = {}
_series: dict[str, tuple[Source, Series]] = {}
_dimensions: dict[str, Dimension] = {}
_metrics: dict[str, Metric] = {}


def source(new: Source) -> Source:
    """Declares a source with its series; a second one of the same code is a fault."""
    if new.code in _sources:
        raise RuntimeError(f"source {new.code} is declared twice")
    for series in new.series:
        if series.code in _series:
            raise RuntimeError(f"series {series.code} is declared twice")
        _series[series.code] = (new, series)
    _sources[new.code] = new
    return new


def dimension(new: Dimension) -> Dimension:
    """Declares a dimension, once."""
    if new.code in _dimensions:
        raise RuntimeError(f"dimension {new.code} is declared twice")
    _dimensions[new.code] = new
    return new


def metrics(*new: Metric) -> None:
    """Declares metrics; a code that is there, a series that is not, or a population that is missing is a fault."""
    for metric in new:
        if metric.code in _metrics:
            raise RuntimeError(f"metric {metric.code} is declared twice")
        if bool(metric.waits_for) == bool(metric.series):
            raise RuntimeError(f"metric {metric.code} needs a series or the part that it waits for")
        if (metric.against is not None) != (metric.aggregate in OF_TWO):
            raise RuntimeError(f"metric {metric.code}: a second population belongs to ratios and differences")
        for name in filter(None, (metric.series, metric.against[0] if metric.against else "")):
            if name not in _series:
                raise RuntimeError(f"metric {metric.code}: no series {name}")
        _metrics[metric.code] = metric


def get(code: str) -> Metric | None:
    """The metric of this code, if it is declared."""
    return _metrics.get(code)


def catalogue() -> list[Metric]:
    """All metrics, group by group in the order of the groups; within one as declared, those that wait for a part last."""
    order = {group: n for n, group in enumerate(GROUPS)}
    return sorted(_metrics.values(), key=lambda m: (order[m.group], bool(m.waits_for)))


def sources() -> list[Source]:
    return list(_sources.values())


def source_of(code: str) -> Source | None:
    return _sources.get(code)


def series_of(code: str) -> tuple[Source, Series]:
    """The series with its source; KeyError when it is not declared."""
    return _series[code]


def dimensions() -> dict[str, Dimension]:
    return dict(_dimensions)


def dimensions_of(metric: Metric) -> list[Dimension]:
    """Those by which the metric can be cut: every series that it counts fills their columns."""
    if metric.waits_for:
        return []
    filled = columns_of(metric.series)
    if metric.against is not None:
        filled &= columns_of(metric.against[0])
    return [d for d in _dimensions.values() if d.column in filled and d.series in ("", metric.series)]


def columns_of(series: str) -> set[str]:
    """The observation's columns that a series fills."""
    source, one = _series[series]
    return {*source.columns, *one.columns, "day", "hour"}


def flag(series: str, name: str) -> int:
    """The bit of a flag; KeyError when the series has none of that name."""
    names = list(_series[series][1].flags)
    if name not in names:
        raise KeyError(f"series {series} has no flag {name}")
    return 1 << names.index(name)
