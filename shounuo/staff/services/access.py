"""What a person does to his own account: password, reset, presence, preferences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.staff import events, queries
from shounuo.staff.models import Membership, Person
from shounuo.staff.permissions import MANAGE
from shounuo.staff.services import guards
from shounuo.staff.services.people import password_check

THEMES = ("auto", "light", "dark")
PREFERENCES: dict[str, tuple[Any, ...]] = {"mail_notices": ("urgent", "all", "none"), "keys": (True, False)}


def password_change(
    *, person_id: int, password: str, old: str | None = None, actor: Actor, at: datetime
) -> Person:
    """Sets a password: oneself with the old one, or the system (command line). All sessions end.

    Others send a one-time link instead, so that nobody knows another's password. Raises Invalid (field old or
    password), NotAllowed; publishes password.changed.
    """
    with transaction.atomic():
        person = guards.locked_own(person_id, actor)
        if not actor.is_system and (old is None or not person.check_password(old)):
            raise Invalid(_("原密码不对"), field="old", code="wrong_password")
        password_check(password, person)
        person.set_password(password)
        person.session_epoch += 1
        person.save(update_fields=["password", "session_epoch"])
        by = "system" if actor.is_system else "self"
        publish([NewEvent(events.PASSWORD_CHANGED, ("person", person.id), at, actor, {"by": by})])
    return person


def password_reset_ask(*, identifier: str, at: datetime) -> bool:
    """Publishes password.reset_asked when an active person with a mail address goes by this login, mail or
    phone.

    The link is made and mailed by who handles the event. Runs in a job, so that the page's answer and its
    time tell nothing about who exists.
    """
    with transaction.atomic():
        person = queries.person_by_login(identifier)
        if person is None or not person.mail:
            return False
        publish([NewEvent(events.PASSWORD_RESET_ASKED, ("person", person.id), at, Actor.system())])
    return True


def presence_set(*, person_id: int, presence: str, actor: Actor, at: datetime) -> Person:
    """Online, busy or away: one's own, or of a person in a team one leads. Publishes presence.changed."""
    if presence not in Person.Presence.values:
        raise Invalid(_("没有这种状态"), field="presence")
    with transaction.atomic():
        person = guards.locked(person_id)
        if actor.person_id != person_id and not actor.may(MANAGE):
            led = Membership.objects.filter(person_id=person_id, team_id__in=actor.led_team_ids)
            if not led.exists():
                raise NotAllowed(_("您没有做这件事的权限"))
        if person.presence != presence:
            payload = {"presence": presence, "was": person.presence}
            person.presence, person.presence_at = presence, at
            person.save(update_fields=["presence", "presence_at"])
            publish([NewEvent(events.PRESENCE_CHANGED, ("person", person.id), at, actor, payload)])
    return person


def profile_change(
    *,
    person_id: int,
    language: str | None = None,
    theme: str | None = None,
    preferences: dict[str, Any] | None = None,
    actor: Actor,
    at: datetime,
) -> Person:
    """Changes one's own language, theme and preferences (the keys and values of `PREFERENCES`). Publishes
    person.changed.
    """
    with transaction.atomic():
        person = guards.locked_own(person_id, actor)
        before = (person.language, person.theme, dict(person.preferences))
        if language is not None:
            if language and language not in dict(settings.LANGUAGES):
                raise Invalid(_("没有这种语言"), field="language")
            person.language = language
        if theme is not None:
            if theme not in THEMES:
                raise Invalid(_("没有这种外观"), field="theme")
            person.theme = theme
        for key, value in (preferences or {}).items():
            if value not in PREFERENCES.get(key, ()):
                raise Invalid(_("没有这项偏好：%(key)s") % {"key": key}, field="preferences")
            person.preferences[key] = value
        after = (person.language, person.theme, person.preferences)
        names = ("language", "theme", "preferences")
        changed = [name for name, was, now in zip(names, before, after, strict=True) if was != now]
        if changed:
            person.save(update_fields=changed)
            publish([NewEvent(events.PERSON_CHANGED, ("person", person.id), at, actor, {"fields": changed})])
    return person
