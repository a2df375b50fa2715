"""What people say about the clauses of a version in the making."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean
from shounuo.policy import events, permissions
from shounuo.policy.models import ClauseComment
from shounuo.policy.services.common import State, locked, told

LONGEST = 2000
SPEAKERS = (permissions.EDIT, permissions.APPROVE, permissions.PUBLISH)
MAKING = (State.DRAFT, State.IN_REVIEW, State.APPROVED)


def comment_add(*, version_id: int, clause: str, text: str, actor: Actor, at: datetime) -> ClauseComment:
    """Says something about a clause of a version that is not published yet.

    Needs policy.edit, policy.approve or policy.publish, and a person. Raises Invalid for an empty text, NotFound for a
    clause that is not there; publishes policy.commented.
    """
    person = _speaker(actor)
    text = clean(text).strip()
    if not 1 <= len(text) <= LONGEST:
        raise Invalid(_("请写意见，最多 %(max)s 字") % {"max": LONGEST}, field="text")
    with transaction.atomic():
        version = locked(version_id, *MAKING)
        if not version.clauses.filter(code=clause).exists():
            raise NotFound(_("草案里没有条款 %(code)s，可能已被删去或改了编号") % {"code": clause})
        row = ClauseComment.objects.create(version=version, clause=clause, text=text, at=at, by_id=person)
        publish([told(events.COMMENTED, version, actor, at, clause=clause, comment=row.pk)])
    return row


def comment_settle(*, comment_id: int, settled: bool, actor: Actor, at: datetime) -> ClauseComment:
    """Marks a comment as dealt with, or opens it again. Needs what commenting needs; publishes policy.comment_settled
    when it is settled."""
    person = _speaker(actor)
    with transaction.atomic():
        row = ClauseComment.objects.filter(pk=comment_id).first()
        if row is None:
            raise NotFound(_("没有这条意见"))
        version = locked(row.version_id, *MAKING)
        row.settled_at, row.settled_by_id = (at, person) if settled else (None, None)
        row.save(update_fields=["settled_at", "settled_by"])
        if settled:
            publish([told(events.COMMENT_SETTLED, version, actor, at, clause=row.clause, comment=row.pk)])
    return row


def _speaker(actor: Actor) -> int:
    if actor.person_id is None or not any(actor.may(p) for p in SPEAKERS):
        raise NotAllowed(_("您没有做这件事的权限"))
    return actor.person_id
