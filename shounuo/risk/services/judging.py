"""Targets that are judged."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.policy.schema import Matcher
from shounuo.risk import book, events, reading, rules
from shounuo.risk.book import LiveTarget
from shounuo.risk.models import Goal
from shounuo.staff import queries as staff

log = logging.getLogger(__name__)


def targets_judge(*, at: datetime) -> int:
    """Judges every target in force over its window and writes down how it stands; gives how many there are.

    A rule at a time, each its own transaction. Publishes target.missed when one comes to be missed, target.reached when
    one that fell short is reached.
    """
    zone = ZoneInfo(staff.organisation().zone)
    live = book.targets(at)
    for rule in live:
        with transaction.atomic():
            try:
                found = reading.judge(rule, at, zone)
            except Invalid as error:
                log.warning("target %s cannot be judged: %s", "/".join(rule.key), error)
                continue
            _write(rule, found, at, zone)
    return len(live)


def scope_of(when: Matcher) -> str:
    """A rule's conditions in one line, to tell rules of one name in a clause apart."""
    said = (f"{c.fact}{'!' if c.negated else ''}={','.join(map(str, c.values))}" for c in when.conditions)
    return ";".join(sorted(said))[:300]


def _write(rule: LiveTarget, found: reading.Judgement, at: datetime, zone: ZoneInfo) -> None:
    policy, clause, name = rule.key
    key: dict[str, Any] = {
        "policy_code": policy,
        "clause_code": clause,
        "name": name,
        "scope": scope_of(rule.spec.when),
    }
    goal = Goal.objects.select_for_update(of=("self",)).filter(**key).first()
    # what began under an earlier version goes on: a new version gives no new time
    began = min(goal.began_at, rule.since) if goal is not None else rule.since
    due = rules.goal_due(rule.spec, began, zone)
    state = rules.goal_state(found.reached, due, at)
    was = goal.state if goal is not None else ""
    fields = {
        "rule_id": rule.id,
        "metric": rule.spec.metric,
        "state": state,
        "since": goal.since if goal is not None and was == state else at,
        "value": found.now.value,
        "n": found.now.n,
        "before": found.before,
        "limit": found.limit,
        "window_start": found.window.start,
        "window_end": found.window.end,
        "groups": found.groups,
        "course": found.course,
        "began_at": began,
        "due_at": due,
        "judged_at": at,
    }
    goal, _made = Goal.objects.update_or_create(**key, defaults=fields)
    if state == Goal.State.MISSED and was != state:
        _tell(events.MISSED, goal, at)
    elif state == Goal.State.REACHED and was in (Goal.State.SHORT, Goal.State.MISSED):
        _tell(events.REACHED, goal, at)


def _tell(kind: str, goal: Goal, at: datetime) -> None:
    payload = {
        "rule": goal.rule_id,
        "clause": goal.clause_code,
        "metric": goal.metric,
        "value": goal.value,
        "n": goal.n,
    }
    given = {name: value for name, value in payload.items() if value is not None}
    publish([NewEvent(kind, ("target", goal.pk), at, Actor.system(), given)])
