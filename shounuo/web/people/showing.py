"""Customers as the pages of staff show them; addresses and numbers masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.agreements.queries import EDIT as DRAFT_AGREEMENTS
from shounuo.cases import queries as cases
from shounuo.customers import permissions, queries
from shounuo.customers.models import Company, Customer
from shounuo.kernel.actors import Actor
from shounuo.staff.queries import names
from shounuo.web import words
from shounuo.web.people.forms import SEGMENTS

HOME = "/customers/"
COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("单位"),
    gettext_lazy("电话"),
    gettext_lazy("邮箱"),
    gettext_lazy("地区"),
    gettext_lazy("未结"),
)
CASES = 10


def tabs(on: str) -> list[dict[str, Any]]:
    """What stands beside one another under 客户."""
    return [
        {"label": pgettext("place", "客户"), "url": HOME, "active": on == "people"},
        {"label": pgettext("place", "单位"), "url": f"{HOME}companies/", "active": on == "companies"},
        {"label": _("服务协议"), "url": "/agreements/", "active": on == "agreements"},
    ]


def columns() -> list[dict[str, Any]]:
    return [{"label": label, "num": label == COLUMNS[-1]} for label in COLUMNS]


def rows(customers: Sequence[Customer], actor: Actor) -> list[dict[str, Any]]:
    """Customers in a table, with how many of their cases are unsolved; one query where company and contact points were
    read with them."""
    unsolved = cases.unsolved_counts(actor, [c.pk for c in customers])
    return [_row(c, actor, unsolved.get(c.pk, 0)) for c in customers]


def _row(customer: Customer, actor: Actor, unsolved: int) -> dict[str, Any]:
    contacts = queries.masked_contacts(customer, actor)

    def first(kind: str) -> str:
        return next((c.text for c in contacts if c.kind == kind), "")

    company = customer.company
    return {
        "id": customer.pk,
        "url": f"/customers/{customer.pk}/",
        "cells": [
            _name(customer),
            format_html('<a class="sn-c2" href="/customers/companies/{}/">{}</a>', company.pk, company.name)
            if company
            else "",
            first("phone"),
            first("mail"),
            customer.region,
            unsolved or "",
        ],
    }


def _name(customer: Customer) -> SafeString | str:
    label = segment(customer)
    if not label:
        return customer.name
    return format_html('{} <span class="sn-tag is-vip">{}</span>', customer.name, label)


def segment(customer: Customer) -> str:
    return str(dict(SEGMENTS).get(customer.segment, "")) if customer.segment else ""


def card(
    actor: Actor,
    customer: Customer,
    at: datetime,
    *,
    cursor: str | None = None,
    revealed: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """The context of people/card.html; a fixed number of queries. `revealed`: contact points just shown in full."""
    panel = queries.panel(actor, customer.pk)
    base = f"/customers/{customer.pk}/"
    rows, more = cases.list_page(actor, {"customer": customer.pk, "sort": "opened"}, cursor, CASES, at=at)
    erased = customer.erased_at is not None
    return {
        "title": customer.name,
        "customer": customer,
        "segment": segment(customer),
        "erased": erased,
        "since": words.full_day(timezone.localtime(customer.created_at).date()),
        "facts": _facts(customer),
        "contacts": [
            {
                "id": c.id,
                "kind": c.kind,
                "text": (revealed or {}).get(c.id, c.text),
                "primary": c.primary,
                "verified": c.verified,
                "reveal_url": f"{base}reveal/{c.id}/"
                if c.masked and c.id not in (revealed or {}) and actor.may(permissions.REVEAL)
                else "",
                "remove_url": f"{base}contacts/{c.id}/remove/" if actor.may(permissions.EDIT) else "",
            }
            for c in panel.contacts
        ],
        "cases": [case_row(c) for c in rows],
        "pager": {
            "total": None,
            "next_url": f"{base}?cursor={more}" if more else "",
            "previous_url": base if cursor else "",
        }
        if more or cursor
        else None,
        "merges": merges(actor, panel.merges, at),
        "duplicates": []
        if erased
        else [
            {"name": d.name, "url": f"/customers/{d.pk}/", "note": d.company.name if d.company else ""}
            for d in queries.duplicates(actor, customer)
        ],
        "acts": {} if erased else _acts(actor, base),
    }


def _facts(customer: Customer) -> list[dict[str, Any]]:
    company = customer.company
    given: Sequence[tuple[Any, str, str]] = (
        (
            _("单位"),
            company.name if company else "",
            f"/customers/companies/{company.pk}/" if company else "",
        ),
        (_("职务"), customer.title, ""),
        (_("地区"), customer.region, ""),
        (_("语言"), customer.language, ""),
        *((key, str(value), "") for key, value in sorted(customer.attributes.items())),
    )
    return [{"label": label, "value": value, "url": url} for label, value, url in given if value]


def _acts(actor: Actor, base: str) -> dict[str, str]:
    """Where the buttons lead that the actor may press."""
    wanted = {
        "edit": permissions.EDIT,
        "contacts": permissions.EDIT,
        "merge": permissions.MERGE,
        "export": permissions.ERASE,
        "erase": permissions.ERASE,
    }
    found = {name: f"{base}{name}/" for name, permission in wanted.items() if actor.may(permission)}
    if actor.may(DRAFT_AGREEMENTS):
        found["agreement"] = f"/agreements/new/?customer={base.rstrip('/').rpartition('/')[2]}"
    return found


def case_row(case: Any) -> dict[str, Any]:
    return {
        "number": case.number,
        "url": f"/cases/{case.number}/",
        "title": case.subject,
        "status": case.status,
        "status_label": case.get_status_display(),
        "at": case.opened_at,
        "owner": {"name": case.owner.name} if case.owner is not None else None,
    }


def merges(actor: Actor, rows: Sequence[Any], at: datetime) -> list[dict[str, Any]]:
    """Who was merged into him, by whom, and the way back while it is open; one query for names."""
    people = names(m.actor_id for m in rows)
    return [
        {
            "name": m.source.name,
            "at": m.at,
            "by": people.get(m.actor_id or 0, ""),
            "undo_url": f"/customers/{m.target_id}/merges/{m.pk}/undo/"
            if at <= m.at + queries.UNDO_WITHIN and actor.may(permissions.MERGE)
            else "",
        }
        for m in rows
    ]


def company_row(company: Company) -> dict[str, Any]:
    return {
        "id": company.pk,
        "url": f"/customers/companies/{company.pk}/",
        "cells": [
            company.name,
            company.region,
            company.mail_domain,
            company.size,  # type: ignore[attr-defined]
        ],
    }
