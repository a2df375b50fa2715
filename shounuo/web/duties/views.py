"""待办: the inbox, a duty's page, and the acts on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from shounuo.commitments import queries as commitments
from shounuo.duties import queries, registry, rules, services
from shounuo.duties.models import Duty
from shounuo.duties.permissions import MANAGE, VIEW_ALL, WORK
from shounuo.duties.queries import BOXES, Box, Filters
from shounuo.files.services import draft_upload
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotAllowed, NotFound
from shounuo.kernel.text import whole
from shounuo.policy import queries as policy
from shounuo.process.permissions import VIEW as VIEW_RUNS
from shounuo.web import timing
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.duties import showing
from shounuo.web.duties.forms import AssignForm, DoneForm, NewForm, ReasonForm, SnoozeForm, later
from shounuo.web.guard import done, staff_page

HOME = "/duties/"
LABELS: dict[Box, Any] = {
    "mine": gettext_lazy("我的"),
    "open": gettext_lazy("可领取"),
    "led": gettext_lazy("我带的人"),
    "asked": gettext_lazy("我提出的"),
    "all": gettext_lazy("全部"),
}
KEYS = {"mine": "1", "open": "2", "led": "3", "asked": "4", "all": "5"}


@staff_page(WORK)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What is owed, what is due first above; own, to be taken, of those led, asked of others, all."""
    actor, at = actor_of(request), now()
    given = request.GET
    box = cast(Box, given.get("box") if given.get("box") in BOXES else "mine")
    state = given.get("state") if given.get("state") in Duty.State.values else Duty.State.OPEN
    filters = Filters(
        box=box,
        state=str(state),
        overdue=given.get("only") == "overdue",
        snoozed=given.get("only") == "snoozed",
        kind=given.get("kind", "") if registry.is_declared(given.get("kind", "")) else "",
        text=given.get("q", "")[:100],
    )
    found, after = queries.inbox(actor, filters, at, cursor=given.get("cursor") or None)
    counted = queries.counts(actor, at)
    counts = {"mine": counted.mine, "open": counted.open}
    shown = [
        b
        for b in BOXES
        if b not in ("led", "all") or actor.may(MANAGE) or (b == "all" and actor.may(VIEW_ALL))
    ]
    rows = showing.rows(found, actor, at)
    context = {
        "title": pgettext("place", "待办"),
        "boxes": [
            {
                "label": LABELS[b],
                "url": pages.here(request, box=b if b != "mine" else None, cursor=None),
                "active": b == box,
                "count": counts.get(b) or None,
                "key": KEYS[b],
            }
            for b in shown
        ],
        "states": [
            {
                "label": label,
                "url": pages.here(
                    request, state=code if code != Duty.State.OPEN else None, cursor=None, only=None
                ),
                "active": code == state,
            }
            for code, label in Duty.State.choices
        ],
        "onlys": [
            {
                "label": label,
                "url": pages.here(request, only=code or None, cursor=None),
                "active": given.get("only", "") == code,
            }
            for code, label in (("", _("在办")), ("overdue", _("已超时")), ("snoozed", _("稍后提醒")))
            if code != "snoozed" or box in ("mine", "open")
        ]
        if state == Duty.State.OPEN
        else [],
        "rows": rows,
        "many": state == Duty.State.OPEN and any(r["may_do"] for r in rows),
        "pager": pages.onward(request, after),
        "search": given.get("q", ""),
        "runs_url": "/process/" if actor.may(VIEW_RUNS) else "",
        "box": box,
        "state": state,
    }
    return render(request, "duties/duties.html", context)


@staff_page(WORK)
def new(request: HttpRequest) -> HttpResponse:
    """Something is asked of a colleague, or noted for oneself."""
    actor, at = actor_of(request), now()
    form = NewForm(
        request.POST if request.method == "POST" else None,
        only=None if actor.may(MANAGE) else actor.person_id,
        initial={"owner": actor.person_id},
    )

    def save(values: dict[str, Any]) -> str:
        services.need_asking(actor, values["owner"])
        made = services.duty_create(
            kind="task",
            title=values["title"],
            text=values["text"],
            owner_id=values["owner"],
            due_at=values["due"],
            actor=actor,
            at=at,
        )
        return f"{HOME}{made.pk}/"

    return pages.dialog(
        request, form, title=_("新的待办"), save=save, done_url=HOME, verb=_("交代"), toast=_("已交代")
    )


@staff_page(WORK)
@require_safe
def duty(request: HttpRequest, id: int) -> HttpResponse:
    """One duty with its clock, its clause and its evidence."""
    actor, at = actor_of(request), now()
    found = queries.get(actor, id)
    context = showing.page(found, actor, at)
    context |= {
        "title": context["duty"]["title"],
        "home": HOME,
        "form": DoneForm(kind=registry.kind_of(found.kind)) if context["duty"]["may_do"] else None,
    }
    return render(request, "duties/duty.html", context)


@staff_page(WORK)
@require_safe
def ledger(request: HttpRequest, id: int, clock_id: int) -> HttpResponse:
    """Why it is due then: the clock interval by interval."""
    if not request.headers.get("HX-Request"):
        return redirect(f"{HOME}{id}/")
    actor, at = actor_of(request), now()
    clock = commitments.clock_of(actor, clock_id)
    if (clock.subject_kind, clock.subject_id) != ("duty", id):
        raise NotFound(_("没有这项时限"))
    title, wording = policy.title_and_wording(clock.rule_id)
    view = timing.ledger_view(commitments.ledger(clock, at), at, title=title, wording=wording)
    return render(request, "desk/_ledger.html", {"ledger": view})


