"""Tokens of the API: who holds one, what it may do, until when. The token itself is shown once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.kernel.clock import now
from shounuo.staff import permissions, queries, services
from shounuo.staff.models import Person, Token
from shounuo.web.console import pages, told
from shounuo.web.context import actor_of
from shounuo.web.days import DayField
from shounuo.web.guard import staff_page


class TokenForm(forms.Form):
    """Whom a token stands for, what it may do, how long it lives."""

    halves = ("person", "name", "expires_on")
    of_service = {"expires_at": "expires_on"}
    field_order = ("name", "person", "expires_on", "scopes")

    person = forms.ModelChoiceField(label=gettext_lazy("代表谁"), queryset=Person.objects.none())
    name = forms.CharField(label=gettext_lazy("谁在用"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("只许做"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选就是此人能做的全部"),
    )
    expires_on = DayField(
        label=gettext_lazy("用到哪天"),
        required=False,
        help_text=gettext_lazy("不填就一直有效，直到吊销"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = queries.people()  # type: ignore[attr-defined]
        self.fields["scopes"].choices = told.permission_choices()  # type: ignore[attr-defined]


@staff_page(permissions.TOKENS)
def tokens(request: HttpRequest) -> HttpResponse:
    at = now()
    shown, pager = pages.paged(request, Token.objects.select_related("person").order_by("-id"))
    rows = [
        {
            "id": t.pk,
            "cells": [
                t.name,
                t.person.name,
                t.hint,
                ngettext("%(n)s 项", "%(n)s 项", len(t.scopes)) % {"n": len(t.scopes)}
                if t.scopes
                else _("全部"),
                pages.when(t.last_used_at, _("没用过")),
                _("已吊销")
                if t.revoked_at
                else _("已到期")
                if t.expires_at is not None and t.expires_at <= at
                else _("%(day)s到期") % {"day": pages.when(t.expires_at)}
                if t.expires_at
                else _("有效"),
            ],
            "acts": []
            if t.revoked_at
            else [
                {
                    "url": f"/settings/tokens/{t.pk}/revoke/",
                    "label": _("吊销"),
                    "post": True,
                    "danger": True,
                    "confirm": _("吊销后用它的系统立即连不上"),
                }
            ],
        }
        for t in shown
    ]
    return pages.table(
        request,
        title=_("接口令牌"),
        columns=[
            {"label": t} for t in (_("谁在用"), _("代表"), _("令牌"), _("范围"), _("上次使用"), _("状态"))
        ],
        rows=rows,
        pager=pager,
        add={"url": "/settings/tokens/new/", "label": _("发一个令牌")},
        empty={
            "title": _("还没有令牌"),
            "text": _("别的系统用令牌建单、查单、收事件"),
            "url": "/settings/tokens/new/",
            "action": _("发一个令牌"),
        },
    )


@staff_page(permissions.TOKENS)
def token_new(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None, initial={"person": request.user.pk})
    made: dict[str, str] = {}

    def save(values: dict[str, Any]) -> None:
        _row, made["clear"] = services.token_create(
            person_id=values["person"].pk,
            name=values["name"],
            scopes=values["scopes"],
            expires_at=_end_of(values["expires_on"]),
            actor=actor_of(request),
            at=now(),
        )

    response = pages.edit(
        request, form, title=_("发一个令牌"), save=save, done_url="/settings/tokens/", save_label=_("发出")
    )
    if not made:
        return response
    return pages.shown_once(
        request,
        made["clear"],
        title=_("令牌已发出"),
        lead=_("令牌只显示这一次，请现在就存到用它的系统里。"),
        done_url="/settings/tokens/",
    )


@staff_page(permissions.TOKENS)
def token_revoke(request: HttpRequest, id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.token_revoke(token_id=id, actor=actor_of(request), at=now()),
        done_url="/settings/tokens/",
        toast=_("令牌已吊销"),
    )


def _end_of(day: date | None) -> datetime | None:
    """The end of a day in the reader's zone."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(0), timezone.get_current_timezone())
