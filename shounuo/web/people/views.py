"""Customers: found, read, changed, merged, exported, erased; and their companies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from shounuo.agreements.queries import EDIT as DRAFT_AGREEMENTS
from shounuo.customers import permissions, queries, services
from shounuo.customers.models import Company, Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict, Invalid, NotFound
from shounuo.kernel.text import initials, whole
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.people import showing
from shounuo.web.people.forms import SEGMENTS, CompanyForm, ContactForm, CustomerForm, EraseForm, NewForm
from shounuo.web.people.showing import HOME

VIEW, EDIT, REVEAL = permissions.VIEW, permissions.EDIT, permissions.REVEAL
MERGE, ERASE = permissions.MERGE, permissions.ERASE
FOUND = 50


def edit(request: HttpRequest, form: forms.Form, **what: Any) -> HttpResponse:
    """A form as a page of its own, or as a dialog for who asked for one."""
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return pages.dialog(request, form, verb=what.pop("save_label", _("保存")), **what)
    what["template"] = "people/form.html"
    return pages.edit(request, form, **what)


def _given(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _live(actor: Actor, id: int) -> Customer:
    """The customer, who can still be changed; NotFound for one whose data are erased."""
    customer = queries.get(actor, id)
    if customer.erased_at is not None:
        raise NotFound(_("没有这个客户，或它不对您开放"))
    return customer


# ---- the list


@staff_page(VIEW)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """All customers by the sound of their names, or those found."""
    actor = actor_of(request)
    text, segment = request.GET.get("q", "").strip(), request.GET.get("segment", "")
    segment = segment if segment in dict(SEGMENTS) else ""
    more, pager = False, None
    if text:
        found = queries.search(actor, text, limit=FOUND + 1)
        found, more = found[:FOUND], len(found) > FOUND
    else:
        found, after = queries.list_page(
            actor, cursor=request.GET.get("cursor") or None, limit=FOUND, segment=segment
        )
        pager = pages.onward(request, after)
    context = {
        "title": pgettext("place", "客户"),
        "is_people": True,
        "tabs": showing.tabs("people"),
        "columns": showing.columns(),
        "rows": showing.rows(found, actor),
        "pager": pager,
        "note": _("只列出前 %(n)s 位，请再写具体些") % {"n": FOUND} if more else "",
        "search": {"url": HOME, "value": text, "placeholder": _("姓名、拼音首字母、电话、邮箱")},
        "segments": []
        if text
        else [
            {
                "label": label if code else _("全部"),
                "url": pages.here(request, segment=code or None, cursor=None),
                "active": code == segment,
            }
            for code, label in SEGMENTS
        ],
        "add": {"url": f"{HOME}new/", "label": _("加一位客户")} if actor.may(EDIT) else None,
        "empty": {
            "title": _("没有找到客户") if text or segment else _("还没有客户"),
            "text": _("来信、来电的人会自动记在这里"),
        },
    }
    return render(request, "people/list.html", context)


@staff_page(EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """A customer entered by hand. One with the same number or address is that customer."""
    actor, at = actor_of(request), now()

    def save(values: dict[str, Any]) -> str:
        customer, _created = services.customer_find_or_create(**values, actor=actor, at=at)
        return f"{HOME}{customer.pk}/"

    return edit(
        request,
        NewForm(_given(request)),
        title=_("加一位客户"),
        save=save,
        done_url=HOME,
        save_label=_("加进来"),
        lead=_("电话或邮箱已经有人用的，就打开那一位"),
    )


# ---- one customer


@staff_page(VIEW)
@require_safe
def card(request: HttpRequest, id: int) -> HttpResponse:
    """Everything about him; of one merged into another, that other's card."""
    actor = actor_of(request)
    customer = queries.get(actor, id)
    if customer.pk != id:
        return HttpResponseRedirect(f"{HOME}{customer.pk}/")
    cursor = request.GET.get("cursor") or None
    return render(request, "people/card.html", showing.card(actor, customer, now(), cursor=cursor))


@staff_page(REVEAL)
@require_POST
def reveal(request: HttpRequest, id: int, contact_id: int) -> HttpResponse:
    """An address or number in full; who looked is on record."""
    actor, at = actor_of(request), now()
    customer = queries.get(actor, id)
    shown = services.reveal(
        customer_id=id, field=str(contact_id), actor=actor, at=at, address=getattr(request, "address", None)
    )
    if request.headers.get("HX-Request"):
        return HttpResponse(escape(shown))
    return render(
        request, "people/card.html", showing.card(actor, customer, at, revealed={contact_id: str(shown)})
    )


