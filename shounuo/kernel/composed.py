"""Queries of Django's that are composed once: their text is kept, ever after only the values change.

Measured on a case's page: composing its queries took as long as running them, and each was planned anew. What a query asks
stays written once, in the words of models and of the one rule of who may see what.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections
from django.db.models import Model, QuerySet
from django.db.models import Value as Constant
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from psycopg import sql

from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor

Row = TypeVar("Row", bound=Model)
Value = int | datetime
_FIRST_ID = 8_111_222_333_444_555_000
# Centuries apart, and at no round time: what is reckoned from one of them is known, what is cut off from it (the day, the
# hour) is seen.
_FIRST_MOMENT, _APART = datetime(3111, 2, 3, 13, 47, 11, 123_457, tzinfo=UTC), timedelta(days=36_500)
_ME = "actor"
_MARKS = re.compile("%[s%]")


def figures(rows: QuerySet[Any, Any], **wanted: Any) -> QuerySet[Any, Any]:
    """A query of one row with these aggregates, as `aggregate` asks for them."""
    return rows.order_by().annotate(_all=Constant(1)).values("_all").annotate(**wanted).values_list(*wanted)


class Composed(Generic[Row]):
    """A query of which only values change; decorates `make(actor, *shape, **values)`, which gives the query set.

    `shape` are hashable things on which the query's form depends; so may all of the actor but his id. `values` are ids and
    moments, and `make` only hands them on (a moment also so many seconds later or earlier): it is called with others in
    their place, once for each shape. A query that reads the clock by itself, cuts something off a moment or leaves an id
    unused is refused when it is composed (ValueError).
    """

    def __init__(self, make: Callable[..., QuerySet[Row, Any]]) -> None:
        self._make = make
        self._text = lru_cache(maxsize=256)(self._compose)

    def rows(self, actor: Actor | None, *shape: Hashable, **values: Value) -> list[tuple[Any, ...]]:
        """The rows of a query made with `values_list`. One statement."""
        compiler, found = self._run(actor, shape, values)
        return [tuple(row) for row in compiler.results_iter([found])] if compiler is not None else []

    def objects(self, actor: Actor | None, *shape: Hashable, **values: Value) -> list[Row]:
        """The instances, with what `select_related` and `annotate` set on them; nothing is prefetched. One statement."""
        compiler, found = self._run(actor, shape, values)
        if compiler is None:
            return []
        compiler.execute_sql = lambda **how: [found]
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        asked: Any = SimpleNamespace(db=connection.alias, query=query, _known_related_objects={})
        return list(ModelIterable(asked))

    def _run(
        self, actor: Actor | None, shape: tuple[Hashable, ...], values: dict[str, Value]
    ) -> tuple[Any, list[tuple[Any, ...]]]:
        """What Django reads the rows with, as this thread may use it, and the rows."""
        kinds = tuple((name, isinstance(value, datetime)) for name, value in values.items())
        text = self._text(_Form.of(actor), shape, kinds)
        if text.compiler is None:
            return None, []
        given: dict[str, Any] = {**values, _ME: actor.id if actor is not None else None}
        found = prepared.execute(text.text, [bind(given[name]) for name, bind in text.params])
        compiler: Any = copy(text.compiler)  # that which composed holds the connection of its thread
        compiler.connection = connections[connection.alias]
        return compiler, found

    def _compose(
        self, form: _Form | None, shape: tuple[Hashable, ...], kinds: tuple[tuple[str, bool], ...]
    ) -> _Text:
        places: dict[str, Value] = {
            name: _FIRST_MOMENT + n * _APART if is_moment else _FIRST_ID + n
            for n, (name, is_moment) in enumerate(kinds, 1)
        }
        actor = form.stand_in() if form is not None else None
        compiler = self._make(actor, *shape, **places).query.get_compiler(connection.alias)
        try:
            text, params = compiler.as_sql()
        except EmptyResultSet:
            return _Text("", ())
        connection.ensure_connection()
        parts, used, rest, end = [], [], iter(params), 0
        for mark in _MARKS.finditer(text):
            parts.append(text[end : mark.start()])
            end = mark.end()
            if mark.group() == "%%":
                parts.append("%%")
                continue
            param = next(rest)
            value = _named(param, places | {_ME: _FIRST_ID})
            if value is not None:
                used.append(value)
                parts.append("%s")
            elif isinstance(param, datetime):
                raise ValueError(f"{self._make.__qualname__}: a moment that was not given: {param}")
            else:
                parts.append(sql.quote(param, connection.connection).replace("%", "%%"))
        parts.append(text[end:])
        if unused := {n for n, is_moment in kinds if not is_moment} - {name for name, _bind in used}:
            raise ValueError(f"{self._make.__qualname__}: not asked for: {sorted(unused)}")
        return _Text("".join(parts), tuple(used), compiler)


def _named(param: Any, places: dict[str, Value]) -> tuple[str, Callable[[Any], Any]] | None:
    """Which value a parameter stands for, and how it is made of it; None for one of the query's own."""
    for name, place in places.items():
        if isinstance(place, datetime):
            later = param - place if isinstance(param, datetime) else None
            if later is not None and abs(later) < _APART / 3 and not later.microseconds:
                return name, partial(operator.add, later)
        elif isinstance(param, int) and param == place:
            return name, type(param)  # says which type of integer is sent, whatever its size
    return None


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement, the values it asks for in their order, and what Django reads its rows with (None where it knows that there
    is no row)."""

    text: str
    params: tuple[tuple[str, Callable[[Any], Any]], ...]
    compiler: SQLCompiler | None = None


@dataclass(frozen=True, slots=True)
class _Form:
    """What of an actor may give a query its form."""

    kind: str
    known: bool
    permissions: frozenset[str]
    team_ids: frozenset[int]
    led_team_ids: frozenset[int]
    roles: frozenset[str]

    @classmethod
    def of(cls, actor: Actor | None) -> _Form | None:
        if actor is None:
            return None
        known = actor.id is not None
        return cls(actor.kind, known, actor.permissions, actor.team_ids, actor.led_team_ids, actor.roles)

    def stand_in(self) -> Actor:
        actor = Actor(self.kind, None, self.permissions, self.team_ids, self.led_team_ids, self.roles)  # type: ignore[arg-type]
        return replace(actor, id=_FIRST_ID) if self.known else actor
