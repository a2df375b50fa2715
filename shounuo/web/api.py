"""The API root: bearer tokens, problem documents, a reference page without scripts, and the routers of the
parts.
"""

from __future__ import annotations

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.docs import DocsBase
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer

from shounuo.channels.api import ROUTERS
from shounuo.channels.api.answers import to_json
from shounuo.improvement.api import router as inspections
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound, Problem, TooLarge
from shounuo.process.api import router as runs
from shounuo.risk.api import router as alarms
from shounuo.staff import throttle, tokens
from shounuo.web.errors import problem_json

# The parts above the API's own floor.
HIGHER = (("alarms", alarms), ("runs", runs), ("inspections", inspections))
REFUSALS_A_MINUTE = 60
STEP = 50

_hits: Counter[int] = Counter()
_hits_lock = threading.Lock()


class BearerToken(HttpBearer):
    """`Authorization: Bearer TOKEN`: the person behind it, cut down to the token's scopes."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        at = now()
        try:
            actor, row = tokens.actor_of(token, at)
        except Problem:
            address = getattr(request, "address", "") or request.META.get("REMOTE_ADDR", "")
            throttle.hit(throttle.key_of("api-refused", address), REFUSALS_A_MINUTE, timedelta(minutes=1), at)
            raise
        _count(row.pk)
        request.actor = actor  # type: ignore[attr-defined]
        request.token_id = row.pk  # type: ignore[attr-defined]
        return actor


def _count(token_id: int) -> None:
    """Counts the calls of a token here and in the database once per fifty, so that the limit costs no
    commit a call.
    """
    from django.conf import settings

    with _hits_lock:
        _hits[token_id] += 1
        if _hits[token_id] < STEP:
            return
        del _hits[token_id]
    limit = max(1, settings.SHOUNUO_API_RATE // STEP)
    throttle.hit(f"api:{token_id}", limit, timedelta(minutes=1), now())


class Reference(DocsBase):
    """The API reference as a plain page: nothing to run, nothing from elsewhere."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(
            request,
            "channels/api_reference.html",
            {"sections": sections(api.get_openapi_schema()), "openapi": self.get_openapi_url(api, kwargs)},
        )