@staff_page(WORK)
def take(request: HttpRequest, id: int) -> HttpResponse:
    return _act(request, id, services.duty_take, _("已领取"))


@staff_page(WORK)
def release(request: HttpRequest, id: int) -> HttpResponse:
    return _act(request, id, services.duty_release, _("已放回"))


@staff_page(WORK)
def assign(request: HttpRequest, id: int) -> HttpResponse:
    """Gives it to a colleague; those are offered who may have a duty of its kind."""
    actor, at = actor_of(request), now()
    able = registry.holders_of(queries.get(actor, id), at)
    form = AssignForm(request.POST if request.method == "POST" else None, only=able)

    def save(values: dict[str, Any]) -> None:
        services.duty_assign(duty_id=id, person_id=values["person"], actor=actor, at=at)

    return _ask(request, id, form, rules.may_manage, save, _("分派给谁"), _("分派"), _("已分派"))


@staff_page(WORK)
def snooze(request: HttpRequest, id: int) -> HttpResponse:
    """Out of sight for a while; no due moment moves."""
    form = SnoozeForm(request.POST if request.method == "POST" else None, initial={"until": "tomorrow"})

    def save(values: dict[str, Any]) -> None:
        at = now()
        services.duty_snooze(duty_id=id, until=later(values["until"], at), actor=actor_of(request), at=at)

    return _ask(
        request,
        id,
        form,
        rules.may_do,
        save,
        _("稍后提醒"),
        _("稍后提醒"),
        _("到时再提醒您"),
        lead=_("到期时间不变；超时的照样显示。"),
    )


@staff_page(WORK)
def finish(request: HttpRequest, id: int) -> HttpResponse:
    """It is done, with a note and files."""
    actor, at = actor_of(request), now()
    found = queries.get(actor, id)
    form = DoneForm(request.POST if request.method == "POST" else None, kind=registry.kind_of(found.kind))

    def save(values: dict[str, Any]) -> None:
        kept = [
            draft_upload(data=f, name=f.name or "", actor=actor, at=at).pk
            for f in request.FILES.getlist("files")
        ]
        services.duty_done(
            duty_id=id,
            note=values["note"],
            outcome=values.get("outcome", ""),
            file_ids=kept,
            actor=actor,
            at=at,
        )

    title = _("完成：%(title)s") % {"title": queries.spoken_title(found)}
    return _ask(request, id, form, rules.may_do, save, title, _("完成"), _("已完成"))


@staff_page(WORK)
def cancel(request: HttpRequest, id: int) -> HttpResponse:
    return _ended(request, id, rules.may_cancel, services.duty_cancel, _("取消这项待办"), _("已取消"))


@staff_page(WORK)
def miss(request: HttpRequest, id: int) -> HttpResponse:
    return _ended(request, id, rules.may_manage, services.duty_miss, _("记为未完成"), _("已记为未完成"))


@staff_page(WORK)
def reopen(request: HttpRequest, id: int) -> HttpResponse:
    return _ended(request, id, lambda _a, _d: True, services.duty_reopen, _("重新打开"), _("已重新打开"))


@staff_page(WORK)
@require_POST
def done_many(request: HttpRequest) -> HttpResponse:
    """Several at once, with one note."""
    ids = [n for i in request.POST.getlist("id") if (n := whole(i)) is not None][:200]
    finished, refused = services.duties_done(
        duty_ids=ids, note=request.POST.get("note", ""), actor=actor_of(request), at=now()
    )
    told = ngettext("完成了 %(n)s 项", "完成了 %(n)s 项", len(finished)) % {"n": len(finished)}
    if refused:
        told = _("%(done)s，%(n)s 项没有完成：%(why)s") % {
            "done": told,
            "n": len(refused),
            "why": str(refused[0][1]),
        }
    return done(request, HOME, told)


def _act(request: HttpRequest, id: int, service: Callable[..., object], toast: str) -> HttpResponse:
    actor, at = actor_of(request), now()
    return pages.act(
        request, lambda: service(duty_id=id, actor=actor, at=at), done_url=f"{HOME}{id}/", toast=toast
    )


def _ended(
    request: HttpRequest,
    id: int,
    allowed: Callable[[Any, Duty], bool],
    service: Callable[..., object],
    title: str,
    toast: str,
) -> HttpResponse:
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def save(values: dict[str, Any]) -> None:
        service(duty_id=id, reason=values["reason"], actor=actor_of(request), at=now())

    return _ask(request, id, form, allowed, save, title, title, toast)


def _ask(
    request: HttpRequest,
    id: int,
    form: forms.Form,
    allowed: Callable[[Any, Duty], bool],
    save: Callable[[dict[str, Any]], None],
    title: str,
    verb: str,
    toast: str,
    lead: str = "",
) -> HttpResponse:
    """A question in a dialog, or on a page of its own; only for those who may see the duty and do this."""
    actor = actor_of(request)
    found = queries.get(actor, id)
    if request.method != "POST" and not allowed(actor, found):
        raise NotAllowed(_("这项待办不归您处理"))

    def saved(values: dict[str, Any]) -> str | None:
        save(values)
        return None

    return pages.dialog(
        request, form, title=title, save=saved, done_url=f"{HOME}{id}/", verb=verb, toast=toast, lead=lead
    )
