"""What the desk's scripts ask for while somebody types: colleagues, ready answers, uploads, the palette's search."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from shounuo.cases import queries
from shounuo.cases.permissions import VIEW_ALL, VIEW_TEAM, WORK
from shounuo.customers import queries as customers
from shounuo.files import services as files
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import whole
from shounuo.staff import queries as staff
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

MOST = 12
MOST_CASES = 8
MOST_PEOPLE = 3
MOST_CUSTOMERS = 6


@staff_page(WORK)
def colleagues(request: HttpRequest, number: int) -> HttpResponse:
    """Who may be named in a note, found by name or pinyin initials; those who cannot see the case stand last, dimmed. One of
    several of a name is told apart by his login."""
    case = queries.get(actor_of(request), number)
    readers = queries.readers(case)
    found = staff.search(request.GET.get("q", "").strip()[:40], limit=3 * MOST)
    found.sort(key=lambda p: p.pk not in readers)
    shared = staff.shared_names(p.name for p in found)
    called = {p.pk: f"{p.name}({p.login})" if p.name in shared else p.name for p in found}
    items = [
        {
            "value": f"@{called[p.pk]} ",
            "label": called[p.pk],
            "note": p.title if p.pk in readers else _("看不到这张工单"),
            "person": {"name": p.name, "presence": p.presence},
            "disabled": p.pk not in readers,
        }
        for p in found[:MOST]
    ]
    return render(request, "components/picker_results.html", {"items": items})


@staff_page(WORK)
def texts(request: HttpRequest, number: int) -> HttpResponse:
    """Ready answers, their placeholders filled for this case, found by title or pinyin initials."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    asked = request.GET.get("q", "").strip().lower()
    found = [
        t
        for t in queries.canned_texts(actor)
        if not asked or asked in t.title.lower() or t.initials.startswith(asked)
    ]
    items = [
        {
            "value": queries.canned_fill(t, case, me=getattr(request.user, "name", "")),
            "label": t.title,
            "note": t.initials,
            "icon": "text-plus",
        }
        for t in found[:MOST]
    ]
    return render(request, "components/picker_results.html", {"items": items})


@staff_page(WORK)
def upload(request: HttpRequest, number: int) -> HttpResponse:
    """Takes one file into the draft; it hangs on the case once the message is sent."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    actor = actor_of(request)
    queries.get(actor, number)
    given = request.FILES.get("file")
    if given is None or given.file is None:
        raise Invalid(_("没有收到文件"), field="file")
    file = files.draft_upload(data=given.file, name=given.name or "", actor=actor, at=now())
    return JsonResponse({"id": file.pk, "name": file.name, "size": file.blob.size})


@staff_page()
def palette(request: HttpRequest) -> HttpResponse:
    """What Ctrl+K finds: cases by number, phone, customer or words, customers, and colleagues: what they have, and with
    a case open (`number`) handing it to them."""
    actor = actor_of(request)
    asked = request.GET.get("q", "").strip()[:100]
    number = whole(request.GET.get("number"))
    found = (
        (_colleagues(actor, asked, number), _cases(actor, asked), _customers(actor, asked)) if asked else ()
    )
    groups = [g for g in found if g["items"]]
    return render(request, "components/palette_results.html", {"groups": groups})


def _colleagues(actor: Actor, asked: str, number: int | None) -> dict[str, Any]:
    if asked.isdigit() or not (actor.may(VIEW_TEAM) or actor.may(VIEW_ALL)):
        return {"title": "", "items": []}
    items: list[dict[str, Any]] = []
    people = staff.search(asked, limit=MOST_PEOPLE)
    hand_over = number is not None and actor.may(WORK)
    for p in people if hand_over else []:
        items.append(
            {
                "icon": "user-share",
                "dialog": f"/cases/{number}/transfer/?person={p.pk}",
                "label": _("把 %(n)s 转派给 %(name)s") % {"n": number, "name": p.name},
                "note": f"{p.title} · {p.get_presence_display()}" if p.title else p.get_presence_display(),
            }
        )
    for p in people:
        items.append(
            {
                "person": {"name": p.name, "presence": p.presence},
                "url": f"/cases/?view=open&owner={p.pk}",
                "label": _("看 %(name)s 手上的") % {"name": p.name},
                "note": p.title,
            }
        )
    return {"title": _("同事"), "items": items}


def _cases(actor: Actor, asked: str) -> dict[str, Any]:
    found = queries.search(actor, asked, MOST_CASES) if actor.may(VIEW_TEAM) or actor.may(VIEW_ALL) else []
    return {
        "title": _("工单"),
        "items": [
            {
                "url": f"/cases/{f.case.number}/",
                "channel": f.case.channel,
                "label": f"{f.case.number} {f.case.subject}",
                "note": f.case.customer.name,
                "status": f.case.status,
                "status_label": f.case.get_status_display(),
            }
            for f in found
        ],
    }


def _customers(actor: Actor, asked: str) -> dict[str, Any]:
    found = customers.search(actor, asked)[:MOST_CUSTOMERS] if actor.may("customers.view") else []
    return {
        "title": _("客户"),
        "items": [
            {
                "url": f"/customers/{c.pk}/",
                "person": {"name": c.name},
                "label": c.name,
                "note": c.company.name if c.company else "",
            }
            for c in found
        ],
    }
