"""The organisation's own settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.kernel.text import clean_line
from shounuo.staff import events, queries
from shounuo.staff.models import Organisation
from shounuo.staff.permissions import MANAGE
from shounuo.staff.services import guards


def organisation_set_up(
    *,
    name: str,
    zone: str = "Asia/Shanghai",
    public_address: str = "",
    language: str = "zh-hans",
    values: dict[str, Any] | None = None,
    actor: Actor,
    at: datetime,
) -> Organisation:
    """Answers the first set-up and closes its page for good (Conflict the second time).

    `values` go into the settings. Publishes organisation.set_up.
    """
    guards.need(actor, MANAGE)
    with transaction.atomic():
        row = _locked()
        if row.set_up_at is not None:
            raise Conflict(_("初始设置已经完成"), code="set_up_done")
        row.name, row.zone = _name(name), _zone(zone)
        row.public_address, row.language = _address(public_address), _language(language)
        row.settings = {**row.settings, **(values or {})}
        row.set_up_at = at
        row.save()
        publish([NewEvent(events.ORGANISATION_SET_UP, ("organisation", 1), at, actor)])
        queries.forget_organisation()
    transaction.on_commit(queries.forget_organisation)
    return row


def organisation_change(
    *,
    name: str | None = None,
    zone: str | None = None,
    public_address: str | None = None,
    language: str | None = None,
    values: dict[str, Any] | None = None,
    actor: Actor,
    at: datetime,
) -> Organisation:
    """Changes what is given; `values` are merged into the settings (None removes a key).

    Publishes organisation.changed with the names of the fields (settings as `settings.<key>`).
    """
    guards.need(actor, MANAGE)
    with transaction.atomic():
        row = _locked()
        given = {
            "name": None if name is None else _name(name),
            "zone": None if zone is None else _zone(zone),
            "public_address": None if public_address is None else _address(public_address),
            "language": None if language is None else _language(language),
        }
        changed = [f for f, value in given.items() if value is not None and value != getattr(row, f)]
        for field in changed:
            setattr(row, field, given[field])
        for key, value in (values or {}).items():
            if row.settings.get(key) != value:
                changed.append(f"settings.{key}")
            row.settings[key] = value
        row.settings = {k: v for k, v in row.settings.items() if v is not None}
        if changed:
            row.save()
            event = NewEvent(events.ORGANISATION_CHANGED, ("organisation", 1), at, actor, {"fields": changed})
            publish([event])
        queries.forget_organisation()
    transaction.on_commit(queries.forget_organisation)
    return row


def _locked() -> Organisation:
    row, _created = Organisation.objects.select_for_update().get_or_create(id=1, defaults={"name": "守诺"})
    return row


def _name(name: str) -> str:
    if not (name := clean_line(name, 120)):
        raise Invalid(_("请填写组织名称"), field="name")
    return name


def _zone(zone: str) -> str:
    if zone not in available_timezones():
        raise Invalid(_("没有这个时区：%(zone)s") % {"zone": zone}, field="zone")
    return zone


def _language(language: str) -> str:
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("没有这种语言"), field="language")
    return language


def _address(address: str) -> str:
    """`https://host[:port][/path]` without a slash at the end; empty stays empty."""
    address = address.strip().rstrip("/")
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
        bad = (
            bad or bool(parts.username or parts.query or parts.fragment) or any(c.isspace() for c in address)
        )
    except ValueError:
        bad = True
    if bad or len(address) > 200:
        raise Invalid(_("对外网址应如 https://kefu.example.cn"), field="public_address")
    return address
