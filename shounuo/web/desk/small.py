"""Small answers to the desk's scripts and menus: pickers, uploads, originals, filters, the palette's search."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import queries, services
from shounuo.cases.models import Case, Interaction
from shounuo.channels import queries as channels
from shounuo.commitments import queries as commitments
from shounuo.commitments import services as commitment_services
from shounuo.customers import queries as customers
from shounuo.files import services as files
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.kernel.html import sanitise
from shounuo.staff import queries as staff
from shounuo.web.context import actor_of
from shounuo.web.desk import rows
from shounuo.web.desk.forms import MOMENT, moment
from shounuo.web.desk.views import SEES, fresh
from shounuo.web.guard import done, staff_page

MOST = 12


@staff_page("cases.work")
def colleagues(request: HttpRequest, number: int) -> HttpResponse:
    """Who may be named in a note: colleagues found by name or pinyin initials."""
    queries.get(actor_of(request), number)
    asked = request.GET.get("q", "").strip()
    people = staff.search(asked, limit=MOST) if asked else list(staff.people()[:MOST])
    items = [
        {
            "value": f"@{p.name} ",
            "label": p.name,
            "note": p.title,
            "person": {"name": p.name, "presence": p.presence},
        }
        for p in people
    ]
    return render(request, "components/picker_results.html", {"items": items})


@staff_page("cases.work")
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
        {"value": _filled(t.body, case, request), "label": t.title, "note": t.initials, "icon": "text-plus"}
        for t in found[:MOST]
    ]
    return render(request, "components/picker_results.html", {"items": items})


def _filled(body: str, case: Case, request: HttpRequest) -> str:
    """Placeholders are words in braces, replaced by plain values; nothing else is read into them."""
    values = {
        "number": str(case.number),
        "customer": case.customer.name or _("客户"),
        "team": case.team.name if case.team else _("同事"),
        "agent": getattr(request.user, "name", ""),
        "eta": _("今天下班前"),
    }
    for name, value in values.items():
        body = body.replace("{" + name + "}", value)
    return body


@staff_page("cases.work")
def upload(request: HttpRequest, number: int) -> HttpResponse:
    """Takes one file into the draft; it hangs on the case once the message is sent."""
    actor = actor_of(request)
    queries.get(actor, number)
    given = request.FILES.get("file")
    if given is None:
        raise NotFound(_("没有收到文件"))
    file = files.draft_upload(data=given.file, name=given.name or "", actor=actor, at=now())  # type: ignore[arg-type]
    return JsonResponse({"id": file.pk, "name": file.name, "size": file.blob.size})


@staff_page(*SEES)
def message(request: HttpRequest, number: int, id: int) -> HttpResponse:
    """A message as it came: sanitised HTML in a sandboxed page of its own; remote images only when asked for."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    one = Interaction.objects.filter(pk=id, case_id=case.pk).first()
    if one is None:
        raise NotFound(_("这张工单没有这条消息"))
    if "frame" in request.GET:
        return _frame(one, images="images" in request.GET)
    raw = next((r for r in channels.raws_of_case(case.pk) if r.interaction_id == one.pk), None)
    return render(
        request,
        "desk/message.html",
        {
            "case": case,
            "message": one,
            "has_html": bool(one.html),
            "frame_url": "?frame=1" + ("&images=1" if "images" in request.GET else ""),
            "images": "images" in request.GET,
            "raw_url": f"/cases/{number}/messages/{id}/raw/" if raw else "",
        },
    )


def _frame(one: Interaction, *, images: bool) -> HttpResponse:
    """Customers' HTML alone: no script, no form, no connection; images from outside only on request."""
    html = sanitise(one.html, {}).html
    if images:
        html = html.replace("data-src=", "src=")
    page = f'<!doctype html><meta charset="utf-8"><base target="_blank">{html}'
    response = HttpResponse(page)
    source = "data: https: http:" if images else "data:"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; img-src {source}; style-src 'none'; sandbox allow-popups; frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


