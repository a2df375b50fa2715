"""One case of a customer: how it goes, and what he may do. The same pages behind a signed link and a sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shounuo.cases import queries as cases
from shounuo.channels import services
from shounuo.files import queries as files
from shounuo.files.views import respond
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound, Problem
from shounuo.kernel.text import whole
from shounuo.web.portal import pages, session, showing, uploads
from shounuo.web.portal.forms import REASONS
from shounuo.web.portal.pages import Door

PAGE = 30
SENT: dict[str, tuple[str, Any]] = {  # what has just been done: whose draft is over, what is said
    "reply": ("case", lambda: _("发出了，我们看到就回您")),
    "choice": ("", lambda: _("选好了，我们这就去办")),
    "confirmed": ("dispute", lambda: _("谢谢您，单子已经关闭")),
    "dispute": ("dispute", lambda: _("收到了，马上重新办")),
}
posts = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def progress(request: HttpRequest, door: Door) -> HttpResponse:
    """What is happening, who has it, what was promised, what was said, and what he may do."""
    return _progress(request, door)


def _progress(
    request: HttpRequest,
    door: Door,
    *,
    status: int = 200,
    change: Callable[[dict[str, Any]], None] | None = None,
) -> HttpResponse:
    it = cases.customer_page(door.actor, door.number)
    context = showing.progress(it, now(), base=door.base)
    draft, text = SENT.get(request.GET.get("sent", ""), ("", None))
    if text is not None:
        context |= {"done": text(), "draft_done": f"{draft}-{it.case.number}" if draft else ""}
    context["foot_note"] = (
        _("这个链接只给您本人，请不要转发。")
        if door.by_link
        else _("您用 %(mail)s 登录") % {"mail": session.mail_of(request)}
    )
    if change is not None:
        change(context)
    return pages.page(request, "portal/progress.html", context, status=status)


@posts
def reply(request: HttpRequest, door: Door) -> HttpResponse:
    """Another message with files."""
    if request.method != "POST":
        return redirect(door.base)
    at = now()
    kept: list[uploads.Kept] = []
    text = request.POST.get("text", "")
    try:
        kept = uploads.of_request(request, address=pages.address_of(request), at=at)
        case = cases.get(door.actor, door.number)
        services.customer_reply(case_id=case.pk, text=text, files=uploads.read(kept), actor=door.actor, at=at)
    except NotFound:
        raise
    except Problem as problem:
        typed = {"text": text, "kept": uploads.shown(kept), "errors": [str(problem)]}
        return _again(request, door, problem, lambda context: context["reply"].update(typed))
    return _done(door, "reply")


@posts
def choose(request: HttpRequest, door: Door) -> HttpResponse:
    """One of the options."""
    if request.method != "POST":
        return redirect(door.base)
    option, plan = (whole(request.POST.get(name)) for name in ("option", "plan"))
    try:
        if option is None or plan is None:
            raise Invalid(_("请先选一个办法"), field="option")
        case = cases.get(door.actor, door.number)
        services.customer_choose(case_id=case.pk, option=option, plan_id=plan, actor=door.actor, at=now())
    except NotFound:
        raise
    except Problem as problem:
        return _again(request, door, problem)
    return _done(door, "choice")


@posts
def confirm(request: HttpRequest, door: Door) -> HttpResponse:
    """The page behind "please confirm", and the customer's yes."""
    if request.method != "POST":
        it = cases.customer_page(door.actor, door.number)
        context = showing.progress(it, now(), base=door.base)
        if context["confirm"] is None:
            return redirect(door.base)
        context["confirm"]["is_page"] = True
        return pages.page(request, "portal/confirm.html", context)
    try:
        case = cases.get(door.actor, door.number)
        services.customer_confirm(case_id=case.pk, actor=door.actor, at=now())
    except NotFound:
        raise
    except Problem as problem:
        return _again(request, door, problem)
    return _done(door, "confirmed")


@posts
def dispute(request: HttpRequest, door: Door) -> HttpResponse:
    """The customer's no, with what is wrong; pictures follow as a message of their own."""
    if request.method != "POST":
        return redirect(door.base)
    at = now()
    known = dict(REASONS)
    chosen = [r for r in request.POST.getlist("reason") if r in known]
    text = request.POST.get("text", "").strip()
    kept: list[uploads.Kept] = []
    try:
        kept = uploads.of_request(request, address=pages.address_of(request), at=at)
        data = uploads.read(kept)
        reason = "\n".join(filter(None, (_("、").join(str(known[r]) for r in chosen), text)))
        if not reason:
            raise Invalid(_("请选一个原因，或写几句"), field="text")
        case = cases.get(door.actor, door.number)
        with transaction.atomic():
            services.customer_dispute(case_id=case.pk, reason=reason, actor=door.actor, at=at)
            if data:
                services.customer_reply(case_id=case.pk, text="", files=data, actor=door.actor, at=at)
    except NotFound:
        raise
    except Problem as problem:
        said = str(problem)

        def typed(context: dict[str, Any]) -> None:
            if context["confirm"] is None:
                context["problem"] = said
                return
            context["confirm"].update(text=text, kept=uploads.shown(kept), errors=[said])
            for row in context["confirm"]["reasons"]:
                row["checked"] = row["value"] in chosen

        return _again(request, door, problem, typed)
    return _done(door, "dispute")


@require_safe
def file(request: HttpRequest, door: Door, file_id: int) -> HttpResponse:
    """A file of this case: the address is bound to the case and the customer."""
    case = cases.get(door.actor, door.number)
    found = files.of_subject("case", case.pk, internal=False).filter(pk=file_id).first()
    if found is None:
        raise NotFound(_("没有这个文件，或它不对您开放"))
    return respond(found)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """All cases of the signed-in customer, by page."""
    actor = session.customer_of(request)
    if actor is None:
        return pages.sign_in_first(request)
    cursor = request.GET.get("cursor") or None
    at = now()
    rows, after = cases.list_page(actor, {"sort": "opened"}, cursor, PAGE, at=at)
    context = {
        "cases": [showing.row(c, at) for c in rows if c.merged_into_id is None],
        "mail": session.mail_of(request),
        "new_url": "/help/new/",
        "pager": {
            "total": None,
            "next_url": f"/help/cases/?cursor={after}" if after else "",
            "previous_url": "/help/cases/" if cursor else "",
        }
        if after or cursor
        else None,
    }
    return pages.page(request, "portal/cases.html", context)


def short(request: HttpRequest, token: str) -> HttpResponse:
    """The short address that stands in mails."""
    response = HttpResponseRedirect(f"/help/c/{token}/")
    response["Referrer-Policy"] = "no-referrer"
    return response


def _again(
    request: HttpRequest, door: Door, problem: Problem, change: Callable[[dict[str, Any]], None] | None = None
) -> HttpResponse:
    """The page once more, with what was refused said and what was typed kept."""

    def say(context: dict[str, Any]) -> None:
        context["problem"] = str(problem)

    return _progress(request, door, status=problem.status, change=change or say)


def _done(door: Door, what: str) -> HttpResponse:
    return HttpResponseRedirect(f"{door.base}?sent={what}#{'talk' if what == 'reply' else 'main'}")
