"""Every operation of the API's document, and calls of it on the town."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from django.test import Client

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.services import token_create
from shounuo.web.api import sections


def documented():
    """Every operation as the API's reference shows it."""
    document = Client().get("/api/v1/openapi.json").json()
    return [one for section in sections(document) for one in section["operations"]]


def operations():
    """(method, path as the document writes it, example of a body) of every operation in the API's document."""
    return [
        (one["method"], one["path"], json.loads(one["body"]) if one["body"] else None) for one in documented()
    ]


def call(town, method, path, body, bearer=None, client=None, query=()):
    """The answer to the operation on what is in the town; `query` goes over what it needs at the least."""
    route = re.sub(r"{(\w+)}", r"<\1>", path.removeprefix("/"))
    needed = {"start": "2026-10-09T17:00:00+08:00", "within": "P3BD"} if path.endswith("/add") else {}
    asked = urlencode(needed | dict(query))
    return (client or Client(raise_request_exception=False)).generic(
        method,
        town.path(route) + (f"?{asked}" if asked else ""),
        b"" if body is None else json.dumps(body).encode(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
    )


def bearer_of(person, scopes=()):
    _token, clear = token_create(person_id=person.pk, name="t", scopes=scopes, actor=Actor.system(), at=now())
    return clear
