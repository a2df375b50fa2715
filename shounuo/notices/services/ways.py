"""Ways out beside bell and mail, quiet hours, and what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel import egress
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, Problem
from shounuo.kernel.secrets import decrypt, encrypt
from shounuo.kernel.text import clean, clean_line
from shounuo.notices import events, rules, ways
from shounuo.notices.models import QuietHours, Sending, Way
from shounuo.notices.subjects import MANAGE
from shounuo.staff import queries as staff

State = Sending.State
ROBOTS = (Way.Kind.DINGTALK, Way.Kind.WECOM, Way.Kind.FEISHU)


def way_save(
    *,
    way_id: int | None = None,
    kind: str,
    name: str,
    address: str | None = None,
    secret: str | None = None,
    body: str = "",
    success: str = "",
    roles: Sequence[str] = (),
    is_active: bool = True,
    actor: Actor,
    at: datetime,
) -> Way:
    """Adds a way (no id) or changes it; an address or a secret of None stays as it is, an empty secret is taken away.

    Needs channels.manage. Invalid with the field, also for an address that may not be reached from here; publishes
    way.changed with the fields' names.
    """
    _need(actor)
    if kind not in Way.Kind.values:
        raise Invalid(_("没有这种通道"), field="kind")
    if address is not None:
        _check(address)
    elif way_id is None:
        raise Invalid(_("请填机器人或网关的地址"), field="address", code="missing")
    known = {role.code for role in staff.roles_with_size()}
    if strange := [r for r in roles if r not in known]:
        raise Invalid(_("没有角色 %(code)s") % {"code": strange[0][:40]}, field="roles")
    given: dict[str, Any] = {
        "kind": kind,
        "name": clean_line(name, 80) or str(Way.Kind(kind).label),
        "body": _template(body) if kind == Way.Kind.SMS else "",
        "success": clean_line(success, 120) if kind == Way.Kind.SMS else "",
        "roles": sorted(roles),
        "is_active": is_active,
    }
    with transaction.atomic():
        way = Way() if way_id is None else Way.objects.select_for_update().filter(pk=way_id).first()
        if way is None:
            raise NotFound(_("没有这个通道"))
        changed = [field for field, value in given.items() if getattr(way, field) != value]
        for field in changed:
            setattr(way, field, given[field])
        for field, text in (("address", address), ("secret", secret)):
            if text is not None:
                setattr(way, field, encrypt(text.strip()))
                changed.append(field)
        way.save()
        if changed:
            publish([NewEvent(events.WAY_CHANGED, ("way", way.pk), at, actor, {"fields": changed})])
    return way


def _check(address: str) -> None:
    try:
        egress.check_url(address.strip())
    except Problem as problem:
        raise Invalid(str(problem), field="address", code="bad_url") from problem


def _template(body: str) -> str:
    text = clean(body).strip()
    try:
        json.loads(text)
    except ValueError as error:
        raise Invalid(
            _('须是一段 JSON，例如 {"mobile": "{phone}", "content": "{text}"}'), field="body"
        ) from error
    if "{phone}" not in text or "{text}" not in text:
        raise Invalid(_("须有 {phone} 与 {text} 两处"), field="body")
    return text


def way_remove(*, way_id: int, actor: Actor, at: datetime) -> None:
    """Takes a way away with the log of what went over it. Needs channels.manage; publishes way.removed."""
    _need(actor)
    with transaction.atomic():
        way = Way.objects.select_for_update().filter(pk=way_id).first()
        if way is None:
            raise NotFound(_("没有这个通道"))
        publish([NewEvent(events.WAY_REMOVED, ("way", way.pk), at, actor)])
        way.delete()


def way_test(*, way_id: int, actor: Actor, at: datetime) -> Sending:
    """Tries a way at once with a text that says so: for a gateway to the actor's own phone. The result stands in what is
    given back. Needs channels.manage; Invalid when the actor has no phone."""
    _need(actor)
    way = Way.objects.filter(pk=way_id).first()
    if way is None:
        raise NotFound(_("没有这个通道"))
    target = ""
    if way.kind == Way.Kind.SMS:
        person = staff.people().filter(pk=actor.person_id or 0).first()
        target = person.phone if person is not None else ""
        if not target:
            raise Invalid(_("您的资料里没有手机号，试不了短信"), code="no_phone")
    text = _("守诺的试发：收到这一条，说明通道可用。")
    sending = Sending.objects.create(
        key=f"test:{way.pk}:{actor.person_id}:{at.isoformat()}",
        way=way,
        target=target,
        text=text,
        urgent=True,
        next_at=at,
        created_at=at,
    )
    return sending_deliver(sending_id=sending.pk, at=at, once=True)


def quiet_set(*, role: str, starts: time, ends: time, actor: Actor, at: datetime) -> QuietHours:
    """From when to when those of the role are left alone. Needs channels.manage; Invalid for hours without length or an
    unknown role; publishes quiet.changed."""
    _need(actor)
    if role not in {r.code for r in staff.roles_with_size()}:
        raise Invalid(_("没有角色 %(code)s") % {"code": role[:40]}, field="role")
    if starts == ends:
        raise Invalid(_("起止不能相同"), field="ends")
    with transaction.atomic():
        row, _made = QuietHours.objects.update_or_create(role=role, defaults={"starts": starts, "ends": ends})
        _tell_quiet(role, actor, at)
    return row


def quiet_clear(*, role: str, actor: Actor, at: datetime) -> None:
    """Those of the role are reached at any hour again. Needs channels.manage; publishes quiet.changed."""
    _need(actor)
    with transaction.atomic():
        if QuietHours.objects.filter(role=role).delete()[0]:
            _tell_quiet(role, actor, at)


def _tell_quiet(role: str, actor: Actor, at: datetime) -> None:
    id = next(r.pk for r in staff.roles_with_size() if r.code == role)
    publish([NewEvent(events.QUIET_CHANGED, ("role", id), at, actor)])


def heard(roles: Iterable[str], at: datetime, *, urgent: bool) -> datetime:
    """When the first of some roles may be told: at once what is urgent."""
    wanted = set(roles)
    if urgent or not wanted:
        return at
    hours = {q.role: (q.starts, q.ends) for q in QuietHours.objects.filter(role__in=wanted)}
    return rules.heard_at([hours.get(r) for r in wanted], at, ZoneInfo(staff.organisation().zone))


def ways_tell(
    *, key: str, via: Iterable[str], roles: Sequence[str], text: str, urgent: bool, at: datetime
) -> list[Sending]:
    """Queues a text for every active way of the kinds `via` (where it names none: every robot) that serves one of the
    roles: once a way for a robot, once a person who holds one of them and has a phone for a gateway. Once per key. In the
    caller's transaction.

    It leaves at once when urgent, else when the quiet hours of the first of the roles it is for are over.
    """
    found: list[Sending] = []
    kinds = set(via) or set(ROBOTS)
    for way in Way.objects.filter(kind__in=kinds, is_active=True).order_by("id"):
        served = [r for r in roles if not way.roles or r in way.roles]
        if not served:
            continue
        for target in _targets(way, served):
            found.append(
                Sending(
                    key=f"{key}:{way.pk}:{target}"[:200],
                    way=way,
                    target=target,
                    text=text,
                    urgent=urgent,
                    state=State.HELD if settings.SHOUNUO_DELIVERY == "off" else State.QUEUED,
                    next_at=heard(served, at, urgent=urgent),
                    created_at=at,
                )
            )
    return Sending.objects.bulk_create(found, ignore_conflicts=True)


def _targets(way: Way, roles: Sequence[str]) -> list[str]:
    if way.kind != Way.Kind.SMS:
        return [""]
    ids = {id for role in roles for id in staff.people_with_role(role)}
    return sorted({p.phone for p in staff.people().filter(pk__in=ids) if p.phone})


def sendings_due(at: datetime, *, limit: int = 100) -> list[int]:
    """What is to be tried now, urgent ones first."""
    rows = Sending.objects.filter(state=State.QUEUED, next_at__lte=at).order_by("-urgent", "next_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def sending_deliver(*, sending_id: int, at: datetime, once: bool = False) -> Sending:
    """One try; gives the row after it. Safe to repeat: takes nothing that is not due or is held by another worker, holds
    no transaction while it talks. Afterwards it is sent, tried again later, or (with `once`, or after half a day of tries)
    failed. NotFound for one that is gone."""
    with transaction.atomic():
        rows = Sending.objects.select_for_update(skip_locked=True, of=("self",)).select_related("way")
        sending = rows.filter(pk=sending_id, state=State.QUEUED, next_at__lte=at).first()
        if sending is not None:
            sending.attempts += 1
            sending.next_at = at + rules.LEASE
            sending.save(update_fields=["attempts", "next_at"])
    if sending is None:
        found = Sending.objects.select_related("way").filter(pk=sending_id).first()
        if found is None:
            raise NotFound(_("没有这条消息"))
        return found
    well, said = _try(sending, at)
    return _settle(sending, well, said, at, once)


def _try(sending: Sending, at: datetime) -> tuple[bool, str]:
    way = sending.way
    try:
        call = ways.call_of(
            way.kind,
            address=decrypt(way.address),
            secret=decrypt(way.secret),
            body=way.body,
            text=sending.text,
            target=sending.target,
            at=at,
        )
        if settings.SHOUNUO_DELIVERY == "test":
            return True, ""
        answer = egress.request("POST", call.url, body=call.body, headers=call.headers)
    except Problem as problem:
        with translation.override(settings.LANGUAGE_CODE):
            return False, str(problem)
    return ways.taken(way.kind, answer.status, answer.body, way.success)


def _settle(sending: Sending, well: bool, said: str, at: datetime, once: bool) -> Sending:
    with transaction.atomic():
        sending = Sending.objects.select_for_update(of=("self",)).select_related("way").get(pk=sending.pk)
        sending.answer = said[:300]
        following = None
        if well:
            sending.state, sending.sent_at = State.SENT, at
        else:
            following = None if once else rules.next_message(sending.attempts, at)
            if following is None:
                sending.state = State.FAILED
        sending.next_at = following
        sending.save(update_fields=["answer", "state", "sent_at", "next_at"])
        if well:
            Way.objects.filter(pk=sending.way_id).update(last_ok_at=at)
        else:
            Way.objects.filter(pk=sending.way_id).update(last_error=said, last_error_at=at)
    return sending


def _need(actor: Actor) -> None:
    if not actor.may(MANAGE):
        raise NotAllowed(_("您没有管理通道的权限"))
