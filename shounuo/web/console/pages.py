"""The shapes of a page of administration: a list, a form, a question before something is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.kernel.text import whole
from shounuo.web.console.menu import icon_of, sections
from shounuo.web.context import actor_of
from shounuo.web.guard import done
from shounuo.web.words import moment_words

PAGE = 50
Row = TypeVar("Row", bound=Model)


def paged(request: HttpRequest, rows: QuerySet[Row]) -> tuple[list[Row], dict[str, Any] | None]:
    """The rows of `?page=` and what the pager takes; None where all rows fit on one page. One query more than the
    rows'. For tables of a few thousand rows; logs without end go by cursor (`onward`)."""
    total = rows.count()
    number = min(whole(request.GET.get("page")) or 1, max(1, -(-total // PAGE)))
    found = list(rows[(number - 1) * PAGE : number * PAGE])
    if total <= PAGE:
        return found, None
    return found, {
        "first": (number - 1) * PAGE + 1,
        "last": (number - 1) * PAGE + len(found),
        "total": total,
        "previous_url": here(request, page=number - 1) if number > 1 else "",
        "next_url": here(request, page=number + 1) if number * PAGE < total else "",
    }


def onward(request: HttpRequest, cursor: str | None) -> dict[str, Any] | None:
    """The pager of a log: on to older rows, back to the newest."""
    at_start = not request.GET.get("cursor")
    if cursor is None and at_start:
        return None
    return {
        "total": None,
        "previous_url": "" if at_start else here(request, cursor=None),
        "next_url": here(request, cursor=cursor) if cursor else "",
    }


def here(request: HttpRequest, **changes: Any) -> str:
    """This page's address with other parameters; None takes one away. The page number does not outlive a change."""
    query = request.GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return request.path + (f"?{query.urlencode()}" if query else "")


def table(
    request: HttpRequest,
    *,
    title: Any,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    **more: Any,
) -> HttpResponse:
    """A list; `more` is what console/table.html takes (add, empty, lead, search, views, filters, pager)."""
    context = {
        "title": title,
        "label": title,
        "columns": columns,
        "rows": rows,
        "sections": sections(actor_of(request), request.path),
        **more,
        "empty": {"title": title, "glyph": icon_of(request.path), **more.get("empty", {})},
    }
    return render(request, "console/table.html", context)


def edit(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: Any,
    save: Callable[[dict[str, Any]], str | None],
    done_url: str,
    toast: Any = "",
    template: str = "console/form.html",
    **more: Any,
) -> HttpResponse:
    """A form. `save` gets the cleaned values and calls one service; it may return where to go instead of `done_url`.

    What a service refuses stands at its field; nothing typed is lost. `toast` may be made after the saving.
    """
    if request.method == "POST" and form.is_valid():
        try:
            url = save(form.cleaned_data)
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, url or done_url, _said(toast))
    context = {
        "title": title,
        "form": form,
        "sections": sections(actor_of(request), request.path),
        "cancel_url": done_url,
        **more,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def dialog(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: Any,
    save: Callable[[dict[str, Any]], str | None],
    done_url: str,
    verb: Any,
    toast: Any = "",
    template: str = "console/dialog_form.html",
    **more: Any,
) -> HttpResponse:
    """A form in a dialog, fetched into #dialogs; a refused one comes back with what was typed."""
    if request.method == "POST" and form.is_valid():
        try:
            url = save(form.cleaned_data)
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, url or done_url, _said(toast))
    context = {"title": title, "form": form, "verb": verb, "post_url": request.get_full_path(), **more}
    if not request.headers.get("HX-Request"):  # the address was opened by itself: the same form as a page
        context |= {
            "sections": sections(actor_of(request), request.path),
            "cancel_url": done_url,
            "save_label": verb,
        }
        template = "console/form.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _said(toast: Any) -> str:
    return str(toast() if callable(toast) else toast)


def act(request: HttpRequest, save: Callable[[], object], *, done_url: str, toast: Any = "") -> HttpResponse:
    """A button: POST does it and goes on to `done_url`; GET only goes there. A refusal is told by the scripts."""
    if request.method != "POST":
        return done(request, done_url)
    save()
    return done(request, done_url, _said(toast))


def shown_once(request: HttpRequest, value: str, *, title: Any, lead: Any, done_url: str) -> HttpResponse:
    """A page with a secret that was just made; it is not kept in clear and never shown again."""
    context = {"title": title, "lead": lead, "secret": value, "done_url": done_url}
    context["sections"] = sections(actor_of(request), request.path)
    return render(request, "console/shown_once.html", context)


def secret(
    request: HttpRequest, value: str, *, title: Any, before: Any, after: Any, verb: Any, done_url: str
) -> HttpResponse:
    """A dialog that asks first (no value yet), then shows the secret once. Opened by itself, it is a page."""
    if request.headers.get("HX-Request"):
        words = {"title": title, "label": title, "before": before, "after": after, "verb": verb}
        context = {**words, "secret": value, "post_url": request.path}
        return render(request, "console/secret.html", context)
    if value:
        return shown_once(request, value, title=title, lead=after, done_url=done_url)
    context = {
        "title": title,
        "form": forms.Form(),
        "lead": before,
        "save_label": verb,
        "cancel_url": done_url,
    }
    context["sections"] = sections(actor_of(request), request.path)
    return render(request, "console/form.html", context)


def grouped(form: forms.BaseForm, groups: Iterable[tuple[Any, Iterable[str]]]) -> list[dict[str, Any]]:
    """The fields of a long form under headings."""
    return [
        {"title": title, "fields": [form[name] for name in names if name in form.fields]}
        for title, names in groups
    ]


def refuse(form: forms.BaseForm, problem: Problem) -> None:
    """Puts a service's refusal at the field it names (`relay` for `relay_id`; the form's `of_service` tells where it
    has another name), or at the head of the form."""
    field = problem.field or ""
    named = (getattr(form, "of_service", {}).get(field, field), field.removesuffix("_id"))
    form.add_error(next((f for f in named if f in form.fields), None), str(problem))


def named(name: str, *, active: bool) -> str:
    """The name in a table's first cell; what is switched off says so, what is in use says nothing."""
    return name if active else format_html('{} <span class="sn-tag is-pause">{}</span>', name, _("停用"))


def when(moment: Any, none: Any = "") -> str:
    """A moment in a table's cell, a dash-free word where there is none."""
    return capfirst(moment_words(moment, now(), "short")) if moment else str(none)
