"""Setting mailboxes up. Passwords go in, never out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.channels import events, permissions
from shounuo.channels.models import Mailbox
from shounuo.channels.queries import book_of
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.secrets import encrypt
from shounuo.kernel.text import clean, clean_line, normalise_mail
from shounuo.notices.models import Relay
from shounuo.staff.queries import teams

_LINES: Final = {"name": 80, "from_name": 80, "imap_host": 255, "imap_login": 255, "imap_folder": 120}
_FLAGS: Final = ("plus_address", "catch_all", "receipt", "active")
_SECURITY: Final = ("tls", "starttls", "none")
_FIELDS: Final = frozenset(
    {
        *_LINES,
        *_FLAGS,
        "address",
        "aliases",
        "team_id",
        "channel_class",
        "signature",
        "relay_id",
        "imap_port",
        "imap_security",
        "imap_password",
    }
)


def mailbox_create(*, name: str, address: str, actor: Actor, at: datetime, **fields: Any) -> Mailbox:
    """A mailbox; the fields are those of `mailbox_change`. Event: mailbox.created."""
    _manager(actor)
    with transaction.atomic():
        _lock_addresses()
        box = Mailbox()
        _set(box, {"name": name, "address": address, **fields})
        box.save()
        publish([NewEvent(events.MAILBOX_CREATED, ("mailbox", box.pk), at, actor, {})])
    return box


def mailbox_change(*, mailbox_id: int, actor: Actor, at: datetime, **fields: Any) -> Mailbox:
    """Changes what is given: name, address, aliases, team_id, channel_class, from_name, signature, relay_id,
    plus_address, catch_all, receipt, active, imap_host, imap_port, imap_security (tls, starttls, none),
    imap_login, imap_password (None leaves it, "" clears it), imap_folder. Another IMAP account or folder is
    read from its beginning.

    Invalid names the field; Conflict when another mailbox has an address. Event: mailbox.changed.
    """
    _manager(actor)
    with transaction.atomic():
        _lock_addresses()
        box = Mailbox.objects.select_for_update().filter(pk=mailbox_id).first()
        if box is None:
            raise NotFound(_("没有这个邮箱"))
        changed = _set(box, fields)
        if changed & {"imap_host", "imap_login", "imap_folder"}:
            box.imap_uidvalidity, box.imap_uid = None, 0
        if changed & {
            "imap_host",
            "imap_port",
            "imap_security",
            "imap_login",
            "imap_password",
            "imap_folder",
        }:
            box.imap_error, box.imap_failures = "", 0
        if changed:
            box.save()
            told = sorted(changed)
            publish([NewEvent(events.MAILBOX_CHANGED, ("mailbox", box.pk), at, actor, {"fields": told})])
    return box


def _manager(actor: Actor) -> None:
    if not actor.may(permissions.MANAGE):
        raise NotAllowed(_("您没有管理邮箱的权限"))


def _lock_addresses() -> None:
    """Two changes at once could give one address to two mailboxes: they go one after the other."""
    list(Mailbox.objects.select_for_update().order_by("id").values_list("pk"))


def _set(box: Mailbox, fields: dict[str, Any]) -> set[str]:
    """Puts the checked values on the mailbox and gives the names of those that differ."""
    unknown = set(fields) - _FIELDS
    if unknown:
        raise TypeError(f"a mailbox has no {', '.join(sorted(unknown))}")
    values = {
        name: _checked(name, value)
        for name, value in fields.items()
        if value is not None or name.endswith("_id")
    }
    changed = {name for name, value in values.items() if getattr(box, name) != value}
    for name in changed:
        setattr(box, name, values[name])
    _check_addresses(box)
    if box.imap_host and not box.imap_login:
        raise Invalid(_("取信要有账号"), field="imap_login", code="no_login")
    return changed


def _checked(name: str, value: Any) -> Any:
    if name in _LINES:
        line = clean_line(str(value), _LINES[name])
        if name == "name" and not line:
            raise Invalid(_("请填写名称"), field="name", code="empty")
        if name == "imap_host" and re.search(r"[/@\s]|^[^:]*:[^:]*$", line):
            raise Invalid(_("只填服务器的名字，例如 imap.example.cn；端口另填"), field=name, code="bad_host")
        return line
    if name == "address":
        return _address(str(value), "address")
    if name == "aliases":
        given: Sequence[str] = value
        return list(dict.fromkeys(_address(a, "aliases") for a in given))
    if name == "signature":
        return clean(str(value))[:4000]
    if name == "imap_password":
        return encrypt(str(value))
    if name == "imap_port":
        if not (isinstance(value, int) and 0 < value < 65536):
            raise Invalid(_("端口须在 1 到 65535 之间"), field=name, code="bad_port")
        return value
    if name == "channel_class" and value not in Mailbox.Class.values:
        raise Invalid(_("没有这个渠道类别"), field=name, code="bad_choice")
    if name == "imap_security" and value not in _SECURITY:
        raise Invalid(_("没有这种加密方式"), field=name, code="bad_choice")
    if name in _FLAGS:
        return bool(value)
    if name == "team_id" and value is not None and not teams().filter(pk=value).exists():
        raise Invalid(_("没有这个小组"), field=name, code="no_team")
    if name == "relay_id" and value is not None and not Relay.objects.filter(pk=value).exists():
        raise Invalid(_("没有这个发信服务器"), field=name, code="no_relay")
    return value


def _address(text: str, field: str) -> str:
    plain = normalise_mail(text)
    if not plain or "." not in plain.rpartition("@")[2]:
        raise Invalid(
            _("“%(address)s”不是完整的邮箱地址") % {"address": clean_line(text, 80)},
            field=field,
            code="bad_address",
        )
    return plain


def _check_addresses(box: Mailbox) -> None:
    others = Mailbox.objects.filter(active=True).exclude(pk=box.pk)
    taken = book_of(others).addresses
    for address in (box.address, *box.aliases):
        if box.active and address in taken:
            raise Conflict(
                _("地址 %(address)s 已属于另一个邮箱") % {"address": address},
                code="address_taken",
                field="address",
            )
    if box.active and box.catch_all and any(o.catch_all for o in others):
        raise Conflict(_("已有一个接收任何地址的邮箱"), code="catch_all_taken", field="catch_all")
