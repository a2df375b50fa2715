"""What an organisation sets for its cases: the topic tree, own fields, ready answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.cases import queries, services
from shounuo.cases.models import CannedText, Case, CustomField, Topic
from shounuo.cases.permissions import CONFIGURE
from shounuo.kernel.clock import now
from shounuo.staff import queries as staff
from shounuo.staff.models import Team
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

TOPICS, FIELDS, CANNED = "/settings/topics/", "/settings/fields/", "/settings/canned/"
POSITION = gettext_lazy("数字小的在前")


class TopicForm(forms.Form):
    """A node of the topic tree; code and place are fixed once it is made."""

    halves = ("name", "code", "parent", "position")

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    code = forms.CharField(
        label=gettext_lazy("代码"),
        max_length=60,
        help_text=gettext_lazy("制度包和接口用它，定了不改；小写字母、数字、- 和 _"),
    )
    parent = forms.ModelChoiceField(
        label=gettext_lazy("归在"),
        queryset=Topic.objects.none(),
        required=False,
        empty_label=gettext_lazy("最上层"),
    )
    position = forms.IntegerField(
        label=gettext_lazy("次序"), initial=0, min_value=0, max_value=9999, help_text=POSITION
    )
    active = forms.BooleanField(
        label=gettext_lazy("在用"),
        required=False,
        initial=True,
        help_text=gettext_lazy("停用后不能再选，已选的工单照旧"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = queries.topics()  # type: ignore[attr-defined]


class FieldForm(forms.Form):
    """A field of one's own; code and type are fixed once it is made."""

    halves = ("label", "code", "type", "position")
    field_order = ("label", "code", "type", "position")

    label = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    code = forms.CharField(
        label=gettext_lazy("代码"), max_length=40, help_text=gettext_lazy("接口和条款用它，定了不改")
    )
    type = forms.ChoiceField(label=gettext_lazy("类型"), choices=CustomField.Type.choices)
    choices = forms.CharField(
        label=gettext_lazy("选项"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("单选才用；每行一个"),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("哪些工单有"),
        required=False,
        choices=Case.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选就是每一种"),
    )
    required_to_resolve = forms.BooleanField(label=gettext_lazy("不填不能解决"), required=False)
    public = forms.BooleanField(
        label=gettext_lazy("客户也看得到"),
        required=False,
        help_text=gettext_lazy("客户写给我们时可以填，进度页上看得到；不选就只有工作人员看到"),
    )
    position = forms.IntegerField(
        label=gettext_lazy("次序"), initial=0, min_value=0, max_value=9999, help_text=POSITION
    )
    active = forms.BooleanField(label=gettext_lazy("在用"), required=False, initial=True)


class CannedForm(forms.Form):
    """A ready answer, found by `::` in the composer."""

    halves = ("team", "position")

    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    body = forms.CharField(
        label=gettext_lazy("内容"), widget=forms.Textarea(attrs={"rows": 8}), max_length=8000
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("给谁用"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=gettext_lazy("所有人"),
    )
    position = forms.IntegerField(
        label=gettext_lazy("次序"), initial=0, min_value=0, max_value=9999, help_text=POSITION
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = staff.teams()  # type: ignore[attr-defined]


def _topic_name(topic: Topic) -> str:
    """The topic behind the path that leads to it."""
    above, between, own = topic.full_name.rpartition(" › ")
    name = pages.named(own, active=topic.active)
    return format_html('<span class="sn-path">{}{}</span>{}', above, between, name) if above else name


@staff_page(CONFIGURE)
def topics(request: HttpRequest) -> HttpResponse:
    shown, pager = pages.paged(request, queries.topics(active=False))
    rows = [
        {
            "id": t.pk,
            "url": f"{TOPICS}{t.pk}/",
            "cells": [_topic_name(t), t.code],
            "acts": [{"url": f"{TOPICS}new/?parent={t.pk}", "label": _("加下级")}] if t.active else [],
        }
        for t in shown
    ]
    return pages.table(
        request,
        title=pgettext("place", "主题"),
        columns=[{"label": _("主题")}, {"label": _("代码")}],
        rows=rows,
        pager=pager,
        lead=_("客户的事归在哪里。统计、条款和分派都能按主题来。"),
        add={"url": f"{TOPICS}new/", "label": _("加一个主题")},
        empty={
            "title": _("还没有主题"),
            "text": _("先加几个大类，再往下分"),
            "url": f"{TOPICS}new/",
            "action": _("加一个主题"),
        },
    )


@staff_page(CONFIGURE)
def topic_new(request: HttpRequest) -> HttpResponse:
    form = TopicForm(request.POST or None, initial={"parent": request.GET.get("parent")})
    del form.fields["active"]

    def save(values: dict[str, Any]) -> None:
        parent = values.pop("parent")
        services.topic_create(
            **values, parent_id=parent.pk if parent else None, actor=actor_of(request), at=now()
        )

    return pages.edit(
        request,
        form,
        title=_("加一个主题"),
        save=save,
        done_url=TOPICS,
        save_label=_("加进来"),
        toast=_("主题已加"),
    )


@staff_page(CONFIGURE)
def topic_edit(request: HttpRequest, id: int) -> HttpResponse:
    topic = get_object_or_404(Topic, pk=id)
    form = TopicForm(
        request.POST or None,
        initial={f: getattr(topic, f) for f in ("name", "code", "position", "active")},
    )
    form.fields["code"].disabled = True
    del form.fields["parent"]

    def save(values: dict[str, Any]) -> None:
        values.pop("code")
        services.topic_change(topic_id=id, **values, actor=actor_of(request), at=now())

    return pages.edit(request, form, title=topic.full_name, save=save, done_url=TOPICS, toast=_("已保存"))


@staff_page(CONFIGURE)
def fields(request: HttpRequest) -> HttpResponse:
    kinds = dict(Case.Kind.choices)
    shown, pager = pages.paged(request, CustomField.objects.order_by("position", "id"))
    rows = [
        {
            "id": f.pk,
            "url": f"{FIELDS}{f.pk}/",
            "cells": [
                pages.named(f.label, active=f.active),
                f.code,
                f.get_type_display(),
                _("、").join(str(kinds[k]) for k in f.kinds if k in kinds) or _("每一种"),
                _("不填不能解决") if f.required_to_resolve else _("选填"),
                _("客户和我们") if f.public else _("只有我们"),
            ],
        }
        for f in shown
    ]
    return pages.table(
        request,
        title=_("自定字段"),
        columns=[
            {"label": t} for t in (_("名称"), _("代码"), _("类型"), _("工单"), _("要求"), _("谁看得到"))
        ],
        rows=rows,
        pager=pager,
        add={"url": f"{FIELDS}new/", "label": _("加一个字段")},
        empty={
            "title": _("还没有自定字段"),
            "text": _("工单上自带的不够记时，加自己的字段"),
            "url": f"{FIELDS}new/",
            "action": _("加一个字段"),
        },
    )


@staff_page(CONFIGURE)
def field_edit(request: HttpRequest, id: int | None = None) -> HttpResponse:
    field = get_object_or_404(CustomField, pk=id) if id else None
    initial = None
    if field is not None:
        names = ("label", "code", "type", "kinds", "required_to_resolve", "public", "position", "active")
        initial = {f: getattr(field, f) for f in names} | {"choices": "\n".join(field.choices)}
    form = FieldForm(request.POST or None, initial=initial)
    if field is not None:
        form.fields["code"].disabled = form.fields["type"].disabled = True

    def save(values: dict[str, Any]) -> None:
        values["choices"] = values["choices"].splitlines()
        services.custom_field_save(field_id=id, **values, actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=field.label if field else _("加一个字段"),
        save=save,
        done_url=FIELDS,
        toast=_("已保存"),
    )


@staff_page(CONFIGURE)
def canned(request: HttpRequest) -> HttpResponse:
    found = CannedText.objects.select_related("team").order_by("position", "id")
    shown, pager = pages.paged(request, found)
    rows = [
        {
            "id": c.pk,
            "url": f"{CANNED}{c.pk}/",
            "cells": [c.title, c.body[:80], c.team.name if c.team else _("所有人")],
        }
        for c in shown
    ]
    return pages.table(
        request,
        title=_("常用语"),
        columns=[{"label": _("标题")}, {"label": _("内容"), "sub": True}, {"label": _("给谁用")}],
        rows=rows,
        pager=pager,
        lead=_("回复时打两个冒号就能找到，拼音首字母也行。"),
        add={"url": f"{CANNED}new/", "label": _("加一条")},
        empty={
            "title": _("还没有常用语"),
            "text": _("常说的话存一条，回复时一点就来"),
            "url": f"{CANNED}new/",
            "action": _("加一条"),
        },
    )


@staff_page(CONFIGURE)
def canned_edit(request: HttpRequest, id: int | None = None) -> HttpResponse:
    text = get_object_or_404(CannedText, pk=id) if id else None
    initial = None
    if text is not None:
        initial = {"title": text.title, "body": text.body, "team": text.team_id, "position": text.position}

    def save(values: dict[str, Any]) -> None:
        team = values.pop("team")
        services.canned_save(
            canned_id=id, **values, team_id=team.pk if team else None, actor=actor_of(request), at=now()
        )

    return pages.edit(
        request,
        CannedForm(request.POST or None, initial=initial),
        title=text.title if text else _("加一条常用语"),
        save=save,
        done_url=CANNED,
        toast=_("已保存"),
        delete={
            "url": f"{CANNED}{id}/remove/",
            "label": _("删掉"),
            "confirm": _("删掉后回复时找不到这一条"),
        }
        if text
        else None,
    )


@staff_page(CONFIGURE)
def canned_remove(request: HttpRequest, id: int) -> HttpResponse:
    return pages.act(
        request,
        lambda: services.canned_delete(canned_id=id, actor=actor_of(request), at=now()),
        done_url=CANNED,
        toast=_("常用语已删掉"),
    )
