"""Teams and who is in them."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.kernel.text import clean_line, says_another
from shounuo.staff import events
from shounuo.staff.models import Membership, Team
from shounuo.staff.permissions import MANAGE
from shounuo.staff.services import guards

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def team_create(*, code: str, name: str, department: str = "service", actor: Actor, at: datetime) -> Team:
    """Adds a team; the code is for packs, imports and the API, never changes and is never digits alone, which say an id.
    Publishes team.created."""
    guards.need(actor, MANAGE)
    if not _CODE.fullmatch(code):
        raise Invalid(_("代码只用小写字母、数字、横线和下划线，最多 40 位"), field="code")
    if says_another(code):
        raise Invalid(_("代码不能全是数字，也不能是 me、mine 或 none"), field="code", code="reserved")
    name = _name(name)
    with transaction.atomic():
        team, created = Team.objects.get_or_create(
            code=code, defaults={"name": name, "department": _department(department)}
        )
        if not created:
            raise Invalid(_("这个代码已被使用"), field="code", code="taken")
        publish([NewEvent(events.TEAM_CREATED, ("team", team.id), at, actor)])
    return team


def team_change(
    *,
    team_id: int,
    name: str | None = None,
    department: str | None = None,
    active: bool | None = None,
    actor: Actor,
    at: datetime,
) -> Team:
    """Changes what is given. A team that is no longer active gets no new work. Publishes team.changed."""
    guards.need(actor, MANAGE)
    with transaction.atomic():
        team = _locked(team_id)
        given = {
            "name": None if name is None else _name(name),
            "department": None if department is None else _department(department),
            "active": active,
        }
        changed = [f for f, value in given.items() if value is not None and value != getattr(team, f)]
        if changed:
            for field in changed:
                setattr(team, field, given[field])
            team.save(update_fields=changed)
            publish([NewEvent(events.TEAM_CHANGED, ("team", team.id), at, actor, {"fields": changed})])
    return team


def membership_set(
    *, person_id: int, team_id: int, leads: bool = False, actor: Actor, at: datetime
) -> Membership:
    """Puts a person into a team, or changes whether he leads it. Publishes person.changed."""
    with transaction.atomic():
        person = guards.locked(person_id)
        guards.may_manage(actor, person)
        _locked(team_id)
        row, _created = Membership.objects.update_or_create(
            person_id=person_id, team_id=team_id, defaults={"leads": leads}
        )
        _tell(person_id, actor, at)
    return row


def membership_end(*, person_id: int, team_id: int, actor: Actor, at: datetime) -> None:
    """Takes a person out of a team; nothing happens when he is not in it. Publishes person.changed."""
    with transaction.atomic():
        person = guards.locked(person_id)
        guards.may_manage(actor, person)
        deleted, _rows = Membership.objects.filter(person_id=person_id, team_id=team_id).delete()
        if deleted:
            _tell(person_id, actor, at)


def _tell(person_id: int, actor: Actor, at: datetime) -> None:
    rows = Membership.objects.filter(person_id=person_id).order_by("team__code")
    held = list(rows.values_list("team__code", "leads"))
    payload = {"teams": [code for code, _l in held], "leads": [code for code, leads in held if leads]}
    publish([NewEvent(events.PERSON_CHANGED, ("person", person_id), at, actor, payload)])


def _locked(team_id: int) -> Team:
    team = Team.objects.select_for_update().filter(pk=team_id).first()
    if team is None:
        raise NotFound(_("没有这个小组"))
    return team


def _name(name: str) -> str:
    if not (name := clean_line(name, 60)):
        raise Invalid(_("请填写小组名称"), field="name")
    return name


def _department(department: str) -> str:
    if not _CODE.fullmatch(department):
        raise Invalid(_("代码只用小写字母、数字、横线和下划线，最多 40 位"), field="department")
    return department
