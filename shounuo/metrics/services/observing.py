"""From a source's declaration to one statement: what is stored about some subjects becomes their observations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, models

from shounuo.metrics.models import Observation
from shounuo.metrics.registry import Key, Series, Source, Touch
from shounuo.staff import queries as staff

CHUNK = 4000
_MADE = ("source", "subject_kind", "series", "day", "hour", "flags")
_FIELDS: dict[str, models.Field] = {
    f.attname: f for f in Observation._meta.concrete_fields if f.attname not in _MADE
}


_statements: dict[str, str] = {}


def zone_name() -> str:
    """The organisation's zone, in which days and hours are counted."""
    return staff.organisation().zone


def signature(source: Source) -> str:
    """What the observations of a source depend on beside the data: they are built anew when it changes."""
    return f"{source.version} {zone_name()}"


def observe(source: Source, kind: str, ids: Sequence[int]) -> int:
    """Makes the observations of these subjects anew from what is stored now; returns how many there are.

    Needs a transaction, and the source's progress row locked, so that two do not write one subject at a time.
    """
    made = 0
    for start in range(0, len(ids), CHUNK):
        some = list(ids[start : start + CHUNK])
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM metrics_observation WHERE source = %s AND subject_kind = %s AND subject_id = ANY(%s)",
                [source.code, kind, some],
            )
            cursor.execute(
                statement(source), {"source": source.code, "kind": kind, "ids": some, "zone": zone_name()}
            )
            made += cursor.rowcount
    return made


def observe_all(source: Source, keys: Iterable[Key]) -> int:
    """`observe`, kind by kind."""
    by_kind: dict[str, list[int]] = {}
    for kind, id in sorted(keys):
        by_kind.setdefault(kind, []).append(id)
    return sum(observe(source, kind, ids) for kind, ids in by_kind.items())


def touched(source: Source, events: Sequence[Touch]) -> set[Key]:
    """The subjects of the source that the events may have changed."""
    if not events:
        return set()
    if source.touched is not None:
        return source.touched(events)
    return {e.subject for e in events if source.subject in (e.subject[0], "*")}


def observe_range(source: Source, kind: str, first: int, last: int) -> int:
    """The same for all subjects with ids in [first, last], and takes away what is left of those that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM metrics_observation
               WHERE source = %s AND subject_kind = %s AND subject_id BETWEEN %s AND %s""",
            [source.code, kind, first, last],
        )
        cursor.execute(
            statement(source),
            {
                "source": source.code,
                "kind": kind,
                "ids": list(range(first, last + 1)),
                "zone": zone_name(),
            },
        )
        return cursor.rowcount


def statement(source: Source) -> str:
    """INSERT ... SELECT of all series of the source, with %(source)s, %(kind)s, %(ids)s and %(zone)s to be filled in.

    In the order of the index that figures are read from: neighbours are written together, a third of the time.
    """
    if source.code in _statements:
        return _statements[source.code]
    given = [f"{name} AS MATERIALIZED ({sql})" for name, sql in source.given.items()]
    union = "\nUNION ALL ".join(_select(source, one) for one in source.series)
    names = ", ".join(f'"{name}"' for name in _FIELDS)
    _statements[source.code] = f"""WITH {", ".join([*given, f"made AS ({union})"])}
INSERT INTO metrics_observation (source, subject_kind, series, day, hour, flags, {names})
SELECT %(source)s, %(kind)s, series, (at AT TIME ZONE %(zone)s)::date,
  extract(hour FROM at AT TIME ZONE %(zone)s)::smallint, flags, {names}
FROM made ORDER BY series, at"""  # noqa: S608  sources are declared in code
    return _statements[source.code]


def _select(source: Source, series: Series) -> str:
    given = {**source.columns, **series.columns}
    unknown = set(given) - set(_FIELDS)
    if unknown or "at" not in given or "subject_id" not in given:
        raise RuntimeError(f"series {series.code}: {unknown or 'at and subject_id must be given'}")
    columns = [f"'{series.code}'::text AS series", f"{_bits(series)} AS flags"]
    columns += [f"{_cast(field, given.get(name))} AS {name}" for name, field in _FIELDS.items()]
    return f"SELECT {', '.join(columns)} {series.sql}"


def _bits(series: Series) -> str:
    bits = [
        f"CASE WHEN {sql} THEN {1 << position} ELSE 0 END"
        for position, sql in enumerate(series.flags.values())
    ]
    return f"({' + '.join(bits)})" if bits else "0"


def _cast(field: models.Field, expression: str | None) -> str:
    """The expression in the column's type. Text is cut to its length: facts of subjects are no columns of ours."""
    if isinstance(field, models.CharField):
        return f"left(coalesce(({expression})::text, ''), {field.max_length})" if expression else "''"
    kind = field.db_type(connection)
    if expression is None:
        return f"0::{kind}" if field.attname == "ref" else f"NULL::{kind}"
    return f"({expression})::{kind}"