@staff_page(EDIT)
def change(request: HttpRequest, id: int) -> HttpResponse:
    actor = actor_of(request)
    customer = _live(actor, id)
    form = CustomerForm(
        _given(request),
        initial={
            **{f: getattr(customer, f) for f in ("title", "region", "segment", "language", "note")},
            "name": customer.name if customer.named else "",
            "company": customer.company.name if customer.company else "",
        },
    )

    def save(values: dict[str, Any]) -> None:
        services.customer_change(customer_id=id, **values, actor=actor, at=now())

    return edit(
        request,
        form,
        title=_("改%(name)s的资料") % {"name": customer.name},
        save=save,
        done_url=f"{HOME}{id}/",
        toast=_("资料已保存"),
    )


@staff_page(EDIT)
def contact_add(request: HttpRequest, id: int) -> HttpResponse:
    actor = actor_of(request)
    customer = _live(actor, id)

    def save(values: dict[str, Any]) -> None:
        try:
            services.contact_add(customer_id=id, **values, actor=actor, at=now())
        except Conflict as taken:
            if taken.code != "contact_taken":
                raise
            owner = queries.get(actor, int(str(taken.extra["customer"])))
            raise Invalid(
                _("这个联系方式是客户%(name)s的；若是同一个人，请合并") % {"name": owner.name},
                field="value",
            ) from taken

    return edit(
        request,
        ContactForm(_given(request)),
        title=_("给%(name)s加联系方式") % {"name": customer.name},
        save=save,
        done_url=f"{HOME}{id}/",
        save_label=_("加上"),
        toast=_("联系方式已加上"),
    )


@staff_page(EDIT)
@require_POST
def contact_remove(request: HttpRequest, id: int, contact_id: int) -> HttpResponse:
    services.contact_remove(customer_id=id, contact_id=contact_id, actor=actor_of(request), at=now())
    return done(request, f"{HOME}{id}/", _("联系方式已去掉"))


# ---- merging


@staff_page(MERGE)
def merge(request: HttpRequest, id: int) -> HttpResponse:
    """Another record of the same person goes up in this one."""
    actor = actor_of(request)
    target = _live(actor, id)
    problem = ""
    if request.method == "POST":
        source_id = whole(request.POST.get("source"))
        try:
            if source_id is None:
                raise Invalid(_("请选一位客户"), field="source")
            made = services.customers_merge(source_id=source_id, target_id=target.pk, actor=actor, at=now())
        except (Invalid, Conflict) as refused:
            problem = str(refused)
        else:
            undo = f"{HOME}{target.pk}/merges/{made.pk}/undo/"
            return done(request, f"{HOME}{target.pk}/", _("已合并，30 天内可以撤回"), undo)
    text = request.GET.get("q", request.POST.get("q", "")).strip()
    found = queries.search(actor, text, limit=8) if text else queries.duplicates(actor, target)
    context = {
        "target": target,
        "url": request.path,
        "q": text,
        "problem": problem,
        "found": [_choice(c, actor) for c in found if c.pk != target.pk],
    }
    if request.headers.get("HX-Target") == "merge-found":
        return render(request, "people/merge.html#found", context)
    template = "people/merge.html" if request.headers.get("HX-Request") else "people/merge_page.html"
    return render(request, template, context | {"title": _("合并客户")}, status=422 if problem else 200)


def _choice(customer: Customer, actor: Actor) -> dict[str, Any]:
    contacts = [c.text for c in queries.masked_contacts(customer, actor)[:3]]
    return {
        "id": customer.pk,
        "name": customer.name,
        "note": " · ".join(filter(None, (customer.company.name if customer.company else "", *contacts))),
    }


@staff_page(MERGE)
@require_POST
def merge_undo(request: HttpRequest, id: int, merge_id: int) -> HttpResponse:
    services.merge_undo(merge_id=merge_id, actor=actor_of(request), at=now())
    return done(request, f"{HOME}{id}/", _("已撤回合并"))


# ---- what the law gives a person


