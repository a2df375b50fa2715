"""The policy pages: documents, one document with what keeps each clause, one clause with its figures, and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from shounuo.commitments import queries as commitments
from shounuo.commitments import services as commitment_services
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import causes
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound, Problem
from shounuo.metrics import queries as metrics
from shounuo.policy import packs, permissions
from shounuo.policy import queries as policy
from shounuo.policy import services as policy_services
from shounuo.policy.queries import ClauseView
from shounuo.policy.services.review import Approvers, approvers, word_of
from shounuo.staff import queries as staff
from shounuo.staff.permissions import MANAGE as MANAGE_STAFF
from shounuo.web import words
from shounuo.web.context import actor_of
from shounuo.web.dashboards import links
from shounuo.web.days import MomentField
from shounuo.web.desk.dialogs import dialog, refuse
from shounuo.web.desk.forms import moment
from shounuo.web.guard import done, page_of, staff_page
from shounuo.web.policies.places import places
from shounuo.web.policies.roles import looked_after
from shounuo.web.policies.showing import clauses as clause_page
from shounuo.web.policies.showing import composites, documents, goals, periods, targets
from shounuo.web.policies.showing import life as life_page
from shounuo.web.policies.showing import versions as version_page
from shounuo.web.supervision import showing as supervision

PERIODS = (("week", gettext_lazy("本周")), ("month", gettext_lazy("本月")), ("quarter", gettext_lazy("本季")))
WEEKS = 26
EXPLAIN = ("board.view", "commitments.rebase")
FEW = 10
PAGE = 50


@staff_page(permissions.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """All documents: what is in force, what is coming, how much of it runs."""
    at, actor = now(), actor_of(request)
    rows = policy.policies(actor, at)
    return render(
        request,
        "policy/index.html",
        {
            "title": _("制度"),
            "documents": documents.documents(actor, rows, at),
            "may_edit": actor.may(permissions.EDIT),
            "places": places(actor, "documents"),
        },
    )


@staff_page(permissions.VIEW)
def document(request: HttpRequest, code: str) -> HttpResponse:
    """One regulation as it reads, chapter by chapter, with figures of the week, month and quarter beside each clause."""
    at, actor = now(), actor_of(request)
    version = documents.version_of(actor, code, request.GET.get("version"), at)
    clauses = policy.clause_views(policy.clauses_of(version))
    standing = request.GET.get("only", "")
    contents = documents.contents(clauses, code, request.GET.get("chapter", ""))
    chapter = contents.chosen
    printed = "print" in request.GET
    shown = chapter.clauses
    if standing == "gaps":
        shown = [c for c in clauses if c.standing != "live"]
    elif printed:
        shown = clauses
    whole = standing == "gaps" or printed  # no chapter is open
    for item in contents.items:
        item["is_in"] = item["is_in"] and not whole
    figures = policy.kept_of([c.row.code for c in clauses], at)
    contents.add_shares(figures)
    worst = documents.most_broken(shown, figures)
    have, readers = policy.acknowledged(version), {p.pk for p in policy.readers(version)}
    signed = version.state in ("published", "archived")
    coverage = policy.coverage(c.row for c in clauses)
    return render(
        request,
        "policy/policy.html",
        {
            "title": documents.title_of(version),
            "pack": documents.pack(version, at),
            "tabs": documents.tabs(
                code,
                coverage,
                "gaps" if standing == "gaps" else "clauses",
                broken=documents.broken_of(clauses, figures),
                signed=f"{len(readers & set(have))}/{len(readers)}" if signed else None,
            ),
            "sign_url": f"/policy/{code}/sign/"
            if documents.is_in_force(version, at) and actor.person_id in readers - set(have)
            else "",
            "print_url": f"/policy/{code}/?print=1",
            "is_print": printed,
            "draft_url": f"/policy/{code}/draft/" if actor.may(permissions.EDIT) else "",
            "contents": contents.items,
            "cover": {
                "total": coverage.clauses,
                "by_system": coverage.live,
                "written": coverage.shown + coverage.waiting,
                "by_nobody": coverage.none,
                "nobody_url": f"/policy/{code}/?only=gaps",
            },
            "chapter_title": _("还没有系统执行的条款")
            if standing == "gaps"
            else documents.title_of(version)
            if printed
            else chapter.title,
            "periods": [] if standing == "gaps" else [label for _key, label in PERIODS],
            "sections": documents.sections(shown, figures, worst, goals.of(actor, shown)),
            "foot": ""
            if standing == "gaps"
            else _("守诺率 = 到期前办到 ÷ 应办。横条自 80% 起，竖线为目标。"),
            "breaches": _breaches_beside(actor, worst, figures, at) if worst and not printed else None,
        },
    )


def _breaches_beside(
    actor: Actor, clause: ClauseView, figures: documents.Figures, at: datetime
) -> dict[str, Any]:
    """The latest breaches of one clause and why, for the column beside the document."""
    start = _start_of("month", at)
    rows, _more = commitments.breaches(actor, start, at, clauses=[clause.row.code], limit=6)
    broken = documents.broken_of([clause], figures)
    names = dict(Clock.Cause.choices)
    reasons = [
        {"label": str(names.get(code, _("未归因"))), "count": n}
        for code, n in causes([clause.row.code], start, at)
    ]
    return {
        "clause_number": clause.row.number,
        "count_text": ngettext("本月 %(n)s 次", "本月 %(n)s 次", broken) % {"n": broken},
        "items": clause_page.breach_items(rows, at),
        "reasons": reasons,
        "more_url": f"/policy/clauses/{clause.row.code}/breaches/",
    }


@staff_page(permissions.VIEW)
def clause(request: HttpRequest, code: str) -> HttpResponse:
    """One clause: its wording, what runs because of it, how it is kept over half a year, by whom, and what broke it."""
    at, actor = now(), actor_of(request)
    view = policy.clause_view(actor, code, at)
    period = request.GET.get("period", "month")
    if period not in dict(PERIODS):
        period = "month"
    start = _start_of(period, at)
    version = view.row.version
    before, after = policy.beside(view.row)
    counted = any(clause_page.has_clocks(r) for r in view.rules)
    kept, used = commitments.kept_and_used([code], start, at).get(code, (None, None))
    rows, more = commitments.breaches(actor, start, at, clauses=[code], limit=8)
    weekly = commitments.kept_weekly([code], at, weeks=WEEKS)
    decided = sum(week.due for _day, week in weekly)
    standings = goals.of(actor, [view])
    context = {
        "title": f"{view.row.number} {view.title}",
        "clause": {
            "number": view.row.number,
            "name": view.title,
            "wording": view.wording,
            "note": clause_page.clause_note(version, view),
        },
        "pack": documents.pack(version, at) | {"target": targets.target_of(view)},
        "previous_url": f"/policy/clauses/{before}/" if before else "",
        "next_url": f"/policy/clauses/{after}/" if after else "",
        "periods": [
            {"label": label, "url": f"?period={key}", "active": key == period} for key, label in PERIODS
        ],
        "practices": view.practices,
        "evidence": view.evidence,
        "inspected": supervision.of_clause(actor, code, at),
        "rules": [
            clause_page.rule(r)
            | {"goal": goals.shown(r, standings.get(r.row.pk), actor), "composite": composites.shown(r, at)}
            for r in view.rules
        ],
        "cadences": periods.of_clause(view, actor, at),
        "figures": clause_page.figures(
            kept,
            used,
            policy.now_of([code])[code],
            period,
            targets.target_of(view),
            lambda metric: _behind(actor, metric, code, start, at),
        )
        if counted
        else [],
        "breaches": {
            "note": _breach_note(kept.breached if kept else 0, len(rows), whole=bool(more)),
            "rows": clause_page.breach_rows(rows, at, may_explain=_may_explain(actor)),
            "more": _("全部违诺") if rows else "",
            "more_url": f"/policy/clauses/{code}/breaches/",
        }
        if counted
        else None,
        "version": version_page.version_change(version, code),
        "signed": version_page.signed(version, remind=_may_remind(actor)),
        "promise": {"url": f"/policy/clauses/{code}/promise/", "is_shown": policy.is_shown(code)}
        if actor.may(permissions.PUBLISH)
        else None,
        "deviations": life_page.deviations(actor, code, at),
        "deviation_url": f"/policy/clauses/{code}/deviation/"
        if actor.may(permissions.EDIT) or actor.may(permissions.APPROVE)
        else "",
    }
    if decided >= FEW:
        context |= clause_page.charts(weekly, _spread(code, start, at), view)
        context["groups"] = clause_page.groups([code], start, at)
        context["groups_note"] = _("按渠道与小组")
    elif counted:
        context["few"] = clause_page.few(actor, code, at - timedelta(weeks=WEEKS), at)
    response = render(request, "policy/clause.html", context)
    response.sn_charts = decided >= FEW  # type: ignore[attr-defined]
    return response


def _behind(actor: Actor, metric: str, code: str, start: datetime, at: datetime) -> str:
    """The page of what a figure of the clause counts, for those whose list it is."""
    if start >= at:
        return ""
    return links.behind_url(actor, metric, metrics.window_of(start, at), {}, clause=code)


def _spread(code: str, start: datetime, at: datetime) -> tuple[Sequence[int], int] | None:
    limit = commitments.usual_length(code, start, at)
    return (commitments.used_spread(code, start, at), limit) if limit is not None else None


def _breach_note(count: int, seen: int, *, whole: bool) -> str:
    """How many there were in all, and how many of them stand below where the reader may not see the rest."""
    said = ngettext("%(n)s 次", "%(n)s 次", count) % {"n": count}
    if whole or seen >= count:
        return said
    return _("%(times)s，其中 %(n)s 次的单据您能看") % {"times": said, "n": seen}


@staff_page(permissions.VIEW)
def breaches(request: HttpRequest, code: str) -> HttpResponse:
    """Every broken promise of a clause in the last quarter, paged."""
    at, actor = now(), actor_of(request)
    view = policy.clause_view(actor, code, at)
    start = at - timedelta(days=92)
    rows, cursor = commitments.breaches(
        actor, start, at, clauses=[code], limit=PAGE, cursor=request.GET.get("cursor") or None
    )
    return render(
        request,
        "policy/breaches.html",
        {
            "title": _("%(clause)s 的违诺") % {"clause": f"{view.row.number} {view.title}"},
            "clause": {"number": view.row.number, "name": view.title, "url": f"/policy/clauses/{code}/"},
            "pack": documents.pack(view.row.version, at),
            "rows": clause_page.breach_rows(rows, at, named=True),
            "next_url": f"?cursor={cursor}" if cursor else "",
            "may_explain": _may_explain(actor),
        },
    )


def _may_remind(actor: Actor) -> bool:
    return actor.may(permissions.EDIT) or actor.may(permissions.PUBLISH)


def _may_explain(actor: Actor) -> bool:
    return any(actor.may(p) for p in EXPLAIN)


class CauseForm(forms.Form):
    cause = forms.ChoiceField(
        label=gettext_lazy("原因"), choices=Clock.Cause.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(label=gettext_lazy("补充一句"), max_length=200, required=False)


@staff_page(*EXPLAIN)
def cause(request: HttpRequest, clock_id: int) -> HttpResponse:
    """A dialog in which a supervisor says why a promise was broken."""
    actor = actor_of(request)
    clock = commitments.clock_of(actor, clock_id)
    page = f"/policy/clauses/{clock.clause_code}/"
    posted = request.POST if request.method == "POST" else None
    form = CauseForm(posted, initial={"cause": clock.cause, "note": clock.cause_note})
    if form.is_valid():
        try:
            commitment_services.clock_cause_set(clock_id=clock_id, **form.cleaned_data, actor=actor, at=now())
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, page_of(request, page), _("原因已记下"))
    return dialog(request, form, title=_("为什么违诺"), verb=_("记下原因"), back=page)


@staff_page(permissions.VIEW)
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """The versions of a document, and what can be done with each now; what one changed is fetched when it is opened."""
    at, actor = now(), actor_of(request)
    rows = list(policy.visible_to(actor).filter(policy__code=code).defer("source"))
    if not rows:
        raise NotFound(_("没有这份制度"))
    shown = next((v for v in rows if documents.is_in_force(v, at)), rows[0])
    have = policy.acknowledged(shown)
    named = approvers(at) if any(v.state == v.State.IN_REVIEW for v in rows) else Approvers()
    counts = {v.pk: word_of(v, actor, at) for v in rows if v.state == v.State.IN_REVIEW}
    hands = staff.names(
        person
        for v in rows
        for person in (
            v.created_by_id,
            v.submitted_by_id,
            v.approved_by_id,
            v.approved_for_id,
            v.published_by_id,
            counts[v.pk].for_id if v.pk in counts else None,
        )
    )
    return render(
        request,
        "policy/versions.html",
        {
            "title": documents.title_of(shown),
            "pack": documents.pack(shown, at),
            "tabs": documents.tabs(code, policy.coverage(policy.clauses_of(shown)), "versions"),
            "versions": [
                version_page.version_row(
                    v,
                    is_first=v is rows[-1],
                    signed=actor.person_id in have,
                    names=hands,
                    word=counts.get(v.pk),
                    named=named,
                    actor=actor,
                    at=at,
                )
                for v in rows
            ],
            "signed": version_page.signed(shown, have) if documents.is_in_force(shown, at) else None,
            "publish": PublishForm() if any(v.state == v.State.APPROVED for v in rows) else None,
            "review_on": rows[0].policy.review_on,
            "review_date_url": f"/policy/{code}/review-date/"
            if actor.may(permissions.EDIT) or actor.may(permissions.PUBLISH)
            else "",
            "retire_url": f"/policy/{code}/retire/"
            if actor.may(permissions.PUBLISH) and documents.is_in_force(shown, at)
            else "",
            "lacking": version_page.lacking(policy.roles_lacking(looked_after(rows, at)), code, actor)
            if any(actor.may(p) for p in (permissions.EDIT, permissions.PUBLISH, MANAGE_STAFF))
            else None,
            "may_edit": actor.may(permissions.EDIT),
            "draft_url": f"/policy/{code}/draft/",
        },
    )


@staff_page(permissions.VIEW)
def changes(request: HttpRequest, code: str, version_id: int) -> HttpResponse:
    """What a version changed against the one before it that the reader may see."""
    actor = actor_of(request)
    if not request.headers.get("HX-Request"):
        return redirect(f"/policy/{code}/versions/")
    rows = policy.visible_to(actor).filter(policy__code=code).defer("source")
    version = rows.filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("没有这个制度版本"))
    before = rows.filter(number__lt=version.number).first()
    if before is None:
        raise NotFound(_("这是第一版"))
    return render(request, "policy/_changes.html", {"changes": version_page.changes(before, version)})


ACTS = {
    "submit": (policy_services.version_submit, gettext_lazy("已送审")),
    "approve": (policy_services.version_approve, gettext_lazy("已批准")),
    "discard": (policy_services.version_discard, gettext_lazy("草案已作废")),
}


class PublishForm(forms.Form):
    effective = MomentField(label=gettext_lazy("施行时间"), required=False)
    readers = forms.MultipleChoiceField(
        label=gettext_lazy("谁须签阅"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不选就是全体人员"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["readers"].choices = [  # type: ignore[attr-defined]
            (r.code, r.name) for r in staff.roles_with_size()
        ]


@staff_page(permissions.VIEW)
def act(request: HttpRequest, code: str, version_id: int, what: str) -> HttpResponse:
    """One step in the life of a version; publishing takes the date on which it comes into force."""
    actor, at = actor_of(request), now()
    back = f"/policy/{code}/versions/"
    if request.method != "POST":
        return redirect(back)
    if policy.version_of(actor, version_id).policy.code != code:
        raise NotFound(_("没有这个制度版本"))
    if what == "publish":
        form = PublishForm(request.POST)
        if not form.is_valid():
            raise Invalid(_("施行时间写得不对，例如 2026-07-01 08:00"), field="effective")
        effective = max(at, moment(form.cleaned_data["effective"]) or at)
        policy_services.version_publish(
            version_id=version_id,
            effective_at=effective,
            readers=form.cleaned_data["readers"],
            actor=actor,
            at=at,
        )
        return done(request, back, _("已发布，%(when)s起施行") % {"when": words.moment_words(effective, at)})
    if what not in ACTS:
        raise NotFound(_("没有这个动作"))
    service, said = ACTS[what]
    service(version_id=version_id, actor=actor, at=at)  # type: ignore[operator]
    return done(request, back, str(said))


@staff_page(permissions.EDIT)
def bring(request: HttpRequest) -> HttpResponse:
    """Import of a pack: the file's text is checked whole, every fault is told with its line, nothing is half taken. Packs that
    come with the product and are not there yet are taken by one click."""
    actor, at = actor_of(request), now()
    text = request.POST.get("text", "")
    problem = None
    if request.method == "POST":
        upload = request.FILES.get("file")
        name = "pack.yaml"
        if shipped := packs.text(request.POST.get("shipped", "")):
            text, name = shipped, f"{request.POST['shipped']}.yaml"
        elif upload is not None:
            text, name = upload.read(2_000_000).decode("utf-8", "replace"), upload.name or name
        try:
            if not shipped and upload is None and not text.strip():
                raise Invalid(_("请选一个文件，或者把内容贴在下面"), field="text")
            version = policy_services.version_import(text=text, file_name=name, actor=actor, at=at)
        except Problem as refused:
            problem = refused
        else:
            return done(
                request,
                f"/policy/{version.policy.code}/versions/",
                _("已成草案：%(title)s") % {"title": documents.title_of(version)},
            )
    there = {row.policy.code for row in policy.policies(actor, at)}
    offered = [(c, title) for c, title in packs.titles(get_language() or "").items() if c not in there]
    return render(
        request,
        "policy/import.html",
        {"title": _("导入制度包"), "text": text, "problem": problem, "offered": offered},
        status=422 if problem else 200,
    )


@staff_page(permissions.VIEW)
def export(request: HttpRequest, code: str) -> HttpResponse:
    """The version in force as a pack, identical in meaning to what was imported."""
    at = now()
    version = documents.version_of(actor_of(request), code, request.GET.get("version"), at)
    response = HttpResponse(version.source, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}-{version.number}.yaml"'
    return response


def _start_of(period: str, at: datetime) -> datetime:
    there = timezone.localtime(at, ZoneInfo(staff.organisation().zone))
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return midnight - timedelta(days=midnight.weekday())
    if period == "quarter":
        return midnight.replace(month=(midnight.month - 1) // 3 * 3 + 1, day=1)
    return midnight.replace(day=1)