def sections(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The document's operations by tag, with an example of body and answer, for the reference page."""
    names = schema["components"]["schemas"]
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = (
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            )
            answers = [
                {
                    "status": status,
                    "example": _shown(a.get("content", {}).get("application/json", {}).get("schema"), names),
                }
                for status, a in operation["responses"].items()
                if str(status).startswith("2")
            ]
            tags.setdefault(operation.get("tags", [""])[0], []).append(
                {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("summary", ""),
                    "description": operation.get("description", ""),
                    "parameters": [
                        {
                            "name": p["name"],
                            "in": p["in"],
                            "description": p.get("description") or p["schema"].get("description", ""),
                        }
                        for p in operation.get("parameters", [])
                    ],
                    "body": _shown(body, names),
                    "answers": answers,
                    "problems": [s for s in operation["responses"] if not str(s).startswith("2")],
                }
            )
    return [{"tag": tag, "operations": operations} for tag, operations in tags.items()]


def _shown(schema: dict[str, Any] | None, names: dict[str, Any]) -> str:
    return json.dumps(_example(schema, names), ensure_ascii=False, indent=2) if schema else ""


def _example(schema: dict[str, Any], names: dict[str, Any], depth: int = 0) -> Any:
    """A value that fits the schema, from its own examples where it has some."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        schema = names[schema["$ref"].rpartition("/")[2]]
        if schema.get("examples"):
            return schema["examples"][0]
    if "allOf" in schema:
        return _example(schema["allOf"][0], names, depth)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], names, depth)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), names, depth + 1)] if depth < 6 else []
    if schema.get("type") == "object":
        return {k: _example(v, names, depth + 1) for k, v in schema.get("properties", {}).items()}
    return {"integer": 1, "number": 1.0, "boolean": True, "null": None}.get(schema.get("type", "string"), "…")


class Json(BaseRenderer):
    """What a schema has checked, written as every other answer is: moments whole, so that they compare."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        return to_json(data)


class ShounuoAPI(NinjaAPI):
    """Ids of operations are the names of their views, so that generated clients read well."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)


def build() -> NinjaAPI:
    """The API with every part's router."""
    api = ShounuoAPI(
        title="守诺 Shounuo API",
        version="1",
        description=(
            "Times are ISO 8601 with offset. Lists answer `{items, next_cursor}`, `limit` up to 200. Errors are problem "
            "documents (RFC 9457, `application/problem+json`). Every POST takes an `Idempotency-Key`."
        ),
        auth=BearerToken(),
        urls_namespace="api-1",
        docs=Reference(),
        renderer=Json(),
    )
    for tag, router in (*ROUTERS, *HIGHER):
        api.add_router("", router, tags=[tag])
    api.exception_handler(Problem)(_refuse)
    api.exception_handler(AuthenticationError)(lambda request, error: _answer(_no_token()))
    api.exception_handler(ValidationError)(_invalid)
    api.exception_handler(HttpError)(_http_error)
    api.exception_handler(Http404)(lambda request, error: _answer(NotFound(_("没有这个地址"))))
    api.exception_handler(RequestDataTooBig)(lambda request, error: _answer(TooLarge(_("请求内容太大"))))
    api.exception_handler(SuspiciousOperation)(lambda request, error: _answer(_unreadable()))
    api.exception_handler(BadRequest)(lambda request, error: _answer(_unreadable()))
    return api


def _no_token() -> Problem:
    return tokens.Unauthenticated(_("请在 Authorization 头中给出 Bearer 令牌"))


def _unreadable() -> Problem:
    return Problem(_("请求内容无法识别，应为 JSON"), code="unreadable")


def _refuse(request: HttpRequest, problem: Any) -> HttpResponse:
    return _answer(problem)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    problem = _unreadable() if error.status_code == 400 else Problem(error.message)
    problem.status = error.status_code
    return _answer(problem)


def _answer(problem: Problem) -> HttpResponse:
    response = problem_json(problem)
    if problem.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


_WORDS: dict[str, Any] = {
    "missing": _("缺少必填项"),
    "extra_forbidden": _("没有这个字段"),
    "json_invalid": _("不是合法的 JSON"),
    "string_type": _("应为文字"),
    "int_type": _("应为整数"),
    "int_parsing": _("应为整数"),
    "int_from_float": _("应为整数"),
    "int_parsing_size": _("数字太大"),
    "bool_parsing": _("应为 true 或 false"),
    "bool_type": _("应为 true 或 false"),
    "list_type": _("应为列表"),
    "model_attributes_type": _("应为对象"),
    "model_type": _("应为对象"),
    "literal_error": _("应为以下之一：%(expected)s"),
    "string_too_long": _("最多 %(max_length)s 个字符"),
    "string_too_short": _("至少 %(min_length)s 个字符"),
    "too_short": _("至少 %(min_length)s 项"),
    "too_long": _("最多 %(max_length)s 项"),
    "greater_than_equal": _("不能小于 %(ge)s"),
    "less_than_equal": _("不能大于 %(le)s"),
    "datetime_from_date_parsing": _("应为 ISO 8601 时间"),
    "datetime_parsing": _("应为 ISO 8601 时间"),
    "datetime_type": _("应为 ISO 8601 时间"),
    "timezone_aware": _("时间须带时区"),
    "moment_range": _("年份须在 %(first)s 到 %(last)s 之间"),
}


def _kind_of(fault: dict[str, Any]) -> str:
    """Which words tell of a fault: a text that was cleaned before it was measured is too long as a text, not as a list."""
    kind = str(fault["type"])
    measured = kind in ("too_short", "too_long") and fault.get("ctx", {}).get("field_type") == "Value"
    return f"string_{kind}" if measured else kind


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """What was wrong with a request, every fault with its place, in the asker's language."""
    faults = []
    for one in error.errors:
        place = [
            str(p) for p in one["loc"][1:]
        ]  # the first says body, query or path; then our parameter's name
        if place[:1] in (["given"], ["asked"]):
            place = place[1:]
        words = _WORDS.get(_kind_of(one))
        message = str(words) % one.get("ctx", {}) if words is not None else str(one["msg"])
        faults.append({"field": ".".join(place), "code": one["type"], "detail": message})
    first = faults[0]
    detail = _("%(field)s：%(detail)s") % first if first["field"] else first["detail"]
    problem = Invalid(detail, field=str(first["field"]) or None, errors=faults)
    return problem_json(problem)


def urls() -> tuple[list[URLResolver | URLPattern], str, str]:
    """The API's addresses for `path("api/v1/", ...)`; a verb that an address lacks is a problem document
    as well.
    """
    patterns, app, namespace = build().urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = _with_problems(pattern.callback)
    return patterns, app, namespace


def _with_problems(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            problem = Problem(_("这个地址不接受 %(method)s") % {"method": request.method}, code="method")
            problem.status = 405
            answer = problem_json(problem)
            answer["Allow"] = response["Allow"]
            return answer
        return response

    return wrapped
