"""How the installation runs: heartbeats, queues, what failed and may be tried again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from shounuo.audit.services import record
from shounuo.channels import queries as channels
from shounuo.events import registry, subjects
from shounuo.events import services as events
from shounuo.events.models import Event, Failure
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict
from shounuo.kernel.text import mask_mail
from shounuo.notices import queries as notices
from shounuo.notices import services as mails
from shounuo.staff.permissions import OPERATIONS
from shounuo.web import words
from shounuo.web.console import pages, told
from shounuo.web.console.menu import sections
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page
from shounuo.web.ops.health import BEAT

LIST = "/settings/operations/"
SHOWN = 50  # of each kind of failure
LATE = 5.0  # seconds that a due clock or job may wait before the tile turns amber

_BEATS = """
SELECT (SELECT max(last_heartbeat) FROM procrastinate_workers),
       (SELECT max(beat_at) FROM commitments_clockloop),
       (SELECT min(next_at) FROM commitments_clock WHERE next_at IS NOT NULL AND next_at <= %s)
"""


@staff_page(OPERATIONS)
def index(request: HttpRequest) -> HttpResponse:
    at = now()
    return render(
        request,
        "console/operations.html",
        {
            "title": _("运行状况"),
            "sections": sections(actor_of(request), request.path),
            "tiles": _tiles(at),
            "parts": [
                {"title": _("没办成的后续处理"), "none": _("没有"), **_handlers()},
                {"title": _("失败的作业"), "none": _("没有"), **_jobs()},
                {"title": _("没发出去的邮件"), "none": _("没有"), **_mails()},
                {"title": _("作业队列"), "none": _("都空着"), **_queues(at)},
            ],
        },
    )


def _tiles(at: datetime) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_BEATS, [at])
        worker, clock, late = cursor.fetchone()
    intake = channels.intake(at)
    out = notices.mail_figures()
    lag = (at - late).total_seconds() if late is not None else 0.0
    return [
        _beat(_("后台作业"), worker, at),
        _beat(_("计时循环"), clock, at),
        {
            "name": _("到点未动的时限"),
            "value": words.span(lag, exact=True) if lag >= 1 else _("没有"),
            "population": _("最早一项已晚这么久") if lag >= 1 else _("到点即动"),
            "tone": "breach" if lag > BEAT.total_seconds() else "warn" if lag > LATE else "",
        },
        {
            "name": _("收信"),
            "value": words.number(intake.last_day),
            "unit": _("封"),
            "population": _("近 24 小时；待办 %(stored)s，取信失败的邮箱 %(failing)s")
            % {"stored": intake.stored, "failing": intake.failing_mailboxes},
            "tone": "warn" if intake.failing_mailboxes else "",
        },
        {
            "name": _("隔离"),
            "value": words.number(intake.quarantined),
            "unit": _("封"),
            "population": _("读不懂、等人看"),
            "tone": "warn" if intake.quarantined else "",
            "url": "/settings/quarantine/",
        },
        {
            "name": _("发信"),
            "value": words.number(out["queued"]),
            "unit": _("封待发"),
            "population": _("没发出去 %(failed)s") % {"failed": out["failed"]},
            "tone": "warn" if out["failed"] else "",
        },
    ]


def _beat(name: str, beat: datetime | None, at: datetime) -> dict[str, Any]:
    alive = beat is not None and at - beat < BEAT
    if beat is None:
        told = _("还没有启动过")
    else:
        told = _("%(since)s有心跳") % {"since": words.since_words(beat, at)}
    value = _("正常") if alive else _("没有在跑")
    return {"name": name, "value": value, "population": told, "tone": "" if alive else "breach"}


def _queues(at: datetime) -> dict[str, Any]:
    rows = [
        {
            "cells": [
                q.queue,
                q.waiting,
                q.running,
                q.failed,
                words.since_words(q.oldest_at, at) if q.oldest_at else "",
            ]
        }
        for q in channels.queues(at)
    ]
    columns: list[dict[str, Any]] = [
        {"label": _("队列")},
        {"label": _("等着"), "num": True},
        {"label": _("在跑"), "num": True},
        {"label": _("失败"), "num": True},
        {"label": _("最早的等了"), "num": True},
    ]
    return {"columns": columns, "rows": rows}


def _handlers() -> dict[str, Any]:
    found = channels.failures(limit=SHOWN)
    kinds = dict(Event.objects.filter(pk__in=[f.event_id for f in found]).values_list("id", "kind"))
    rows = [
        {
            "id": f.pk,
            "cells": [
                f.handler,
                _event_words(kinds.get(f.event_id, ""), f.event_id),
                f.attempts,
                pages.when(f.next_at, _("不再自动试")),
                f.error.strip().splitlines()[-1][:160] if f.error.strip() else "",
            ],
            "acts": [
                {"url": f"{LIST}handlers/{f.pk}/", "label": _("看错误"), "dialog": True},
                {"url": f"{LIST}handlers/{f.pk}/retry/", "label": _("再试"), "post": True},
            ],
        }
        for f in found
    ]
    columns: list[dict[str, Any]] = [
        {"label": _("处理者")},
        {"label": _("事件")},
        {"label": _("次数"), "num": True},
        {"label": _("下次")},
        {"label": _("错误")},
    ]
    return {"columns": columns, "rows": rows}


def _event_words(kind: str, event_id: int) -> str:
    declared = registry.kinds().get(kind)
    label = str(declared.label) if declared is not None and declared.label else kind
    return f"{label} {event_id}".strip()


def _jobs() -> dict[str, Any]:
    found = ProcrastinateJob.objects.filter(status="failed").order_by("-id")[:SHOWN]
    rows = [
        {
            "id": f"job-{j.pk}",
            "cells": [
                j.task_name,
                ", ".join(f"{k}={v}" for k, v in j.args.items() if isinstance(v, int)),
                j.attempts,
                j.queue_name,
            ],
            "acts": [{"url": f"{LIST}jobs/{j.pk}/retry/", "label": _("再跑"), "post": True}],
        }
        for j in found
    ]
    columns: list[dict[str, Any]] = [
        {"label": _("作业")},
        {"label": _("对象")},
        {"label": _("次数"), "num": True},
        {"label": _("队列")},
    ]
    return {"columns": columns, "rows": rows}


def _mails() -> dict[str, Any]:
    found = notices.failed_mails(limit=SHOWN)
    ids: dict[str, set[int]] = {}
    for m in found:
        if m.subject_id is not None:
            ids.setdefault(m.subject_kind, set()).add(m.subject_id)
    labels: dict[tuple[str, int], str] = {}
    for kind, of_kind in ids.items():
        if (subject := subjects.get(kind)) is not None:
            labels |= {(kind, i): label for i, label in subject.label(of_kind).items()}
    rows = [
        {
            "id": f"mail-{m.pk}",
            "cells": [
                _("、").join(mask_mail(r) for r in m.recipients[:3]),
                labels.get((m.subject_kind, m.subject_id or 0), ""),
                m.relay.name if m.relay else _("默认"),
                m.attempts,
                told.fault_words(m.error, 160),
            ],
            "acts": [{"url": f"{LIST}mails/{m.pk}/retry/", "label": _("再发"), "post": True}],
        }
        for m in found
    ]
    columns: list[dict[str, Any]] = [
        {"label": _("收件人")},
        {"label": _("关于")},
        {"label": _("发信服务器")},
        {"label": _("次数"), "num": True},
        {"label": _("错误")},
    ]
    return {"columns": columns, "rows": rows}


@staff_page(OPERATIONS)
def handler_error(request: HttpRequest, id: int) -> HttpResponse:
    """A dialog with the whole error; opened by itself, a page."""
    failure = get_object_or_404(Failure, pk=id)
    context: dict[str, Any] = {"title": failure.handler, "text": failure.error}
    if request.headers.get("HX-Request"):
        return render(request, "console/fault.html", context)
    context["sections"] = sections(actor_of(request), request.path)
    return render(request, "console/text.html", context)


@staff_page(OPERATIONS)
def handler_retry(request: HttpRequest, id: int) -> HttpResponse:
    """Tries a handler again now; when it fails again, the page shows it with its new error."""
    failure = get_object_or_404(Failure, pk=id)
    done = False

    def run() -> None:
        nonlocal done
        at = now()
        done = events.handle_again(failure.event_id, failure.handler, at)
        detail = {"handler": failure.handler, "event": failure.event_id, "done": done}
        record(action="ops.handler_retry", detail=detail, actor=actor_of(request), at=at)

    return pages.act(
        request, run, done_url=LIST, toast=lambda: _("办成了") if done else _("又失败了，错误已更新")
    )


@staff_page(OPERATIONS)
def job_retry(request: HttpRequest, id: int) -> HttpResponse:
    def run() -> None:
        at = now()
        job = ProcrastinateJob.objects.filter(pk=id, status="failed").first()
        if job is None:
            raise Conflict(_("这个作业已不在失败之列"), code="not_failed")
        with transaction.atomic():
            app.job_manager.retry_job_by_id(id, retry_at=at)
            detail = {"job": id, "task": job.task_name}
            record(action="ops.job_retry", detail=detail, actor=actor_of(request), at=at)

    return pages.act(request, run, done_url=LIST, toast=_("已重新排队"))


@staff_page(OPERATIONS)
def mail_retry(request: HttpRequest, id: int) -> HttpResponse:
    def run() -> None:
        at, actor = now(), actor_of(request)
        with transaction.atomic():
            mails.mail_retry(mail_id=id, actor=actor, at=at)
            record(action="ops.mail_retry", target=("mail", id), actor=actor, at=at)

    return pages.act(request, run, done_url=LIST, toast=_("已重新排队"))
