"""Relays: the mail servers that take our mail. Passwords go in, never out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.channels.permissions import MANAGE
from shounuo.kernel.clock import now
from shounuo.notices import queries, services
from shounuo.notices.models import Relay
from shounuo.web.console import pages, told
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

LIST = "/settings/relays/"


class RelayForm(forms.Form):
    """A relay. The password field is empty whatever is stored: empty leaves it."""

    halves = ("host", "name", "security", "port", "login", "password")

    host = forms.CharField(
        label=gettext_lazy("服务器"), max_length=255, help_text=gettext_lazy("例如 smtp.exmail.qq.com")
    )
    name = forms.CharField(
        label=gettext_lazy("名称"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("不填就用服务器的名字"),
    )
    security = forms.ChoiceField(
        label=gettext_lazy("加密"), choices=Relay.Security.choices, initial=Relay.Security.STARTTLS
    )
    port = forms.IntegerField(label=gettext_lazy("端口"), initial=587, min_value=1, max_value=65535)
    login = forms.CharField(label=gettext_lazy("账号"), required=False, max_length=255)
    password = forms.CharField(
        label=gettext_lazy("密码或授权码"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget = forms.BooleanField(label=gettext_lazy("删掉存着的密码"), required=False)
    sender = forms.CharField(
        label=gettext_lazy("系统邮件的发件地址"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("登录链接、提醒等给同事的邮件用它"),
    )
    is_default = forms.BooleanField(label=gettext_lazy("默认用这台"), required=False)

    def __init__(self, *args: Any, stored: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stored:
            self.fields["password"].help_text = _("已存着一个；不填就不变")
        else:
            del self.fields["forget"]

    def values(self) -> dict[str, Any]:
        """What the relay service takes."""
        given = dict(self.cleaned_data)
        if given.pop("forget", False):
            given["password"] = ""
        else:
            given["password"] = given["password"] or None
        return given


@staff_page(MANAGE)
def index(request: HttpRequest) -> HttpResponse:
    shown, pager = pages.paged(request, queries.relays())
    rows = [
        {
            "id": r.pk,
            "url": f"{LIST}{r.pk}/",
            "cells": [
                _("%(name)s（默认）") % {"name": r.name} if r.is_default else r.name,
                f"{r.host}:{r.port}",
                r.get_security_display(),
                r.login or _("不用账号"),
                _health(r),
            ],
        }
        for r in shown
    ]
    return pages.table(
        request,
        title=pgettext("place", "发信服务器"),
        columns=[{"label": t} for t in (_("名称"), _("服务器"), _("加密"), _("账号"), _("最近"))],
        rows=rows,
        pager=pager,
        add={"url": f"{LIST}new/", "label": _("加一台")},
        empty={
            "title": _("还没有发信服务器"),
            "text": _("没有它，回复和提醒的邮件都发不出去"),
            "url": f"{LIST}new/",
            "action": _("加一台"),
        },
    )


def _health(relay: Relay) -> str:
    """The latest that is known: a success, or a fault after it."""
    failed, fine = relay.last_error_at, relay.last_ok_at
    if failed is not None and (fine is None or fine < failed):
        return _("%(at)s 出错：%(why)s") % {
            "at": pages.when(failed),
            "why": told.fault_words(relay.last_error, 120),
        }
    return _("%(at)s 发出") % {"at": pages.when(fine)} if fine else _("还没用过")


@staff_page(MANAGE)
def edit(request: HttpRequest, id: int | None = None) -> HttpResponse:
    relay = get_object_or_404(Relay, pk=id) if id else None
    initial = None
    if relay is not None:
        names = ("host", "name", "security", "port", "login", "sender", "is_default")
        initial = {f: getattr(relay, f) for f in names}
    form = RelayForm(request.POST or None, stored=bool(relay and relay.password), initial=initial)

    def save(_values: dict[str, Any]) -> None:
        services.relay_save(relay_id=id, **form.values(), actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=relay.name if relay else _("加一台发信服务器"),
        save=save,
        done_url=LIST,
        toast=_("已保存"),
        delete={
            "url": f"{LIST}{id}/remove/",
            "label": _("删掉"),
            "confirm": _("删掉后用它的邮箱改用默认的服务器"),
        }
        if relay
        else None,
    )


@staff_page(MANAGE)
def remove(request: HttpRequest, id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.relay_remove(relay_id=id, actor=actor_of(request), at=now()),
        done_url=LIST,
        toast=_("已删掉"),
    )
