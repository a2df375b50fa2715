"""What every write on a policy shares: the right to do it, the locked rows, the event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shounuo.events import subjects
from shounuo.events.services import NewEvent
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotAllowed, NotFound
from shounuo.policy.models import Policy, PolicyVersion
from shounuo.policy.vocabulary import Vocabulary, current
from shounuo.staff.models import Role

State = PolicyVersion.State


def need(actor: Actor, permission: str) -> None:
    if not actor.may(permission):
        raise NotAllowed(_("您没有做这件事的权限"))


def words() -> Vocabulary:
    """The words of a pack now, with the organisation's own roles and fields."""
    there = [subject for kind in subjects.kinds() if (subject := subjects.get(kind)) is not None]
    own = {s.kind: s.own_fields() for s in there if s.own_fields is not None}
    return current(Role.objects.values_list("code", flat=True), own)


def locked(version_id: int, *states: str) -> PolicyVersion:
    """The version with its policy under lock. NotFound; Conflict when it is in none of the states."""
    policy_id = PolicyVersion.objects.filter(pk=version_id).values_list("policy_id", flat=True).first()
    if policy_id is None:
        raise NotFound(_("没有这个制度版本"))
    policy = Policy.objects.select_for_update().get(pk=policy_id)
    version = PolicyVersion.objects.select_for_update().filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("没有这个制度版本"))
    version.policy = policy
    if states and version.state not in states:
        raise Conflict(
            _("第 %(number)s 版现在是“%(state)s”，不能这样做")
            % {"number": version.number, "state": version.get_state_display()},
            code="wrong_state",
            state=version.state,
        )
    return version


def told(kind: str, version: PolicyVersion, actor: Actor, at: datetime, **payload: Any) -> NewEvent:
    """The event of an act on a version."""
    return NewEvent(
        kind,
        ("policy", version.policy_id),
        at,
        actor,
        {"version": version.pk, "number": version.number, **payload},
    )


def bump_generation() -> None:
    """Tells every process that what is in force may have changed; in the transaction of the change."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO policy_policygeneration (id, number) VALUES (1, nextval('policy_generation_number'))
               ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number"""
        )


def listed(items: Iterable[str], most: int = 5) -> str:
    """The first few of many, for a message."""
    found = sorted(items)
    return _("、").join(found[:most]) + (" …" if len(found) > most else "")
