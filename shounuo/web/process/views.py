"""流程: who is where; a run is started, led on, called off."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from shounuo.cases import queries as cases
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import whole
from shounuo.policy.queries import rule_titles
from shounuo.process import queries, services
from shounuo.process.models import Run
from shounuo.process.permissions import RUN, VIEW
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.duties.forms import ReasonForm
from shounuo.web.guard import done, staff_page
from shounuo.web.process import showing

HOME = "/process/"


class StartForm(forms.Form):
    playbook = forms.TypedChoiceField(label=gettext_lazy("哪个流程"), coerce=int)
    case = forms.CharField(
        label=gettext_lazy("关于哪张工单"),
        required=False,
        max_length=18,
        help_text=gettext_lazy("填工单号；与工单无关就空着"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = queries.playbooks(now())
        titles = rule_titles(p.rule_id for p in found)
        self.fields["playbook"].choices = [  # type: ignore[attr-defined]
            (p.rule_id, titles.get(p.rule_id, p.spec.name)) for p in found
        ]


@staff_page(VIEW)
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """The runs under way, or those that are over, the latest first."""
    actor, at = actor_of(request), now()
    state = request.GET.get("state") if request.GET.get("state") in Run.State.values else Run.State.RUNNING
    found, after = queries.listed(actor, state=str(state), cursor=request.GET.get("cursor") or None)
    context = {
        "title": _("流程"),
        "rows": showing.rows(found, actor, at),
        "states": [
            {
                "label": label,
                "url": pages.here(request, state=code if code != Run.State.RUNNING else None, cursor=None),
                "active": code == state,
            }
            for code, label in Run.State.choices
        ],
        "pager": pages.onward(request, after),
        "may_start": actor.may(RUN),
    }
    return render(request, "process/runs.html", context)


@staff_page(VIEW)
@require_safe
def run(request: HttpRequest, run: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    shown = showing.page(queries.get(actor, run), actor, at)
    return render(request, "process/run.html", {"title": shown["title"], "run": shown})


@staff_page(RUN)
def new(request: HttpRequest) -> HttpResponse:
    """A playbook is started by hand."""
    actor, at = actor_of(request), now()
    form = StartForm(
        request.POST if request.method == "POST" else None, initial={"case": request.GET.get("case", "")[:18]}
    )

    def save(values: dict[str, Any]) -> str:
        typed = values["case"].strip()
        number = whole(typed)
        if typed and number is None:
            raise Invalid(_("工单号是数字"), field="case", code="bad_number")
        subject = ("case", cases.get(actor, number).pk) if number is not None else None
        begun = services.run_start(rule_id=values["playbook"], subject=subject, actor=actor, at=at)
        return f"{HOME}{begun.pk}/"

    return pages.dialog(
        request, form, title=_("发起流程"), save=save, done_url=HOME, verb=_("发起"), toast=_("流程已发起")
    )


@staff_page(VIEW)
@require_POST
def choose(request: HttpRequest, run: int) -> HttpResponse:
    """The step under way is done with one of its outcomes."""
    services.step_choose(
        run_id=run,
        outcome=request.POST.get("outcome", "")[:64],
        note=request.POST.get("note", "")[:2000],
        actor=actor_of(request),
        at=now(),
    )
    return done(request, f"{HOME}{run}/", _("已记下，流程继续"))


@staff_page(RUN)
def cancel(request: HttpRequest, run: int) -> HttpResponse:
    actor = actor_of(request)
    queries.get(actor, run)
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def save(values: dict[str, Any]) -> None:
        services.run_cancel(run_id=run, reason=values["reason"], actor=actor, at=now())

    return pages.dialog(
        request,
        form,
        title=_("取消这次流程"),
        save=save,
        done_url=f"{HOME}{run}/",
        verb=_("取消流程"),
        toast=_("流程已取消"),
    )
