"""Mail that became no case: seen, read as it came, tried again, made a case, or put away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.channels import queries, services
from shounuo.channels.models import RawMessage
from shounuo.channels.permissions import MANAGE
from shounuo.channels.services.quarantine import SET_ASIDE
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.kernel.text import clean, decode
from shounuo.web import words
from shounuo.web.console import pages
from shounuo.web.console.menu import sections
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

LIST = "/settings/quarantine/"
State = RawMessage.State
VIEWS = (
    (State.QUARANTINED, gettext_lazy("已隔离")),
    (State.AUTO, gettext_lazy("自动回复")),
    (State.LOOP, gettext_lazy("循环")),
    (State.BOUNCE, gettext_lazy("退信")),
    (State.RELEASED, gettext_lazy("已处理")),
)
SHOWN = 200_000  # characters of a raw mail on the page; the rest is said to be there
ACTS: dict[str, tuple[Callable[..., RawMessage], Any]] = {
    "retry": (services.quarantine_retry, gettext_lazy("按现在的规则又办了一遍：%(state)s")),
    "release": (services.quarantine_release, gettext_lazy("已放行：%(state)s")),
    "dismiss": (services.quarantine_dismiss, gettext_lazy("已收起，原件还在")),
}


@staff_page(MANAGE)
def index(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in dict(VIEWS) else State.QUARANTINED
    shown, cursor = queries.raw_page([state], cursor=request.GET.get("cursor"))
    counts = queries.raw_counts()
    rows = [
        {
            "id": m.pk,
            "url": f"{LIST}{m.pk}/",
            "cells": [
                m.subject or _("没有主题"),
                m.sender or m.envelope_from or _("不详"),
                m.mailbox.name if m.mailbox else _("不详"),
                m.reason or m.get_state_display(),
                pages.when(m.received_at),
                words.file_size(m.size),
            ],
        }
        for m in shown
    ]
    return pages.table(
        request,
        title=_("隔离邮件"),
        columns=[
            {"label": t}
            for t in (pgettext("mail", "主题"), _("发件人"), _("邮箱"), _("为什么"), _("收到"), _("大小"))
        ],
        rows=rows,
        pager=pages.onward(request, cursor),
        lead=_("读不懂的邮件不丢，原件都在这里。"),
        views=[
            {
                "label": label,
                "url": pages.here(request, state=value, cursor=None),
                "active": state == value,
                "count": counts[value] if value != State.RELEASED else None,
            }
            for value, label in VIEWS
        ],
        empty={"title": _("这里没有邮件"), "text": _("收到的信都成了工单"), "url": "", "action": ""},
    )


@staff_page(MANAGE)
def mail(request: HttpRequest, id: int) -> HttpResponse:
    """One mail: what is known of it, and its text as it came, escaped. Who reads it is written down."""
    row = queries.raw(id)
    actor, at = actor_of(request), now()
    raw, missing = "", ""
    try:
        found = services.raw_read(raw_id=id, actor=actor, at=at, address=getattr(request, "address", None))
        raw = clean(decode(found[: SHOWN * 2]))[:SHOWN]
    except NotFound as problem:
        missing = str(problem)
    aside = row.state in SET_ASIDE and row.case_id is None
    known = [
        (_("发件人"), row.sender or row.envelope_from),
        (_("收件人"), _("、").join(row.envelope_to)),
        (_("邮箱"), row.mailbox.name if row.mailbox else ""),
        (_("收到"), pages.when(row.received_at)),
        (_("来路"), f"{row.via} {row.peer}".strip()),
        (_("状态"), row.get_state_display()),
        (_("为什么"), row.reason),
        (_("大小"), words.file_size(row.size)),
    ]
    return render(
        request,
        "console/raw_mail.html",
        {
            "title": row.subject or _("没有主题"),
            "sections": sections(actor, request.path),
            "known": [(label, value) for label, value in known if value],
            "raw": raw,
            "missing": missing,
            "cut": row.size > SHOWN,
            "acts": [
                {"url": f"{LIST}{id}/retry/", "label": _("再办一遍"), "primary": True},
                {"url": f"{LIST}{id}/release/", "label": _("放行成单")},
                {"url": f"{LIST}{id}/dismiss/", "label": _("收起")},
            ]
            if aside
            else [],
        },
    )


@staff_page(MANAGE)
def act(request: HttpRequest, id: int, what: str) -> HttpResponse:
    service, told = ACTS[what]
    state = ""

    def run() -> None:
        nonlocal state
        state = service(raw_id=id, actor=actor_of(request), at=now()).get_state_display()

    return pages.act(request, run, done_url=LIST, toast=lambda: told % {"state": state})
