"""Who may change whom. Nobody gives away, or takes over, more rights than he has himself."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.staff.models import Person, Role, Team
from shounuo.staff.permissions import MANAGE


def need(actor: Actor, permission: str) -> None:
    if not actor.may(permission):
        raise NotAllowed(_("您没有做这件事的权限"))


def may_grant(actor: Actor, permissions: Iterable[str]) -> None:
    """NotAllowed when a permission is among them that the actor lacks."""
    if not actor.is_system and not actor.permissions.issuperset(permissions):
        raise NotAllowed(_("不能授予自己没有的权限"), code="beyond_own_rights")


def may_manage(actor: Actor, person: Person) -> None:
    """Manages people, and the person has no right that the actor lacks: else a manager could become
    administrator.
    """
    need(actor, MANAGE)
    held = permissions_of(person)
    if not actor.is_system and not actor.permissions.issuperset(held):
        raise NotAllowed(_("此人的权限高于您，不能由您修改"), code="beyond_own_rights")


def permissions_of(person: Person) -> set[str]:
    return {code for role in person.roles.all() for code in role.permissions}


def locked(person_id: int) -> Person:
    """The person's row under lock; NotFound."""
    person = Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("没有这个人员"))
    return person


def locked_own(person_id: int, actor: Actor) -> Person:
    """The row under lock when it is the actor's own (or the system acts)."""
    if not actor.is_system and actor.person_id != person_id:
        raise NotAllowed(_("只能修改自己的设置"))
    return locked(person_id)


def roles_by_code(codes: Iterable[str]) -> list[Role]:
    """The roles of the codes; Invalid names the unknown ones."""
    return _by_code(Role, set(codes), "roles", _("没有这些角色：%(codes)s"))


def teams_by_code(codes: Iterable[str], field: str = "teams") -> list[Team]:
    return _by_code(Team, set(codes), field, _("没有这些小组：%(codes)s"))


def _by_code(model: type, wanted: set[str], field: str, message: object) -> list:
    rows = list(model.objects.filter(code__in=wanted).order_by("code"))  # type: ignore[attr-defined]
    if missing := wanted - {row.code for row in rows}:
        raise Invalid(message % {"codes": _("、").join(sorted(missing))}, field=field)  # type: ignore[operator]
    return rows


def keep_a_manager(before: Iterable[str]) -> None:
    """Conflict when `before`, the permissions taken from somebody, held the right to manage people and nobody
    active has it any more. Call after the change, inside its transaction.

    The managing roles are locked first, so that two who remove each other do not both succeed.
    """
    if MANAGE not in before:
        return
    managing = list(
        Role.objects.select_for_update().filter(permissions__contains=[MANAGE]).values_list("id", flat=True)
    )
    if not Person.objects.filter(is_active=True, roles__in=managing).exists():
        raise Conflict(_("至少要留一位在用的人员能够管理人员"), code="last_manager")
