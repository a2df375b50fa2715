"""Adding, changing and stopping people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, Problem
from shounuo.kernel.text import clean_line, initials, normalise_mail, normalise_phone, says_another, sort_key
from shounuo.staff import events
from shounuo.staff.models import Membership, OneTimeLink, Person, Token
from shounuo.staff.permissions import MANAGE
from shounuo.staff.services import guards

_LOGIN = re.compile(r"[^\W\d_][\w.-]{1,59}")
_TAKEN = {
    "staff_person_login": ("login", _("这个登录名已有人使用")),
    "staff_person_mail": ("mail", _("这个邮箱已有人使用")),
    "staff_person_phone": ("phone", _("这个手机号已有人使用")),
}


def person_create(
    *,
    login: str,
    name: str,
    mail: str = "",
    phone: str = "",
    password: str | None = None,
    roles: Iterable[str] = (),
    teams: Iterable[str] = (),
    leads: Iterable[str] = (),
    title: str = "",
    capacity: int = 20,
    actor: Actor,
    at: datetime,
) -> Person:
    """Adds a person with roles and teams by code; `leads` names the teams he leads (he is in them too).

    Without a password he cannot sign in until he has used a one-time link. Needs staff.manage and every
    permission that the roles hold. Raises Invalid (with the field) and NotAllowed; publishes person.created.
    """
    guards.need(actor, MANAGE)
    person = Person(created_at=at, capacity=_capacity(capacity), title=clean_line(title, 60))
    _name(person, name)
    person.login = _login(login)
    person.mail = _mail(mail)
    person.phone = _phone(phone)
    if password is None:
        person.set_unusable_password()
    else:
        password_check(password, person)
        person.set_password(password)
    with transaction.atomic():
        _save(person)
        _roles_set(person, set(roles), actor)
        _teams_set(person, set(teams), set(leads))
        publish([NewEvent(events.PERSON_CREATED, ("person", person.id), at, actor)])
    return person


def person_change(
    *,
    person_id: int,
    login: str | None = None,
    name: str | None = None,
    mail: str | None = None,
    phone: str | None = None,
    title: str | None = None,
    capacity: int | None = None,
    roles: Iterable[str] | None = None,
    teams: Iterable[str] | None = None,
    leads: Iterable[str] | None = None,
    actor: Actor,
    at: datetime,
) -> Person:
    """Changes what is given (None leaves it). `teams` and `leads` are whole lists of codes.

    Needs staff.manage and no fewer rights than the person has and gets. Raises Invalid, NotAllowed, NotFound,
    Conflict (the last one who may manage people); publishes person.changed when something changed.
    """
    with transaction.atomic():
        person = guards.locked(person_id)
        guards.may_manage(actor, person)
        before = {f: getattr(person, f) for f in ("login", "name", "mail", "phone", "title", "capacity")}
        if login is not None:
            person.login = _login(login)
        if name is not None:
            _name(person, name)
        if mail is not None:
            person.mail = _mail(mail)
        if phone is not None:
            person.phone = _phone(phone)
        if title is not None:
            person.title = clean_line(title, 60)
        if capacity is not None:
            person.capacity = _capacity(capacity)
        changed = sorted(field for field, value in before.items() if getattr(person, field) != value)
        payload: dict[str, Any] = {"fields": changed} if changed else {}
        if changed:
            _save(person)
        held = guards.permissions_of(person)
        if roles is not None and _roles_set(person, set(roles), actor):
            payload["roles"] = sorted(set(roles))
            guards.keep_a_manager(held)
        if (teams is not None or leads is not None) and _teams_change(person, teams, leads):
            payload["teams"] = _codes(person, leads=False)
            payload["leads"] = _codes(person, leads=True)
        if payload:
            publish([NewEvent(events.PERSON_CHANGED, ("person", person.id), at, actor, payload)])
    return person


def person_deactivate(*, person_id: int, actor: Actor, at: datetime) -> Person:
    """Ends the person's access at once: sessions, tokens, links. His work stays under his name.

    Raises NotAllowed, NotFound, Conflict (the last one who may manage people); publishes person.deactivated.
    """
    with transaction.atomic():
        person = guards.locked(person_id)
        guards.may_manage(actor, person)
        if not person.is_active:
            return person
        Person.objects.filter(pk=person.pk).update(is_active=False, session_epoch=F("session_epoch") + 1)
        Token.objects.filter(person=person, revoked_at=None).update(revoked_at=at)
        OneTimeLink.objects.filter(person=person, used_at=None).update(used_at=at)
        guards.keep_a_manager(guards.permissions_of(person))
        publish([NewEvent(events.PERSON_DEACTIVATED, ("person", person.id), at, actor)])
        person.refresh_from_db()
    return person


def person_reactivate(*, person_id: int, actor: Actor, at: datetime) -> Person:
    """Lets the person sign in again; tokens stay revoked. Publishes person.reactivated."""
    with transaction.atomic():
        person = guards.locked(person_id)
        guards.may_manage(actor, person)
        if not person.is_active:
            person.is_active = True
            person.save(update_fields=["is_active"])
            publish([NewEvent(events.PERSON_REACTIVATED, ("person", person.id), at, actor)])
    return person


def password_check(password: str, person: Person) -> None:
    """Invalid (field password) with every reason why the password is too weak."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password", code="weak_password") from error


