"""Runs for tests, built through the services."""

from __future__ import annotations

from datetime import datetime

from shounuo.kernel.actors import Actor
from shounuo.policy.models import Rule
from shounuo.process import services
from shounuo.process.models import Run
from shounuo.staff.testing import AT


def make_run(name: str, *, subject: tuple[str, int] | None = None, at: datetime = AT) -> Run:
    """A run of the playbook of this name that is in force."""
    rule = Rule.objects.filter(kind=Rule.Kind.PLAYBOOK, name=name, status=Rule.Status.LIVE).latest("pk")
    return services.run_start(rule_id=rule.pk, subject=subject, actor=Actor.system(), at=at)
