"""Raw mails, mailboxes and webhooks as things that events hang on: seen by those who manage them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from django.utils.translation import gettext as _

from shounuo.channels import permissions
from shounuo.channels.models import Mailbox, RawMessage, Webhook
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor


def _with(permission: str) -> Callable[[Actor, Iterable[int]], set[int]]:
    return partial(_visible, permission)


def _visible(permission: str, actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(ids) if actor.may(permission) else set()


def _no_people(_id: int) -> People:
    return People()


def _raw_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = RawMessage.objects.filter(id__in=list(ids)).values("id", "state", "via", "mailbox_id")
    return {r["id"]: {"state": r["state"], "via": r["via"], "mailbox": r["mailbox_id"]} for r in rows}


def _raw_label(ids: Iterable[int]) -> dict[int, str]:
    return dict(RawMessage.objects.filter(id__in=list(ids)).values_list("id", "subject"))


def _mailbox_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Mailbox.objects.filter(id__in=list(ids)).values("id", "active", "channel_class")
    return {r["id"]: {"active": r["active"], "channel_class": r["channel_class"]} for r in rows}


def _mailbox_label(ids: Iterable[int]) -> dict[int, str]:
    return dict(Mailbox.objects.filter(id__in=list(ids)).values_list("id", "name"))


def _webhook_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Webhook.objects.filter(id__in=list(ids)).values("id", "active")
    return {r["id"]: {"active": r["active"]} for r in rows}


def _webhook_label(ids: Iterable[int]) -> dict[int, str]:
    names = dict(Webhook.objects.filter(id__in=list(ids)).values_list("id", "name"))
    return {i: names.get(i, _("已删除的推送")) for i in ids}


SUBJECTS = (
    Subject(
        "raw",
        _raw_facts,
        _with(permissions.MANAGE),
        _no_people,
        _raw_label,
        lambda id: f"/settings/quarantine/{id}/",
        listed=lambda actor: actor.may(permissions.MANAGE),
    ),
    Subject(
        "mailbox",
        _mailbox_facts,
        _with(permissions.MANAGE),
        _no_people,
        _mailbox_label,
        lambda id: f"/settings/mailboxes/{id}/",
    ),
    Subject(
        "webhook",
        _webhook_facts,
        _with(permissions.WEBHOOKS),
        _no_people,
        _webhook_label,
        lambda id: f"/settings/webhooks/{id}/",
    ),
)
