"""The two shapes of a page of administration: a list and a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from shounuo.kernel.errors import Problem
from shounuo.web.console.menu import sections
from shounuo.web.context import actor_of
from shounuo.web.guard import done


def table(
    request: HttpRequest,
    *,
    title: Any,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    **more: Any,
) -> HttpResponse:
    """A list; `more` is what console/table.html takes (add, empty, lead, search, filters, pager)."""
    context = {
        "title": title,
        "label": title,
        "columns": columns,
        "rows": rows,
        "sections": sections(actor_of(request), request.path),
        "empty": {"title": title, "text": "", "url": "", "action": ""},
        **more,
    }
    return render(request, "console/table.html", context)


def edit(
    request: HttpRequest,
    form: forms.Form,
    *,
    title: Any,
    save: Callable[[dict[str, Any]], str | None],
    done_url: str,
    toast: Any = "",
    template: str = "console/form.html",
    **more: Any,
) -> HttpResponse:
    """A form. `save` gets the cleaned values and calls one service; it may return where to go instead of `done_url`.

    What a service refuses stands at its field; nothing typed is lost.
    """
    if request.method == "POST" and form.is_valid():
        try:
            url = save(form.cleaned_data)
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, url or done_url, str(toast))
    context = {
        "title": title,
        "form": form,
        "sections": sections(actor_of(request), request.path),
        "cancel_url": done_url,
        **more,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def refuse(form: forms.Form, problem: Problem) -> None:
    """Puts a service's refusal at the field it names, or at the head of the form."""
    field = problem.field if problem.field in form.fields else None
    form.add_error(field, str(problem))
