"""Writing on a case: replies and notes, the acts of its head and menu, drafts, and who else has it open."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.cases import queries, services
from shounuo.cases.models import Case
from shounuo.cases.permissions import MERGE, VIEW_ALL, VIEW_TEAM, WORK
from shounuo.cases.queries.page import case_page
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict, Invalid, NotFound, Problem
from shounuo.kernel.text import fold_width, whole
from shounuo.staff import queries as staff
from shounuo.staff.models import Person
from shounuo.web.context import actor_of
from shounuo.web.desk import case as showing
from shounuo.web.desk import lacking
from shounuo.web.desk.acts import ACTS, PLAIN
from shounuo.web.desk.dialogs import dialog, refuse
from shounuo.web.desk.forms import Empty
from shounuo.web.guard import done, page_of, staff_page


def fresh(request: HttpRequest, number: int, said: str, **composer: Any) -> HttpResponse:
    """The case after a write: for htmx the case and its side are swapped and any dialog goes; else back to the page."""
    if not request.headers.get("HX-Request"):
        return done(request, f"/cases/{number}/", said)
    at, actor = now(), actor_of(request)
    context = showing.page(actor, case_page(actor, number, at=at), at) | {"list_url": "/cases/"}
    if composer and context["composer"]:
        context["composer"] |= composer
    parts = [
        render_to_string("desk/_case.html", context, request),
        render_to_string("desk/_side.html", context | {"oob": True}, request),
        '<div id="dialogs" hx-swap-oob="true"></div>',
    ]
    response = HttpResponse("".join(parts))
    response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML"
    if said:
        response["HX-Trigger"] = dumps({"toast": {"text": said}})
    return response


@staff_page(WORK)
def send(request: HttpRequest, number: int) -> HttpResponse:
    """Sends the reply or keeps the note. If somebody wrote in the meantime it says so and keeps what was typed."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    text, note = request.POST.get("text", ""), request.POST.get("mode") == "note"
    files = [n for i in request.POST.getlist("file_ids") if (n := whole(i)) is not None]
    expected = whole(request.POST.get("version"))
    kept = {"draft_text": text, "mode": "note" if note else "reply"}
    try:
        if note:
            services.note_add(
                case_id=case.pk, text=text, mentions=mentioned(text, case), file_ids=files, actor=actor, at=at
            )
        else:
            services.reply_send(
                case_id=case.pk,
                text=text,
                file_ids=files,
                expected_version=None if "force" in request.POST else expected,
                actor=actor,
                at=at,
            )
    except Conflict as conflict:
        if conflict.code != "changed":
            raise
        response = fresh(
            request, number, "", **kept, files=showing.kept_files(actor, files), conflict=_conflict(conflict)
        )
        response.status_code = 409 if request.headers.get("HX-Request") else response.status_code
        return response
    except (Invalid, NotFound) as problem:
        response = fresh(
            request, number, "", **kept, files=showing.kept_files(actor, files), errors=[str(problem)]
        )
        response.status_code = 422 if request.headers.get("HX-Request") else response.status_code
        return response
    services.draft_drop(case_id=case.pk, mode="note" if note else "out", actor=actor, at=at)
    return fresh(request, number, _("备注已记下") if note else _("已发出"))


def _conflict(conflict: Conflict) -> dict[str, Any]:
    """Who did what in the meantime, for the callout above the composer."""
    given = conflict.extra.get("changes")
    changes: list[dict[str, Any]] = given if isinstance(given, list) else []
    kinds = {"customer": pgettext("by", "客户"), "system": _("系统")}
    who = dict.fromkeys(kinds.get(c["by"], c["by"]) for c in changes if c["by"])
    return {
        "who": _("、").join(who) or _("别人"),
        "what": _("、").join(dict.fromkeys(c["label"] for c in changes)) or _("改了这张工单"),
        "force_label": _("看过了，照样发出"),
    }


