"""The desk: views, list and case side by side; what is typed goes out, everything is live."""

from __future__ import annotations

from json import dumps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.cases import queries, services
from shounuo.cases.queries.page import CasePage, case_page
from shounuo.commitments import queries as commitments
from shounuo.events import export as event_export
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict, Invalid, NotFound, Problem
from shounuo.policy.models import Rule
from shounuo.staff import queries as staff
from shounuo.web import timing
from shounuo.web.context import actor_of
from shounuo.web.desk import bulks, rows
from shounuo.web.desk import case as showing
from shounuo.web.desk.forms import ACTS, PLAIN
from shounuo.web.guard import done, staff_page

SEES = ("cases.view_team", "cases.view_all")


def home(request: HttpRequest) -> HttpResponse:
    """The root leads to where this person works; a visitor to the customers' pages."""
    if not request.user.is_authenticated:
        return redirect("/help/")
    actor = actor_of(request)
    for permission, url in (
        ("cases.view_team", "/cases/"),
        ("cases.view_all", "/cases/"),
        ("board.view", "/board/"),
        ("policy.view", "/policy/"),
    ):
        if actor.may(permission):
            return redirect(url)
    return redirect("/me/")


@staff_page(*SEES)
def desk(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The list, and beside it the case that is open."""
    at, actor = now(), actor_of(request)
    it = case_page(actor, number, at=at) if number is not None else None
    if it is not None:
        rows.remember(request, it.case)
        services.mark_read(case_id=it.case.pk, actor=actor, at=at)
    view, _query = rows.asked(request)
    context: dict[str, Any] = {
        "views": rows.views(actor, view, at),
        "saved": rows.saved(actor, view),
        "opened": rows.opened(request, actor, number),
        "list": rows.pane(request, actor, at, on=number),
        "list_url": "/cases/" + (f"?{request.GET.urlencode()}" if request.GET else ""),
        "new_url": "/cases/new/visit/" if actor.may("cases.work") else "",
        "phone_url": "/cases/new/phone/" if actor.may("cases.work") else "",
        "no_case": {
            "title": _("选一张工单"),
            "text": _("左边点一张，或按 J K 上下、回车打开"),
            "url": "",
            "action": "",
        },
    }
    current = next((v for v in context["views"] if v["active"]), None)
    if context["list"]["total"] is None:
        plain = current is not None and not context["list"]["filters"]
        context["list"]["total"] = (
            current["count"]
            if plain and current and current["count"] is not None
            else len(context["list"]["rows"])
        )
    if it is not None:
        context |= showing.page(actor, it, at) | {"deep": True}
    return render(request, "desk/desk.html", context)


@staff_page(*SEES)
def row(request: HttpRequest, number: int) -> HttpResponse:
    """One row of the list, read again."""
    at, actor = now(), actor_of(request)
    found, _after = queries.list_page(actor, {"number": number}, None, 1, at=at)
    if not found:
        return HttpResponse("")
    return render(request, "desk/_row.html", {"row": rows.row(found[0], at, here={}, on=None)})


@staff_page(*SEES)
def timeline(request: HttpRequest, number: int) -> HttpResponse:
    """The timeline and the clocks, read again."""
    at, actor = now(), actor_of(request)
    it = case_page(actor, number, at=at)
    services.mark_read(case_id=it.case.pk, actor=actor, at=at)
    context = showing.page(actor, it, at)
    parts = [
        ("desk/_timeline.html", {}),
        ("components/clocks_fresh.html", {}),
        ("desk/_side.html", {"oob": True}),
    ]
    return HttpResponse("".join(render_to_string(name, context | more, request) for name, more in parts))


def fresh(request: HttpRequest, number: int, said: str, **composer: Any) -> HttpResponse:
    """The case after a write: for htmx the case and its side are swapped and any dialog goes; else back to the page."""
    if not request.headers.get("HX-Request"):
        return done(request, f"/cases/{number}/", said)
    at, actor = now(), actor_of(request)
    context = showing.page(actor, case_page(actor, number, at=at), at)
    if composer and context["composer"]:
        context["composer"] |= composer
    parts = [
        render_to_string("desk/_case.html", context | {"list_url": "/cases/"}, request),
        render_to_string("desk/_side.html", context | {"oob": True}, request),
        '<div id="dialogs" hx-swap-oob="true"></div>',
    ]
    response = HttpResponse("".join(parts))
    response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML"
    if said:
        response["HX-Trigger"] = dumps({"toast": {"text": said}})
    return response


@staff_page("cases.work")
def send(request: HttpRequest, number: int) -> HttpResponse:
    """Sends the reply or keeps the note. If somebody wrote in the meantime it says so and keeps what was typed."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    text, note = request.POST.get("text", ""), request.POST.get("mode") == "note"
    files = [int(i) for i in request.POST.getlist("file_ids") if i.isdigit()]
    version = request.POST.get("version", "")
    expected = int(version) if version.isdigit() and "force" not in request.POST else None
    try:
        if note:
            services.note_add(
                case_id=case.pk, text=text, mentions=mentioned(text), file_ids=files, actor=actor, at=at
            )
        else:
            services.reply_send(
                case_id=case.pk, text=text, file_ids=files, expected_version=expected, actor=actor, at=at
            )
    except Conflict as conflict:
        return fresh(
            request,
            number,
            "",
            draft_text=text,
            mode="note" if note else "reply",
            conflict=_conflict(conflict, number),
        )
    except (Invalid, NotFound) as problem:
        response = fresh(
            request, number, "", draft_text=text, mode="note" if note else "reply", errors=[str(problem)]
        )
        response.status_code = 422
        return response
    services.draft_drop(case_id=case.pk, mode="note" if note else "out", actor=actor, at=at)
    return fresh(request, number, _("备注已记下") if note else _("已发出"))


def _conflict(conflict: Conflict, number: int) -> dict[str, Any]:
    given = conflict.extra.get("changes")
    changes: list[dict[str, Any]] = given if isinstance(given, list) else []
    last = changes[-1] if changes else {}
    return {
        "who": last.get("by", ""),
        "what": "、".join(dict.fromkeys(c["label"] for c in changes)) if changes else str(conflict),
        "at": None,
        "see_url": f"/cases/{number}/",
        "force_label": _("看过了，照样发出"),
    }


def mentioned(text: str) -> list[int]:
    """The colleagues named with @ in a note."""
    return [p.pk for p in staff.people() if f"@{p.name}" in text]


@staff_page("cases.work")
def plain(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """An act without a question: take, accept, resume, confirm, close, verify."""
    if request.method != "POST":
        return redirect(f"/cases/{number}/")
    service, said = PLAIN[what]
    actor = actor_of(request)
    case = queries.get(actor, number)
    service(case_id=case.pk, actor=actor, at=now())
    if request.headers.get("HX-Target", "") in ("", "case") and "/cases/" in request.headers.get(
        "HX-Current-URL", "/cases/"
    ):
        return fresh(request, number, str(said))
    return done(request, request.headers.get("HX-Current-URL") or f"/cases/{number}/", str(said))


@staff_page("cases.work")
def act(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """A dialog: asked with GET, done with POST; what is refused stands at its field with everything typed kept."""
    actor, at = actor_of(request), now()
    it: CasePage = case_page(actor, number, at=at)
    kind = ACTS[what]
    form = kind.form(request.POST or None, it=it, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            form.run(it.case, form.cleaned_data, actor, at)
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            if what == "merge":
                return done(request, f"/cases/{form.cleaned_data['target']}/", str(kind.done))
            if "/board/" in request.headers.get("HX-Current-URL", ""):
                return done(request, "/board/", str(kind.done))
            return fresh(request, number, str(kind.done))
    context = {
        "form": form,
        "title": str(kind.title) % {"n": number} if "%(n)s" in str(kind.title) else kind.title,
        "verb": kind.verb,
        "lead": kind.lead,
        "post_url": request.path,
    }
    return render(request, kind.template, context, status=422 if form.errors else 200)


@staff_page(*SEES)
def ledger(request: HttpRequest, number: int, clock_id: int) -> HttpResponse:
    """Why this is due then: the clock interval by interval."""
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    clock = commitments.clock_of(actor, clock_id)
    if (clock.subject_kind, clock.subject_id) != ("case", case.pk):
        raise NotFound(_("这张工单没有这项时限"))
    rule = Rule.objects.select_related("clause").get(pk=clock.rule_id)
    view = timing.ledger_view(
        commitments.ledger(clock, at), at, title=rule.title, wording=rule.clause.wording
    )
    if actor.may("commitments.rebase") and clock.is_live:
        view["rebase_url"] = f"/cases/{number}/clocks/{clock_id}/rebase/"
    return render(request, "desk/_ledger.html", {"ledger": view})


@staff_page(*SEES)
def seen(request: HttpRequest, number: int) -> HttpResponse:
    """Says that this person has the case open (and whether he writes); answers who else has."""
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    if request.method == "POST" and actor.may("cases.work"):
        services.viewer_seen(case_id=case.pk, writing=request.POST.get("writing") == "1", actor=actor, at=at)
    others = [p for p in queries.present(case.pk, at) if p.person_id != actor.person_id]
    return JsonResponse({"people": [{"name": p.name, "writing": p.writing} for p in others]})


@staff_page("cases.work")
def draft(request: HttpRequest, number: int) -> HttpResponse:
    actor = actor_of(request)
    case = queries.get(actor, number)
    mode = "note" if request.POST.get("mode") == "note" else "out"
    services.draft_save(
        case_id=case.pk, mode=mode, body={"text": request.POST.get("text", "")}, actor=actor, at=now()
    )
    return HttpResponse(status=204)


@staff_page(*SEES)
def history(request: HttpRequest, number: int) -> HttpResponse:
    """The case's events as a CSV file."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    response = HttpResponse(
        b"".join(event_export.as_csv(actor, kind="case", only=case.pk)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="case-{number}.csv"'
    return response


@staff_page("cases.work")
def bulk(request: HttpRequest, what: str) -> HttpResponse:
    """A dialog over the picked cases; each succeeds or fails by itself, and the toast says how many."""
    actor, at = actor_of(request), now()
    ids = [int(i) for i in (request.POST or request.GET).getlist("case") if i.isdigit()]
    form = bulks.form_of(what, request.POST or None)
    if request.method == "POST" and form.is_valid():
        action, params = bulks.asked(what, form.cleaned_data)
        outcomes = services.cases_bulk(case_ids=ids, action=action, params=params, actor=actor, at=at)
        good = sum(1 for o in outcomes if o.ok)
        said = ngettext("%(n)s 张已处理", "%(n)s 张已处理", good) % {"n": good}
        if good < len(outcomes):
            first = next(o.problem for o in outcomes if o.problem is not None)
            said += "；" + _("%(n)s 张没动：%(why)s") % {"n": len(outcomes) - good, "why": first}
        return done(request, request.headers.get("HX-Current-URL") or "/cases/", said)
    return render(
        request,
        "desk/act.html",
        {
            "form": form,
            "title": ngettext("%(what)s：%(n)s 张", "%(what)s：%(n)s 张", len(ids))
            % {"what": bulks.LABELS[what], "n": len(ids)},
            "verb": bulks.LABELS[what],
            "lead": "" if ids else _("还没有选工单"),
            "post_url": request.path,
            "hidden": [("case", i) for i in ids],
        },
        status=422 if form.errors else 200,
    )
