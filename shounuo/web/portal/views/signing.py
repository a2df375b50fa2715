"""Signing in by a mailed code. A stranger learns nothing by asking: every address has the same answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shounuo.channels import services
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.kernel.text import normalise_mail
from shounuo.web.console.pages import refuse
from shounuo.web.portal import pages, session
from shounuo.web.portal.forms import CodeForm, MailForm


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for the address and mails a code to it."""
    if request.method != "POST":
        onward = pages.safe_next(request.GET.get("next", ""))
        if session.customer_of(request) is not None:
            return HttpResponseRedirect(onward)
        return pages.page(request, "portal/sign_in.html", {"form": MailForm(initial={"next": onward})})
    form = MailForm(request.POST)
    if form.is_valid():
        mail, onward = form.cleaned_data["mail"], form.cleaned_data["next"]
        try:
            services.code_request(mail=mail, address=pages.address_of(request), at=now())
        except Problem as problem:
            refuse(form, problem)
            return pages.page(request, "portal/sign_in.html", {"form": form}, status=problem.status)
        entry = CodeForm(initial={"mail": mail, "next": pages.safe_next(onward)})
        return pages.page(request, "portal/code.html", {"form": entry, "mail": mail})
    return pages.page(request, "portal/sign_in.html", {"form": form}, status=422)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Takes the code that came; the same answer for every one that does not fit."""
    if request.method != "POST":
        return HttpResponseRedirect("/help/sign-in/")
    form = CodeForm(request.POST)
    status = 422
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.code_check(
                mail=given["mail"], code=given["code"], address=pages.address_of(request), at=now()
            )
        except Problem as problem:
            refuse(form, problem)
            status = problem.status
        else:
            response = HttpResponseRedirect(pages.safe_next(given["next"]))
            session.begin(request, response, normalise_mail(given["mail"]))
            return response
    context = {"form": form, "mail": form.data.get("mail", "")}
    return pages.page(request, "portal/code.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(pages.HOME)
    session.end(request, response)
    return response
