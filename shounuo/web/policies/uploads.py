"""From a document to rules: uploading a regulation, and deciding on the rules that its wording proposes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.policy import permissions, queries, services
from shounuo.policy.editing import sheets
from shounuo.policy.editing.changes import Moved
from shounuo.policy.editing.flat import Sheet
from shounuo.policy.models import PolicyDocument, RuleProposal
from shounuo.policy.proposing import documents
from shounuo.policy.reading import PackInvalid
from shounuo.policy.schema import RULES
from shounuo.policy.services.common import words as vocabulary_now
from shounuo.policy.services.proposals import final_plain, mark_of_proposal
from shounuo.web.context import actor_of
from shounuo.web.desk.dialogs import refuse
from shounuo.web.guard import done, staff_page
from shounuo.web.policies.editor import typed
from shounuo.web.policies.showing import editor as editing
from shounuo.web.policies.showing import uploads as showing

READERS = (permissions.EDIT, permissions.APPROVE, permissions.PUBLISH)
PAGE = 30
CLAUSES = 60


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("制度文件"),
        widget=forms.ClearableFileInput(attrs={"accept": ".docx,.pdf,.md,.txt,text/plain,application/pdf"}),
        help_text=gettext_lazy("Word（.docx）、有文字的 PDF、.md 或 .txt，不超过 20 MB"),
    )
    title = forms.CharField(label=gettext_lazy("名称"), max_length=120, required=False)
    code = forms.CharField(
        label=gettext_lazy("制度包代码"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("写已有制度的代码，规则就并入它的草案；不写就新建一份"),
    )
    letters = forms.CharField(
        label=gettext_lazy("条款编号的开头"),
        max_length=8,
        required=False,
        help_text=gettext_lazy("大写字母，例如 REG；不写就取代码的首字母"),
    )


@staff_page(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """The uploads, and the form for another."""
    actor = actor_of(request)
    may_edit = actor.may(permissions.EDIT)
    form = UploadForm(request.POST or None, request.FILES or None) if may_edit else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            document = _upload(form, actor)
        except Problem as problem:
            if problem.field == "prefix":  # a form's own `prefix` is something else
                form.add_error("letters", str(problem))
            else:
                refuse(form, problem)
        else:
            count = document.proposals.count()
            said = ngettext("提出 %(n)s 条规则", "提出 %(n)s 条规则", count) % {"n": count}
            return done(request, f"/policy/documents/{document.pk}/", said)
    page = Paginator(queries.documents(actor), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "policy/documents.html",
        {
            "title": _("由文件起草"),
            "form": form,
            "documents": showing.listed(page),
            "older_url": f"?page={page.next_page_number()}" if page.has_next() else "",
            "newer_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        },
        status=422 if form is not None and form.errors else 200,
    )


def _upload(form: UploadForm, actor: Actor) -> PolicyDocument:
    file = form.cleaned_data["file"]
    return services.document_upload(
        data=file.read(documents.MAX_BYTES + 1),
        name=file.name,
        title=form.cleaned_data["title"],
        code=form.cleaned_data["code"],
        prefix=form.cleaned_data["letters"],
        actor=actor,
        at=now(),
    )


@staff_page(*READERS)
def review(request: HttpRequest, document_id: int) -> HttpResponse:
    """The regulation clause by clause, its evidence marked, with the rules proposed for each clause beside it."""
    actor = actor_of(request)
    document = queries.document_of(actor, document_id)
    rows = queries.proposals_of(document)
    only_open = request.GET.get("only") == "open"
    waiting = {r.clause for r in rows if r.state == RuleProposal.State.PROPOSED}
    wanted = [c for c in document.clauses if not only_open or c["number"] in waiting]
    page = Paginator(wanted, CLAUSES).get_page(request.GET.get("page"))
    numbers = {c["number"] for c in page}
    may_edit, vocabulary = actor.may(permissions.EDIT), vocabulary_now()
    cards = {
        r.pk: showing.card(r, document, vocabulary, may_edit=may_edit) for r in rows if r.clause in numbers
    }
    query = "only=open&" if only_open else ""
    context = {
        "title": document.title,
        "document": _head(document),
        "progress": showing.progress(document, rows, may_edit=may_edit),
        "clauses": showing.clauses(document, [r for r in rows if r.clause in numbers], page, cards),
        "views": [
            {"label": _("全部条款"), "url": "?", "active": not only_open, "count": len(document.clauses)},
            {"label": _("待定的"), "url": "?only=open", "active": only_open, "count": len(waiting)},
        ],
        "older_url": f"?{query}page={page.next_page_number()}" if page.has_next() else "",
        "newer_url": f"?{query}page={page.previous_page_number()}" if page.has_previous() else "",
    }
    return render(request, "policy/review.html", context)


def _head(document: PolicyDocument) -> dict[str, Any]:
    asking = document.asked_at is not None and document.answered_at is None
    return {
        "title": document.title,
        "code": document.code,
        "clauses": len(document.clauses),
        "asking": asking,
        "trouble": document.trouble,
        "remove_url": f"/policy/documents/{document.pk}/remove/",
    }


@staff_page(permissions.EDIT)
def act(request: HttpRequest, document_id: int, what: str) -> HttpResponse:
    """What is done with an upload as a whole: accept what is sure, make a draft, delete it."""
    actor, at = actor_of(request), now()
    document = queries.document_of(actor, document_id)
    page = f"/policy/documents/{document_id}/"
    if request.method != "POST":
        return redirect(page)
    if what == "sure":
        count = services.proposals_accept_sure(document_id=document_id, actor=actor, at=at)
        return done(request, page, ngettext("采纳了 %(n)s 条", "采纳了 %(n)s 条", count) % {"n": count})
    if what == "draft":
        version = services.proposals_accept(document_id=document_id, actor=actor, at=at)
        return done(request, f"/policy/{version.policy.code}/versions/", _("草案已写好，可以送审"))
    if what == "remove":
        services.document_remove(document_id=document.pk, actor=actor, at=at)
        return done(request, "/policy/documents/", _("文件已删除"))
    raise NotFound(_("没有这个动作"))


@staff_page(permissions.EDIT)
def decide(request: HttpRequest, proposal_id: int, what: str) -> HttpResponse:
    """Accepts, fills and accepts, rejects or takes up again one proposal as it was seen; htmx askers get its card and the
    progress. Who saw it otherwise than it is by now is told what became of it, and may decide again."""
    actor, at = actor_of(request), now()
    row = queries.proposal_of(actor, proposal_id)
    back = f"/policy/documents/{row.document_id}/#p{row.pk}"
    if request.method != "POST":
        return redirect(back)
    values = {gap: request.POST.get(gap, "") for gap in row.gaps}
    of_one: dict[str, Any] = {"proposal_id": proposal_id, "seen": request.POST.get("_seen", "")}
    of_one |= {"actor": actor, "at": at}
    more: dict[str, Any] = {}
    status = 200
    try:
        if what == "accept":
            services.proposal_accept(**of_one)
        elif what == "fill":
            services.proposal_fill(values=values, **of_one)
        elif what == "reject":
            services.proposal_reject(**of_one)
        elif what == "reopen":
            services.proposal_reopen(**of_one)
        else:
            raise NotFound(_("没有这个动作"))
    except PackInvalid as invalid:
        more, status = {"faults": showing.faults(invalid)}, 422
    except Moved:
        row = queries.proposal_of(actor, proposal_id)
        more, status = {"meanwhile": showing.meanwhile(row, vocabulary_now(), what, values)}, 409
    if not request.headers.get("HX-Request") and status == 200:
        return redirect(back)
    return _card(request, actor, proposal_id, more, status=status)


@staff_page(permissions.EDIT)
def edit(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The proposed rule in the form of its kind, or of the kind asked for; what is wrong stands at its control and nothing
    typed is lost, neither where somebody else decided while the form was open."""
    actor = actor_of(request)
    row = queries.proposal_of(actor, proposal_id)
    document = queries.document_of(actor, row.document_id)
    plain = final_plain(row)
    own = next(iter(plain))
    kind = request.POST.get("_kind") or request.GET.get("kind") or own
    if kind not in RULES:
        raise NotFound(_("没有这种规则"))
    pack, clause = showing.drafted(document, row, queries.proposals_of(document), vocabulary_now())
    subject = request.POST.get("subject") or str(plain.get("subject", "")) or editing.SUBJECT.get(kind, "")
    context = editing.form_context(pack, clause, str(plain[own]), subject)
    act = request.POST.get("_act", "")
    seen, others = mark_of_proposal(row), None
    if request.method != "POST":
        flat = sheets.filled_plain(kind, plain, context) if kind == own else editing.blank(kind, subject)
        sheet = Sheet(flat | {"title": [str(plain.get("title", ""))]}, context)
    else:
        found, sheet = typed(request, kind, context, clause.id)
        if "_say" in request.POST:
            return render(request, "policy/edit/_say.html", {"say": editing.said(found, sheet, pack, kind)})
        if act or "_draw" in request.POST:
            sheet, seen = Sheet(sheet.flat, context), request.POST.get("_seen", "")
        elif request.POST.get("_seen", "") != seen:
            others = showing.meanwhile(row, vocabulary_now(), "edit")
        elif found is not None:
            try:
                services.proposal_edit(proposal_id=proposal_id, rule=found, seen=seen, actor=actor, at=now())
            except PackInvalid as invalid:
                editing.place(sheet, invalid, kind)
            except Moved:
                row = queries.proposal_of(actor, proposal_id)
                seen, others = mark_of_proposal(row), showing.meanwhile(row, vocabulary_now(), "edit")
            else:
                return redirect(_onward(document, row))
    shown = showing.editing(document, row, clause, kind, sheet, act) | {"seen": seen, "meanwhile": others}
    if request.headers.get("HX-Request"):
        return render(request, "policy/edit/rule.html#form", shown)
    shown |= {
        "title": document.title,
        "say": editing.said(*sheets.understood(kind, sheet.flat, context, clause.id), pack, kind),
    }
    status = 409 if others else 422 if sheet.faults else 200
    return render(request, "policy/proposal_edit.html", shown, status=status)


