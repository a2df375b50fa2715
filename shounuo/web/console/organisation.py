"""Organisation, people, teams, roles."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from shounuo.kernel.clock import now
from shounuo.staff import permissions, queries, services
from shounuo.staff.models import Person, Role, Team
from shounuo.web.console import pages, told
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

MANAGE = permissions.MANAGE
DEPARTMENTS = (
    ("service", gettext_lazy("客户服务")),
    ("tech", gettext_lazy("技术")),
    ("product", gettext_lazy("产品")),
    ("logistics", gettext_lazy("物流")),
    ("sales", gettext_lazy("销售")),
    ("finance", gettext_lazy("财务")),
)


class OrganisationForm(forms.Form):
    """Name, zone, address and language of the house."""

    halves = ("zone", "language")
    field_order = ("name", "public_address", "zone", "language")

    name = forms.CharField(label=gettext_lazy("组织名称"), max_length=120)
    zone = forms.ChoiceField(label=gettext_lazy("时区"))
    public_address = forms.URLField(
        label=gettext_lazy("对外网址"),
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("邮件里的链接都用它；不填就不放链接"),
    )
    language = forms.ChoiceField(label=gettext_lazy("默认语言"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(z, z) for z in sorted(available_timezones())]  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """One who works here."""

    halves = ("name", "login", "mail", "phone", "title", "capacity")
    field_order = (*halves, "roles", "teams", "leads")

    name = forms.CharField(label=gettext_lazy("姓名"), max_length=60)
    login = forms.CharField(label=gettext_lazy("登录名"), max_length=60)
    mail = forms.EmailField(label=gettext_lazy("邮箱"), required=False)
    phone = forms.CharField(label=gettext_lazy("手机"), required=False, max_length=32)
    title = forms.CharField(label=gettext_lazy("职务"), required=False, max_length=60)
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("角色"), required=False, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.MultipleChoiceField(
        label=gettext_lazy("小组"), required=False, widget=forms.CheckboxSelectMultiple
    )
    leads = forms.MultipleChoiceField(
        label=gettext_lazy("主管的小组"), required=False, widget=forms.CheckboxSelectMultiple
    )
    capacity = forms.IntegerField(label=gettext_lazy("同时处理上限"), initial=20, min_value=1, max_value=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(r.code, r.name) for r in Role.objects.order_by("id")]
        teams = [(t.code, t.name) for t in queries.teams()]
        self.fields["roles"].choices = roles  # type: ignore[attr-defined]
        self.fields["teams"].choices = teams  # type: ignore[attr-defined]
        self.fields["leads"].choices = teams  # type: ignore[attr-defined]


class TeamForm(forms.Form):
    """A team that cases are given to."""

    halves = ("name", "code")

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    code = forms.SlugField(
        label=gettext_lazy("代码"),
        help_text=gettext_lazy("制度包和接口用它，定了不改"),
        error_messages={"invalid": gettext_lazy("只能用小写字母、数字、- 和 _，例如 feed")},
    )
    department = forms.ChoiceField(label=gettext_lazy("部门"), choices=DEPARTMENTS)
    active = forms.BooleanField(label=gettext_lazy("在用"), required=False, initial=True)


class RoleForm(forms.Form):
    """A named set of permissions."""

    halves = ("name", "code")

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    code = forms.CharField(
        label=gettext_lazy("代码"),
        max_length=40,
        help_text=gettext_lazy("条款里升级给谁用它，定了不改；小写字母、数字和下划线"),
    )
    second_factor = forms.BooleanField(
        label=gettext_lazy("必须两步验证"),
        required=False,
        help_text=gettext_lazy("有这个角色的人，登录后先设置两步验证才能继续"),
    )
    permissions = forms.MultipleChoiceField(
        label=pgettext_lazy("permission", "可以"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = told.permission_choices()  # type: ignore[attr-defined]


@staff_page(MANAGE)
def organisation(request: HttpRequest) -> HttpResponse:
    queries.forget_organisation()  # it may have been changed in another process: nobody saves over what he has not seen
    row = queries.organisation()
    form = OrganisationForm(
        request.POST or None,
        initial={f: getattr(row, f) for f in ("name", "zone", "public_address", "language")},
    )

    def save(values: dict[str, Any]) -> None:
        services.organisation_change(**values, actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=_("组织"),
        save=save,
        done_url="/settings/organisation/",
        toast=_("组织资料已保存"),
        cancel_url="",
    )


@staff_page(MANAGE)
def people(request: HttpRequest) -> HttpResponse:
    gone = request.GET.get("state") == "gone"
    query = request.GET.get("q", "").strip()
    found = queries.people(active=False).filter(is_active=not gone)
    if query:
        found = found.filter(
            Q(name__icontains=query)
            | Q(initials__startswith=query.lower())
            | Q(login__icontains=query)
            | Q(mail__icontains=query)
        )
    shown, pager = pages.paged(request, found.prefetch_related("roles", "membership_set__team"))
    rows = [
        {
            "id": p.pk,
            "url": f"/settings/people/{p.pk}/",
            "cells": [
                p.name,
                p.login,
                _dot(m.team.name for m in p.membership_set.all()),
                _dot(r.name for r in p.roles.all()),
                _("已开") if p.totp_confirmed_at else _("未开"),
            ],
            "acts": []
            if gone
            else [{"url": f"/settings/people/{p.pk}/link/", "label": _("登录链接"), "dialog": True}],
        }
        for p in shown
    ]
    return pages.table(
        request,
        title=_("人员"),
        columns=[{"label": t} for t in (_("姓名"), _("登录名"), _("小组"), _("角色"), _("两步验证"))],
        rows=rows,
        pager=pager,
        add={"url": "/settings/people/new/", "label": _("加一个人")},
        search={
            "url": "/settings/people/",
            "value": query,
            "placeholder": _("姓名、拼音首字母、登录名、邮箱"),
            "keep": {"state": "gone"} if gone else {},
        },
        views=[
            {"label": _("在用"), "url": pages.here(request, state=None), "active": not gone},
            {"label": _("已停用"), "url": pages.here(request, state="gone"), "active": gone},
        ],
        empty=_nobody(query, gone),
    )


def _nobody(query: str, gone: bool) -> dict[str, str]:
    if query or not gone:
        text = _("换个说法再找，或加一个人")
        return {
            "glyph": "search",
            "title": _("没有找到人"),
            "text": text,
            "url": "/settings/people/new/",
            "action": _("加一个人"),
        }
    return {"title": _("没有停用的人"), "text": _("停用的人不能登录，记录照旧")}


@staff_page(MANAGE)
def person_new(request: HttpRequest) -> HttpResponse:
    def save(values: dict[str, Any]) -> str:
        person = services.person_create(**values, actor=actor_of(request), at=now())
        return f"/settings/people/{person.pk}/"

    return pages.edit(
        request,
        PersonForm(request.POST or None),
        title=_("加一个人"),
        save=save,
        done_url="/settings/people/",
        save_label=_("加进来"),
        toast=_("已加入；把登录链接发给他，他自己设密码"),
    )


@staff_page(MANAGE)
def person_edit(request: HttpRequest, id: int) -> HttpResponse:
    person = get_object_or_404(Person, pk=id)
    held = list(person.membership_set.select_related("team"))
    form = PersonForm(
        request.POST or None,
        initial={
            **{f: getattr(person, f) for f in ("name", "login", "mail", "phone", "title", "capacity")},
            "roles": [r.code for r in person.roles.all()],
            "teams": [m.team.code for m in held],
            "leads": [m.team.code for m in held if m.leads],
        },
    )

    def save(values: dict[str, Any]) -> None:
        services.person_change(person_id=id, **values, actor=actor_of(request), at=now())

    gone = not person.is_active
    return pages.edit(
        request,
        form,
        title=person.name,
        lead=_("此人已停用") if gone else "",
        save=save,
        done_url="/settings/people/",
        toast=_("已保存"),
        delete={
            "url": f"/settings/people/{id}/{'back' if gone else 'gone'}/",
            "label": _("恢复") if gone else _("停用"),
            "confirm": _("恢复后此人可以再登录")
            if gone
            else _("停用后此人立即不能登录。名下工单和只归此人的待办还在，请另行转交"),
        },
        acts=[
            {
                "url": f"/settings/people/{id}/factor/",
                "label": _("关掉两步验证"),
                "confirm": _("手机丢了才关；先当面或打电话确认是本人"),
            }
        ]
        if person.totp_confirmed_at and person.pk != request.user.pk
        else [],
    )


@staff_page(MANAGE)
def person_gone(request: HttpRequest, id: int, back: bool = False) -> HttpResponse:
    service = services.person_reactivate if back else services.person_deactivate
    return pages.act(
        request,
        lambda: service(person_id=id, actor=actor_of(request), at=now()),
        done_url=f"/settings/people/{id}/",
        toast=_("已恢复") if back else _("已停用"),
    )


@staff_page(MANAGE)
def person_factor(request: HttpRequest, id: int) -> HttpResponse:
    """Takes the second factor of another away: his phone is lost."""
    return pages.act(
        request,
        lambda: services.totp_disable(person_id=id, actor=actor_of(request), at=now()),
        done_url=f"/settings/people/{id}/",
        toast=_("两步验证已关，请他登录后重新开"),
    )


@staff_page(MANAGE)
def person_link(request: HttpRequest, id: int) -> HttpResponse:
    """A dialog that makes a one-time link and shows it once."""
    person = get_object_or_404(Person, pk=id)
    link = ""
    if request.method == "POST":
        purpose = "reset" if person.has_usable_password() else "invite"
        path = services.link_create(person_id=id, purpose=purpose, actor=actor_of(request), at=now())  # type: ignore[arg-type]
        link = (
            queries.organisation().public_address.rstrip("/") or f"{request.scheme}://{request.get_host()}"
        ) + path
    return pages.secret(
        request,
        link,
        title=_("给%(name)s一个登录链接") % {"name": person.name},
        before=_("以前发给他还没用的链接会作废。"),
        after=_("只显示这一次，只能用一次。他打开后自己设密码。"),
        verb=_("生成链接"),
        done_url=f"/settings/people/{id}/",
    )


@staff_page(MANAGE)
def teams(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "id": t.pk,
            "url": f"/settings/teams/{t.pk}/",
            "cells": [
                pages.named(t.name, active=t.active),
                t.code,
                str(dict(DEPARTMENTS).get(t.department, t.department)),
                t.size,  # type: ignore[attr-defined]
            ],
        }
        for t in queries.teams_with_size()
    ]
    return pages.table(
        request,
        title=pgettext("place", "小组"),
        columns=[
            {"label": _("名称")},
            {"label": _("代码")},
            {"label": _("部门")},
            {"label": _("人数"), "num": True},
        ],
        rows=rows,
        add={"url": "/settings/teams/new/", "label": _("加一个小组")},
        empty={
            "title": _("还没有小组"),
            "text": _("工单分给小组，小组里的人领办"),
            "url": "/settings/teams/new/",
            "action": _("加一个小组"),
        },
    )


@staff_page(MANAGE)
def team_edit(request: HttpRequest, id: int | None = None) -> HttpResponse:
    team = get_object_or_404(Team, pk=id) if id else None
    form = TeamForm(
        request.POST or None,
        initial={f: getattr(team, f) for f in ("name", "code", "department", "active")} if team else None,
    )
    if team:
        form.fields["code"].disabled = True

    def save(values: dict[str, Any]) -> None:
        if team:
            values.pop("code")
            services.team_change(team_id=team.pk, **values, actor=actor_of(request), at=now())
        else:
            values.pop("active")
            services.team_create(**values, actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=team.name if team else _("加一个小组"),
        save=save,
        done_url="/settings/teams/",
        toast=_("已保存"),
    )


@staff_page(MANAGE)
def roles(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "id": r.pk,
            "url": f"/settings/roles/{r.pk}/",
            "cells": [
                r.name,
                r.code,
                r.size,  # type: ignore[attr-defined]
                len(r.permissions),
                _("必须") if r.second_factor else "",
                (_("自带，已改过") if r.edited else _("自带")) if r.builtin else _("自建"),
            ],
        }
        for r in queries.roles_with_size()
    ]
    return pages.table(
        request,
        title=_("角色与权限"),
        columns=[
            {"label": _("名称")},
            {"label": _("代码")},
            {"label": _("人数"), "num": True},
            {"label": _("权限"), "num": True},
            {"label": _("两步验证")},
            {"label": _("来源")},
        ],
        rows=rows,
        add={"url": "/settings/roles/new/", "label": _("加一个角色")},
    )


@staff_page(MANAGE)
def role_edit(request: HttpRequest, id: int | None = None) -> HttpResponse:
    role = get_object_or_404(Role, pk=id) if id else None
    form = RoleForm(
        request.POST or None,
        initial={f: getattr(role, f) for f in ("name", "code", "permissions", "second_factor")}
        if role
        else None,
    )
    if role:
        form.fields["code"].disabled = True

    def save(values: dict[str, Any]) -> None:
        if role:
            values.pop("code")
            services.role_change(role_id=role.pk, **values, actor=actor_of(request), at=now())
        else:
            services.role_create(**values, actor=actor_of(request), at=now())

    return pages.edit(
        request,
        form,
        title=role.name if role else _("加一个角色"),
        save=save,
        done_url="/settings/roles/",
        toast=_("已保存"),
    )


def _dot(words: Any) -> str:
    return " · ".join(words)
