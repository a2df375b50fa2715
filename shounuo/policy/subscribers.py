"""What follows from events of policies."""

from __future__ import annotations

from datetime import datetime

from shounuo.events.services import Published
from shounuo.notices.services import notify
from shounuo.policy import events, kinds, services
from shounuo.policy.models import PolicyVersion
from shounuo.policy.services import review
from shounuo.policy.services.common import State

KINDS = (events.PUBLISHED,)
ASKED = (events.SUBMITTED,)


def tell_readers(event: Published, at: datetime) -> None:
    """Who has to acknowledge a version learns that it is published."""
    services.readers_told(version_id=event.payload["version"], at=at)


def tell_stand_ins(event: Published, at: datetime) -> None:
    """Who stands in for one that may approve learns that a version waits; those who may themselves do so by its duty. A job, safe to
    repeat."""
    version = PolicyVersion.objects.filter(pk=event.payload["version"], state=State.IN_REVIEW).first()
    duty = review.duty_of(event.payload["version"])
    if version is None or duty is None:
        return
    people = review.in_whose_place(version, at)
    notify(
        key=f"{event.id}:in_place", person_ids=people, kind=kinds.IN_PLACE, subject=("duty", duty.pk), at=at
    )
