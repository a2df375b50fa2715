"""Who reacts to what: named once, documented, and safe to repeat."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from shounuo.audit.models import Entry
from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction, SearchText
from shounuo.channels.testing import make_mail, make_mailbox, receive
from shounuo.commitments import engine, loop
from shounuo.customers import services as customers
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.duties.testing import make_duty
from shounuo.events import registry
from shounuo.events.models import Event, Failure, Handled
from shounuo.events.services import as_published
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.notices.models import Notice, OutgoingMail
from shounuo.policy.testing import make_in_force
from shounuo.staff.queries import actor_for
from shounuo.staff.services import password_reset_ask, person_change, person_deactivate
from shounuo.staff.testing import AT, make_cast, set_up_organisation
from shounuo.web.wiring import wire

PAGE = Path(__file__).resolve().parents[3] / "docs" / "parts" / "events.md"


@pytest.fixture
def wired():
    """{handler: kinds} as it is when the product has started, whatever another test has wired before."""
    wire()
    table = {}
    for kind, names in registry.wired().items():
        for name in names:
            table.setdefault(name, set()).add(kind)
    return table


def test_only_clocks_run_in_the_publishers_transaction(wired):
    assert registry.sync_handlers({"case.opened"}) == [(None, engine.on_events)]


def test_every_handler_stands_in_the_documentation_and_no_other(wired):
    documented = set(re.findall(r"^\| `(\w+\.\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == set(wired)


def test_handlers_hear_of_declared_kinds_only(wired):
    declared = set(registry.kinds())
    assert {name: kinds - declared for name, kinds in wired.items() if kinds - declared} == {}


def test_wiring_again_changes_nothing(wired):
    before = registry.wired()
    wire()
    assert registry.wired() == before


def test_a_name_is_wired_once(wired):
    with pytest.raises(RuntimeError, match="twice"):
        registry.subscribe_job("cases.index", ["case.opened"], lambda event, at: None)


@pytest.mark.django_db
def test_every_handler_is_safe_to_repeat(wired):
    """A worker may die between a handler's work and its done mark: all of it happens once more."""
    set_up_organisation()
    make_in_force(at=AT)
    cast = make_cast()
    agent, supervisor = actor_for(cast.agent), actor_for(cast.supervisor)
    make_mailbox(team_id=cast.team.pk)
    case = Case.objects.get(pk=receive(make_mail()).case_id)
    repeated()
    for act in (
        lambda: cases.case_assign(case_id=case.pk, person_id=cast.agent.pk, actor=supervisor, at=AT),
        lambda: cases.note_add(
            case_id=case.pk, text="看看", mentions=[cast.supervisor.pk], actor=agent, at=AT
        ),
        lambda: loop.fire_due(AT + timedelta(days=9)),
        lambda: cases.reply_send(case_id=case.pk, text="能换", then="resolve", actor=agent, at=AT),
        lambda: cases.case_dispute(
            case_id=case.pk, reason="没有", actor=Actor.customer(case.customer_id), at=AT
        ),
        lambda: customers.customer_change(
            customer_id=case.customer_id, name="宋大爷", actor=Actor.system(), at=AT
        ),
        lambda: person_change(person_id=cast.agent.pk, name="林大满", actor=actor_for(cast.admin), at=AT),
        lambda: password_reset_ask(identifier="agent", at=AT),
        lambda: make_duty(team_id=cast.team.pk, at=AT),
        lambda: duties.duty_cancel(
            duty_id=cases.help_ask(
                case_id=case.pk, team_id=cast.other_team.pk, text="看看", actor=agent, at=AT
            ).pk,
            reason="不必了",
            actor=agent,
            at=AT,
        ),
        lambda: cases.case_resolve(case_id=case.pk, text="能换", actor=agent, at=AT),
        lambda: cases.case_close(case_id=case.pk, actor=agent, at=AT),
        lambda: receive(b"\x00\xff not a mail at all"),
        lambda: duties.duty_take(
            duty_id=make_duty(team_id=cast.other_team.pk, at=AT).pk, actor=actor_for(cast.outsider), at=AT
        ),
        lambda: person_deactivate(person_id=cast.outsider.pk, actor=actor_for(cast.admin), at=AT),
    ):
        act()
        repeated()
    ran = set(Handled.objects.values_list("handler", flat=True))
    assert set(wired) - ran == {
        "cases.customer_merged",
        "cases.grant_answered",
        "cases.grant_asked",
        "channels.agreement",
        "channels.erased",
        "channels.mailbox",
        "channels.webhook",
        "reports.made",
        "risk.alarm",
        "risk.target",
    }
    assert not Failure.objects.exists()
    assert not Duty.objects.filter(owner=cast.outsider, state=Duty.State.OPEN).exists()


def repeated():
    """What the last act has caused is done, and then all of it once more: nothing else is there afterwards."""
    known = set(Handled.objects.values_list("event_id", "handler"))
    run_jobs(AT)
    before = _what_is_there()
    done = Handled.objects.order_by("event_id", "handler")
    for event_id, name in done.values_list("event_id", "handler"):
        if (event_id, name) not in known:
            with transaction.atomic():
                registry.job_handler(name)(as_published(Event.objects.get(pk=event_id)), AT)
    run_jobs(AT)
    assert _what_is_there() == before


def _what_is_there():
    return {
        "notices": list(Notice.objects.order_by("id").values_list("key", "person", "kind")),
        "mails": list(OutgoingMail.objects.order_by("id").values_list("key", "state")),
        "messages": list(Interaction.objects.order_by("id").values_list("direction", "state", "text")),
        "log": list(Entry.objects.order_by("id").values_list("action", "target_kind", "target_id")),
        "found by": list(SearchText.objects.order_by("case_id").values_list("case_id", "document")),
        "duties": list(Duty.objects.order_by("id").values_list("state", "owner")),
        "events": Event.objects.count(),
    }
