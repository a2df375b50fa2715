"""Statements that run with every write, prepared: PostgreSQL parses and plans them once a connection.

Measured on the way of a message: a third of the database's time goes into planning the same few statements anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import JSONField, Model
from django.db.models.expressions import DatabaseDefault

Row = TypeVar("Row", bound=Model)


class _Prepared(psycopg.Cursor[Any]):
    """Binds on the server (Django's own cursor writes the values into the text) and prepares at the first run."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = None, binary: bool | None = None
    ) -> Any:
        return super().execute(query, params, prepare=True, binary=binary)


def execute(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Runs one statement, always the same text, in the caller's transaction; gives its rows, none for one without.

    Values are bound by the server: one that stands where PostgreSQL cannot tell its type needs a cast in the text.
    """
    connection.ensure_connection()
    raw: Any = _Prepared(connection.connection)
    wrapper: CursorWrapper = (
        connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
    )
    with connection.wrap_database_errors, wrapper as cursor:
        cursor.execute(sql, params)
        has_rows = (
            raw.pgresult is not None and raw.pgresult.nfields > 0
        )  # `description` makes an object a column
        return cursor.fetchall() if has_rows else []


def at_most(count: int) -> int:
    """The power of two from `count` up: what a statement that is given rows says of their number (`LIMIT`), in few texts. One
    that does not say it is planned for a hundred; on a table still empty that plan reads all of it, and it is kept while the
    table fills (clocks of the first thousand cases: half of the database's time)."""
    return 1 << max(count - 1, 0).bit_length()


def by_ids(sql: str, ids: Sequence[int], *before: Any) -> list[tuple[Any, ...]]:
    """Runs a statement that has `= ANY(%s::bigint[])` for these ids, after `before`. One id is compared by itself: its plan is kept, that of an
    array is made anew at every run, which takes thrice the time of the statement (facts of a case 490 against 150 us)."""
    if len(ids) == 1:
        return execute(sql.replace("= ANY(%s::bigint[])", "= %s::bigint"), [*before, ids[0]])
    return execute(sql, [*before, list(ids)])


def instances(model: type[Row], rows: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Rows of a statement that selects `columns(model)` first, as instances: a third of the time of `Manager.raw`."""
    names, documents = _shape(model)
    found = []
    for row in rows:
        values = list(row[: len(names)])
        for n in documents:
            if isinstance(values[n], str):
                values[n] = json.loads(values[n])
        found.append(model.from_db("default", names, values))
    return found


def insert(row: Model) -> None:
    """Writes a new row, as `save(force_insert=True)` does, without composing the statement anew: half of its time. What the
    database gives (the id, defaults of its own) is set on the row. For models with an automatic key and without signals."""
    meta = row._meta
    given, values, asked = [], [], []
    for f in meta.local_concrete_fields:
        value = f.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault) or f is meta.auto_field:
            asked.append(f)
        else:
            given.append(f.column)
            values.append(f.get_db_prep_save(value, connection))
    [told] = execute(_insertion(meta.db_table, tuple(given), tuple(str(f.column) for f in asked)), values)
    for f, value in zip(asked, told, strict=True):
        setattr(row, f.attname, value)
    row._state.adding, row._state.db = False, connection.alias


def update(row: Model, names: Iterable[str]) -> None:
    """Writes these fields of a row that is there, as `save(update_fields=...)` does, without composing the statement anew.
    For models with an `id` and without signals. Silent, as an UPDATE is, where the row is gone."""
    wanted = set(names)
    fields = [f for f in row._meta.concrete_fields if f.name in wanted or f.attname in wanted]
    if unknown := wanted - {name for f in fields for name in (f.name, f.attname)}:
        raise ValueError(f"{row._meta.label} has no {sorted(unknown)}")
    values = [f.get_db_prep_save(f.pre_save(row, add=False), connection) for f in fields]
    if fields:
        execute(_change(row._meta.db_table, tuple(str(f.column) for f in fields)), [*values, row.pk])


@cache
def _change(table: str, names: tuple[str, ...]) -> str:
    marks = ", ".join(f'"{name}" = %s' for name in names)
    return f'UPDATE "{table}" SET {marks} WHERE id = %s'  # noqa: S608  names of ours


@cache
def _insertion(table: str, given: tuple[str, ...], asked: tuple[str, ...]) -> str:
    names, marks = ", ".join(f'"{name}"' for name in given), ", ".join(["%s"] * len(given))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks}) RETURNING {", ".join(asked)}'  # noqa: S608  names of ours


def columns(model: type[Model], alias: str = "") -> str:
    """The columns of the model's fields, as `instances` wants them; of the table's alias, where one is given."""
    dot = alias and f"{alias}."
    return ", ".join(f"{dot}{f.column}" for f in model._meta.concrete_fields)


@cache
def _shape(model: type[Model]) -> tuple[list[str], list[int]]:
    """The names of the fields, and where documents stand."""
    fields = model._meta.concrete_fields
    return [f.attname for f in fields], [n for n, f in enumerate(fields) if isinstance(f, JSONField)]
