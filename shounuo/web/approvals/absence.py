"""Who stands in for whom: shown, made, ended early."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from shounuo.duties import queries, services
from shounuo.duties.permissions import MANAGE, WORK
from shounuo.kernel.clock import now
from shounuo.web import words
from shounuo.web.approvals.forms import AbsenceForm
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

HOME = "/approvals/absence/"


@staff_page(WORK)
def absences(request: HttpRequest) -> HttpResponse:
    """The delegations that concern the reader, the latest first."""
    actor, at = actor_of(request), now()
    found, pager = pages.paged(request, queries.delegations_visible_to(actor))
    rows = []
    for it in found:
        over = it.ended_at is not None or it.ends_at <= at
        state = (
            _("提前结束：%(who)s") % {"who": it.ended_by.name if it.ended_by is not None else _("系统")}
            if it.ended_at is not None
            else _("已过")
            if over
            else _("进行中")
            if it.starts_at <= at
            else _("未开始")
        )
        mine = actor.may(MANAGE) or actor.person_id in (it.person_id, it.delegate_id)
        acts = [{"label": _("结束"), "url": f"{HOME}{it.pk}/end/", "post": True}] if mine and not over else []
        rows.append(
            {
                "cells": [
                    it.person.name,
                    it.delegate.name,
                    words.moment_words(it.starts_at, at, "short"),
                    words.moment_words(it.ends_at, at, "short"),
                    it.reason,
                    state,
                ],
                "acts": acts,
            }
        )
    labels = (_("谁不在"), _("代办人"), _("从"), _("到"), _("事由"), _("状态"))
    context = {
        "title": _("不在时的代办"),
        "columns": [{"label": label} for label in labels],
        "rows": rows,
        "pager": pager,
    }
    return render(request, "approvals/absences.html", context)


@staff_page(WORK)
def new(request: HttpRequest) -> HttpResponse:
    """Somebody is named for the time of one's absence."""
    actor, at = actor_of(request), now()
    me = actor.person_id or 0
    only = None if actor.may(MANAGE) else actor.person_id
    first = datetime.combine(timezone.localtime(at).date(), time(0), tzinfo=timezone.localtime(at).tzinfo)
    form = AbsenceForm(
        request.POST if request.method == "POST" else None,
        only=only,
        initial={
            "person": actor.person_id,
            "starts_at": first + timedelta(days=1),
            "ends_at": first + timedelta(days=8),
        },
    )

    def save(values: dict[str, Any]) -> None:
        services.delegation_make(
            person_id=values.get("person") or me,
            delegate_id=values["delegate"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            reason=values["reason"],
            actor=actor,
            at=at,
        )

    return pages.dialog(
        request,
        form,
        title=_("指定代办人"),
        save=save,
        done_url=HOME,
        verb=_("指定"),
        toast=_("已指定代办人"),
    )


@staff_page(WORK)
def end(request: HttpRequest, absence: int) -> HttpResponse:
    """Back early."""
    actor, at = actor_of(request), now()
    return pages.act(
        request,
        lambda: services.delegation_end(delegation_id=absence, actor=actor, at=at),
        done_url=HOME,
        toast=_("委托已结束"),
    )
