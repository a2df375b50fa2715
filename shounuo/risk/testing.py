"""Alarms for tests, raised as the product raises them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shounuo.cases.testing import make_case
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_text
from shounuo.risk import services
from shounuo.risk.models import Alarm, Goal
from shounuo.staff.testing import AT

RULE = """      - alarm: praised
        title: 客户表扬
        title_en: Praise
        trigger: {event: case.opened, kind: praise}
        level: blue
        notify: supervisor
"""


TARGET = """      - target: answered-soon
        title: 首次响应时长
        title_en: First response time
        metric: first_response_time
        op: "<="
        value: PT30M
        least: 1
        owner: manager
"""


def make_goal(*, at: datetime = AT) -> Goal:
    """A target that was judged, by a regulation of its own."""
    make_in_force(make_text("TG-1", code="targets", rules=TARGET), at=at)
    services.targets_judge(at=at)
    return Goal.objects.get(clause_code="TG-1")


def raise_alarm(name: str, *, at: datetime, **kept: Any) -> Alarm:
    """An open alarm of the only rule of the name, as the watch leaves it: for tests in one transaction, whose events the
    watch cannot read."""
    rule = Rule.objects.select_related("clause__version__policy").get(kind="alarm", name=name)
    given = {"raised_at": at, "seen_at": at, "level": rule.body.get("level", "")} | kept
    clause = rule.clause
    return Alarm.objects.create(
        rule=rule, policy_code=clause.version.policy.code, clause_code=clause.code, name=name, **given
    )


def make_alarm(*, at: datetime = AT) -> Alarm:
    """An open alarm on a praise, by a regulation of its own. Events of open transactions are not read yet: needs a test
    whose transactions are its own."""
    make_in_force(make_text("A-1", code="alarms", rules=RULE), at=at)
    services.alarms_triggered(at=at)
    make_case(kind="praise", at=at)
    services.alarms_triggered(at=at)
    return Alarm.objects.latest("id")