@staff_page(ERASE)
@require_POST
def export(request: HttpRequest, id: int) -> HttpResponse:
    """All that is kept about him, as a file."""
    copy = services.customer_export(
        customer_id=id, actor=actor_of(request), at=now(), address=getattr(request, "address", None)
    )
    response = JsonResponse(copy, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="customer-{id}.json"'
    return response


@staff_page(ERASE)
def erase(request: HttpRequest, id: int) -> HttpResponse:
    """Takes the person out for good, after his name was typed."""
    actor = actor_of(request)
    customer = _live(actor, id)

    def save(_values: dict[str, Any]) -> None:
        services.customer_erase(
            customer_id=id, actor=actor, at=now(), address=getattr(request, "address", None)
        )

    return edit(
        request,
        EraseForm(_given(request), name=customer.name),
        title=_("删除%(name)s的个人信息") % {"name": customer.name},
        save=save,
        done_url=f"{HOME}{id}/",
        save_label=_("永久删除"),
        lead=_("姓名、联系方式、备注、来往的话都会删掉，不能恢复；工单的时间和数字还在。"),
        toast=_("个人信息已删除"),
        template="people/erase.html",
        danger=True,
    )


# ---- companies


@staff_page(VIEW)
@require_safe
def companies(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    text = request.GET.get("q", "").strip()[:80]
    live = Q(customers__merged_into=None, customers__erased_at=None)
    found = Company.objects.annotate(size=Count("customers", filter=live)).order_by("sort_key", "id")
    if text:
        found = found.filter(
            Q(name__icontains=text) | Q(initials__startswith=(initials(text) or text).lower())
        )
    rows, pager = pages.paged(request, found)
    context = {
        "title": pgettext("place", "单位"),
        "tabs": showing.tabs("companies"),
        "columns": [
            {"label": _("名称")},
            {"label": _("地区")},
            {"label": _("邮箱域名")},
            {"label": pgettext("place", "客户"), "num": True},
        ],
        "rows": [showing.company_row(c) for c in rows],
        "pager": pager,
        "search": {"url": f"{HOME}companies/", "value": text, "placeholder": _("名称、拼音首字母")},
        "add": {"url": f"{HOME}companies/new/", "label": _("加一个单位")} if actor.may(EDIT) else None,
        "empty": {"title": _("没有找到单位") if text else _("还没有单位"), "text": ""},
    }
    return render(request, "people/list.html", context)


@staff_page(EDIT)
def company_new(request: HttpRequest) -> HttpResponse:
    def save(values: dict[str, Any]) -> str:
        company = services.company_create(**values, actor=actor_of(request), at=now())
        return f"{HOME}companies/{company.pk}/"

    return edit(
        request,
        CompanyForm(_given(request)),
        title=_("加一个单位"),
        save=save,
        done_url=f"{HOME}companies/",
        save_label=_("加进来"),
        toast=_("单位已加上"),
    )


@staff_page(VIEW)
@require_safe
def company(request: HttpRequest, id: int) -> HttpResponse:
    """A company and its people."""
    actor = actor_of(request)
    row = get_object_or_404(Company, pk=id)
    found, after = queries.list_page(
        actor, cursor=request.GET.get("cursor") or None, limit=FOUND, company_id=id
    )
    context = {
        "title": row.name,
        "company": row,
        "columns": [c for c in showing.columns() if c["label"] != showing.COLUMNS[1]],
        "rows": [_without_company(r) for r in showing.rows(found, actor)],
        "pager": pages.onward(request, after),
        "edit_url": f"{HOME}companies/{id}/edit/" if actor.may(EDIT) else "",
        "cases_url": f"/cases/?company={id}",
        "agreement_url": f"/agreements/new/?company={id}" if actor.may(DRAFT_AGREEMENTS) else "",
    }
    return render(request, "people/company.html", context)


def _without_company(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"cells": [cell for place, cell in enumerate(row["cells"]) if place != 1]}


@staff_page(EDIT)
def company_change(request: HttpRequest, id: int) -> HttpResponse:
    row = get_object_or_404(Company, pk=id)
    fields = ("name", "mail_domain", "region", "note")

    def save(values: dict[str, Any]) -> None:
        services.company_change(company_id=id, **values, actor=actor_of(request), at=now())

    return edit(
        request,
        CompanyForm(_given(request), initial={f: getattr(row, f) for f in fields}),
        title=_("改%(name)s的资料") % {"name": row.name},
        save=save,
        done_url=f"{HOME}companies/{id}/",
        toast=_("资料已保存"),
    )
