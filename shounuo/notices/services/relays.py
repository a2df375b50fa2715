"""The mail servers that take our mail."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.secrets import encrypt
from shounuo.kernel.text import clean_line, normalise_mail
from shounuo.notices import events
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.notices.subjects import MANAGE

_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)


def relay_save(
    *,
    relay_id: int | None = None,
    name: str,
    host: str,
    port: int = 587,
    security: str = Relay.Security.STARTTLS,
    login: str = "",
    password: str | None = None,
    sender: str = "",
    is_default: bool = False,
    actor: Actor,
    at: datetime,
) -> Relay:
    """Adds a relay (no id) or changes it; a password of None stays as it is, an empty one is taken away.

    The first relay is the default one; a new default takes the place of the old. Needs channels.manage.
    Raises Invalid with the field; publishes relay.changed with the fields' names.
    """
    _need(actor)
    given = {
        "name": clean_line(name, 80) or clean_line(host, 80),
        "host": host.strip(),
        "port": port,
        "security": security,
        "login": clean_line(login, 255),
        "sender": "",
    }
    if not _HOST.fullmatch(host.strip()):
        raise Invalid(_("只填服务器的名字，例如 smtp.example.cn；端口另填"), field="host")
    if not 1 <= port <= 65535:
        raise Invalid(_("端口须在 1 到 65535 之间"), field="port")
    if security not in Relay.Security.values:
        raise Invalid(_("没有这种加密方式"), field="security")
    if sender.strip():
        if not (address := normalise_mail(sender)):
            raise Invalid(_("这不是邮箱地址"), field="sender")
        given["sender"] = address
    with transaction.atomic():
        relay = Relay() if relay_id is None else Relay.objects.select_for_update().filter(pk=relay_id).first()
        if relay is None:
            raise NotFound(_("没有这台发信服务器"))
        changed = [field for field, value in given.items() if getattr(relay, field) != value]
        for field in changed:
            setattr(relay, field, given[field])
        if password is not None:
            relay.password = encrypt(password)
            changed.append("password")
        if not relay.is_default and (is_default or not Relay.objects.filter(is_default=True).exists()):
            Relay.objects.filter(is_default=True).update(is_default=False)
            relay.is_default = True
            changed.append("is_default")
        relay.save()
        if changed:
            payload = {"fields": changed}
            publish([NewEvent(events.RELAY_CHANGED, ("relay", relay.id), at, actor, payload)])
    return relay


def relay_remove(*, relay_id: int, actor: Actor, at: datetime) -> None:
    """Takes a relay away. Conflict while mails wait for it or while it is the default beside others."""
    _need(actor)
    with transaction.atomic():
        relay = Relay.objects.select_for_update().filter(pk=relay_id).first()
        if relay is None:
            raise NotFound(_("没有这台发信服务器"))
        if OutgoingMail.objects.filter(relay=relay, state=OutgoingMail.State.QUEUED).exists():
            raise Conflict(_("还有邮件等着从这台服务器发出"), code="in_use")
        if relay.is_default and Relay.objects.exclude(pk=relay.pk).exists():
            raise Conflict(_("请先把另一台设为默认"), code="is_default")
        publish([NewEvent(events.RELAY_REMOVED, ("relay", relay.id), at, actor)])
        relay.delete()


def _need(actor: Actor) -> None:
    if not actor.may(MANAGE):
        raise NotAllowed(_("您没有管理发信服务器的权限"))
