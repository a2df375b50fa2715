"""Error pages: what did not happen, what was kept, what next; and problem documents for the API (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from shounuo.kernel.errors import NotAllowed, NotFound, Problem, TooLarge, Unavailable


def problem_document(problem: Problem) -> dict[str, Any]:
    """The RFC 9457 body of a problem: type, title, status, detail, code, and field where one is to blame."""
    body: dict[str, Any] = {
        "type": f"urn:shounuo:{problem.code}",
        "title": problem.code,
        "status": problem.status,
        "detail": str(problem),
        "code": problem.code,
    }
    if problem.field:
        body["field"] = problem.field
    if problem.extra:
        body.update({k: v for k, v in problem.extra.items() if k not in body})
    return body


def problem_json(problem: Problem) -> HttpResponse:
    response = JsonResponse(
        problem_document(problem), status=problem.status, content_type="application/problem+json"
    )
    return _with_retry(response, problem)


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A page, or a problem document for the API, scripts and htmx."""
    accept = request.headers.get("Accept", "")
    if request.path.startswith("/api/") or request.headers.get("HX-Request") or "application/json" in accept:
        return problem_json(problem)  # the scripts show its `detail`
    user = getattr(request, "user", None)
    at_home = problem.status != Unavailable.status and user is not None and user.is_authenticated
    context = {
        "problem": str(problem),
        "status": problem.status,
        "number": getattr(request, "id", ""),
        "frame": "base_app.html" if at_home else "base_plain.html",
        "back_url": _came_from(request),
    }
    response = render(request, "errors/problem.html", context, status=problem.status)
    return _with_retry(response, problem)


def _came_from(request: HttpRequest) -> str:
    """The page of ours that led here; empty where it is unknown, another's or this one."""
    referrer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referrer, allowed_hosts={request.get_host()})
    return referrer if ours and referrer != request.build_absolute_uri() else ""


def _with_retry(response: HttpResponse, problem: Problem) -> HttpResponse:
    if (after := getattr(problem, "retry_after", None)) is not None:
        response["Retry-After"] = str(after)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return problem_page(request, TooLarge(_("一次提交的内容太多，请分几次，或改用文件上传")))
    return problem_page(request, Problem(_("这个请求看不懂")))


def permission_denied(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    return problem_page(request, NotAllowed(_("您没有做这件事的权限")))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_page(request, NotFound(_("没有这个页面，或它不对您开放")))


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours: a page that needs nothing else to work, or a problem document for the API."""
    number = getattr(request, "id", "")
    if request.path.startswith("/api/") or request.headers.get("HX-Request"):
        problem = Problem(_("我们这边出了错，已记录（编号 %(number)s）") % {"number": number}, code="fault")
        problem.status = 500
        return problem_json(problem)
    return HttpResponse(loader.render_to_string("errors/500.html", {"number": number}), status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem_page(
        request, NotAllowed(_("页面开得太久了，请刷新后再试；您填写的内容还在页面上"), code="csrf")
    )
