"""What every installation has before anyone signs in, and the answers that close its set-up for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shounuo.calendars import services as calendars
from shounuo.calendars.rules import DEFAULT_WEEKLY
from shounuo.channels import queries as channel_queries
from shounuo.channels import services as channels
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, Problem
from shounuo.notices import services as notices
from shounuo.policy import packs
from shounuo.policy import services as policy
from shounuo.staff import queries as staff_queries
from shounuo.staff import services as staff

ADMIN = "admin"
# Of a house that has not said its own yet; nothing is written from it.
ANY_ADDRESS = "service@example.com"


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """The mail server that takes our mail; `security` none, starttls or tls."""

    host: str
    port: int = 587
    security: str = "starttls"
    login: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What set-up asks. `weekly` as calendars keep it, `pack` the code of a shipped policy pack or None."""

    organisation: str
    zone: str
    public_address: str
    weekly: dict[str, list[list[str]]]
    mailbox: str
    catch_all: bool = True
    relay: RelayAnswer | None = None
    pack: str | None = None


def ensure(at: datetime, actor: Actor) -> str | None:
    """Makes what is missing, changes nothing that is there; returns the one-time set-up link until set-up is done."""
    organisation = staff_queries.organisation()
    staff.roles_sync(at=at)
    calendars.ensure_defaults(zone=organisation.zone, actor=actor, at=at)
    admin = staff_queries.person_by_login(ADMIN)
    if admin is None:
        admin = staff.person_create(login=ADMIN, name=_("管理员"), roles=["admin"], actor=actor, at=at)
    if organisation.set_up_at is not None:
        return None
    return staff.link_create(person_id=admin.pk, purpose="setup", actor=actor, at=at)


def mailbox_ensure(at: datetime, actor: Actor) -> None:
    """What is written to a fresh installation is kept from its first minute on: a mailbox that takes any address and answers
    nothing, until the set-up says whose it is. Changes nothing where there is a mailbox."""
    if not channel_queries.mailboxes().exists():
        channels.mailbox_create(
            name=_("任何地址"), address=ANY_ADDRESS, catch_all=True, receipt=False, actor=actor, at=at
        )


def set_up(answers: Answers, *, actor: Actor, at: datetime) -> None:
    """Puts all answers in force in one transaction, or none of them; the pack is in force from `at` on.

    The actor manages staff, calendars, channels; the pack is the system's act. Raises Problem whose field is that
    of the answer (`relay_host` and so on for the relay's), Conflict `set_up_done` the second time.
    """
    try:
        with transaction.atomic():
            with _answer(name="organisation"):
                staff.organisation_set_up(
                    name=answers.organisation,
                    zone=answers.zone,
                    public_address=answers.public_address,
                    actor=actor,
                    at=at,
                )
            with _answer("weekly", zone="zone"):
                _hours(answers, actor, at)
            relay_id = _relay(answers.relay, actor, at)
            with _answer("mailbox", catch_all="catch_all"):
                _mailbox(answers, relay_id, actor, at)
            if answers.pack:
                with _answer("pack"):
                    _pack(answers.pack, at)
    finally:
        staff_queries.forget_organisation()  # what was read inside a transaction that is gone is not kept


def answer_for_tests() -> None:
    """The set-up of load and crash tests: a catch-all mailbox; the policy is published by the command line."""
    set_up(
        Answers(
            organisation="Shounuo",
            zone="Asia/Shanghai",
            public_address="",
            weekly=DEFAULT_WEEKLY,
            mailbox="service@example.com",
        ),
        actor=Actor.system(),
        at=now(),
    )


def _hours(answers: Answers, actor: Actor, at: datetime) -> None:
    calendars.ensure_defaults(zone=answers.zone, actor=actor, at=at)
    for code in (calendars.ALWAYS, calendars.BUSINESS):
        calendars.calendar_change_zone(code=code, zone=answers.zone, actor=actor, at=at)
    calendars.calendar_change_hours(code=calendars.BUSINESS, weekly=answers.weekly, actor=actor, at=at)


def _mailbox(answers: Answers, relay_id: int | None, actor: Actor, at: datetime) -> None:
    """The one that has taken mail so far becomes the organisation's own."""
    box = channel_queries.mailboxes().first()
    if box is None:
        mailbox_ensure(at, actor)
        box = channel_queries.mailboxes().get()
    channels.mailbox_change(
        mailbox_id=box.pk,
        name=answers.organisation[:80],
        address=answers.mailbox,
        from_name=answers.organisation[:80],
        catch_all=answers.catch_all,
        receipt=True,
        relay_id=relay_id,
        actor=actor,
        at=at,
    )


def _relay(answer: RelayAnswer | None, actor: Actor, at: datetime) -> int | None:
    if answer is None:
        return None
    fields = ("host", "port", "security", "login", "password")
    with _answer("relay_host", **{f: f"relay_{f}" for f in fields}):
        values: dict[str, Any] = {f: getattr(answer, f) for f in fields}
        return notices.relay_save(name=answer.host, is_default=True, **values, actor=actor, at=at).pk


def _pack(code: str, at: datetime) -> None:
    path = packs.FOLDER / f"{code}.yaml"
    if path not in packs.files():
        raise Invalid(_("没有制度包“%(code)s”") % {"code": code[:40]})
    system = Actor.system()
    policy.version_import(text=path.read_text(encoding="utf-8-sig"), file_name=path.name, actor=system, at=at)
    policy.version_publish_at_once(policy_code=code, actor=system, at=at)


@contextmanager
def _answer(otherwise: str | None = None, **names: str) -> Iterator[None]:
    """A service's refusal names the answer that it is about, not the service's own field."""
    try:
        yield
    except Problem as problem:
        problem.field = names.get(problem.field or "", otherwise or problem.field)
        raise
