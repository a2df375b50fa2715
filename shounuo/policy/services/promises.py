"""Which clauses customers are shown with their real figures."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import events, permissions
from shounuo.policy.models import Clause, PolicyVersion, PublicPromise
from shounuo.policy.queries.versions import in_force
from shounuo.policy.services.common import need


def promise_show(*, clause: str, shown: bool, actor: Actor, at: datetime) -> bool:
    """Puts a clause in force on the customers' page of promises, or takes it off; returns whether that changed anything.

    Needs policy.publish. NotFound for a clause that is not in force; publishes policy.promise_shown when it changed.
    """
    need(actor, permissions.PUBLISH)
    running = PolicyVersion.objects.filter(in_force(at)).values("pk")
    policy = Clause.objects.filter(code=clause, version__in=running).values_list(
        "version__policy_id", flat=True
    )
    policy_id = policy.first()
    if policy_id is None:
        raise NotFound(_("施行中的制度里没有条款 %(code)s") % {"code": clause}, field="clause")
    with transaction.atomic():
        if shown:
            _row, changed = PublicPromise.objects.get_or_create(
                clause=clause, defaults={"at": at, "by_id": actor.person_id}
            )
        else:
            gone, _of = PublicPromise.objects.filter(clause=clause).delete()
            changed = bool(gone)
        if changed:
            payload = {"clause": clause, "shown": shown}
            publish([NewEvent(events.PROMISE_SHOWN, ("policy", policy_id), at, actor, payload)])
    return changed