@staff_page(*SEES)
def raw(request: HttpRequest, number: int, id: int) -> HttpResponse:
    """The raw mail as a download."""
    case = queries.get(actor_of(request), number)
    found = next((r for r in channels.raws_of_case(case.pk) if r.interaction_id == id), None)
    if found is None:
        raise NotFound(_("这条消息没有邮件原文"))
    response = HttpResponse(files.raw_get(found.sha256), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{number}-{id}.eml"'
    return response


@staff_page("cases.work")
def resend(request: HttpRequest, number: int, id: int) -> HttpResponse:
    case = queries.get(actor_of(request), number)
    if request.method == "POST" and Interaction.objects.filter(pk=id, case_id=case.pk).exists():
        services.reply_resend(interaction_id=id, actor=actor_of(request), at=now())
    return fresh(request, number, _("再发一次，已排上"))


@staff_page("cases.merge")
def unmerge(request: HttpRequest, number: int, merge_id: int) -> HttpResponse:
    actor = actor_of(request)
    queries.get(actor, number)
    if request.method == "POST":
        back = services.merge_undo(merge_id=merge_id, actor=actor, at=now())
        return done(request, f"/cases/{back.number}/", _("合并已撤回"))
    return render(
        request,
        "desk/act.html",
        {
            "form": forms.Form(),
            "title": _("撤回合并"),
            "verb": _("撤回合并"),
            "lead": _("并进来的消息、附件和状态都回到原来那张。"),
            "post_url": request.path,
        },
    )


class RebaseForm(forms.Form):
    due = forms.DateTimeField(
        label=gettext_lazy("新的到期时间"),
        widget=MOMENT,
        required=False,
        help_text=gettext_lazy("不填就按现在的日历重算"),
    )
    reason = forms.CharField(
        label=gettext_lazy("为什么"), widget=forms.Textarea(attrs={"rows": 2}), max_length=200
    )


@staff_page("commitments.rebase")
def rebase(request: HttpRequest, number: int, clock_id: int) -> HttpResponse:
    """Moves a running clock, by a person and with a reason."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    clock = commitments.clock_of(actor, clock_id)
    if (clock.subject_kind, clock.subject_id) != ("case", case.pk):
        raise NotFound(_("这张工单没有这项时限"))
    form = RebaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        commitment_services.clock_rebase(
            clock_id=clock_id,
            due_at=moment(form.cleaned_data["due"]),
            reason=form.cleaned_data["reason"],
            actor=actor,
            at=now(),
        )
        return fresh(request, number, _("时限已重排"))
    context = {
        "form": form,
        "title": _("重排时限"),
        "verb": _("重排"),
        "lead": _("重排会记下谁、为什么；已经违诺的不会因此抹掉。"),
        "post_url": request.path,
    }
    return render(request, "desk/act.html", context, status=422 if form.errors else 200)


class FilterForm(forms.Form):
    """The filters of a list; several values of one field mean any of them."""

    status = forms.MultipleChoiceField(
        label=gettext_lazy("状态"),
        required=False,
        choices=Case.Status.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    kind = forms.MultipleChoiceField(
        label=gettext_lazy("类型"),
        required=False,
        choices=Case.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    level = forms.MultipleChoiceField(
        label=gettext_lazy("级别"),
        required=False,
        choices=Case.Level.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    channel = forms.MultipleChoiceField(
        label=gettext_lazy("渠道"),
        required=False,
        choices=Case.Channel.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    owner = forms.ChoiceField(label=gettext_lazy("负责"), required=False)
    team = forms.ChoiceField(label=gettext_lazy("小组"), required=False)
    topic = forms.ChoiceField(label=gettext_lazy("主题"), required=False)
    tag = forms.CharField(label=gettext_lazy("标签"), required=False, max_length=40)
    opened = forms.ChoiceField(
        label=gettext_lazy("来单时间"),
        required=False,
        choices=[
            ("", gettext_lazy("不限")),
            ("P1D", gettext_lazy("近 1 天")),
            ("P7D", gettext_lazy("近 7 天")),
            ("P30D", gettext_lazy("近 30 天")),
        ],
    )
    overdue = forms.ChoiceField(
        label=gettext_lazy("已超时"),
        required=False,
        choices=[("", gettext_lazy("不限")), ("true", gettext_lazy("是"))],
    )
    name = forms.CharField(label=gettext_lazy("存成我的筛选（名字）"), required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everyone = ("", _("不限"))
        self.fields["owner"].choices = [
            everyone,
            ("me", _("我")),
            ("none", _("无人")),
            *[(str(p.pk), p.name) for p in staff.people()],
        ]  # type: ignore[attr-defined]
        self.fields["team"].choices = [
            everyone,
            ("mine", _("我的小组")),
            *[(t.code, t.name) for t in staff.teams()],
        ]  # type: ignore[attr-defined]
        self.fields["topic"].choices = [everyone, *[(t.code, t.full_name) for t in queries.topics()]]  # type: ignore[attr-defined]


@staff_page(*SEES)
def narrow(request: HttpRequest) -> HttpResponse:
    """The filter dialog: leads to the list with the filters in its address, or keeps them as a named filter."""
    actor = actor_of(request)
    if request.method != "POST":
        form = FilterForm(
            initial={
                k: request.GET.getlist(k)
                if k in ("status", "kind", "level", "channel")
                else request.GET.get(k)
                for k in rows.FILTERS
            }
        )
        return render(
            request,
            "desk/act.html",
            {"form": form, "title": _("筛选"), "verb": _("看结果"), "lead": "", "post_url": request.path},
        )
    form = FilterForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "desk/act.html",
            {"form": form, "title": _("筛选"), "verb": _("看结果"), "post_url": request.path},
            status=422,
        )
    chosen = {k: v for k, v in form.cleaned_data.items() if v and k != "name"}
    if form.cleaned_data["name"]:
        query = {k: {"within": v} if k == "opened" else v for k, v in chosen.items()}
        view = services.view_save(name=form.cleaned_data["name"], query=query, actor=actor, at=now())
        return done(request, f"/cases/?saved={view.pk}", _("筛选已存"))
    return done(request, "/cases/?view=open&" + urlencode(chosen, doseq=True))


@staff_page(*SEES)
def unsave(request: HttpRequest, view_id: int) -> HttpResponse:
    if request.method == "POST":
        services.view_delete(view_id=view_id, actor=actor_of(request), at=now())
    return done(request, "/cases/", _("筛选已删"))


@staff_page()
def palette(request: HttpRequest) -> HttpResponse:
    """What Ctrl+K finds: cases by number, phone, customer or words, and customers."""
    actor, at = actor_of(request), now()
    asked = request.GET.get("q", "").strip()[:100]
    groups = []
    if asked and any(actor.may(p) for p in SEES):
        found = queries.search(actor, asked, 8)
        if found:
            groups.append(
                {
                    "title": _("工单"),
                    "items": [
                        {
                            "url": f"/cases/{f.case.number}/",
                            "channel": f.case.channel,
                            "label": f"{f.case.number} {f.case.subject}",
                            "status": f.case.status,
                            "status_label": f.case.get_status_display(),
                        }
                        for f in found
                    ],
                }
            )
    if asked and actor.may("customers.view"):
        people = customers.search(actor, asked)[:6]
        if people:
            groups.append(
                {
                    "title": _("客户"),
                    "items": [
                        {
                            "url": f"/customers/{c.pk}/",
                            "person": {"name": c.name},
                            "label": c.name,
                            "note": c.company.name if c.company else "",
                        }
                        for c in people
                    ],
                }
            )
    return render(request, "components/palette_results.html", {"groups": groups, "at": at})
