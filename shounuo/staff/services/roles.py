"""Roles: named sets of permissions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.kernel.text import clean_line
from shounuo.staff import defaults, events
from shounuo.staff.models import Role
from shounuo.staff.permissions import MANAGE, all_permissions
from shounuo.staff.services import guards

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def roles_sync(*, at: datetime) -> int:
    """Brings the built-in roles in step with this version of the product, except those the organisation has
    edited.

    Called after migrations and by the set-up; repeats do nothing. Returns how many rows were written;
    publishes role.created and role.changed as the system.
    """
    actor, written = Actor.system(), 0
    with transaction.atomic():
        held = {role.code: role for role in Role.objects.select_for_update()}
        for wanted in defaults.roles():
            role = held.get(wanted.code)
            codes = list(wanted.permissions)
            if role is None:
                role = Role.objects.create(
                    code=wanted.code, name=str(wanted.name), permissions=codes, builtin=True
                )
                event = NewEvent(events.ROLE_CREATED, ("role", role.id), at, actor, {"permissions": codes})
            elif role.builtin and not role.edited and role.permissions != codes:
                event = _changed(role, codes, actor, at)
                role.permissions = codes
                role.save(update_fields=["permissions"])
            else:
                continue
            written += 1
            publish([event])
    return written


def role_create(
    *,
    code: str,
    name: str,
    permissions: Iterable[str],
    second_factor: bool = False,
    actor: Actor,
    at: datetime,
) -> Role:
    """Adds a role of the organisation's own, within the actor's rights. Publishes role.created."""
    guards.need(actor, MANAGE)
    if not _CODE.fullmatch(code):
        raise Invalid(_("代码以小写字母开头，只用小写字母、数字和下划线，最多 40 位"), field="code")
    codes = _permissions(permissions)
    guards.may_grant(actor, codes)
    name = _name(name)
    with transaction.atomic():
        given = {"name": name, "permissions": codes, "second_factor": second_factor}
        role, created = Role.objects.get_or_create(code=code, defaults=given)
        if not created:
            raise Invalid(_("这个代码已被使用"), field="code", code="taken")
        publish([NewEvent(events.ROLE_CREATED, ("role", role.id), at, actor, {"permissions": codes})])
    return role


def role_change(
    *,
    role_id: int,
    name: str | None = None,
    permissions: Iterable[str] | None = None,
    second_factor: bool | None = None,
    actor: Actor,
    at: datetime,
) -> Role:
    """Renames a role, changes what it allows or whether it asks for the second factor; the role, before and after, must lie within the actor's
    rights.

    A built-in role that is changed no longer follows the product. Publishes role.changed.
    """
    guards.need(actor, MANAGE)
    with transaction.atomic():
        role = Role.objects.select_for_update().filter(pk=role_id).first()
        if role is None:
            raise NotFound(_("没有这个角色"))
        guards.may_grant(actor, role.permissions)
        codes = role.permissions if permissions is None else _permissions(permissions)
        guards.may_grant(actor, codes)
        if name is not None:
            role.name = _name(name)
        event = _changed(role, codes, actor, at)
        if second_factor is not None and second_factor != role.second_factor:
            role.second_factor = event.payload["second_factor"] = second_factor
        before, role.edited = role.permissions, role.edited or role.permissions != codes
        role.permissions = codes
        role.save()
        guards.keep_a_manager(before)
        publish([event])
    return role


def _changed(role: Role, codes: list[str], actor: Actor, at: datetime) -> NewEvent:
    payload = {
        "added": sorted(set(codes) - set(role.permissions)),
        "removed": sorted(set(role.permissions) - set(codes)),
    }
    return NewEvent(events.ROLE_CHANGED, ("role", role.id), at, actor, payload)


def _permissions(codes: Iterable[str]) -> list[str]:
    wanted = set(codes)
    if unknown := wanted - all_permissions().keys():
        raise Invalid(
            _("没有这些权限：%(codes)s") % {"codes": _("、").join(sorted(unknown))}, field="permissions"
        )
    return sorted(wanted)


def _name(name: str) -> str:
    if not (name := clean_line(name, 60)):
        raise Invalid(_("请填写角色名称"), field="name")
    return name
