"""Approving: by somebody else than the author."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.policy import events, permissions
from shounuo.policy.models import PolicyVersion
from shounuo.policy.services.common import State, locked, need, told
from shounuo.staff.queries import people_with_permission


def may_approve(version: PolicyVersion, actor: Actor) -> bool:
    """Holds policy.approve and is not the author, unless nobody else could approve it."""
    if actor.is_system:
        return True
    if not actor.may(permissions.APPROVE):
        return False
    if actor.person_id not in (version.created_by_id, version.submitted_by_id):
        return True
    return set(people_with_permission(permissions.APPROVE)) <= {actor.person_id}


def version_approve(*, version_id: int, actor: Actor, at: datetime) -> PolicyVersion:
    """Approves a version under review. Needs policy.approve; the author may not approve his own text unless he is the
    only one who could. Publishes policy.approved."""
    need(actor, permissions.APPROVE)
    with transaction.atomic():
        version = locked(version_id, State.IN_REVIEW)
        if not may_approve(version, actor):
            raise NotAllowed(_("起草人不能批准自己的制度，请另一位有权批准的人来批准"), code="own_draft")
        version.state = State.APPROVED
        version.approved_at, version.approved_by_id = at, actor.person_id
        version.save(update_fields=["state", "approved_at", "approved_by"])
        publish([told(events.APPROVED, version, actor, at)])
    return version
