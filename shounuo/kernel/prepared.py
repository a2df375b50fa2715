"""Statements that run with every write, prepared: PostgreSQL parses and plans them once a connection.

Measured on the way of a message: a third of the database's time goes into planning the same few statements anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import JSONField, Model

Row = TypeVar("Row", bound=Model)


class _Prepared(psycopg.Cursor[Any]):
    """Binds on the server (Django's own cursor writes the values into the text) and prepares at the first run."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = None, binary: bool | None = None
    ) -> Any:
        return super().execute(query, params, prepare=True, binary=binary)


def execute(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
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


def by_ids(sql: str, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Runs a statement that has `= ANY(%s::bigint[])` for these ids. One id is compared by itself: its plan is kept, that of an
    array is made anew at every run, which takes thrice the time of the statement (facts of a case 490 against 150 us)."""
    if len(ids) == 1:
        return execute(sql.replace("= ANY(%s::bigint[])", "= %s::bigint"), [ids[0]])
    return execute(sql, [list(ids)])


def instances(model: type[Row], sql: str, params: Sequence[Any]) -> list[Row]:
    """The rows of a statement that selects `columns(model)`, as instances: a third of the time of `Manager.raw`."""
    names, documents = _shape(model)
    found = []
    for row in execute(sql, params):
        values = list(row)
        for n in documents:
            if isinstance(values[n], str):
                values[n] = json.loads(values[n])
        found.append(model.from_db("default", names, values))
    return found


def columns(model: type[Model]) -> str:
    """The columns of the model's fields, as `instances` wants them."""
    return ", ".join(str(f.column) for f in model._meta.concrete_fields)


@cache
def _shape(model: type[Model]) -> tuple[list[str], list[int]]:
    """The names of the fields, and where documents stand."""
    fields = model._meta.concrete_fields
    return [f.attname for f in fields], [n for n, f in enumerate(fields) if isinstance(f, JSONField)]
