"""Small marks: icon, clause, status, tag, alarm, channel, people."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from shounuo.web import words
from shounuo.web.assets import icon_names, manifest
from shounuo.web.templatetags.sn.library import register
from shounuo.web.words import of

_CHANNELS = {
    "phone": ("phone", gettext_lazy("电话")),
    "email": ("mail", gettext_lazy("邮件")),
    "mail": ("mail", gettext_lazy("邮件")),
    "chat": ("message-circle", gettext_lazy("在线客服")),
    "wechat": ("brand-wechat", gettext_lazy("微信")),
    "web": ("world", gettext_lazy("网页")),
    "form": ("world", gettext_lazy("网页")),
    "portal": ("world", gettext_lazy("网页")),
    "visit": ("walk", gettext_lazy("面谈")),
    "sms": ("device-mobile-message", gettext_lazy("短信")),
    "letter": ("file-text", gettext_lazy("信函")),
    "api": ("api", gettext_lazy("接口")),
}
_STATUSES = {
    "new": ("", gettext_lazy("尚未受理")),
    "open": ("is-work", gettext_lazy("受理中")),
    "accepted": ("is-work", gettext_lazy("受理中")),
    "in_progress": ("is-work", gettext_lazy("受理中")),
    "working": ("is-work", gettext_lazy("受理中")),
    "waiting": ("is-wait", gettext_lazy("等待中")),
    "waiting_customer": ("is-wait", gettext_lazy("等待客户")),
    "waiting_internal": ("is-wait", gettext_lazy("等待协作")),
    "waiting_colleague": ("is-wait", gettext_lazy("等待协作")),
    "paused": ("is-wait", gettext_lazy("已搁置")),
    "solved": ("is-done", gettext_lazy("已解决")),
    "resolved": ("is-done", gettext_lazy("已解决")),
    "closed": ("is-shut", gettext_lazy("已关闭")),
    "merged": ("is-shut", gettext_lazy("已合并")),
    "cancelled": ("is-shut", gettext_lazy("已取消")),
}
_PRESENCE = {
    "online": gettext_lazy("在线"),
    "busy": gettext_lazy("忙"),
    "away": gettext_lazy("离开"),
    "offline": gettext_lazy("离线"),
}
_ALARMS = {
    "blue": ("info-circle", gettext_lazy("蓝")),
    "yellow": ("alert-triangle", gettext_lazy("黄")),
    "red": ("alert-octagon", gettext_lazy("红")),
}


@cache
def _known_icons() -> frozenset[str]:
    return icon_names()


@cache
def _sprite() -> str:
    return str(manifest()["sprite"])


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """`{% icon "inbox" %}`, `{% icon "inbox" 20 %}`: sizes 14, 16, 18, 20, 24; `label` for an icon that stands alone."""
    return _labelled(name, size, label) if label else _bare(name, size)


@cache  # a page has a hundred of some forty
def _bare(name: str, size: int) -> SafeString:
    return format_html('<svg class="sn-i{}" aria-hidden="true"><use href="{}"/></svg>', *_drawn(name, size))


def _labelled(name: str, size: int, label: str) -> SafeString:
    kind, place = _drawn(name, size)
    return format_html(
        '<svg class="sn-i{}" role="img" aria-label="{}"><use href="{}"/></svg>', kind, label, place
    )


def _drawn(name: str, size: int) -> tuple[str, str]:
    """Class of its size, place in the sprite."""
    if name not in _known_icons():
        raise template.TemplateSyntaxError(f"icon {name!r} is not listed in assets.json")
    return "" if size == 16 else f" is-{size}", f"{static(_sprite())}#{name}"


@register.simple_tag
def clause(thing: Any, name: str | None = None, url: str = "", note: str = "") -> SafeString:
    """`{% clause case.clause %}` or `{% clause "2.2.1" name="响应及时" url=... %}`: seal, number, short name.

    A thing has number, name, url. `name=""` shows the number alone; `note` follows it ("须填").
    """
    if not thing:
        return SafeString("")
    if isinstance(thing, str):
        number, own_name, own_url = thing, "", ""
    else:
        number, own_name, own_url = of(thing, "number", ""), of(thing, "name", ""), of(thing, "url", "")
    shown = " ".join(str(p) for p in (number, own_name if name is None else name, note) if p)
    url = url or own_url or ""
    inner = format_html("<i>{}</i><b>{}</b>", gettext("条"), shown)
    if url:
        return format_html('<a class="sn-clause" href="{}">{}</a>', url, inner)
    return format_html('<span class="sn-clause">{}</span>', inner)


@register.simple_tag
def status(code: str, label: str = "") -> SafeString:
    """`{% status case.status label=case.status_label %}`: hollow new, half working, bars waiting, full solved, pale closed."""
    shape, own = _STATUSES.get(str(code), ("", str(code)))
    return format_html('<span class="sn-st {}">{}</span>', shape, label or own)


@register.simple_tag
def tag(text: Any, kind: str = "") -> SafeString:
    """`{% tag "投诉" "complaint" %}`: kinds complaint (tinted), vip (outlined), on, warn, pause, or none."""
    if not text:
        return SafeString("")
    return format_html('<span class="sn-tag{}">{}</span>', f" is-{kind}" if kind else "", text)


@register.simple_tag
def alarm(level: str, text: str = "") -> SafeString:
    """`{% alarm "yellow" %}`: blue, yellow, red; red is the only filled one. Without a level it is a reminder."""
    if not level:
        return format_html('<span class="sn-tag">{}</span>', text or gettext("提醒"))
    glyph, own = _ALARMS[level]
    return format_html('<span class="sn-alarm is-{}">{}{}</span>', level, icon(glyph), text or own)


@register.simple_tag
def channel(code: str, label: str = "") -> SafeString:
    """`{% channel "phone" %}`: grey square with its glyph; the name for readers and as title."""
    glyph, own = _CHANNELS.get(str(code), ("messages", str(code)))
    shown = label or own
    return format_html(
        '<span class="sn-ch" title="{}">{}<span class="sn-vh">{}</span></span>', shown, icon(glyph, 14), shown
    )


@register.simple_tag
def avatar(person: Any, size: str = "", me: bool = False, presence: bool = True) -> SafeString:
    """`{% avatar p "l" %}`: surname in a circle, sizes "" 22, "l" 30, "xl" 44; `p` a name or {name, presence, is_me, team}.

    presence: online, busy, away, offline or nothing.
    """
    name = person if isinstance(person, str) else str(of(person, "name", "") or "")
    there = "" if isinstance(person, str) or not presence else str(of(person, "presence", "") or "")
    is_me = me or (not isinstance(person, str) and bool(of(person, "is_me", False)))
    team = not isinstance(person, str) and bool(of(person, "team", False))
    letters = words.family_name(name)
    if not size and len(letters) > 1 and not letters.isascii():
        letters = letters[0]
    kinds = "".join(
        f" {k}"
        for k in (
            f"is-{size}" if size else "",
            "is-me" if is_me else "",
            "is-team" if team else "",
            "is-two" if len(letters) > 1 else "",
        )
        if k
    )
    dot = format_html('<span class="sn-dot is-{}"></span>', there) if there in _PRESENCE else SafeString("")
    title = f"{name} · {_PRESENCE[there]}" if there in _PRESENCE else name
    return format_html(
        '<span class="sn-av{}" title="{}" role="img" aria-label="{}">{}{}</span>',
        kinds,
        title,
        title,
        letters,
        dot,
    )


@register.simple_tag
def person(thing: Any, size: str = "", none: str = "") -> SafeString:
    """`{% person case.owner %}`: avatar and name; `none` is shown (amber) when there is nobody."""
    if not thing:
        return format_html('<span class="sn-t-warn sn-s13">{}</span>', none or gettext("无人负责"))
    name = thing if isinstance(thing, str) else of(thing, "name", "")
    return format_html(
        '<span class="sn-person">{}<span class="sn-cut">{}</span></span>', avatar(thing, size), name
    )


@register.simple_tag
def people(things: Any, most: int = 6) -> SafeString:
    """`{% people signed %}`: overlapping avatars, at most `most`."""
    rows = [(avatar(p),) for p in list(things)[:most]]
    return format_html('<span class="sn-people">{}</span>', format_html_join("", "{}", rows))
