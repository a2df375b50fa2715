"""What stands behind a number: the observations that made it, each with its subject, under the subject's own rule of
visibility."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shounuo.events import subjects as registered
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.metrics import registry
from shounuo.metrics.permissions import READ
from shounuo.metrics.queries import compiling, conditions
from shounuo.metrics.queries.compiling import Question
from shounuo.metrics.queries.conditions import Where
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import AT_A_MOMENT, OVER_TIME, Aggregate, Window

Which = Literal["all", "hit", "missed", "against"]
WHICH: tuple[Which, ...] = ("all", "hit", "missed", "against")
_BATCH = 200
_REF = re.compile(r"-?[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Behind:
    """One observation: of which subject, when it counts, what was measured, and whether it was a hit."""

    subject: tuple[str, int]
    at: datetime
    value: float | None
    hit: bool | None


def subjects(
    code: str,
    window: Window,
    *,
    where: Where | None = None,
    which: Which = "all",
    limit: int | None = None,
    cursor: str | None = None,
    within: int | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[list[Behind], str | None]:
    """Up to `limit` of the observations that the figure counts, the latest first, and the cursor to go on from (None:
    there are no more). `which`: all of its population, only hits or those that are none, or the second population.

    Those whose subject the actor may not see are left out. The same errors as `figure`.
    """
    metric = registry.get(code)
    if metric is None or metric.waits_for:
        raise NotFound(_("没有指标 %(code)s") % {"code": code[:60]}, code="no_metric")
    if which not in WHICH or (which == "against" and metric.against is None):
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": str(which)[:40]}, field="which", code="bad_choice"
        )
    where = where or {}
    conditions.may_read(actor, metric, where, ())
    size = paging.limit_of(limit)
    if which == "against" and metric.against is not None:
        metric = replace(metric, series=metric.against[0], only=metric.against[1])
    limit_s = metric.within if within is None or metric.within is None else within
    asked = Question(metric, window, tuple(where.items()), (), None, limit_s, at)
    position = _position(cursor) if cursor else None
    found: list[Behind] = []
    while True:
        rows = _read(asked, which, position)
        seen = _visible(actor, rows)
        for subject_kind, subject_id, ref, moment, value, hit in rows:
            position = (moment, subject_kind, subject_id, ref)
            if (subject_kind, subject_id) not in seen:
                continue
            found.append(Behind((subject_kind, subject_id), moment, value, hit))
            if len(found) == size:
                return found, paging.encode(moment.isoformat(), subject_kind, subject_id, str(ref))
        if len(rows) < _BATCH:
            return found, None


def may_list(actor: Actor, code: str, where: Where | None = None) -> bool:
    """Whether the list of what a figure counts is one for the actor: he may read figures, this one so narrowed, and things of
    its kind are listed for him. No query."""
    metric = registry.get(code)
    if metric is None or metric.waits_for or not actor.may(READ):
        return False
    try:
        conditions.may_read(actor, metric, where or {}, ())
    except NotAllowed:
        return False
    kind = registry.series_of(metric.series)[0].subject
    subject = registered.get(kind)
    return kind == "*" or (subject is not None and subject.is_listed(actor))


def described(found: Collection[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, str]]:
    """(label, address) of subjects that have been found visible; two questions per kind."""
    told: dict[tuple[str, int], tuple[str, str]] = {}
    for kind in sorted({kind for kind, _id in found}):
        subject = registered.get(kind)
        ids = [id for one, id in found if one == kind]
        labels = subject.label(ids) if subject is not None else {}
        urls = subject.addresses(ids) if subject is not None else {}
        for id in ids:
            told[(kind, id)] = (labels.get(id, f"{kind} {id}"), urls.get(id, ""))
    return told


def _read(asked: Question, which: Which, after: tuple[datetime, str, int, int] | None) -> Sequence[tuple]:
    sql = compiling.filters(asked)
    window = asked.window
    if asked.metric.aggregate in AT_A_MOMENT:
        moment = min(window.end, asked.at)
        sql.add("o.until >= %s AND o.at < %s", moment, moment)
        if asked.within is not None:
            sql.add("coalesce(o.value, 0) + extract(epoch FROM %s - o.at) > %s", moment, asked.within)
    elif asked.metric.aggregate in OVER_TIME:
        sql.add("o.until > %s AND o.at < %s", window.start, min(window.end, asked.at))
    else:
        if asked.metric.final_after is not None:
            settled = window.until(asked.at - asked.metric.final_after)
            if settled is None:
                return []
            window = settled
        sql.add("o.at >= %s AND o.at < %s", window.start, window.end)
    hit, able, params = compiling.hits(asked)
    if which == "hit":
        sql.add(hit, *params)
    elif which == "missed":
        sql.add(f"{able} AND NOT coalesce({hit}, false)", *params)
    else:
        for counted in _counted(asked.metric, able):
            sql.add(counted)
    if after is not None:
        sql.add("(o.at, o.subject_kind, o.subject_id, o.ref) < (%s, %s, %s, %s)", *after)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT o.subject_kind, o.subject_id, o.ref, o.at, o.value, coalesce({hit}, false) AND {able}
                FROM metrics_observation o WHERE {sql.joined()}
                ORDER BY o.at DESC, o.subject_kind DESC, o.subject_id DESC, o.ref DESC LIMIT {_BATCH}""",  # noqa: S608  names of ours
            [*params, *sql.params],
        )
        return cursor.fetchall()


def _counted(metric: Metric, able: str) -> list[str]:
    """SQL of what an observation must have to be of the population: `compiling` counts those alone."""
    match metric.aggregate:
        case Aggregate.SHARE:
            return [able]
        case Aggregate.SUM | Aggregate.MEAN | Aggregate.MEDIAN | Aggregate.P90:
            return ["o.value IS NOT NULL"]
        case Aggregate.DISTINCT | Aggregate.PER | Aggregate.STANDING:
            return [f"o.{name} IS NOT NULL" for name in metric.per]
    return []


def _position(cursor: str) -> tuple[datetime, str, int, int]:
    """A cursor's place. The `ref` travels as text: a source may number one kind of its observations below zero."""
    moment, kind, id, ref = paging.decode(cursor, str, str, int, str)
    if not _REF.fullmatch(ref) or abs(int(ref)) >= 2**63:
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor")
    return paging.moment_of(moment), kind, id, int(ref)


def _visible(actor: Actor, rows: Sequence[tuple]) -> set[tuple[str, int]]:
    by_kind: dict[str, set[int]] = {}
    for kind, id, *_rest in rows:
        by_kind.setdefault(kind, set()).add(id)
    seen: set[tuple[str, int]] = set()
    for kind, ids in by_kind.items():
        if actor.is_system:
            seen |= {(kind, id) for id in ids}
        elif (subject := registered.get(kind)) is not None:
            seen |= {(kind, id) for id in subject.visible_ids(actor, ids)}
    return seen