def mentioned(text: str, case: Case) -> list[int]:
    """The colleagues named with @ in a note; of names that begin alike the longest one that fits counts. Of several who bear
    it the one whose login stands behind it in brackets, as the picker writes it; without one those who may see the case."""
    if "@" not in text:
        return []
    people: dict[str, list[Person]] = {}
    for person in staff.people():
        people.setdefault(person.name, []).append(person)
    names = sorted(filter(None, people), key=len, reverse=True)
    found: dict[int, None] = {}
    for piece in text.split("@")[1:]:
        name = next((n for n in names if piece.startswith(n)), "")
        found |= dict.fromkeys(_meant(people.get(name, []), fold_width(piece[len(name) :]), case))
    return list(found)


def _meant(bearers: Sequence[Person], behind: str, case: Case) -> list[int]:
    """Which of those who bear a name, by what stands behind it."""
    if len(bearers) > 1:
        by_login = [p.pk for p in bearers if behind.startswith(f"({p.login})")]
        seeing = by_login or queries.readers(case)
        bearers = [p for p in bearers if p.pk in seeing] or bearers
    return [p.pk for p in bearers]


@staff_page(WORK)
def plain(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """An act without a question: take, accept, resume, confirm, close, verify."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    service, said = PLAIN[what]
    actor = actor_of(request)
    case = queries.get(actor, number)
    service(case_id=case.pk, actor=actor, at=now())
    return _after(request, number, str(said))


@staff_page(WORK)
def act(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """A dialog: asked with GET, done with POST; what is refused stands at its field with everything typed kept."""
    actor, at = actor_of(request), now()
    it = case_page(actor, number, at=at)
    kind = ACTS[what]
    # chosen before: in the palette, on the page
    given = {name: request.GET[name] for name in ("person", "kind") if request.GET.get(name)}
    form = kind.form(request.POST if request.method == "POST" else None, initial=given, it=it, actor=actor)
    if form.is_valid():
        try:
            following = form.run(it.case, dict(form.cleaned_data), actor, at)
        except Problem as problem:
            refuse(form, problem)
        else:
            if following is not None:
                return done(request, f"/cases/{following}/", str(kind.done))
            return _after(request, number, str(kind.done))
    return dialog(
        request,
        form,
        title=str(kind.title) % {"n": number} if "%(n)s" in str(kind.title) else kind.title,
        verb=kind.verb,
        lead=getattr(form, "lead", "") or kind.lead,
        template=kind.template,
        back=f"/cases/{number}/",
        lacks=lacking.step(it, what, at) if what == "resolve" else None,
    )


def _after(request: HttpRequest, number: int, said: str) -> HttpResponse:
    """On the case's own page the case is shown anew; from another page (board, policy) one stays there."""
    page = page_of(request, f"/cases/{number}/")
    return fresh(request, number, said) if page.startswith("/cases/") else done(request, page, said)


@staff_page(MERGE)
def unmerge(request: HttpRequest, number: int, merge_id: int) -> HttpResponse:
    """Gives a merged case its own life back."""
    actor = actor_of(request)
    queries.get(actor, number)
    form = Empty(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            back = services.merge_undo(merge_id=merge_id, actor=actor, at=now())
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, f"/cases/{back.number}/", _("合并已撤回"))
    return dialog(
        request,
        form,
        title=_("撤回合并"),
        verb=_("撤回合并"),
        lead=_("并进来的消息、附件和状态都回到原来那张。"),
        back=f"/cases/{number}/",
    )


@staff_page(VIEW_TEAM, VIEW_ALL)
def seen(request: HttpRequest, number: int) -> HttpResponse:
    """Says that this person has the case open (and whether he writes); answers who else has."""
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    if request.method == "POST" and actor.may(WORK):
        services.viewer_seen(case_id=case.pk, writing=request.POST.get("writing") == "1", actor=actor, at=at)
    others = [p for p in queries.present(case.pk, at) if p.person_id != actor.person_id]
    return JsonResponse({"people": [{"name": p.name, "writing": p.writing} for p in others]})


@staff_page(WORK)
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keeps what is being written, one draft for the reply and one for the note."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    actor = actor_of(request)
    case = queries.get(actor, number)
    mode = "note" if request.POST.get("mode") == "note" else "out"
    text = request.POST.get("text", "")
    if text.strip():
        services.draft_save(case_id=case.pk, mode=mode, body={"text": text}, actor=actor, at=now())
    else:
        services.draft_drop(case_id=case.pk, mode=mode, actor=actor, at=now())
    return HttpResponse(status=204)