def _onward(document: PolicyDocument, row: RuleProposal) -> str:
    """Where the review goes on after a decision: the next proposal that waits, this one when none does."""
    waiting = [r for r in queries.proposals_of(document) if r.state == RuleProposal.State.PROPOSED]
    to = next((r for r in waiting if r.position > row.position), waiting[0] if waiting else row)
    place = next(n for n, c in enumerate(document.clauses) if c["number"] == to.clause)
    page = f"?page={place // CLAUSES + 1}" if place >= CLAUSES else ""
    return f"/policy/documents/{document.pk}/{page}#p{to.pk}"


def _card(
    request: HttpRequest, actor: Actor, proposal_id: int, more: dict[str, Any], *, status: int
) -> HttpResponse:
    """One proposal's card (a page of its own for who has no scripts), with the progress of the whole."""
    row = queries.proposal_of(actor, proposal_id)
    document = queries.document_of(actor, row.document_id)
    shown = showing.card(row, document, vocabulary_now(), may_edit=True) | more
    for question in shown["needs"]:
        question["typed"] = request.POST.get(question["name"], "")
    context = {
        "title": document.title,
        "document": _head(document),
        "p": shown,
        "progress": showing.progress(document, queries.proposals_of(document), may_edit=True),
        "fetched": True,
    }
    fragment = bool(request.headers.get("HX-Request"))
    template = "policy/review.html#fetched" if fragment else "policy/proposal.html"
    return render(request, template, context, status=status)
