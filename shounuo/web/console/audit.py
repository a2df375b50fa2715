"""The log of access and configuration: filtered, sealed, exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.audit import queries, services
from shounuo.audit.permissions import VIEW
from shounuo.audit.queries import Filters, Shown
from shounuo.kernel import csvfile, paging
from shounuo.kernel.clock import now
from shounuo.staff import queries as staff
from shounuo.staff.models import Person
from shounuo.web.console import pages, told
from shounuo.web.console.menu import sections
from shounuo.web.context import actor_of
from shounuo.web.days import DayField
from shounuo.web.guard import staff_page

LIST = "/settings/audit/"
MOST_EXPORTED = 100_000
# What is written where it happens, and is no event.
WORDS = {
    "audit.export": gettext_lazy("导出操作日志"),
    "ops.handler_retry": gettext_lazy("重试后续处理"),
    "ops.job_retry": gettext_lazy("重跑作业"),
    "ops.mail_retry": gettext_lazy("重发邮件"),
    "raw.dismiss": gettext_lazy("收起隔离邮件"),
    "raw.prune": gettext_lazy("清理到期原件"),
    "raw.read": gettext_lazy("看邮件原文"),
    "raw.release": gettext_lazy("放行隔离邮件"),
    "raw.retry": gettext_lazy("重办隔离邮件"),
    "webhook.secret": gettext_lazy("更换推送密钥"),
}


class FilterForm(forms.Form):
    """Who, what, when. Nothing filled in narrows nothing."""

    action = forms.ChoiceField(label=gettext_lazy("做了什么"), required=False)
    person = forms.ModelChoiceField(
        label=gettext_lazy("谁"),
        queryset=Person.objects.none(),
        required=False,
        empty_label=gettext_lazy("所有人"),
    )
    since = DayField(label=gettext_lazy("从"), required=False)
    until = DayField(label=gettext_lazy("到"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(a, WORDS.get(a) or queries.action_label(a)) for a in queries.actions()]
        self.fields["action"].choices = [("", _("所有操作")), *named]  # type: ignore[attr-defined]
        self.fields["person"].queryset = staff.people(active=False)  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        v = self.cleaned_data if self.is_valid() else {}
        person = v.get("person")
        until = v.get("until")
        return Filters(
            action=v.get("action", ""),
            actor_id=person.pk if person else None,
            since=_midnight(v.get("since")),
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


@staff_page(VIEW)
def index(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    shown, cursor = queries.entries(
        actor_of(request), form.filters(), cursor=request.GET.get("cursor") or None
    )
    asked = {k: v for k, v in request.GET.items() if k in form.fields and v}
    return render(
        request,
        "console/audit.html",
        {
            "title": _("操作日志"),
            "label": _("操作日志"),
            "sections": sections(actor_of(request), request.path),
            "form": form,
            "export_url": pages.here(request, cursor=None).replace(LIST, f"{LIST}export/", 1),
            "seals_url": f"{LIST}seals/",
            "clear_url": LIST if asked else "",
            "columns": [
                {"label": _("时间"), "tight": True},
                {"label": _("谁"), "tight": True},
                {"label": _("做了什么"), "tight": True},
                {"label": _("对什么"), "tight": True},
                {"label": _("细节")},
                {"label": _("从哪里"), "tight": True},
            ],
            "rows": [{"id": e.id, "cells": _cells(e)} for e in shown],
            "pager": pages.onward(request, cursor),
        },
    )


def _cells(entry: Shown) -> list[Any]:
    return [
        pages.when(entry.at),
        entry.actor,
        WORDS.get(entry.action) or entry.label,
        entry.target,
        told.detail_words(entry.detail),
        entry.address or "",
    ]


@staff_page(VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The filtered log as CSV, newest first; that it was taken out is itself in the log."""
    form = FilterForm(request.GET)
    actor, at = actor_of(request), now()
    asked = {k: v for k, v in request.GET.items() if k in form.fields and v}
    services.record(
        action="audit.export",
        detail=asked,
        actor=actor,
        at=at,
        address=getattr(request, "address", None),
    )
    filters, language = form.filters(), translation.get_language()

    def lines() -> Iterator[bytes]:
        yield csvfile.MARK
        yield csvfile.row(("time", "who", "action", "target", "detail", "address"))
        cursor, taken = None, 0
        while taken < MOST_EXPORTED:
            # The stream is read after the request has left, and its language with it. Nothing is handed out while
            # the language is set: between two pieces the thread may serve somebody else.
            with translation.override(language):
                found, cursor = queries.entries(actor, filters, cursor=cursor, limit=paging.MAX_LIMIT)
                page = b"".join(map(_row, found))
            yield page
            taken += len(found)
            if cursor is None:
                return

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{timezone.localtime(at):%Y%m%d-%H%M}.csv"'
    return response  # type: ignore[return-value]


def _row(entry: Shown) -> bytes:
    return csvfile.row(
        (
            entry.at,
            entry.actor,
            entry.action,
            entry.target,
            json.dumps(entry.detail, ensure_ascii=False, sort_keys=True),
            entry.address,
        )
    )


@staff_page(VIEW)
def seals(request: HttpRequest) -> HttpResponse:
    names = {"events": _("事件"), "audit": _("操作日志")}
    rows = [
        {
            "id": s.pk,
            "cells": [
                pages.when(s.at),
                names.get(s.source, s.source),
                _("%(first)s–%(last)s") % {"first": s.first_id, "last": s.last_id},
                s.rows,
                s.digest[:16],
            ],
        }
        for s in queries.seals()
    ]
    return pages.table(
        request,
        title=_("封存"),
        columns=[
            {"label": _("时间")},
            {"label": _("内容")},
            {"label": _("记录号")},
            {"label": _("条数"), "num": True},
            {"label": _("指纹")},
        ],
        rows=rows,
        lead=_(
            "每晚把新的事件和日志封进一条哈希链，改动任何一条都能查出来。核对用 shounuo audit verify；最后一个指纹请另存一处。"
        ),
        empty={"title": _("还没有封存"), "text": _("每晚自动封存一次"), "url": "", "action": ""},
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(0), timezone.get_current_timezone()) if day else None
