"""Service agreements: all of them, one, drawing one up, offering and ending it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from shounuo.agreements import queries, services
from shounuo.agreements.models import Agreement
from shounuo.agreements.queries import EDIT, PUBLISH, VIEW
from shounuo.customers import queries as customers
from shounuo.customers.models import Company
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.kernel.text import whole
from shounuo.notices.composing import address_of
from shounuo.notices.models import OutgoingMail
from shounuo.web.agreements import showing
from shounuo.web.agreements.forms import AgreementForm, initial_of
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.people.showing import tabs

State = Agreement.State


@staff_page(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    actor, at = actor_of(request), now()
    found, pager = pages.paged(request, queries.listed(actor))
    names = (_("名称"), pgettext("agreement", "给谁"), _("状态"), _("有效"), _("守诺率"))
    context = {
        "title": _("服务协议"),
        "tabs": tabs("agreements"),
        "columns": [{"label": n} for n in names] + [{"label": _("应办"), "num": True}],
        "rows": showing.rows(found, at),
        "pager": pager,
        "new_url": reverse("agreement-new") if actor.may(EDIT) else "",
    }
    return render(request, "agreements/list.html", context)


@staff_page(VIEW)
@require_safe
def one(request: HttpRequest, agreement: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    found = queries.get(actor, agreement)
    draft, may = found.state == State.DRAFT, actor.may(PUBLISH)
    context = {
        "title": found.title,
        "agreement": found,
        "party": showing.party(found),
        "validity": showing.validity(found),
        "promises": showing.promises(found, at),
        "texts": showing.texts(found),
        "link": address_of(services.link_path(found, at))
        if found.state == State.OFFERED and actor.may(EDIT)
        else "",
        "mailed": OutgoingMail.objects.filter(subject_kind="agreement", subject_id=found.pk).first(),
        "edit_url": reverse("agreement-edit", args=[found.pk]) if draft and actor.may(EDIT) else "",
        "offer_url": reverse("agreement-offer", args=[found.pk]) if draft and may else "",
        "end_url": reverse("agreement-end", args=[found.pk])
        if may and found.state not in (State.ENDED, State.DECLINED)
        else "",
    }
    return render(request, "agreements/one.html", context)


@staff_page(EDIT)
def edit(request: HttpRequest, agreement: int | None = None) -> HttpResponse:
    """Draws one up: for the customer or company of the address, else for a segment."""
    actor, at = actor_of(request), now()
    found = queries.get(actor, agreement) if agreement is not None else None
    customer = found.customer if found is not None else _given(request, "customer")
    company = found.company if found is not None else _given(request, "company")
    form = AgreementForm(
        request.POST or None,
        customer=customer,
        company=company,
        at=at,
        initial=initial_of(found, at) if found is not None else {"valid_from": timezone.localtime(at).date()},
    )
    back = reverse("agreement", args=[found.pk]) if found is not None else reverse("agreements")
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.agreement_save(agreement_id=agreement, **form.values(), actor=actor, at=at)
        except Problem as problem:
            pages.refuse(form, problem)
        else:
            return done(request, reverse("agreement", args=[saved.pk]), _("已存成草案"))
    context: dict[str, Any] = {
        "title": found.title if found is not None else _("草拟服务协议"),
        "form": form,
        "for_whom": customer or company,
        "cancel_url": back,
    }
    return render(request, "agreements/form.html", context, status=422 if form.errors else 200)


def _given(request: HttpRequest, name: str) -> Any:
    """The customer or company of the address, where it names one."""
    id = whole(request.GET.get(name))
    if id is None:
        return None
    return customers.get(actor_of(request), id) if name == "customer" else get_object_or_404(Company, pk=id)


@staff_page(PUBLISH)
@require_POST
def offer(request: HttpRequest, agreement: int) -> HttpResponse:
    found = services.agreement_offer(agreement_id=agreement, actor=actor_of(request), at=now())
    said = _("已提出，把链接发给客户确认") if found.signer_id else _("已生效")
    return done(request, reverse("agreement", args=[agreement]), said)


@staff_page(PUBLISH)
@require_POST
def end(request: HttpRequest, agreement: int) -> HttpResponse:
    services.agreement_end(agreement_id=agreement, actor=actor_of(request), at=now())
    return done(request, reverse("agreement", args=[agreement]), _("已终止"))
