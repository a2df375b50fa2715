"""Forms in dialogs: fetched into the page, sent back with what is wrong at its field and everything typed kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from shounuo.kernel.errors import Problem

_OPTION = re.compile(r"options\.(\d+)\.(\w+)")


def dialog(
    request: HttpRequest,
    form: forms.Form,
    *,
    title: Any,
    verb: Any,
    back: str,
    lead: Any = "",
    template: str = "desk/act.html",
    hidden: Sequence[tuple[str, Any]] = (),
    lacks: dict[str, Any] | None = None,
) -> HttpResponse:
    """The dialog, 422 when the form has errors. Who opens its address as a page is led to the page it belongs to."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return HttpResponseRedirect(back)
    context = {
        "form": form,
        "title": title,
        "verb": verb,
        "lead": lead,
        "post_url": request.path,
        "hidden": hidden,
        "lacks": lacks,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def refuse(form: forms.Form, problem: Problem) -> None:
    """Puts a service's refusal at the field it names; the fields of forms are named a little differently."""
    form.add_error(_field(form, problem.field or ""), str(problem))


def _field(form: forms.Form, name: str) -> str | None:
    option = _OPTION.fullmatch(name)
    if option:
        name = f"{option[2]}{int(option[1]) + 1}"
    for candidate in (name, re.sub(r"_(id|at)$", "", name), "f_" + name.removeprefix("custom.")):
        if candidate in form.fields:
            return candidate
    return None
