"""Ways out beside bell and mail: group robots and gateways for short messages, what went over them, and quiet hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.channels.permissions import MANAGE
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Unavailable
from shounuo.notices import queries, services
from shounuo.notices.models import Sending, Way
from shounuo.staff import queries as staff
from shounuo.staff.models import Role
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

LIST = "/settings/ways/"
QUIET = "/settings/quiet/"
TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class WayForm(forms.Form):
    """A way. Address and secret hold keys: they are empty whatever is stored, and empty leaves them."""

    halves = ("kind", "name")

    kind = forms.ChoiceField(label=gettext_lazy("种类"), choices=Way.Kind.choices)
    name = forms.CharField(label=gettext_lazy("名称"), required=False, max_length=80)
    address = forms.CharField(
        label=gettext_lazy("地址"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("机器人的完整 Webhook 地址，或短信网关的网址"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=gettext_lazy("密钥"),
        required=False,
        max_length=300,
        strip=False,
        help_text=gettext_lazy("钉钉、飞书的加签密钥，或短信网关的令牌；没有就不填"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget = forms.BooleanField(label=gettext_lazy("删掉存着的密钥"), required=False)
    body = forms.CharField(
        label=gettext_lazy("短信网关要的内容"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy('只用于短信，例如 {"mobile": "{phone}", "content": "{text}"}'),
    )
    success = forms.CharField(
        label=gettext_lazy("成功时回答里有"),
        required=False,
        max_length=120,
        help_text=gettext_lazy('只用于短信，例如 "code":0；不填就只看状态码'),
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("给哪些角色"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不选就是全部"),
    )
    is_active = forms.BooleanField(label=gettext_lazy("在用"), required=False, initial=True)

    def __init__(self, *args: Any, way: Way | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [(r.code, r.name) for r in staff.roles_with_size()]  # type: ignore[attr-defined]
        if way is not None:
            self.fields["address"].help_text = _("已存着一个；不填就不变")
        if way is not None and way.secret:
            self.fields["secret"].help_text = _("已存着一个；不填就不变")
        else:
            del self.fields["forget"]

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        given = dict(self.cleaned_data)
        forget = given.pop("forget", False)
        return given | {
            "address": given["address"] or None,
            "secret": "" if forget else given["secret"] or None,
        }


@staff_page(MANAGE)
def index(request: HttpRequest) -> HttpResponse:
    names = {r.code: r.name for r in staff.roles_with_size()}
    shown, pager = pages.paged(request, queries.ways())
    rows = [
        {
            "id": w.pk,
            "url": f"{LIST}{w.pk}/",
            "cells": [
                pages.named(w.name, active=w.is_active),
                w.get_kind_display(),
                _("、").join(names.get(r, r) for r in w.roles) or _("全部"),
                _health(w),
            ],
            "acts": [{"url": f"{LIST}{w.pk}/test/", "label": _("发一条试试"), "post": True}],
        }
        for w in shown
    ]
    return pages.table(
        request,
        title=pgettext("place", "消息通道"),
        lead=_("预警除了站内和邮件，还从这些地方发出。红色预警不等免打扰时段结束。"),
        columns=[{"label": t} for t in (_("名称"), _("种类"), _("给谁"), _("最近"))],
        rows=rows,
        pager=pager,
        views=_views(LIST),
        add={"url": f"{LIST}new/", "label": _("加一个")},
        empty={
            "title": _("还没有消息通道"),
            "text": _("加上群机器人或短信网关，预警就能发到群里和手机上"),
            "url": f"{LIST}new/",
            "action": _("加一个"),
        },
    )


def _views(on: str) -> list[dict[str, Any]]:
    places = ((LIST, _("通道")), (f"{LIST}log/", _("发送记录")), (QUIET, _("免打扰时段")))
    return [{"label": label, "url": url, "active": url == on} for url, label in places]


def _health(way: Way) -> str:
    failed, fine = way.last_error_at, way.last_ok_at
    if failed is not None and (fine is None or fine < failed):
        return _("%(at)s 出错：%(why)s") % {"at": pages.when(failed), "why": way.last_error[:120]}
    return _("%(at)s 发出") % {"at": pages.when(fine)} if fine else _("还没用过")


@staff_page(MANAGE)
def edit(request: HttpRequest, id: int | None = None) -> HttpResponse:
    way = get_object_or_404(Way, pk=id) if id else None
    fields = ("kind", "name", "body", "success", "roles", "is_active")
    initial = {f: getattr(way, f) for f in fields} if way is not None else None
    form = WayForm(request.POST or None, way=way, initial=initial)

    def save(_values: dict[str, Any]) -> None:
        services.way_save(way_id=id, **form.values(), actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=way.name if way else _("加一个消息通道"),
        save=save,
        done_url=LIST,
        toast=_("已保存"),
        delete={
            "url": f"{LIST}{id}/remove/",
            "label": _("删掉"),
            "confirm": _("它的发送记录也一起删掉"),
        }
        if way
        else None,
    )


@staff_page(MANAGE)
def remove(request: HttpRequest, id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.way_remove(way_id=id, actor=actor_of(request), at=now()),
        done_url=LIST,
        toast=_("已删掉"),
    )


@staff_page(MANAGE)
def test(request: HttpRequest, id: int) -> HttpResponse:
    """Sends a text now; what the other side refuses is told at once."""

    def send() -> None:
        sent = services.way_test(way_id=id, actor=actor_of(request), at=now())
        if sent.state != Sending.State.SENT:
            raise Unavailable(_("没有发出去：%(why)s") % {"why": sent.answer or _("对方没有回答")})

    return pages.act(request, send, done_url=LIST, toast=_("对方收下了，请到那边看一眼"))


@staff_page(MANAGE)
def log(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in Sending.State.values else ""
    shown, cursor = queries.sendings(state=state, cursor=request.GET.get("cursor"))
    rows = [
        {
            "id": s.pk,
            "cells": [
                s.text.partition("\n")[0],
                s.way.name,
                s.target,
                pages.when(s.created_at),
                _outcome(s),
                s.attempts,
                s.answer[:160],
            ],
        }
        for s in shown
    ]
    columns = [{"label": t} for t in (_("内容"), _("通道"), _("手机"), _("产生"), _("结果"))]
    return pages.table(
        request,
        title=_("发送记录"),
        columns=[*columns, {"label": _("次数"), "num": True}, {"label": _("对方答")}],
        rows=rows,
        pager=pages.onward(request, cursor),
        views=_views(f"{LIST}log/"),
        filters=[
            {
                "label": label,
                "url": pages.here(request, state=value, cursor=None),
                "active": state == value,
            }
            for value, label in [("", _("全部")), *Sending.State.choices]
        ],
        empty={
            "title": _("没有发送记录"),
            "text": _("有预警发出时记在这里，留 90 天"),
            "url": "",
            "action": "",
        },
    )


def _outcome(sending: Sending) -> str:
    """How it went, and when it goes where it is still to go."""
    if sending.state == Sending.State.QUEUED and sending.next_at is not None and sending.next_at > now():
        return _("%(at)s 再发") % {"at": pages.when(sending.next_at)}
    return str(sending.get_state_display())


@staff_page(MANAGE)
def quiet(request: HttpRequest) -> HttpResponse:
    """Every role with its quiet hours, where it has some."""
    hours = queries.quiet_hours()
    rows = [
        {
            "id": r.pk,
            "url": f"{QUIET}{r.pk}/",
            "cells": [
                r.name,
                f"{hours[r.code].starts:%H:%M} – {hours[r.code].ends:%H:%M}"
                if r.code in hours
                else _("随时"),
            ],
        }
        for r in staff.roles_with_size()
    ]
    return pages.table(
        request,
        title=_("免打扰时段"),
        lead=_(
            "这段时间里，不急的消息等它结束再发；红色预警照发。一条消息给几个角色，有一个不在时段里就发。"
        ),
        columns=[{"label": _("角色")}, {"label": _("免打扰")}],
        rows=rows,
        views=_views(QUIET),
    )


class QuietForm(forms.Form):
    """From when to when; both empty takes the hours away."""

    halves = ("starts", "ends")

    starts = forms.TimeField(label=gettext_lazy("从"), widget=TIME, required=False)
    ends = forms.TimeField(
        label=gettext_lazy("到"),
        widget=TIME,
        required=False,
        help_text=gettext_lazy("早于开始就是到第二天；两个都不填就是随时"),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if bool(given.get("starts")) != bool(given.get("ends")):
            raise forms.ValidationError(_("起止要么都填，要么都不填"))
        return given


@staff_page(MANAGE)
def quiet_edit(request: HttpRequest, id: int) -> HttpResponse:
    role = get_object_or_404(Role, pk=id)
    row = queries.quiet_hours().get(role.code)
    form = QuietForm(
        request.POST or None, initial={"starts": row.starts, "ends": row.ends} if row is not None else None
    )

    def save(values: dict[str, Any]) -> None:
        who: dict[str, Any] = {"role": role.code, "actor": actor_of(request), "at": now()}
        if values["starts"] is None:
            services.quiet_clear(**who)
        else:
            services.quiet_set(**values, **who)

    return pages.edit(
        request,
        form,
        title=_("%(role)s的免打扰时段") % {"role": role.name},
        save=save,
        done_url=QUIET,
        toast=_("已保存"),
    )
