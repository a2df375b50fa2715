"""What every API view shares: who asks, answers as JSON, idempotency, and the shapes that all documents
use.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from shounuo.channels import idempotency
from shounuo.channels.idempotency import Stored
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotAllowed, Problem, TooMany, Unavailable
from shounuo.kernel.text import clean, clean_line

P = ParamSpec("P")
T = TypeVar("T")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

Line = Annotated[str, AfterValidator(clean_line)]
Text = Annotated[str, AfterValidator(clean)]
Moment = Annotated[
    str, WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-10-10T10:00:00+08:00"]})
]
Number = Annotated[int, Field(ge=1, le=2**53, examples=[48217])]
Limit = Annotated[int | None, Field(description="1 to 200 rows a page; 50 without it")]
Cursor = Annotated[str | None, Field(description="`next_cursor` of the page before")]


class Given(Schema):
    """A request body: a field nobody knows is an error, because a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class ProblemDocument(Schema):
    """RFC 9457. `code` is stable, `detail` is for people, in the language asked for; `field` says where."""

    type: str = Field(examples=["urn:shounuo:invalid"])
    title: str = Field(examples=["invalid"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["请填写标题"])
    code: str = Field(examples=["invalid"])
    field: str | None = Field(None, examples=["subject"])
    errors: list[dict[str, Any]] | None = Field(
        None, description="all that was wrong with the body, where it was"
    )


class Page(Schema, Generic[T]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = Field(examples=[None])


_UTC = timedelta()
READING = dict.fromkeys((401, 403, 404, 422, 429), ProblemDocument)
WRITING = dict.fromkeys((401, 403, 404, 409, 413, 422, 429), ProblemDocument)


def actor_of(request: HttpRequest) -> Actor:
    """Who asks; the bearer check has put him there."""
    return request.actor  # type: ignore[attr-defined, no-any-return]


def need(request: HttpRequest, permission: str, message: Any) -> Actor:
    """The actor, when he holds the permission; NotAllowed with the message otherwise."""
    actor = actor_of(request)
    if not actor.may(permission):
        raise NotAllowed(message)
    return actor


def reply(data: Any, status: int = 200) -> HttpResponse:
    """The answer as JSON; times with offset, in the zone of the organisation."""
    return HttpResponse(to_json(data), status=status, content_type="application/json; charset=utf-8")


def to_json(data: Any) -> str:
    """The JSON of every answer of the API, whether a schema or a view made it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> Any:
    """What JSON has no form for: moments to the microsecond, those in UTC in the zone of the organisation."""
    if isinstance(value, datetime):
        return (timezone.localtime(value) if value.utcoffset() == _UTC else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def problem_body(problem: Problem) -> dict[str, Any]:
    """The document of a problem, the same as the shell makes of one that is raised."""
    body: dict[str, Any] = {
        "type": f"urn:shounuo:{problem.code}",
        "title": problem.code,
        "status": problem.status,
        "detail": str(problem),
        "code": problem.code,
    }
    if problem.field:
        body["field"] = problem.field
    return body | {k: v for k, v in problem.extra.items() if k not in body}


def _refused(problem: Problem) -> Stored | None:
    """The answer to keep for a call that would be refused again; none for what only this moment refuses."""
    if isinstance(problem, TooMany | Unavailable) or problem.status >= 500:
        return None
    return Stored(problem.status, json.dumps(problem_body(problem), ensure_ascii=False, default=str))


def idempotent(view: View[P]) -> View[P]:
    """With an `Idempotency-Key` the view acts once: the same call again gets the stored answer, with
    `Idempotent-Replayed: true`; another body 409; while the first still runs 409 with Retry-After."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(request, *args, **kwargs)

        def act() -> Stored:
            response = view(request, *args, **kwargs)
            return Stored(response.status_code, response.content.decode())

        stored, again = idempotency.once(
            act,
            token_id=request.token_id,  # type: ignore[attr-defined]
            key=key,
            fingerprint=idempotency.fingerprint(
                (request.method or "").encode(), request.get_full_path().encode(), request.body
            ),
            at=now(),
            refusal=_refused,
        )
        kind = "application/problem+json" if stored.status >= 400 else "application/json; charset=utf-8"
        response = HttpResponse(stored.body, status=stored.status, content_type=kind)
        if again:
            response["Idempotent-Replayed"] = "true"
        return response

    # The router reads the signature; its annotations belong to the view's module, not to this one.
    wrapped.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return cast("View[P]", wrapped)


KEY_HEADER = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 200},
            "description": "The same key with the same body has the same answer for 24 hours; with another body 409.",
        }
    ]
}
