"""The form of a call or a visit, and what its parts ask while one types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shounuo.cases import queries as cases
from shounuo.cases import services
from shounuo.cases.models import Case, Draft, Topic
from shounuo.cases.permissions import WORK
from shounuo.cases.rules import fields as rules
from shounuo.customers import queries as customers
from shounuo.customers.models import Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.kernel.secrets import new_token
from shounuo.kernel.text import whole
from shounuo.staff import queries as staff
from shounuo.staff.models import Person, Team
from shounuo.web.console.pages import refuse
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.phone import showing
from shounuo.web.phone.forms import KINDS, ME, IntakeForm
from shounuo.web.phone.opening import open_case
from shounuo.web.portal import fields

CHANNELS = {"phone": Case.Channel.PHONE, "visit": Case.Channel.VISIT}
OVER = "intake_over"  # forms that were sent or given up: what their page still saves is not kept
MOST_OVER = 20


@dataclass
class Desk:
    """One request: the channel, what is typed, and the lists to choose from, each read once and only when asked."""

    request: HttpRequest
    channel: str
    values: Mapping[str, Any]
    at: datetime

    @cached_property
    def actor(self) -> Actor:
        return actor_of(self.request)

    @property
    def base(self) -> str:
        return f"/cases/new/{self.channel}/"

    @cached_property
    def topics(self) -> list[Topic]:
        return list(cases.topics())

    @cached_property
    def teams(self) -> list[Team]:
        return list(staff.teams())

    @cached_property
    def people(self) -> list[Person]:
        able = staff.people_with_permission(WORK)
        return list(staff.people().filter(pk__in=able).exclude(pk=self.actor.person_id or 0))

    @cached_property
    def own(self) -> list[rules.Field]:
        kind = str(self.values.get("kind", ""))
        return cases.fields_of(kind) if kind in dict(KINDS) else []

    @cached_property
    def customer(self) -> Customer | None:
        """The one who was picked, if the writer may know of him."""
        id = whole(str(self.values.get("customer", "")))
        if id is None:
            return None
        try:
            return customers.get(self.actor, id)
        except NotFound:
            return None

    def form(self, *args: Any, **kwargs: Any) -> IntakeForm:
        return IntakeForm(
            *args, topics=self.topics, teams=self.teams, people=self.people, own=self.own, **kwargs
        )

    def who(self) -> dict[str, Any]:
        """The context of phone/_who.html but for the form."""
        return {
            "focus": True,
            "match": showing.match(self.actor, self.customer, self.at) if self.customer else None,
            "lookup_url": f"{self.base}match/",
            "pick_url": f"{self.base}pick/",
        }

    def aside(self) -> dict[str, Any]:
        """Clocks, recent cases, the sentence: the context of what follows the typing."""
        me = self.request.user
        assert isinstance(me, Person)
        opening = showing.opening_of(
            self.values,
            channel=self.channel,
            person=me,
            topics=self.topics,
            teams=self.teams,
            people=self.people,
            customer=self.customer,
        )
        clocks = showing.clocks(opening, self.at)
        names = {f"team:{t.pk}": t.name for t in self.teams} | {f"person:{p.pk}": p.name for p in self.people}
        composed = showing.read_back(self.values, clocks["first"], names=names)
        said, before = str(self.values.get("said", "")), str(self.values.get("composed", ""))
        own_words = said.strip() and said.split() != before.split()
        return {
            **clocks,
            **showing.recent(self.actor, self.customer, self.at),
            "composed": composed,
            "said": said if own_words else composed,
            "preview_url": f"{self.base}preview/",
        }


def _desk(request: HttpRequest, channel: str, values: Mapping[str, Any]) -> Desk:
    return Desk(request, str(CHANNELS[channel]), values, now())


@staff_page(WORK)
@sensitive_post_parameters("phone", "name", "text")
@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest, channel: str) -> HttpResponse:
    """The form; a refused one comes back as it was typed."""
    if request.method != "POST":
        draft = Draft.objects.filter(
            person_id=actor_of(request).person_id or 0, case=None, mode=channel
        ).first()
        kept = {k: str(v) for k, v in draft.body.items()} if draft is not None else {}
        return _page(_desk(request, channel, {"assign": ME} | kept), None, draft=draft)
    desk = _desk(request, channel, request.POST.dict())
    form = desk.form(request.POST)
    status = 422
    if form.is_valid():
        own = fields.gather(form, desk.own)
        if not form.errors:
            try:
                number = open_case(form.cleaned_data, own, channel=desk.channel, actor=desk.actor, at=desk.at)
            except Problem as problem:
                refuse(form, problem)
            else:
                return _opened(desk, number)
    return _page(desk, form, status=status)


def _opened(desk: Desk, number: int) -> HttpResponse:
    _end(desk.request, str(desk.values.get("nonce", "")))
    try:
        cases.get(desk.actor, number)
    except NotFound:  # it went to a team whose cases the writer does not see
        return done(desk.request, "/cases/", _("已建单 %(n)s，已交出去") % {"n": number})
    return done(desk.request, f"/cases/{number}/", _("已建单 %(n)s") % {"n": number})


def _page(
    desk: Desk, form: IntakeForm | None, *, draft: Draft | None = None, status: int = 200
) -> HttpResponse:
    values = desk.values
    if form is None:
        form = desk.form(initial=dict(values) | {"nonce": new_token()})
    nonce = form["nonce"].value()
    calls = desk.channel == "phone"
    context = {
        "title": _("登记来电") if calls else _("登记来访"),
        "is_call": calls,
        "form": form,
        "kinds": [
            {"value": v, "label": label, "key": str(n), "checked": v == values.get("kind")}
            for n, (v, label) in enumerate(KINDS, start=1)
        ],
        "levels": [
            {"value": v, "label": label, "checked": v == str(values.get("level", ""))}
            for v, label in form.fields["level"].choices  # type: ignore[attr-defined]
        ],
        "confirmed": values.get("confirmed", ""),
        "started_at": desk.at,
        "draft_at": draft.saved_at if draft is not None else None,
        "draft_key": desk.channel,
        "draft_url": f"{desk.base}draft/?form={nonce}",
        "discard_url": f"{desk.base}discard/?form={nonce}",
        **desk.who(),
        "focus": not form.errors,  # else the first field that is wrong has it
        **desk.aside(),
        **showing.clauses(desk.at),
    }
    return render(desk.request, "phone/phone.html", context, status=status)


@staff_page(WORK)
@require_POST
def match(request: HttpRequest, channel: str) -> HttpResponse:
    """Customers whose number begins so, as it is typed."""
    desk = _desk(request, channel, request.POST.dict())
    digits = str(desk.values.get("phone", ""))[:40]
    context = {"matches": showing.matches(desk.actor, digits, desk.at), "pick_url": f"{desk.base}pick/"}
    return render(request, "phone/_match.html", context)


@staff_page(WORK)
@require_POST
def pick(request: HttpRequest, channel: str) -> HttpResponse:
    """The customer who was picked: his name and region stand in the form. Without one what was typed stays, but not what
    came from one picked before."""
    desk = _desk(request, channel, request.POST.dict())
    values = dict(desk.values)
    if desk.customer is not None:
        name = desk.customer.name if desk.customer.named else ""
        values |= {
            "name": name or values.get("name", ""),
            "region": desk.customer.region or values.get("region", ""),
        }
    elif "picked" in values:
        values |= {"name": "", "region": ""}
    response = render(request, "phone/_who.html", {"form": desk.form(initial=values), **desk.who()})
    response["HX-Trigger-After-Settle"] = "sn:picked"
    return response


@staff_page(WORK)
@require_POST
def preview(request: HttpRequest, channel: str) -> HttpResponse:
    """The clocks, the recent cases and the sentence for what is typed so far; own fields when the kind is another."""
    desk = _desk(request, channel, request.POST.dict())
    asked = {name for name in request.POST if name.startswith(fields.PREFIX)}
    other = asked != {fields.PREFIX + f.code for f in desk.own}
    context = {"form": desk.form(initial=dict(desk.values)), "new_fields": other, "oob": True, **desk.aside()}
    return render(request, "phone/_preview.html", context)


@staff_page(WORK)
@require_POST
def draft(request: HttpRequest, channel: str) -> HttpResponse:
    """Keeps what is typed, for its writer alone. A page whose form was sent or given up saves nothing any more."""
    if request.GET.get("form", "") in request.session.get(OVER, []):
        return HttpResponse(status=204)
    body = {k: v for k, v in request.POST.items() if k not in ("csrfmiddlewaretoken", "nonce")}
    services.draft_save(
        case_id=None, mode=str(CHANNELS[channel]), body=body, actor=actor_of(request), at=now()
    )
    return HttpResponse(status=204)


@staff_page(WORK)
@require_POST
def discard(request: HttpRequest, channel: str) -> HttpResponse:
    """Gives the form up."""
    _end(request, request.GET.get("form", ""))
    services.draft_drop(case_id=None, mode=str(CHANNELS[channel]), actor=actor_of(request), at=now())
    return done(request, "/cases/")


def _end(request: HttpRequest, nonce: str) -> None:
    request.session[OVER] = [*request.session.get(OVER, []), nonce[:100]][-MOST_OVER:]
