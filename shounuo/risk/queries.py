"""All reads of alarms and targets. Who may see one may see all: they are about the department, not about a customer.
Alarms ask for a right of their own; how a target stands is for whoever may read the clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import queries as policy
from shounuo.policy.permissions import VIEW as READ_POLICY
from shounuo.risk.models import Alarm, AlarmDay, Goal
from shounuo.risk.permissions import VIEW

ORDER = {"red": 0, "yellow": 1, "blue": 2, "": 3}


def visible_to(actor: Actor) -> QuerySet[Alarm]:
    """The alarms that the actor may see."""
    return Alarm.objects.all() if actor.is_system or actor.may(VIEW) else Alarm.objects.none()


def get(actor: Actor, id: int, *, lock: bool = False) -> Alarm:
    """One alarm; NotFound also for one that the actor may not see. `lock` needs a transaction."""
    rows = visible_to(actor)
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found = rows.filter(pk=id).first() if 0 < id < 2**63 else None
    if found is None:
        raise NotFound(_("没有这条预警，或您无权查看"))
    return found


def open_alarms(actor: Actor) -> list[Alarm]:
    """What is open now: red first, then by when it was raised, latest first. One query."""
    rows = visible_to(actor).filter(state=Alarm.State.OPEN).select_related("acknowledged_by")
    return sorted(rows, key=lambda a: (ORDER[a.level], -a.raised_at.timestamp()))


def lately(actor: Actor, *, since: datetime, limit: int = 50) -> list[Alarm]:
    """What was raised since the moment and is over: released ones that wait for their review first. One query."""
    rows = visible_to(actor).exclude(state=Alarm.State.OPEN).filter(raised_at__gte=since)
    return list(
        rows.select_related("acknowledged_by", "closed_by").order_by("-state", "-raised_at", "-id")[:limit]
    )


def listed(
    actor: Actor,
    *,
    state: str = "",
    level: str = "",
    clause: str = "",
    name: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Alarm], str | None]:
    """Alarms of whatever state unless one is named, the latest first; and the cursor of the next page. One query."""
    asked = {"state": state, "level": level, "clause_code": clause, "name": name}
    rows = visible_to(actor).filter(**{field: value for field, value in asked.items() if value})
    if cursor:
        rows = rows.filter(pk__lt=paging.decode(cursor, int)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], paging.encode(found[limit - 1].pk) if len(found) > limit else None


def on_days(actor: Actor, first: date, last: date) -> dict[date, list[AlarmDay]]:
    """What held on each day, for the calendar. One query."""
    rows = AlarmDay.objects.filter(
        held=True, day__gte=first, day__lte=last, alarm__in=visible_to(actor)
    ).select_related("alarm")
    found: dict[date, list[AlarmDay]] = {}
    for row in sorted(rows, key=lambda r: (r.day, ORDER[r.alarm.level], r.alarm_id)):
        found.setdefault(row.day, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How the targets of a policy stand: how many are reached of those that could be judged; and how many of its alarms are
    open, None for who may not see alarms."""

    reached: int
    judged: int
    open_alarms: int | None


def standing(actor: Actor, codes: Iterable[str]) -> dict[str, Standing]:
    """Of each of these policies, as far as they have targets or alarms. Two queries."""
    wanted = list(codes)
    goals = Goal.objects.filter(policy_code__in=wanted).values_list("policy_code", "state")
    decided = Counter(code for code, state in goals if state != Goal.State.UNKNOWN)
    reached = Counter(code for code, state in goals if state == Goal.State.REACHED)
    rows = visible_to(actor).filter(state=Alarm.State.OPEN, policy_code__in=wanted)
    alarms = Counter(rows.values_list("policy_code", flat=True))
    sees = actor.is_system or actor.may(VIEW)
    return {c: Standing(reached[c], decided[c], alarms[c] if sees else None) for c in {*decided, *alarms}}


def days_of(alarm: Alarm) -> list[AlarmDay]:
    """The alarm's history, day by day. One query."""
    return list(alarm.days.order_by("day"))


def names(alarms: Iterable[Alarm]) -> dict[int, str]:
    """Each alarm's title in the reader's language, by its id. One query."""
    rows = list(alarms)
    titles = policy.rule_titles({a.rule_id for a in rows})
    return {a.pk: titles.get(a.rule_id, a.name) for a in rows}


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Alarm.objects.filter(pk__in=list(ids))
    return {a.pk: {"level": a.level or None, "status": a.state, "metric": a.metric or None} for a in rows}


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    wanted = set(ids)
    return wanted if actor.is_system or actor.may(VIEW) else set()


def _labels(ids: Iterable[int]) -> dict[int, str]:
    return names(Alarm.objects.filter(pk__in=list(ids)))


SUBJECT = Subject(
    kind="alarm",
    facts=_facts,
    visible_ids=_visible_ids,
    people=lambda _id: People(),
    label=_labels,
    url=lambda id: f"/alarms/{id}/",
)


def goals_of(actor: Actor, rule_ids: Iterable[int]) -> dict[int, Goal]:
    """How the targets among these rules stand, by rule; those not judged yet are not in it. One query."""
    if not actor.may(READ_POLICY):
        return {}
    return {g.rule_id: g for g in Goal.objects.filter(rule_id__in=set(rule_ids))}


def goal(actor: Actor, id: int) -> Goal:
    """One target's standing; NotFound also for one that the actor may not see."""
    found = Goal.objects.filter(pk=id).first() if actor.may(READ_POLICY) else None
    if found is None:
        raise NotFound(_("没有这个指标，或您无权查看"))
    return found


def _goal_facts(ids: Iterable[int]) -> dict[int, Facts]:
    return {g.pk: {"status": g.state, "metric": g.metric} for g in Goal.objects.filter(pk__in=list(ids))}


def _goals_visible(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(ids) if actor.is_system or actor.may(READ_POLICY) else set()


def _goal_labels(ids: Iterable[int]) -> dict[int, str]:
    rows = list(Goal.objects.filter(pk__in=list(ids)))
    titles = policy.rule_titles({g.rule_id for g in rows})
    return {g.pk: titles.get(g.rule_id, g.name) for g in rows}


TARGET = Subject(
    kind="target",
    facts=_goal_facts,
    visible_ids=_goals_visible,
    people=lambda _id: People(),
    label=_goal_labels,
    url=lambda id: f"/alarms/targets/{id}/",
)
