"""What a figure is narrowed to, as SQL. Every value is a parameter; columns are those of the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.metrics import registry
from shounuo.metrics.permissions import PEOPLE, READ
from shounuo.metrics.registry import Dimension, Metric, Only

Where = Mapping[str, Any]
"""Dimension -> a value or several (any of them); None or "" = those that have none."""


@dataclass
class Sql:
    """Pieces of a statement with their parameters, in order."""

    parts: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)

    def add(self, sql: str, *params: Any) -> None:
        self.parts.append(sql)
        self.params += params

    def joined(self) -> str:
        return " AND ".join(self.parts) or "true"


def of_metric(metric: Metric, code: str) -> Dimension:
    """The metric's dimension of that code; Invalid when it has none such."""
    found = next((d for d in registry.dimensions_of(metric) if d.code == code), None)
    if found is None:
        raise Invalid(
            _("“%(metric)s”不能按 %(dimension)s 分") % {"metric": metric.name, "dimension": code},
            field=code,
            code="no_dimension",
        )
    return found


def values_of(dimension: Dimension, given: Any) -> list[Any]:
    """The values asked for as the column holds them; texts are read, Invalid for one that is none."""
    several = given if isinstance(given, list | tuple | set | frozenset) else [given]
    return [_value(dimension, one) for one in several]


def _value(dimension: Dimension, given: Any) -> Any:
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        return given
    try:
        return dimension.read(given)
    except ValueError as error:
        raise Invalid(
            _("%(dimension)s没有“%(value)s”") % {"dimension": dimension.label, "value": given[:40]},
            field=dimension.code,
            code="bad_value",
        ) from error


def narrow(sql: Sql, metric: Metric, where: Where) -> None:
    """Adds the conditions of `where` on the observation `o`."""
    for code, given in where.items():
        dimension = of_metric(metric, code)
        wanted = values_of(dimension, given)
        if dimension.mapping is not None:
            chosen = set(wanted)
            wanted = [key for key, group in dimension.mapping().items() if group in chosen]
        elif dimension.beneath is not None:
            wanted = [v for one in wanted for v in ([one] if one is None else dimension.beneath(one))]
        column = dimension.sql or f"o.{dimension.column}"
        there = [v for v in wanted if v is not None]
        either = []
        if there or not wanted:
            either.append(f"{column} = ANY(%s)")
            sql.params.append(there)
        if len(there) < len(wanted):
            either.append(f"{column} IS NULL" if _is_id(dimension) else f"{column} = ''")
        sql.parts.append(f"({' OR '.join(either)})")


def fixed(series: str, only: Only) -> Sql:
    """The conditions that a metric's declaration makes on the observation `o` of that series."""
    sql = Sql()
    for name, given in only.items():
        wanted = [given] if isinstance(given, str) else list(given)
        if name == "flag":
            for one in wanted:
                sql.add(f"o.flags & {registry.flag(series, one)} <> 0")
        elif name == "no_flag":
            for one in wanted:
                sql.add(f"o.flags & {registry.flag(series, one)} = 0")
        else:
            sql.add(f"o.{name} = ANY(%s)", wanted)
    return sql


def read_where(metric: Metric, given: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
    """Texts from an address or a form as conditions: dimension -> values ("none" = those that have none)."""
    return {
        code: values_of(of_metric(metric, code), [None if text == "none" else text for text in texts])
        for code, texts in given.items()
        if texts
    }


def may_read(actor: Actor, metric: Metric, where: Where, by: Iterable[str]) -> None:
    """Figures are for those who hold `metrics.read`; those of single people for `metrics.people`. Of himself everyone
    may ask. NotAllowed otherwise."""
    asked = values_of(of_metric(metric, "person"), where["person"]) if "person" in where else None
    if asked == [actor.person_id] and actor.person_id is not None and not {*by} & {"person"}:
        return
    if not actor.may(READ):
        raise NotAllowed(_("您没有查看指标的权限"))
    if (asked is not None or "person" in by) and not actor.may(PEOPLE):
        raise NotAllowed(_("您没有查看个人指标的权限"))


def _is_id(dimension: Dimension) -> bool:
    return dimension.column.endswith("_id")
