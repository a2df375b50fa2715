"""What each way takes and answers: DingTalk, WeCom and Feishu robots, and gateways for short messages. Pure.

These answer 200 to what they refuse and say so in the body, so the body is read: a message counts as sent when the other
side says that it took it. Their signatures follow their published rules for custom robots.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from django.utils.translation import gettext as _

from shounuo.notices.models import Way

LONGEST = 1_000  # of a text: short of every robot's limit


@dataclass(frozen=True, slots=True)
class Call:
    """One POST."""

    url: str
    headers: dict[str, str]
    body: bytes


def call_of(kind: str, *, address: str, secret: str, body: str, text: str, target: str, at: datetime) -> Call:
    """The request that hands a text over; `body` is a gateway's (see `models.Way`)."""
    text = text[:LONGEST]
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if kind == Way.Kind.DINGTALK:
        given: Any = {"msgtype": "text", "text": {"content": text}}
        if secret:
            stamp = str(int(at.timestamp() * 1000))
            sign = quote_plus(_digest(secret.encode(), f"{stamp}\n{secret}".encode()))
            address += f"{'&' if '?' in address else '?'}timestamp={stamp}&sign={sign}"
    elif kind == Way.Kind.WECOM:
        given = {"msgtype": "text", "text": {"content": text}}
    elif kind == Way.Kind.FEISHU:
        given = {"msg_type": "text", "content": {"text": text}}
        if secret:
            stamp = str(int(at.timestamp()))
            given = {"timestamp": stamp, "sign": _digest(f"{stamp}\n{secret}".encode(), b""), **given}
    else:
        given = _filled(json.loads(body), {"{phone}": target, "{text}": text})
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
    return Call(address, headers, json.dumps(given, ensure_ascii=False).encode())


def _digest(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def _filled(template: Any, values: dict[str, str]) -> Any:
    """The template with its places filled, in texts at any depth: what is filled in can never leave its text."""
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if isinstance(template, str):
        for place, value in values.items():
            template = template.replace(place, value)
    return template


def taken(kind: str, status: int, body: bytes, success: str) -> tuple[bool, str]:
    """Whether the other side took the message, and what it said."""
    said = " ".join(body.decode("utf-8", "replace").split())[:300]
    if not 200 <= status < 300:
        return False, f"{status} {said}".strip()
    if kind == Way.Kind.SMS:
        return success in said, said
    try:
        answer = json.loads(body)
    except ValueError:
        return False, said or _("对方没有回答")
    code = (
        answer.get("errcode", answer.get("code", answer.get("StatusCode")))
        if isinstance(answer, dict)
        else None
    )
    return code == 0, said
