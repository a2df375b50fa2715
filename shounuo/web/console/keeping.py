"""How long things are kept, and what a legal hold keeps from going."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.audit import queries, services
from shounuo.audit.permissions import RETAIN
from shounuo.cases import queries as cases
from shounuo.customers import queries as customers
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.kernel.text import fold_width, normalise_mail, normalise_phone, whole
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

RETENTION, HOLDS = "/settings/retention/", "/settings/holds/"


class DaysForm(forms.Form):
    """Days of one kind."""

    days = forms.IntegerField(
        label=gettext_lazy("保存多少天"),
        required=False,
        min_value=1,
        max_value=36_500,
        help_text=gettext_lazy("不填就一直保存"),
    )


class HoldForm(forms.Form):
    """What is held, and why."""

    kind = forms.ChoiceField(
        label=gettext_lazy("留存什么"),
        choices=[("case", gettext_lazy("一张工单")), ("customer", gettext_lazy("一位客户和他的全部工单"))],
        widget=forms.RadioSelect,
        initial="case",
    )
    id = forms.CharField(
        label=gettext_lazy("哪一个"), max_length=320, help_text=gettext_lazy("工单写单号；客户写手机号或邮箱")
    )
    reason = forms.CharField(
        label=gettext_lazy("原因"), max_length=300, help_text=gettext_lazy("例如案号、通知书编号")
    )


def _days(days: int | None) -> str:
    if days is None:
        return _("一直保存")
    return ngettext("%(n)s 天", "%(n)s 天", days) % {"n": days}


@staff_page(RETAIN)
def retention(request: HttpRequest) -> HttpResponse:
    rows = [
        {"id": kept.code, "url": f"{RETENTION}{kept.code}/", "cells": [kept.label, _days(days), kept.note]}
        for kept, days in queries.retentions(actor_of(request))
    ]
    return pages.table(
        request,
        title=_("保存期限"),
        columns=[{"label": _("内容")}, {"label": _("保存")}, {"label": _("到期以后"), "sub": True}],
        rows=rows,
        lead=_("每天夜里清理到期的内容，清理了什么记在操作日志里。依法留存的不清理。"),
    )


@staff_page(RETAIN)
def retention_edit(request: HttpRequest, kind: str) -> HttpResponse:
    found = next((one for one in queries.retentions(actor_of(request)) if one[0].code == kind), None)
    if found is None:
        raise Http404
    kept, days = found

    def save(values: dict[str, Any]) -> None:
        services.retention_set(kind=kind, days=values["days"], actor=actor_of(request), at=now())

    return pages.edit(
        request,
        DaysForm(request.POST or None, initial={"days": days}),
        title=kept.label,
        lead=_("%(note)s 最少 %(n)s 天。删掉的找不回来。") % {"note": kept.note, "n": kept.least},
        save=save,
        done_url=RETENTION,
        toast=_("已保存"),
    )


@staff_page(RETAIN)
def holds(request: HttpRequest) -> HttpResponse:
    rows = []
    for held in queries.holds(actor_of(request)):
        hold = held.hold
        lift = {
            "url": f"{HOLDS}{hold.pk}/lift/",
            "label": _("解除"),
            "post": True,
            "confirm": _("解除后，到期的内容当晚就会清理"),
        }
        rows.append(
            {
                "id": hold.pk,
                "url": held.url,
                "cells": [
                    held.label,
                    hold.reason,
                    held.by,
                    pages.when(hold.placed_at),
                    pages.when(hold.lifted_at, _("留存中")),
                ],
                "acts": [] if hold.lifted_at else [lift],
            }
        )
    add = {"url": f"{HOLDS}new/", "label": _("加一条留存")}
    return pages.table(
        request,
        title=_("依法留存"),
        columns=[{"label": t} for t in (_("内容"), _("原因"), _("谁设的"), _("开始"), _("解除"))],
        rows=rows,
        add=add,
        lead=_("留存中的工单和客户，到期不清理，客户要求也不能删除，直到解除。"),
        empty={
            "title": _("没有留存"),
            "text": _("有诉讼、仲裁或调查时，先把有关的工单和客户留存"),
            "url": add["url"],
            "action": add["label"],
        },
    )


@staff_page(RETAIN)
def hold_new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)

    def save(values: dict[str, Any]) -> None:
        kind = values["kind"]
        id = _case_id(actor, values["id"]) if kind == "case" else _customer_id(actor, values["id"])
        services.hold_place(kind=kind, id=id, reason=values["reason"], actor=actor, at=now())

    return pages.edit(
        request,
        HoldForm(request.POST or None),
        title=_("加一条留存"),
        save=save,
        done_url=HOLDS,
        save_label=_("开始留存"),
        toast=_("已留存"),
    )


@staff_page(RETAIN)
def hold_lift(request: HttpRequest, id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.hold_lift(hold_id=id, actor=actor_of(request), at=now()),
        done_url=HOLDS,
        toast=_("留存已解除"),
    )


def _case_id(actor: Actor, text: str) -> int:
    try:
        return cases.get(actor, whole(fold_width(text).strip().lstrip("#")) or 0).pk
    except NotFound as missing:
        raise NotFound(str(missing), field="id") from missing


def _customer_id(actor: Actor, text: str) -> int:
    mail, phone = (normalise_mail(text), "") if "@" in text else ("", normalise_phone(text))
    customer = customers.by_contact(actor, mail=mail, phone=phone)
    if customer is None:
        raise NotFound(_("没有这位客户，或您无权查看"), field="id")
    return customer.pk