def _name(person: Person, name: str) -> None:
    person.name = clean_line(name, 60)
    if not person.name:
        raise Invalid(_("请填写姓名"), field="name")
    person.sort_key = sort_key(person.name)[:250]
    person.initials = initials(person.name)


def _login(login: str) -> str:
    """A letter first, no @: so a login is never another's mail or number."""
    login = clean_line(login)
    if not _LOGIN.fullmatch(login):
        raise Invalid(_("登录名以字母或汉字开头，2 到 60 位，可用数字、点、横线和下划线"), field="login")
    if says_another(login):
        raise Invalid(_("登录名不能是 me、mine 或 none"), field="login", code="reserved")
    return login


def _mail(mail: str) -> str:
    if not mail.strip():
        return ""
    if not (normal := normalise_mail(mail)):
        raise Invalid(_("这不是邮箱地址"), field="mail")
    return normal


def _phone(phone: str) -> str:
    if not phone.strip():
        return ""
    if not (normal := normalise_phone(phone)):
        raise Invalid(_("这不是电话号码"), field="phone")
    return normal


def _capacity(capacity: int) -> int:
    if not 0 <= capacity <= 1000:
        raise Invalid(_("同时处理的工单数须在 0 到 1000 之间"), field="capacity")
    return capacity


def _save(person: Person) -> None:
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise _taken(error) from error


def _taken(error: IntegrityError) -> Problem:
    for constraint, (field, message) in _TAKEN.items():
        if constraint in str(error):
            return Invalid(message, field=field, code="taken")
    raise error


def _roles_set(person: Person, wanted: set[str], actor: Actor) -> bool:
    """Gives exactly these roles; those added and taken away must lie within the actor's own rights."""
    rows = {role.code: role for role in guards.roles_by_code(wanted)}
    held = {role.code: role for role in person.roles.all()}
    moved = [rows[c] for c in rows.keys() - held.keys()] + [held[c] for c in held.keys() - rows.keys()]
    for role in moved:
        guards.may_grant(actor, role.permissions)
    if moved:
        person.roles.set(rows.values())
    return bool(moved)


def _codes(person: Person, *, leads: bool) -> list[str]:
    rows = Membership.objects.filter(person=person)
    if leads:
        rows = rows.filter(leads=True)
    return sorted(rows.values_list("team__code", flat=True))


def _teams_change(person: Person, teams: Iterable[str] | None, leads: Iterable[str] | None) -> bool:
    led = set(_codes(person, leads=True) if leads is None else leads)
    wanted = set(_codes(person, leads=False) if teams is None else teams)
    if teams is not None and leads is None:
        led &= wanted  # leaving a team ends leading it
    before = (_codes(person, leads=False), _codes(person, leads=True))
    _teams_set(person, wanted, led)
    return before != (_codes(person, leads=False), _codes(person, leads=True))


def _teams_set(person: Person, teams: set[str], leads: set[str]) -> None:
    guards.teams_by_code(leads, "leads")
    rows = guards.teams_by_code(teams | leads)
    Membership.objects.filter(person=person).exclude(team__in=rows).delete()
    Membership.objects.bulk_create(
        [Membership(person=person, team=team, leads=team.code in leads) for team in rows],
        update_conflicts=True,
        unique_fields=["person", "team"],
        update_fields=["leads"],
    )
