"""One-time links: first set-up, invitation, password reset. Only a hash is kept; each works once and not for
ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.secrets import new_token, token_hash
from shounuo.staff import events
from shounuo.staff.models import OneTimeLink, Person
from shounuo.staff.services import guards
from shounuo.staff.services.people import password_check

Purpose = Literal["setup", "invite", "reset"]
LIVES = {"setup": timedelta(days=30), "invite": timedelta(days=7), "reset": timedelta(hours=1)}


def link_create(*, person_id: int, purpose: Purpose, actor: Actor, at: datetime) -> str:
    """The path `/link/<token>/` of a new link for the person; older unused ones of his end.

    For others it needs staff.manage and no fewer rights than the person has. Publishes link.created.
    """
    token = new_token()
    with transaction.atomic():
        person = guards.locked(person_id)
        guards.may_manage(actor, person)
        OneTimeLink.objects.filter(person=person, used_at=None).update(used_at=at)
        OneTimeLink.objects.create(
            hash=token_hash(token),
            person=person,
            purpose=purpose,
            created_at=at,
            expires_at=at + LIVES[purpose],
        )
        publish([NewEvent(events.LINK_CREATED, ("person", person.id), at, actor, {"purpose": purpose})])
    return f"/link/{token}/"


def link_person(*, token: str, at: datetime) -> Person:
    """Whom the link is for, without using it up: mail scanners open links too. NotFound for one that is
    over.
    """
    return _live(token, at, lock=False).person


def link_use(*, token: str, password: str, at: datetime) -> Person:
    """Uses the link up and sets the person's password; ends his sessions and other links.

    The second factor is not lifted: who has one is asked for it next. Raises NotFound (unknown, used,
    expired, deactivated: one answer) and Invalid for a weak password, which leaves the link usable. Publishes
    password.changed.
    """
    with transaction.atomic():
        link = _live(token, at, lock=True)
        person = guards.locked(link.person_id)
        if not person.is_active:
            raise _over()
        password_check(password, person)
        person.set_password(password)
        person.session_epoch += 1
        person.save(update_fields=["password", "session_epoch"])
        OneTimeLink.objects.filter(person=person, used_at=None).update(used_at=at)
        publish(
            [
                NewEvent(
                    events.PASSWORD_CHANGED,
                    ("person", person.id),
                    at,
                    Actor.person(person.id),
                    {"by": link.purpose},
                )
            ]
        )
    return person


def links_prune(at: datetime) -> int:
    """Deletes the links that ended over a month ago."""
    return OneTimeLink.objects.filter(expires_at__lt=at - timedelta(days=30)).delete()[0]


def _live(token: str, at: datetime, *, lock: bool) -> OneTimeLink:
    rows = OneTimeLink.objects.filter(
        hash=token_hash(token), used_at=None, expires_at__gt=at, person__is_active=True
    ).select_related("person")
    link = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if link is None:
        raise _over()
    return link


def _over() -> NotFound:
    return NotFound(_("这个链接已用过或已过期，请重新申请"), code="link_over")
