"""The life of a version: what is said about its clauses, its review, who has to read it and has, when it is looked at
again; and exceptions to its clauses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from shounuo.cases import queries as case_queries
from shounuo.commitments import queries as commitments
from shounuo.kernel.clock import now
from shounuo.kernel.durations import Span
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, Problem
from shounuo.kernel.text import whole
from shounuo.policy import permissions, queries, services
from shounuo.policy.editing.controls import TIMES
from shounuo.policy.models import ClauseComment, Deviation, Policy, PolicyVersion
from shounuo.policy.schema import Commitment
from shounuo.policy.services.readers import Question
from shounuo.policy.services.review import may_return, word_of
from shounuo.policy.services.talk import SPEAKERS
from shounuo.staff import queries as staff
from shounuo.web.context import actor_of
from shounuo.web.days import DayField
from shounuo.web.desk.dialogs import dialog, refuse
from shounuo.web.guard import done, page_of, staff_page
from shounuo.web.policies.showing import clauses as clause_page
from shounuo.web.policies.showing import documents
from shounuo.web.policies.showing import life as showing

PAGE = 50
RECENT = timedelta(days=92)
QUESTIONS = 3


@staff_page(permissions.VIEW)
def by_id(request: HttpRequest, policy_id: int) -> HttpResponse:
    """A policy by its number, as notices and the log name it: leads on to its page."""
    found = queries.visible_to(actor_of(request)).filter(policy_id=policy_id).first()
    if found is None:
        raise NotFound(_("没有这份制度"))
    return redirect(f"/policy/{found.policy.code}/")


@staff_page(permissions.VIEW)
def review_by_id(request: HttpRequest, version_id: int) -> HttpResponse:
    """A version by its number, as its duty names it: leads on to its review, or to the versions where there is nothing to
    review any more."""
    version = queries.version_of(actor_of(request), version_id)
    base = f"/policy/{version.policy.code}/versions/"
    making = version.state in ("draft", "in_review", "approved")
    return redirect(f"{base}{version_id}/review/" if making else base)


# What is said about clauses


def _in_making(request: HttpRequest, code: str, version_id: int) -> PolicyVersion:
    version = queries.version_of(actor_of(request), version_id)
    if version.policy.code != code:
        raise NotFound(_("没有这个制度版本"))
    return version


def _to_review(request: HttpRequest, code: str, version_id: int) -> PolicyVersion:
    """A version as one reads it who has a word on it: for those who draft, approve or publish; while it is under review for who
    stands in for one that approves."""
    version, actor = _in_making(request, code, version_id), actor_of(request)
    if version.state != version.State.IN_REVIEW and not any(actor.may(p) for p in SPEAKERS):
        raise NotAllowed(_("您没有看这一页的权限"))
    return version


@staff_page(*SPEAKERS)
def comment(request: HttpRequest, code: str, version_id: int, clause: str) -> HttpResponse:
    """Says something about a clause; htmx askers get what is said about it so far."""
    version = _in_making(request, code, version_id)
    back = f"/policy/{code}/versions/{version_id}/review/#c{clause}"
    if request.method != "POST":
        return redirect(back)
    problem, text = "", request.POST.get("text", "")
    try:
        services.comment_add(
            version_id=version_id, clause=clause, text=text, actor=actor_of(request), at=now()
        )
    except Invalid as refused:
        problem = str(refused)
    if not request.headers.get("HX-Request"):
        if problem:
            raise Invalid(problem, field="text")
        return redirect(back)
    talk = showing.talk(version, clause, queries.comments_of(version, clause)) | {
        "problem": problem,
        "text": text if problem else "",
    }
    return render(request, "policy/edit/_talk.html", {"talk": talk}, status=422 if problem else 200)


@staff_page(*SPEAKERS)
def comment_act(request: HttpRequest, comment_id: int, what: str) -> HttpResponse:
    """Settles what somebody said, or opens it again."""
    row = ClauseComment.objects.select_related("version__policy").filter(pk=comment_id).first()
    if row is None or what not in ("settle", "reopen"):
        raise NotFound(_("没有这条意见"))
    version = queries.version_of(actor_of(request), row.version_id)
    if request.method == "POST":
        services.comment_settle(
            comment_id=comment_id, settled=what == "settle", actor=actor_of(request), at=now()
        )
        if request.headers.get("HX-Request"):
            talk = showing.talk(version, row.clause, queries.comments_of(version, row.clause))
            return render(request, "policy/edit/_talk.html", {"talk": talk})
    return redirect(f"/policy/{version.policy.code}/versions/{version.pk}/review/#c{row.clause}")


# Review


class ReturnForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("为什么退回"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


@staff_page(permissions.VIEW)
def review(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """A version in the making as its reviewers read it: what it changes first, each clause with what is said about it."""
    actor, at, version = actor_of(request), now(), _to_review(request, code, version_id)
    rows = queries.visible_to(actor).filter(policy__code=code, number__lt=version.number)
    before = rows.filter(state__in=("published", "archived")).defer("source").first()
    word = word_of(version, actor, at) if version.state == version.State.IN_REVIEW else None
    return render(
        request,
        "policy/version_review.html",
        showing.review(
            version,
            before,
            word=word,
            in_place_of=staff.names([word.for_id]).get(word.for_id or 0, "") if word is not None else "",
            may_return=version.state in ("in_review", "approved") and may_return(version, actor, at),
            may_speak=any(actor.may(p) for p in SPEAKERS),
            at=at,
        ),
    )


@staff_page(permissions.VIEW)
def send_back(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """A dialog: back to its drafters, with the reason."""
    version = _to_review(request, code, version_id)
    form = ReturnForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.version_return(
                version_id=version.pk, reason=form.cleaned_data["reason"], actor=actor_of(request), at=now()
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, f"/policy/{code}/versions/", _("已退回起草人"))
    title = _("退回第 %(label)s 版") % {"label": version.label}
    return dialog(
        request, form, title=title, verb=_("退回"), back=f"/policy/{code}/versions/{version_id}/review/"
    )


class QuestionsForm(forms.Form):
    """Up to three questions, each with its answers one a line and the number of the right one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(QUESTIONS):
            number = {"n": n + 1}
            self.fields[f"q{n}_text"] = forms.CharField(
                label=_("第 %(n)s 题") % number, max_length=200, required=False
            )
            self.fields[f"q{n}_options"] = forms.CharField(
                label=_("答案，一行一个"),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            self.fields[f"q{n}_right"] = forms.IntegerField(
                label=_("对的是第几个"), required=False, min_value=1, max_value=5
            )

    def questions(self) -> list[tuple[int, Question]]:
        """What was typed, with the number in the form of each."""
        found = []
        for n in range(QUESTIONS):
            text, options = self.cleaned_data[f"q{n}_text"], self.cleaned_data[f"q{n}_options"]
            if text or options:
                lines = tuple(line.strip() for line in options.splitlines() if line.strip())
                right = self.cleaned_data[f"q{n}_right"]
                found.append((n, Question(text, lines, (right or 0) - 1)))
        return found


@staff_page(permissions.EDIT)
def questions(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """The questions that readers answer before they acknowledge a version."""
    version = _in_making(request, code, version_id)
    initial: dict[str, Any] = {}
    for q in version.questions.order_by("position"):
        initial |= {
            f"q{q.position}_text": q.text,
            f"q{q.position}_options": "\n".join(q.options),
            f"q{q.position}_right": q.right + 1,
        }
    form = QuestionsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        asked = form.questions()
        try:
            services.questions_set(
                version_id=version.pk, questions=[q for _n, q in asked], actor=actor_of(request), at=now()
            )
        except Problem as problem:
            number, _dot, name = (problem.field or "").removeprefix("q").partition(".")
            place = whole(number, len(asked) - 1)
            at = f"q{asked[place][0]}_{name}" if place is not None else None
            form.add_error(at, str(problem))
        else:
            return done(request, f"/policy/{code}/versions/", _("签阅题目已存"))
    return render(
        request,
        "policy/questions.html",
        {
            "title": _("签阅题目"),
            "form": form,
            "groups": [
                [form[f"q{n}_{name}"] for name in ("text", "options", "right")] for n in range(QUESTIONS)
            ],
            "pack": documents.pack(version, now()),
            "back_url": f"/policy/{code}/versions/",
        },
        status=422 if form.errors else 200,
    )


# Readers


@staff_page(permissions.VIEW)
def sign(request: HttpRequest, code: str) -> HttpResponse:
    """Who has acknowledged the version in force and who has not; one's own word, after the questions if there are any."""
    at, actor = now(), actor_of(request)
    version = documents.version_of(actor, code, None, at)
    wrong: dict[str, str] = {}
    if request.method == "POST":
        answers = {
            number: chosen
            for name, value in request.POST.dict().items()
            if name[:1] == "q"
            and (number := whole(name[1:], 99)) is not None
            and (chosen := whole(value, 99)) is not None
        }
        try:
            services.acknowledge(version_id=version.pk, answers=answers, actor=actor, at=at)
        except Invalid as problem:
            wrong[problem.field or ""] = str(problem)
        else:
            return done(request, f"/policy/{code}/sign/", _("已签阅"))
    context = showing.signing(version, actor, request.POST, wrong, at) | {
        "title": documents.title_of(version),
        "pack": documents.pack(version, at),
        "tabs": documents.tabs(code, None, "sign"),
    }
    return render(request, "policy/sign.html", context, status=422 if wrong else 200)


@staff_page(permissions.EDIT, permissions.PUBLISH)
def remind(request: HttpRequest, code: str) -> HttpResponse:
    """Reminds those who have not acknowledged the version in force."""
    back = f"/policy/{code}/sign/"
    if request.method != "POST":
        return redirect(back)
    at, actor = now(), actor_of(request)
    version = documents.version_of(actor, code, None, at)
    count = services.readers_remind(version_id=version.pk, actor=actor, at=at)
    said = (
        ngettext("已提醒 %(n)s 人", "已提醒 %(n)s 人", count) % {"n": count} if count else _("今天都提醒过了")
    )
    return done(request, back, said)


class ReviewDateForm(forms.Form):
    review_on = DayField(
        label=gettext_lazy("哪天复审"),
        required=False,
        help_text=gettext_lazy("到那天提醒起草和发布制度的人；留空就不提醒"),
    )


@staff_page(permissions.EDIT, permissions.PUBLISH)
def review_date(request: HttpRequest, code: str) -> HttpResponse:
    """A dialog: when the policy is to be looked at again."""
    actor = actor_of(request)
    policy = Policy.objects.filter(code=code, versions__in=queries.visible_to(actor)).first()
    if policy is None:
        raise NotFound(_("没有这份制度"))
    form = ReviewDateForm(
        request.POST if request.method == "POST" else None, initial={"review_on": policy.review_on}
    )
    if form.is_valid():
        try:
            services.review_set(policy_code=code, on=form.cleaned_data["review_on"], actor=actor, at=now())
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, f"/policy/{code}/versions/", _("复审日期已存"))
    return dialog(request, form, title=_("复审日期"), verb=_("存下"), back=f"/policy/{code}/versions/")


@staff_page(permissions.PUBLISH)
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """Ends the version in force without a successor."""
    back = f"/policy/{code}/versions/"
    if request.method == "POST":
        if not queries.visible_to(actor_of(request)).filter(policy__code=code).exists():
            raise NotFound(_("没有这份制度"))
        services.policy_retire(policy_code=code, actor=actor_of(request), at=now())
        return done(request, back, _("制度已终止；在计的时限走完为止"))
    return redirect(back)


# Breaches of a whole document, exceptions to one clause


@staff_page(permissions.VIEW)
def breaches(request: HttpRequest, code: str) -> HttpResponse:
    """Every broken promise of a document in the last quarter, paged."""
    at, actor = now(), actor_of(request)
    version = documents.version_of(actor, code, None, at)
    codes = list(version.clauses.values_list("code", flat=True))
    rows, cursor = commitments.breaches(
        actor, at - RECENT, at, clauses=codes, limit=PAGE, cursor=request.GET.get("cursor") or None
    )
    may_explain = any(actor.may(p) for p in ("board.view", "commitments.rebase"))
    shown = clause_page.breach_rows(rows, at, may_explain=may_explain, named=True)
    for row, breach in zip(shown, rows, strict=True):
        row |= {
            "clause": breach.clock.clause_code.partition("-")[2],
            "clause_url": f"/policy/clauses/{breach.clock.clause_code}/",
        }
    return render(
        request,
        "policy/document_breaches.html",
        {
            "title": documents.title_of(version),
            "pack": documents.pack(version, at),
            "tabs": documents.tabs(code, None, "breaches"),
            "rows": shown,
            "next_url": f"?cursor={cursor}" if cursor else "",
            "may_explain": may_explain,
        },
    )


@staff_page(permissions.PUBLISH)
def promise(request: HttpRequest, code: str) -> HttpResponse:
    """Puts a clause on the customers' page of promises, or takes it off."""
    page = f"/policy/clauses/{code}/"
    if request.method != "POST":
        return redirect(page)
    shown = request.POST.get("shown") == "1"
    services.promise_show(clause=code, shown=shown, actor=actor_of(request), at=now())
    return done(request, page, _("已对客户公示") if shown else _("不再公示"))


class DeviationForm(forms.Form):
    number = forms.IntegerField(label=gettext_lazy("工单号"), min_value=1, max_value=10**9)
    serves = forms.ChoiceField(
        label=gettext_lazy("比制度"),
        choices=Deviation.Serves.choices,
        widget=forms.RadioSelect,
        initial="sooner",
    )
    commitment = forms.ChoiceField(label=gettext_lazy("哪个时限"), required=False)
    amount = forms.IntegerField(
        label=gettext_lazy("改为多久"), required=False, min_value=1, max_value=100_000
    )
    unit = forms.ChoiceField(label=pgettext_lazy("measure", "单位"), choices=TIMES, required=False)
    what = forms.CharField(label=gettext_lazy("好在哪里"), max_length=200, required=False)
    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    columns = 2
    whole = ("commitment", "what", "reason")

    def within(self) -> Span | None:
        """The shorter time, None when none was typed."""
        amount = self.cleaned_data["amount"]
        return Span.parse(self.cleaned_data["unit"].replace("#", str(amount))) if amount else None


@staff_page(permissions.EDIT, permissions.APPROVE)
def deviation(request: HttpRequest, code: str) -> HttpResponse:
    """A dialog: a customer was or will be served sooner or better than the clause says."""
    at, actor = now(), actor_of(request)
    view = queries.clause_view(actor, code, at)
    form = DeviationForm(request.POST if request.method == "POST" else None)
    limits = [
        (r.row.name, f"{r.title} {r.rule.within.words()}")
        for r in view.rules
        if isinstance(r.rule, Commitment) and isinstance(r.rule.within, Span)
    ]
    form.fields["commitment"].choices = limits  # type: ignore[attr-defined]
    page = f"/policy/clauses/{code}/"
    if form.is_valid():
        values = form.cleaned_data
        try:
            case = case_queries.visible_to(actor).filter(number=values["number"]).first()
            if case is None:
                raise NotFound(_("没有这个工单，或您不能看"), field="number")
            services.deviation_record(
                clause=code,
                subject=("case", case.pk),
                serves=values["serves"],
                commitment=values["commitment"],
                within=form.within(),
                what=values["what"],
                reason=values["reason"],
                actor=actor,
                at=at,
            )
        except Problem as problem:
            form.add_error(
                {"within": "amount", "subject": "number"}.get(problem.field or "", problem.field),
                str(problem),
            )
        else:
            return done(request, page_of(request, page), _("例外已记下"))
    return dialog(
        request,
        form,
        title=_("记一次例外"),
        verb=_("记下"),
        back=page,
        lead=_("例外只能让客户更快或更好，不能少给。"),
    )
