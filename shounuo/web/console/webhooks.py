"""Webhooks: other systems that are told of events, and the log of every delivery."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.channels import queries, services
from shounuo.channels.models import Delivery, Webhook
from shounuo.channels.permissions import WEBHOOKS
from shounuo.kernel.clock import now
from shounuo.web.console import pages, told
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

LIST = "/settings/webhooks/"


class WebhookForm(forms.Form):
    """Where events go, and which."""

    halves = ("name", "url")

    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    url = forms.CharField(
        label=gettext_lazy("推到哪个网址"), max_length=500, widget=forms.URLInput(attrs={"inputmode": "url"})
    )
    families = forms.MultipleChoiceField(
        label=gettext_lazy("推哪些事件"), required=False, widget=forms.CheckboxSelectMultiple
    )
    single = forms.CharField(
        label=gettext_lazy("只要其中几种"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("每行一种，例如 case.resolved；与上面选的合在一起"),
    )
    active = forms.BooleanField(
        label=gettext_lazy("在用"),
        required=False,
        initial=True,
        help_text=gettext_lazy("停用期间的事件不补推"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["families"].choices = [("*", _("全部")), *told.family_choices()]  # type: ignore[attr-defined]

    @property
    def of_service(self) -> dict[str, str]:
        """Where a refusal of the kinds stands: at those typed, else at the choice."""
        return {"kinds": "single" if self.data.get("single", "").strip() else "families"}

    def kinds(self) -> list[str]:
        lines = self.cleaned_data["single"].replace(",", "\n").split("\n")
        return [*self.cleaned_data["families"], *(line.strip() for line in lines if line.strip())]


@staff_page(WEBHOOKS)
def index(request: HttpRequest) -> HttpResponse:
    shown, pager = pages.paged(request, queries.webhooks())
    rows = [
        {
            "id": w.pk,
            "url": f"{LIST}{w.pk}/",
            "cells": [w.name, w.url, _told(w.kinds), w.person.name, _standing(w)],
            "acts": [{"url": f"{LIST}{w.pk}/log/", "label": _("推送记录")}],
        }
        for w in shown
    ]
    return pages.table(
        request,
        title=_("事件推送"),
        columns=[{"label": t} for t in (_("名称"), _("网址"), _("事件"), _("谁建的"), _("状态"))],
        rows=rows,
        pager=pager,
        lead=_("建推送的人看得见的事件才会推出去；每次推送都有签名，没送达会再试。"),
        add={"url": f"{LIST}new/", "label": _("加一个推送")},
        empty={
            "title": _("还没有推送"),
            "text": _("别的系统可以在事件发生时马上知道"),
            "url": f"{LIST}new/",
            "action": _("加一个推送"),
        },
    )


def _told(kinds: list[str]) -> str:
    """The first of them in words, and how many more there are."""
    words = _("、").join(told.family_words(k) for k in kinds[:3])
    more = len(kinds) - 3
    return (
        ngettext("%(words)s 等 %(n)s 种", "%(words)s 等 %(n)s 种", more) % {"words": words, "n": len(kinds)}
        if more > 0
        else words
    )


def _standing(hook: Webhook) -> str:
    if not hook.active:
        return _("停用")
    if hook.failing_since is not None:
        return _("%(at)s 起送不到") % {"at": pages.when(hook.failing_since)}
    return _("正常")


@staff_page(WEBHOOKS)
def new(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST or None)
    del form.fields["active"]
    made: list[str] = []

    def save(values: dict[str, Any]) -> None:
        _hook, secret = services.webhook_create(
            name=values["name"], url=values["url"], kinds=form.kinds(), actor=actor_of(request), at=now()
        )
        made.append(secret)

    response = pages.edit(
        request, form, title=_("加一个推送"), save=save, done_url=LIST, save_label=_("加进来")
    )
    if not made:
        return response
    return pages.shown_once(
        request,
        made[0],
        title=_("签名密钥"),
        lead=_("密钥只显示这一次，请现在就存到收推送的系统里，它用来核对签名。"),
        done_url=LIST,
    )


@staff_page(WEBHOOKS)
def edit(request: HttpRequest, id: int) -> HttpResponse:
    hook = queries.webhook(id)
    form = WebhookForm(
        request.POST or None,
        initial={
            "name": hook.name,
            "url": hook.url,
            "families": [k for k in hook.kinds if k.endswith("*")],
            "single": "\n".join(k for k in hook.kinds if not k.endswith("*")),
            "active": hook.active,
        },
    )

    def save(values: dict[str, Any]) -> None:
        services.webhook_change(
            webhook_id=id,
            name=values["name"],
            url=values["url"],
            kinds=form.kinds(),
            active=values["active"],
            actor=actor_of(request),
            at=now(),
        )

    return pages.edit(
        request,
        form,
        title=hook.name,
        save=save,
        done_url=LIST,
        toast=_("已保存"),
        acts=[
            {"url": f"{LIST}{id}/test/", "label": _("试推一次")},
            {"url": f"{LIST}{id}/secret/", "label": _("换签名密钥"), "dialog": True},
        ],
        delete={
            "url": f"{LIST}{id}/remove/",
            "label": _("删掉"),
            "confirm": _("连同推送记录一起删掉"),
        },
    )


@staff_page(WEBHOOKS)
def remove(request: HttpRequest, id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.webhook_remove(webhook_id=id, actor=actor_of(request), at=now()),
        done_url=LIST,
        toast=_("推送已删掉"),
    )


@staff_page(WEBHOOKS)
def secret(request: HttpRequest, id: int) -> HttpResponse:
    """A dialog that makes a new secret and shows it this once."""
    hook = queries.webhook(id)
    fresh = ""
    if request.method == "POST":
        fresh = services.webhook_secret_renew(webhook_id=id, actor=actor_of(request), at=now())
    return pages.secret(
        request,
        fresh,
        title=_("换“%(name)s”的签名密钥") % {"name": hook.name},
        before=_("旧密钥立即作废，对方要马上换成新的。"),
        after=_("密钥只显示这一次，请现在就存到收推送的系统里。"),
        verb=_("换密钥"),
        done_url=f"{LIST}{id}/",
    )


@staff_page(WEBHOOKS)
def test(request: HttpRequest, id: int) -> HttpResponse:
    status = 0

    def send() -> None:
        nonlocal status
        status = services.webhook_test(webhook_id=id, actor=actor_of(request), at=now()).status

    return pages.act(
        request,
        send,
        done_url=f"{LIST}{id}/",
        toast=lambda: _("对方收到了，答 %(status)s") % {"status": status},
    )


@staff_page(WEBHOOKS)
def log(request: HttpRequest, id: int) -> HttpResponse:
    hook = queries.webhook(id)
    state = request.GET.get("state", "")
    state = state if state in Delivery.State.values else ""
    shown, cursor = queries.deliveries(id, state=state, cursor=request.GET.get("cursor"))
    rows = [
        {
            "id": d.pk,
            "cells": [
                told.family_words(d.kind),
                pages.when(d.created_at),
                d.get_state_display(),
                d.attempts,
                d.status_code or "",
                d.response[:160],
            ],
            "acts": [{"url": f"{LIST}{id}/log/{d.pk}/replay/", "label": _("再推一次"), "post": True}],
        }
        for d in shown
    ]
    return pages.table(
        request,
        title=_("推送记录：%(name)s") % {"name": hook.name},
        columns=[
            {"label": _("事件")},
            {"label": _("发生")},
            {"label": _("结果")},
            {"label": _("次数"), "num": True},
            {"label": _("对方答"), "num": True},
            {"label": _("内容")},
        ],
        rows=rows,
        pager=pages.onward(request, cursor),
        views=[
            {
                "label": label,
                "url": pages.here(request, state=value, cursor=None),
                "active": state == value,
            }
            for value, label in [("", _("全部")), *Delivery.State.choices]
        ],
        empty={"title": _("没有推送记录"), "text": _("事件发生后会推到这个网址"), "url": "", "action": ""},
    )


@staff_page(WEBHOOKS)
def replay(request: HttpRequest, id: int, delivery_id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.delivery_replay(delivery_id=delivery_id, actor=actor_of(request), at=now()),
        done_url=f"{LIST}{id}/log/",
        toast=_("已重新排队"),
    )
