"""Signing in and out: password, second factor, forgotten password, one-time links."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shounuo.audit import services as audit
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem, TooMany
from shounuo.staff import events, services, signin, throttle
from shounuo.web.account.forms import CodeForm, ForgotForm, NewPasswordForm, SignInForm
from shounuo.web.console.pages import refuse

SIGNED_IN, REFUSED = "person.signed_in", "person.sign_in_failed"


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: a path of ours or the start page, whatever the address asks for."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    plain = wanted.startswith("/") and not any(ord(c) < 33 for c in wanted)
    return wanted if plain and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def address_of(request: HttpRequest) -> str:
    return getattr(request, "address", "") or request.META.get("REMOTE_ADDR", "")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. Every refusal has the same words and status; too many are a 429 with Retry-After."""
    if request.method != "POST" and (language := request.GET.get("language")) is not None:
        return _in_language(language)
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(safe_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given, at = form.cleaned_data, now()
        try:
            person = signin.sign_in(request, given["username"], given["password"], at=at)
        except signin.CodeNeeded:
            request.session["after_code"] = safe_next(request)
            return HttpResponseRedirect("/signin/code/")
        except Problem as problem:
            return _refused(request, form, problem, "password")
        _noted(request, SIGNED_IN, person.pk)
        return HttpResponseRedirect(safe_next(request))
    return _page(request, form, status=422 if form.errors else 200, forgot_url="/signin/forgot/")


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second factor of a sign-in whose password was right."""
    at = now()
    if signin.pending_person(request, at) is None:
        return HttpResponseRedirect("/signin/")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        following = request.session.get("after_code", "/")
        try:
            person = signin.second_factor(request, form.cleaned_data["code"], at=at)
        except Problem as problem:
            return _refused(request, form, problem, "code", second_factor=True)
        request.session.pop("after_code", None)
        _noted(request, SIGNED_IN, person.pk)
        return HttpResponseRedirect(following)
    return _page(request, form, status=422 if form.errors else 200, second_factor=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Asks for a link to set a new password. The answer is the same for everyone."""
    form = ForgotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signin.reset_ask(
                identifier=form.cleaned_data["identifier"], address=address_of(request), at=now()
            )
        except TooMany as problem:
            form.add_error(None, str(problem))
            response = render(request, "account/forgot.html", {"form": form}, status=429)
            response["Retry-After"] = str(problem.retry_after)
            return response
        return HttpResponseRedirect("/signin/forgot/done/")
    return render(request, "account/forgot.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
def forgot_done(request: HttpRequest) -> HttpResponse:
    return render(request, "account/forgot_done.html", {})


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time link: who opens it sets a password and is signed in. Looking at it does not use it up."""
    at = now()
    key = throttle.key_of("link", address_of(request))
    throttle.hit(key, 100, signin.PER, at)
    try:
        person = services.link_person(token=token, at=at)
    except NotFound as problem:
        return _private(render(request, "account/link_over.html", {"problem": problem}, status=404))
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = services.link_use(token=token, password=form.cleaned_data["password"], at=at)
        except NotFound as problem:
            return _private(render(request, "account/link_over.html", {"problem": problem}, status=404))
        except Problem as problem:
            refuse(form, problem)
        else:
            try:
                signin.continue_as(request, person, by="link", at=at)
            except signin.CodeNeeded:
                request.session["after_code"] = "/"
                return HttpResponseRedirect("/signin/code/")
            _noted(request, SIGNED_IN, person.pk, by="link")
            return HttpResponseRedirect("/")
    context = {"form": form, "person": person}
    return _private(render(request, "account/link.html", context, status=422 if form.errors else 200))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends this session."""
    if (id := request.user.pk) is not None:
        with transaction.atomic():
            publish([NewEvent(events.PERSON_SIGNED_OUT, ("person", id), now(), Actor.person(id))])
    logout(request)
    return HttpResponseRedirect("/signin/")


def _refused(request: HttpRequest, form: Form, problem: Problem, reason: str, **context: Any) -> HttpResponse:
    """The page again, the words at its head; a refusal is noted with its address, not with what was typed."""
    _noted(request, REFUSED, getattr(problem, "person_id", None), reason=reason)
    form.add_error(None, str(problem))
    status = problem.status if isinstance(problem, TooMany) else 422
    response = _page(request, form, status=status, forgot_url="/signin/forgot/", **context)
    if isinstance(problem, TooMany):
        response["Retry-After"] = str(problem.retry_after)
    return response


def _noted(request: HttpRequest, action: str, person_id: int | None, **detail: str) -> None:
    signed_in = action == SIGNED_IN and person_id is not None
    audit.record(
        action=action,
        target=("person", person_id) if person_id is not None else None,
        detail=detail,
        actor=Actor.person(person_id) if signed_in and person_id is not None else Actor.system(),
        at=now(),
        address=address_of(request),
    )


def _page(request: HttpRequest, form: Form, *, status: int, **context: Any) -> HttpResponse:
    context |= {
        "form": form,
        "organisation": getattr(request, "organisation", None),
        "next": safe_next(request),
        "portal_url": "/help/",
        "language_links": [
            {"url": f"/signin/?language={code}", "label": name}
            for code, name in settings.LANGUAGES
            if code != getattr(request, "LANGUAGE_CODE", "")
        ],
    }
    return render(request, "signin/signin.html", context, status=status)


def _in_language(language: str) -> HttpResponse:
    response = HttpResponseRedirect("/signin/")
    keep_language(response, language)
    return response


def keep_language(response: HttpResponse, language: str) -> None:
    """Remembers the reader's language in a cookie; an unknown one is forgotten."""
    keep(response, "shounuo_language", language if language in dict(settings.LANGUAGES) else "")


def keep(response: HttpResponse, name: str, value: str) -> None:
    """A cookie for a year that no script reads; an empty value takes it away."""
    if not value:
        response.delete_cookie(name, samesite="Lax")
        return
    response.set_cookie(name, value, max_age=365 * 86400, httponly=True, samesite="Lax")


def _private(response: HttpResponse) -> HttpResponse:
    """The address of this page opens an account: it goes into no Referer."""
    response["Referrer-Policy"] = "no-referrer"
    return response
