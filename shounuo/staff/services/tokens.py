"""API tokens. The clear text is shown once; what is stored is a hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.kernel.secrets import new_token, token_hash
from shounuo.kernel.text import clean_line
from shounuo.staff import events
from shounuo.staff.models import Token
from shounuo.staff.permissions import TOKENS, all_permissions
from shounuo.staff.services import guards
from shounuo.staff.tokens import PREFIX

MOST = 50


def token_create(
    *,
    person_id: int,
    name: str,
    scopes: Iterable[str] = (),
    expires_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[Token, str]:
    """A token that acts as the person, cut down to `scopes` (none: all he may do), and its clear text.

    One's own needs no permission beyond the scopes; another's needs tokens.manage and every right that the
    person has. Raises Invalid, NotAllowed, NotFound; publishes token.created.
    """
    wanted = sorted(set(scopes))
    if unknown := set(wanted) - all_permissions().keys():
        raise Invalid(_("没有这些权限：%(codes)s") % {"codes": _("、").join(sorted(unknown))}, field="scopes")
    if not (name := clean_line(name, 80)):
        raise Invalid(_("请给令牌起个名字，写明谁在用"), field="name")
    if expires_at is not None and expires_at <= at:
        raise Invalid(_("到期时间须在将来"), field="expires_at")
    with transaction.atomic():
        person = guards.locked(person_id)
        held = guards.permissions_of(person)
        if actor.person_id != person_id:
            guards.need(actor, TOKENS)
        guards.may_grant(actor, wanted or held)
        if not person.is_active:
            raise Invalid(_("此人已停用"), field="person")
        if Token.objects.filter(person=person, revoked_at=None).count() >= MOST:
            raise Invalid(_("令牌太多，请先吊销不用的"), code="too_many_tokens")
        clear = new_token(PREFIX)
        token = Token.objects.create(
            person=person,
            name=name,
            hash=token_hash(clear),
            hint=f"{PREFIX}…{clear[-4:]}",
            scopes=wanted,
            created_at=at,
            expires_at=expires_at,
        )
        payload = {"token": token.id, "scopes": wanted}
        publish([NewEvent(events.TOKEN_CREATED, ("person", person.id), at, actor, payload)])
    return token, clear


def token_revoke(*, token_id: int, actor: Actor, at: datetime) -> None:
    """Ends a token at once. One's own, or any with tokens.manage; another's unknown otherwise (NotFound).

    Publishes token.revoked; a revoked one stays as it is.
    """
    with transaction.atomic():
        token = Token.objects.select_for_update().filter(pk=token_id).first()
        if token is None or (actor.person_id != token.person_id and not actor.may(TOKENS)):
            raise NotFound(_("没有这个令牌"))
        if token.revoked_at is not None:
            return
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        publish([NewEvent(events.TOKEN_REVOKED, ("person", token.person_id), at, actor, {"token": token.id})])
