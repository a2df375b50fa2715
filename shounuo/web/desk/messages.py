"""A message as it came: its HTML in a frame of its own, the raw mail, a second try of what did not arrive."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import queries, services
from shounuo.cases.models import Case, Interaction
from shounuo.cases.permissions import VIEW_ALL, VIEW_TEAM, WORK
from shounuo.channels import queries as channels
from shounuo.channels.services.bodies import shown_html
from shounuo.files import queries as file_queries
from shounuo.files import services as files
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.web.context import actor_of
from shounuo.web.desk.writing import fresh
from shounuo.web.guard import staff_page

# By what a mail was brought into this case (`Interaction.threaded_by`).
THREADED = {
    "token": gettext_lazy("我们邮件里的凭据"),
    "plus": gettext_lazy("收件地址里的单号"),
    "reference": gettext_lazy("它回复的那封邮件"),
    "number": gettext_lazy("标题里的单号"),
    "portal": gettext_lazy("客户在网页上回复"),
}


@staff_page(VIEW_TEAM, VIEW_ALL)
def message(request: HttpRequest, number: int, id: int) -> HttpResponse:
    """The page of one message; its HTML stands in a sandboxed frame, remote images only when asked for."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    one = _message(case, id)
    images = "images" in request.GET
    raw = channels.raws_of_case(case.pk).filter(interaction_id=one.pk).exists()
    return render(
        request,
        "desk/message.html",
        {
            "case": case,
            "message": one,
            "threaded": THREADED.get(one.threaded_by, ""),
            "frame_url": f"/cases/{number}/messages/{id}/frame/" + ("?images=1" if images else "")
            if one.html
            else "",
            "images": images,
            "raw_url": f"/cases/{number}/messages/{id}/raw/" if raw else "",
        },
    )


@staff_page(VIEW_TEAM, VIEW_ALL)
def frame(request: HttpRequest, number: int, id: int) -> HttpResponse:
    """Customers' HTML alone: no script, no form, no connection; images from outside only on request."""
    actor = actor_of(request)
    one = _message(queries.get(actor, number), id)
    remote = "images" in request.GET
    own = [f for f in file_queries.of_subject("case", one.case_id, internal=True) if f.ref == one.pk]
    html = shown_html(one, own, remote=remote)
    response = HttpResponse(
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><body>{html}</body></html>'
    )
    images = "data: https: http:" if remote else "data:"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; img-src {images}; sandbox allow-popups allow-popups-to-escape-sandbox; "
        "frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


@staff_page(VIEW_TEAM, VIEW_ALL)
def raw(request: HttpRequest, number: int, id: int) -> HttpResponse:
    """The raw mail as a download."""
    case = queries.get(actor_of(request), number)
    found = channels.raws_of_case(case.pk).filter(interaction_id=id).first()
    if found is None:
        raise NotFound(_("这条消息没有邮件原文"))
    response = HttpResponse(files.raw_get(found.sha256), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{number}-{id}.eml"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@staff_page(WORK)
def resend(request: HttpRequest, number: int, id: int) -> HttpResponse:
    """Sends a message again that did not arrive."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    actor = actor_of(request)
    one = _message(queries.get(actor, number), id)
    services.reply_resend(interaction_id=one.pk, actor=actor, at=now())
    return fresh(request, number, _("再发一次，已排上"))


def _message(case: Case, id: int) -> Interaction:
    one = Interaction.objects.filter(pk=id, case_id=case.pk).first()
    if one is None:
        raise NotFound(_("这张工单没有这条消息"))
    return one
