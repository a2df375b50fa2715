"""Tags and own fields of a case, and their set-up: topics, fields, ready answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events, permissions
from shounuo.cases.models import CannedText, Case, CustomField, Topic
from shounuo.cases.queries.settings import fields_of
from shounuo.cases.rules import fields as field_rules
from shounuo.cases.services.changing import changing
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean, clean_line, initials, says_another
from shounuo.policy.services import rules_refresh

MAX_TAGS = 20
MAX_TAG = 40
MAX_DEPTH = 10
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def tags_of(given: Iterable[str]) -> list[str]:
    """Tags as kept: each once, in their order; Invalid when there are too many or one is too long."""
    tags = list(dict.fromkeys(t for t in (clean_line(str(g)) for g in given) if t))
    if len(tags) > MAX_TAGS or any(len(t) > MAX_TAG for t in tags):
        raise Invalid(
            _("最多 %(count)s 个标签，每个不超过 %(size)s 字") % {"count": MAX_TAGS, "size": MAX_TAG},
            field="tags",
            code="bad_tags",
        )
    return tags


def values_for(given: Mapping[str, Any]) -> dict[str, field_rules.Value]:
    """Own fields of a new case as kept, without empty ones."""
    return {k: v for k, v in field_rules.values_of(fields_of(), given).items() if v is not None}


def tags_set(
    *,
    case_id: int,
    tags: Iterable[str],
    keep: bool = False,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """The case has these tags and no others; with `keep` beside those it has. Event: case.tagged."""
    wanted = tags_of(tags)
    with changing(case_id, "tag", actor=actor, at=at, expected_version=expected_version) as change:
        before = set(change.case.tags)
        if keep:
            wanted = tags_of([*change.case.tags, *wanted])
        change.set(tags=wanted)
        if change.dirty:
            change.tell(events.TAGGED, added=len(set(wanted) - before), removed=len(before - set(wanted)))
    return change.case


def custom_set(
    *,
    case_id: int,
    values: Mapping[str, Any],
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """Fills own fields; an empty value clears one, fields not named stay. Event: case.fields_set."""
    read = field_rules.values_of(fields_of(), values)
    with changing(case_id, "fill", actor=actor, at=at, expected_version=expected_version) as change:
        custom = {k: v for k, v in {**change.case.custom, **read}.items() if v is not None}
        changed = sorted(k for k in read if custom.get(k) != change.case.custom.get(k))
        if changed:
            change.set(custom=custom)
            change.tell(events.FIELDS_SET, fields=changed)
    return change.case


def topic_create(
    *, code: str, name: str, parent_id: int | None = None, position: int = 0, actor: Actor, at: datetime
) -> Topic:
    """A topic beneath another or at the root. Invalid for a bad or used code, and for one of digits alone, which say an id."""
    _may_configure(actor)
    _check_code(code)
    if says_another(code):
        raise Invalid(_("代码不能全是数字，也不能是 me、mine 或 none"), field="code", code="reserved")
    name = _named(name, 60)
    with transaction.atomic():
        parent = Topic.objects.select_for_update().get(pk=parent_id) if parent_id is not None else None
        if parent is not None and parent.path.count("/") + 2 > MAX_DEPTH:
            raise Invalid(_("主题最多 %(max)s 层") % {"max": MAX_DEPTH}, field="parent", code="too_deep")
        if Topic.objects.filter(code=code).exists():
            raise Invalid(_("代码“%(code)s”已被使用") % {"code": code}, field="code", code="code_used")
        return Topic.objects.create(
            parent=parent,
            code=code,
            name=name,
            full_name=_full(parent, name),
            path=f"{parent.path}/{code}" if parent is not None else code,
            initials=initials(name)[:40],
            position=position,
        )


def topic_change(
    *,
    topic_id: int,
    name: str | None = None,
    active: bool | None = None,
    position: int | None = None,
    actor: Actor,
    at: datetime,
) -> Topic:
    """Renames, orders or retires a topic; the full names beneath it follow. Cases keep a retired one."""
    _may_configure(actor)
    with transaction.atomic():
        topic = Topic.objects.select_for_update().get(pk=topic_id)
        if name is not None:
            topic.name = _named(name, 60)
            topic.initials = initials(topic.name)[:40]
        if active is not None:
            topic.active = active
        if position is not None:
            topic.position = position
        topic.full_name = _full(topic.parent, topic.name)
        topic.save()
        by_path = {topic.path: topic}
        for below in Topic.objects.filter(path__startswith=topic.path + "/").order_by("path"):
            below.full_name = _full(by_path[below.path.rpartition("/")[0]], below.name)
            below.save(update_fields=["full_name"])
            by_path[below.path] = below
    return topic


def custom_field_save(
    *,
    field_id: int | None = None,
    code: str = "",
    label: str,
    type: str = "text",
    choices: Iterable[str] = (),
    kinds: Iterable[str] = (),
    required_to_resolve: bool = False,
    public: bool = False,
    position: int = 0,
    active: bool = True,
    actor: Actor,
    at: datetime,
) -> CustomField:
    """Makes an own field, or changes one; code and type of an existing one stay, since values were kept by them. Records of
    regulations that have waited for a field of this code run from now on; those that demand one put out of use wait again."""
    _may_configure(actor)
    options = list(dict.fromkeys(c for c in (clean_line(str(c), 60) for c in choices) if c))
    of_kinds = sorted(set(kinds))
    if any(k not in Case.Kind.values for k in of_kinds):
        raise Invalid(_("没有这种工单"), field="kinds", code="bad_choice")
    if field_id is None:
        _check_code(code)
        if type not in CustomField.Type.values:
            raise Invalid(_("没有这种字段"), field="type", code="bad_choice")
        field = CustomField(code=code, type=type)
    else:
        field = CustomField.objects.get(pk=field_id)
    if field.type == CustomField.Type.CHOICE and not options:
        raise Invalid(_("单选字段须有选项"), field="choices", code="no_choices")
    field.label, field.choices, field.kinds = _named(label, 60), options, of_kinds
    field.required_to_resolve, field.public = required_to_resolve, public
    field.position, field.active = position, active
    try:
        with transaction.atomic():
            field.save()
            rules_refresh(actor=Actor.system(), at=at)  # records may have waited for it
    except IntegrityError as error:
        raise Invalid(_("代码“%(code)s”已被使用") % {"code": code}, field="code", code="code_used") from error
    return field


def canned_save(
    *,
    canned_id: int | None = None,
    title: str,
    body: str,
    team_id: int | None = None,
    position: int = 0,
    actor: Actor,
    at: datetime,
) -> CannedText:
    """Makes or changes a ready answer. For all: `cases.configure`; for a team: also those who lead it."""
    canned = CannedText.objects.get(pk=canned_id) if canned_id is not None else CannedText()
    _may_keep(actor, team_id)
    if canned_id is not None:
        _may_keep(actor, canned.team_id)
    canned.title, canned.body = _named(title, 80), clean(body).strip()
    if not canned.body:
        raise Invalid(_("内容不能为空"), field="body", code="empty_text")
    canned.initials, canned.team_id, canned.position = initials(canned.title)[:40], team_id, position
    canned.save()
    return canned


def canned_delete(*, canned_id: int, actor: Actor, at: datetime) -> None:
    """Removes a ready answer."""
    canned = CannedText.objects.filter(pk=canned_id).first()
    if canned is None:
        raise Conflict(_("常用语已被删除"), code="gone")
    _may_keep(actor, canned.team_id)
    canned.delete()


def _may_keep(actor: Actor, team_id: int | None) -> None:
    if team_id is None or team_id not in actor.led_team_ids:
        _may_configure(actor)


def _may_configure(actor: Actor) -> None:
    if not actor.may(permissions.CONFIGURE):
        raise NotAllowed(_("您没有设置工单的权限"))


def _check_code(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise Invalid(_("代码须由小写字母、数字、- 和 _ 组成"), field="code", code="bad_code")


def _named(name: str, limit: int) -> str:
    line = clean_line(name, limit)
    if not line:
        raise Invalid(_("名称不能为空"), field="name", code="empty_name")
    return line


def _full(parent: Topic | None, name: str) -> str:
    return f"{parent.full_name} › {name}" if parent is not None else name
