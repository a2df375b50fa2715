"""Outgoing mails, relays and ways as things that events hang on. A mail is seen by those who see what it is
about.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from shounuo.events import subjects
from shounuo.events.subjects import People, Subject
from shounuo.kernel.actors import Actor
from shounuo.notices.models import OutgoingMail, Relay, Way

MANAGE = "channels.manage"  # declared by channels, whose pages manage the relays


def _mails_visible(actor: Actor, ids: Iterable[int]) -> set[int]:
    if actor.is_system:
        return set(ids)
    about: dict[str, dict[int, set[int]]] = {}
    rows = OutgoingMail.objects.filter(id__in=list(ids), subject_id__isnull=False)
    for id, kind, subject_id in rows.values_list("id", "subject_kind", "subject_id"):
        about.setdefault(kind, {}).setdefault(subject_id or 0, set()).add(id)
    seen: set[int] = set()
    for kind, of_kind in about.items():
        if (subject := subjects.get(kind)) is not None:
            for subject_id in subject.visible_ids(actor, of_kind):
                seen |= of_kind[subject_id]
    return seen


SUBJECTS = (
    Subject(
        kind="mail",
        facts=lambda ids: {},
        visible_ids=_mails_visible,
        people=lambda id: People(),
        label=lambda ids: {i: _("邮件") for i in ids},
        url=lambda id: "",
    ),
    Subject(
        kind="relay",
        facts=lambda ids: {},
        visible_ids=lambda actor, ids: set(ids) if actor.may(MANAGE) else set(),
        people=lambda id: People(),
        label=lambda ids: dict(Relay.objects.filter(id__in=list(ids)).values_list("id", "name")),
        url=lambda id: "/settings/relays/",
    ),
    Subject(
        kind="way",
        facts=lambda ids: {},
        visible_ids=lambda actor, ids: set(ids) if actor.may(MANAGE) else set(),
        people=lambda id: People(),
        label=lambda ids: dict(Way.objects.filter(id__in=list(ids)).values_list("id", "name")),
        url=lambda id: "/settings/ways/",
    ),
)
