"""Saved views: a named query, one's own or a team's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.cases import permissions
from shounuo.cases.models import SavedView
from shounuo.cases.rules import filters
from shounuo.cases.services.changing import staff_only
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean_line

MAX_VIEWS = 50


def view_save(
    *,
    view_id: int | None = None,
    name: str,
    query: Mapping[str, Any],
    team_id: int | None = None,
    position: int = 0,
    actor: Actor,
    at: datetime,
) -> SavedView:
    """Saves a view in the query's normal form; Invalid names what is on no list. With `team_id` its people see it too:
    for those who lead the team or may configure cases."""
    me = staff_only(actor)
    title = clean_line(name, 60)
    if not title:
        raise Invalid(_("名称不能为空"), field="name", code="empty_name")
    if team_id is not None and team_id not in actor.led_team_ids and not actor.may(permissions.CONFIGURE):
        raise NotAllowed(_("只有小组主管可以为小组保存筛选"))
    view = _own(view_id, actor) if view_id is not None else SavedView(person_id=me)
    if view_id is None and SavedView.objects.filter(person_id=me).count() >= MAX_VIEWS:
        raise Invalid(_("最多保存 %(max)s 个筛选") % {"max": MAX_VIEWS}, field="name", code="too_many")
    view.name, view.query, view.team_id, view.position = title, filters.normal(query), team_id, position
    view.save()
    return view


def view_delete(*, view_id: int, actor: Actor, at: datetime) -> None:
    """Removes a view of one's own, or of a team that one leads."""
    _own(view_id, actor).delete()


def _own(view_id: int, actor: Actor) -> SavedView:
    view = SavedView.objects.filter(pk=view_id).first()
    mine = view is not None and (
        view.person_id == actor.person_id or (view.team_id is not None and view.team_id in actor.led_team_ids)
    )
    if view is None or not mine:
        raise NotFound(_("没有这个筛选"))
    return view
