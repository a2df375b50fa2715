"""The places of administration, and who sees which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Place:
    url: str
    icon: str
    label: Any
    permission: str


SECTIONS: tuple[tuple[Any, tuple[Place, ...]], ...] = (
    (
        _("组织"),
        (
            Place("/settings/organisation/", "building", _("组织"), "staff.manage"),
            Place("/settings/people/", "users", _("人员"), "staff.manage"),
            Place("/settings/teams/", "users-group", pgettext_lazy("place", "小组"), "staff.manage"),
            Place("/settings/roles/", "user-check", _("角色与权限"), "staff.manage"),
            Place("/settings/calendars/", "calendar", _("工作日历"), "calendars.manage"),
        ),
    ),
    (
        pgettext_lazy("place", "渠道"),
        (
            Place("/settings/mailboxes/", "mail", _("收信邮箱"), "channels.manage"),
            Place("/settings/relays/", "send", pgettext_lazy("place", "发信服务器"), "channels.manage"),
            Place(
                "/settings/ways/",
                "device-mobile-message",
                pgettext_lazy("place", "消息通道"),
                "channels.manage",
            ),
            Place("/settings/webhooks/", "webhook", _("事件推送"), "webhooks.manage"),
            Place("/settings/tokens/", "key", _("接口令牌"), "tokens.manage"),
        ),
    ),
    (
        _("工单"),
        (
            Place("/settings/topics/", "sitemap", pgettext_lazy("place", "主题"), "cases.configure"),
            Place("/settings/fields/", "forms", _("自定字段"), "cases.configure"),
            Place("/settings/canned/", "text-plus", _("常用语"), "cases.configure"),
        ),
    ),
    (
        _("运行"),
        (
            Place("/settings/operations/", "server", _("运行状况"), "ops.view"),
            Place("/settings/quarantine/", "shield-lock", _("隔离邮件"), "channels.manage"),
            Place("/settings/audit/", "history", _("操作日志"), "audit.view"),
            Place("/settings/retention/", "hourglass", _("保存期限"), "audit.retain"),
            Place("/settings/holds/", "lock", _("依法留存"), "audit.retain"),
        ),
    ),
)


def first_url(actor: Actor) -> str | None:
    """Where the rail's entry leads: the first place the actor may see; None hides the entry."""
    return next((p.url for _t, places in SECTIONS for p in places if actor.may(p.permission)), None)


def icon_of(path: str) -> str:
    """The icon of the place that an address belongs to; the settings' own where there is none."""
    return next((p.icon for _t, places in SECTIONS for p in places if path.startswith(p.url)), "settings")


def sections(actor: Actor, path: str) -> list[dict[str, Any]]:
    """The side menu of console.html; empty for a page outside settings."""
    shown = []
    for title, places in SECTIONS:
        items = [
            {"url": p.url, "label": p.label, "icon": p.icon, "active": path.startswith(p.url)}
            for p in places
            if actor.may(p.permission)
        ]
        if items:
            shown.append({"title": title, "items": items})
    return shown if any(i["active"] for s in shown for i in s["items"]) else []
