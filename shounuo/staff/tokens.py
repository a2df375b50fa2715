"""Reading an API token: who acts with it, and how far it reaches."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.kernel.secrets import token_hash
from shounuo.staff import queries
from shounuo.staff.models import Token

PREFIX = "sn_"
_TOUCH = timedelta(minutes=1)


class Unauthenticated(NotAllowed):
    """Nobody stands behind the request: no token, an unknown, revoked or expired one."""

    code = "unauthenticated"
    status = 401


def actor_of(bearer: str, at: datetime) -> tuple[Actor, Token]:
    """The actor behind a bearer token, with the person's permissions cut down to the token's scopes.

    One query; `last_used_at` is written at most once a minute. Raises Unauthenticated with one message for
    every reason, so that nothing is learnt from it.
    """
    found = queries.token_with_actor(token_hash(bearer)) if bearer.startswith(PREFIX) else None
    if found is None:
        raise Unauthenticated(_("令牌无效"))
    token, actor = found
    expired = token.expires_at is not None and token.expires_at <= at
    if token.revoked_at is not None or expired or not token.person_is_active:  # type: ignore[attr-defined]
        raise Unauthenticated(_("令牌无效"))
    if token.last_used_at is None or token.last_used_at < at - _TOUCH:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _TOUCH)
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    if token.scopes:
        actor = dataclasses.replace(actor, permissions=actor.permissions & frozenset(token.scopes))
    return actor, token
