"""Drafting a regulation in forms: its head, its clauses, and the rules of each with their sentence beside them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict, Invalid, NotFound, Problem
from shounuo.kernel.text import whole
from shounuo.policy import permissions, queries, services
from shounuo.policy.editing import changes, sheets
from shounuo.policy.editing.changes import (
    ClauseAdd,
    ClauseMove,
    ClauseRemove,
    ClauseSet,
    Moved,
    RuleAdd,
    RuleMove,
    RuleRemove,
    RuleSet,
    find_clause,
    find_rule,
    mark_of_clause,
    mark_of_head,
    mark_of_rule,
)
from shounuo.policy.editing.flat import Context, Sheet, split
from shounuo.policy.models import PolicyVersion
from shounuo.policy.reading import PackInvalid
from shounuo.policy.schema import RULES, AnyRule, Clause, Pack
from shounuo.web.context import actor_of
from shounuo.web.desk.dialogs import refuse
from shounuo.web.guard import done, staff_page
from shounuo.web.policies import previews
from shounuo.web.policies.showing import editor as showing
from shounuo.web.policies.showing import life


class NewForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("制度名称"), max_length=120)
    code = forms.CharField(
        label=gettext_lazy("代码"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("小写字母、数字和 -；不填就按名称取"),
    )
    letters = forms.CharField(
        label=gettext_lazy("条款编号的开头"),
        max_length=8,
        required=False,
        help_text=gettext_lazy("大写字母，例如 REG；不写就取代码的首字母"),
    )
    calendar = forms.ChoiceField(label=gettext_lazy("按哪个日历计时"))
    clause_title = forms.CharField(label=gettext_lazy("第一条的名称"), max_length=120)
    wording = forms.CharField(
        label=gettext_lazy("第一条的正文"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].choices = showing.calendars()  # type: ignore[attr-defined]


class ClauseForm(forms.Form):
    id = forms.CharField(
        label=gettext_lazy("编号"),
        max_length=40,
        help_text=gettext_lazy("例如 REG-2.2.1；只在本制度内用一次"),
    )
    chapter = forms.ChoiceField(label=gettext_lazy("章节"), required=False)
    title = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    title_en = forms.CharField(label=gettext_lazy("英文名称"), max_length=200, required=False)
    wording = forms.CharField(
        label=gettext_lazy("正文"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "is-serif"}),
    )
    wording_en = forms.CharField(
        label=gettext_lazy("英文正文"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    source = forms.CharField(label=gettext_lazy("出处"), max_length=200, required=False)
    covers = forms.CharField(
        label=gettext_lazy("落实哪些要求"),
        max_length=4000,
        required=False,
        help_text=gettext_lazy("要求编号，用逗号隔开"),
    )
    halves = ("id", "chapter", "title", "title_en", "source", "covers")

    def __init__(self, *args: Any, pack: Pack, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chapter"].choices = [  # type: ignore[attr-defined]
            ("", _("不分章")),
            *((c.number, f"{c.number} {c.title}") for c in pack.chapters),
        ]

    def clause(self) -> Clause:
        """What was typed, as a clause without rules."""
        values = {name: value.replace("\r\n", "\n") for name, value in self.cleaned_data.items()}
        return Clause(**values | {"covers": tuple(split(values["covers"].replace(" ", ",")))})


@staff_page(permissions.EDIT)
def begin_new(request: HttpRequest) -> HttpResponse:
    """A regulation from nothing: its name and its first clause."""
    form = NewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            version = services.policy_begin(
                prefix=values.pop("letters"), **values, actor=actor_of(request), at=now()
            )
        except PackInvalid as invalid:
            _refuse_all(form, invalid)
        except Problem as problem:
            if problem.field == "prefix":
                form.add_error("letters", str(problem))
            else:
                refuse(form, problem)
        else:
            return done(request, showing.base_of(version), _("草案已建，接着写规则"))
    return render(
        request,
        "policy/edit/new.html",
        {"title": _("起草新制度"), "form": form},
        status=422 if form.errors else 200,
    )


@staff_page(permissions.EDIT)
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """A draft of what is in force, or the draft that there is."""
    if request.method != "POST":
        return redirect(f"/policy/{code}/versions/")
    version = services.draft_begin(policy_code=code, actor=actor_of(request), at=now())
    return redirect(showing.base_of(version))


def _draft(request: HttpRequest, code: str, version_id: int) -> tuple[PolicyVersion, Pack]:
    """The draft to be edited with its pack; Conflict for a version that is none (any more)."""
    version = queries.version_of(actor_of(request), version_id)
    if version.policy.code != code:
        raise NotFound(_("没有这个制度版本"))
    if version.state != PolicyVersion.State.DRAFT:
        raise Conflict(
            _("第 %(label)s 版现在是“%(state)s”，不能再改")
            % {"label": version.label, "state": version.get_state_display()},
            code="wrong_state",
        )
    return version, queries.pack_of(version)


@staff_page(permissions.EDIT)
def overview(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """Leads to the first clause."""
    version, pack = _draft(request, code, version_id)
    return redirect(showing.clause_url(version, pack.clauses[0].id))


@staff_page(permissions.EDIT)
def clause(request: HttpRequest, code: str, version_id: int, clause: str) -> HttpResponse:
    """A clause with its words in a form and its rules as they read."""
    version, pack = _draft(request, code, version_id)
    row = find_clause(pack, clause)
    seen = mark_of_clause(row)
    form = ClauseForm(request.POST or None, pack=pack, initial=showing.clause_initial(row))
    others: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        change = ClauseSet(code=clause, seen=request.POST.get("seen", ""), new=form.clause())
        try:
            services.draft_change(version_id=version.pk, change=change, actor=actor_of(request), at=now())
        except Moved as moved:
            others = {"said": str(moved), "title": row.title, "wording": row.wording}
        except PackInvalid as invalid:
            _refuse_all(form, invalid)
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, showing.clause_url(version, change.new.id), _("条款已存"))
    context = showing.page(version, pack, clause, actor_of(request)) | {
        "form": form,
        "seen": seen,
        "others": others,
        "rules": showing.rules(version, pack, row),
        "kinds": showing.kinds(version, clause),
        "talk": life.talk(version, clause, queries.comments_of(version, clause)),
    }
    return render(request, "policy/edit/clause.html", context, status=422 if form.errors or others else 200)


@staff_page(permissions.EDIT)
def clause_new(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """A new clause after another."""
    version, pack = _draft(request, code, version_id)
    after = (request.POST if request.method == "POST" else request.GET).get("after", pack.clauses[-1].id)
    before = next((c for c in pack.clauses if c.id == after), None)
    chapter = before.chapter if before else ""
    form = ClauseForm(
        request.POST or None, pack=pack, initial={"id": changes.next_id(pack, chapter), "chapter": chapter}
    )
    if request.method == "POST" and form.is_valid():
        new = form.clause()
        try:
            services.draft_change(
                version_id=version.pk,
                change=ClauseAdd(new=new, after=after),
                actor=actor_of(request),
                at=now(),
            )
        except PackInvalid as invalid:
            _refuse_all(form, invalid)
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, showing.clause_url(version, new.id), _("条款已加"))
    context = showing.page(version, pack, "", actor_of(request)) | {
        "form": form,
        "after": after,
        "after_title": f"{before.number} {before.title}" if before else "",
    }
    return render(request, "policy/edit/clause_new.html", context, status=422 if form.errors else 200)


@staff_page(permissions.EDIT)
def clause_act(request: HttpRequest, code: str, version_id: int, clause: str, what: str) -> HttpResponse:
    """Moves or removes a clause."""
    version, pack = _draft(request, code, version_id)
    here = showing.clause_url(version, clause)
    if request.method != "POST":
        return redirect(here)
    change: changes.Change
    if what in ("up", "down"):
        change = ClauseMove(code=clause, step=-1 if what == "up" else 1)
    elif what == "place":
        change = ClauseMove(code=clause, after=request.POST.get("after", ""))
    elif what == "remove":
        change = ClauseRemove(code=clause, seen=request.POST.get("seen", ""))
        place = next((n for n, c in enumerate(pack.clauses) if c.id == clause), 0)
        here = showing.clause_url(version, pack.clauses[max(place - 1, 0)].id)
        if place == 0 and len(pack.clauses) > 1:
            here = showing.clause_url(version, pack.clauses[1].id)
    else:
        raise NotFound(_("没有这个动作"))
    services.draft_change(version_id=version.pk, change=change, actor=actor_of(request), at=now())
    said = _("条款已删") if what == "remove" else _("条款已移")
    return done(request, here, said, undo_url="")


@staff_page(permissions.EDIT)
def rule_new(request: HttpRequest, code: str, version_id: int, clause: str, kind: str) -> HttpResponse:
    """The form of a new rule of one kind."""
    if kind not in RULES:
        raise NotFound(_("没有这种规则"))
    return _rule(request, code, version_id, clause, kind, "")


@staff_page(permissions.EDIT)
def rule(request: HttpRequest, code: str, version_id: int, clause: str, seen: str) -> HttpResponse:
    """The form of a rule, named by the mark of how it was when it was opened."""
    return _rule(request, code, version_id, clause, "", seen)


def _rule(
    request: HttpRequest, code: str, version_id: int, clause: str, kind: str, seen: str
) -> HttpResponse:
    version, pack = _draft(request, code, version_id)
    row = find_clause(pack, clause)
    there = next((r for r in row.rules if mark_of_rule(r) == seen), None) if seen else None
    kind = kind or (there.kind if there is not None else request.POST.get("_kind", ""))
    others: dict[str, Any] | None = None
    if seen and there is None:
        if request.method != "POST" or kind not in RULES:
            raise Moved(_("这条规则刚被别人改过或删去"))
        others = showing.changed_meanwhile(version, pack, row, kind, request.POST.get("_was", ""))
    flat = sheets.flat_of(request.POST) if request.method == "POST" else {}
    subject = flat.get("subject", [""])[0] or getattr(there, "subject", "") or showing.SUBJECT.get(kind, "")
    context = showing.form_context(pack, row, there.name if there is not None else "", subject)
    if request.method != "POST":
        flat = sheets.filled(there, context) if there is not None else showing.blank(kind, subject)
        found, sheet = there, Sheet(flat, context)
    else:
        act = request.POST.get("_act", "")
        found, sheet = typed(request, kind, context, clause)
        if act or "_draw" in request.POST:
            return _form(request, version, row, kind, seen, Sheet(sheet.flat, context), others, act=act)
        if "_say" in request.POST:
            return render(request, "policy/edit/_say.html", {"say": showing.said(found, sheet, pack, kind)})
        if "_preview" in request.POST:
            return previews.respond(request, version, pack, clause, found)
        if found is not None and others is None:
            change: changes.Change = (
                RuleSet(code=clause, seen=seen, rule=found) if seen else RuleAdd(code=clause, rule=found)
            )
            try:
                services.draft_change(version_id=version.pk, change=change, actor=actor_of(request), at=now())
            except Moved:
                others = showing.changed_meanwhile(version, pack, row, kind, found.name)
            except PackInvalid as invalid:
                showing.place(sheet, invalid, kind)
            else:
                return done(request, showing.clause_url(version, clause), _("规则已存"))
    return _form(
        request, version, row, kind, seen, sheet, others, said=showing.said(found, sheet, pack, kind)
    )


def typed(request: HttpRequest, kind: str, context: Context, clause: str) -> tuple[AnyRule | None, Sheet]:
    """The rule that the form says, after the button that changes the form itself, if one was pressed."""
    flat, act = sheets.flat_of(request.POST), request.POST.get("_act", "")
    return sheets.understood(kind, sheets.acted(flat, act) if act else flat, context, clause)


def _form(
    request: HttpRequest,
    version: PolicyVersion,
    row: Clause,
    kind: str,
    seen: str,
    sheet: Sheet,
    others: dict[str, Any] | None,
    *,
    act: str = "",
    said: dict[str, Any] | None = None,
) -> HttpResponse:
    """The whole page, or for htmx askers the form alone."""
    pack = sheet.context.pack
    context = showing.rule_form(version, row, kind, seen, sheet, others, act)
    if request.headers.get("HX-Request"):
        return render(request, "policy/edit/rule.html#form", context)
    said = said or showing.said(*sheets.understood(kind, sheet.flat, sheet.context, row.id), pack, kind)
    context |= showing.page(version, pack, row.id, actor_of(request)) | {"say": said}
    refused = bool(sheet.faults) or others is not None
    return render(request, "policy/edit/rule.html", context, status=422 if refused and not act else 200)


@staff_page(permissions.EDIT)
def rule_act(
    request: HttpRequest, code: str, version_id: int, clause: str, seen: str, what: str
) -> HttpResponse:
    """Moves or removes a rule."""
    version, pack = _draft(request, code, version_id)
    here = showing.clause_url(version, clause)
    if request.method != "POST":
        return redirect(here)
    find_rule(find_clause(pack, clause), seen)
    change: changes.Change
    if what in ("up", "down"):
        change = RuleMove(code=clause, seen=seen, step=-1 if what == "up" else 1)
    elif what == "remove":
        change = RuleRemove(code=clause, seen=seen)
    else:
        raise NotFound(_("没有这个动作"))
    services.draft_change(version_id=version.pk, change=change, actor=actor_of(request), at=now())
    return done(request, here, _("规则已删") if what == "remove" else _("规则已移"))


@staff_page(permissions.EDIT)
def head(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """The document's names, version, calendar, note and chapters."""
    version, pack = _draft(request, code, version_id)
    seen = mark_of_head(pack)
    context = showing.form_context(pack, None, "", "")
    flat = sheets.flat_of(request.POST) if request.method == "POST" else showing.head_flat(pack)
    act = request.POST.get("_act", "")
    sheet = Sheet(sheets.acted(flat, act) if act else flat, context)
    others = False
    if request.method == "POST" and not act:
        change = showing.head_change(sheet, request.POST.get("_seen", ""))
        try:
            if not sheet.faults:
                services.draft_change(version_id=version.pk, change=change, actor=actor_of(request), at=now())
                return done(request, showing.base_of(version), _("制度名称和章节已存"))
        except Moved:
            others = True
        except PackInvalid as invalid:
            for error in invalid.errors:
                name = error.field.partition(".")[0]
                known = name in showing.HEAD_FIELDS and not error.clause
                sheet.wrong(
                    name if known else "", error.message if known else f"{error.place} {error.message}"
                )
    shown = {
        "url": request.path,
        "seen": seen,
        "others": others,
        "controls": [c.draw(sheet, c.name) for c in showing.HEAD],
        "faults": sheet.faults.get("", []),
        "act": act,
    }
    if request.headers.get("HX-Request"):
        return render(request, "policy/edit/head.html#form", shown)
    context_ = showing.page(version, pack, "", actor_of(request)) | shown
    return render(request, "policy/edit/head.html", context_, status=422 if sheet.faults or others else 200)


@staff_page(permissions.EDIT)
def undo(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """Takes back the last change."""
    version, pack = _draft(request, code, version_id)
    if request.method != "POST":
        return redirect(showing.base_of(version))
    edit_id = whole(request.POST.get("edit"))
    if edit_id is None:
        raise Invalid(_("没有可以撤回的修改"))
    gone = services.draft_undo(version_id=version.pk, edit_id=edit_id, actor=actor_of(request), at=now())
    version.refresh_from_db()
    pack = queries.pack_of(version)
    codes = [c.id for c in pack.clauses]
    here = showing.clause_url(version, gone.clause if gone.clause in codes else codes[0])
    return done(request, here, _("已撤回：%(what)s") % {"what": showing.what_words(gone.what, gone.clause)})


def _refuse_all(form: forms.Form, invalid: PackInvalid) -> None:
    """Every error of a refused pack at the field that it names, the rest above the form with its place."""
    for error in invalid.errors:
        name = error.field.partition(".")[0]
        if name in form.fields and not error.rule:
            form.add_error(name, error.message)
        else:
            form.add_error(None, f"{error.place} {error.message}")
