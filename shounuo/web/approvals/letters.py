"""The page behind the link in a mail that asks for one's word. Opening it decides nothing: that takes the button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shounuo.cases import letters, services
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants as queries
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.staff import queries as staff
from shounuo.staff import signin, throttle
from shounuo.web.account.views.signing import address_of
from shounuo.web.approvals import showing
from shounuo.web.approvals.forms import DecideForm
from shounuo.web.approvals.views import answer_words
from shounuo.web.console import pages

TRIES = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, token: str) -> HttpResponse:
    """One request, for one person, until it is answered. Who has a second factor, or owes one, signs in first: a mailbox
    alone is not enough for him."""
    at = now()
    throttle.hit(throttle.key_of("approve", address_of(request)), TRIES, signin.PER, at)
    try:
        found = letters.letter_of(token, at)
        actor = staff.actor_for(found.person)
        grant = queries.get(actor, found.grant_id)
    except NotFound as problem:
        return _private(render(request, "approvals/over.html", {"problem": problem}, status=404))
    if found.person.totp_confirmed_at is not None or staff.owes_factor(found.person):
        return _private(HttpResponseRedirect(f"/approvals/{grant.pk}/"))
    form = DecideForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            answered = services.grant_decide(
                grant_id=grant.pk,
                approve=form.cleaned_data["decision"] == "approve",
                note=form.cleaned_data["note"],
                via=Grant.Via.MAIL,
                actor=actor,
                at=at,
            )
        except Problem as problem:
            pages.refuse(form, problem)
        else:
            told = {"grant": showing.page(answered, actor, at), "said": answer_words(answered)}
            return _private(render(request, "approvals/answered.html", told))
    context = {"grant": showing.page(grant, actor, at), "form": form, "person": found.person}
    return _private(render(request, "approvals/letter.html", context, status=422 if form.errors else 200))


def _private(response: HttpResponse) -> HttpResponse:
    """The address lets somebody decide: it goes into no Referer and into no index."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
