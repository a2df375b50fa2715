"""What keeps a matter open for days: a customer who is to send something, a part on its way, a test in the laboratory.

Without these the demo would show a department that has nothing on its hands.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from shounuo.cases import services as cases
from shounuo.cases.models import Interaction
from shounuo.duties import services as duties
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed
from shounuo.web.demo.scenarios import Scenario
from shounuo.web.demo.world import ZONE, Worker, World

# How often a matter of this complexity waits at all, for the customer (days) and for colleagues (working minutes).
OFTEN = {"simple": 0.3, "general": 0.85, "complex": 1.0}
DAYS = {"simple": 3.5, "general": 5.0, "complex": 8.0}
MINUTES = {"simple": 45, "general": 150, "complex": 700}

# How often the colleagues are of another department.
ASKED = 0.7
PROMISED = 240  # working minutes in which a department is asked to answer
THANKS = ("收到了，谢谢您，我们接着办。", "好的，东西齐了，今天就往下走。", "辛苦您，我这边马上核对。")

CLOSERS = (
    "好的，收到，我们这就安排，有进展第一时间告诉您。",
    "明白，照您说的办，今天下班前给您回话。",
    "没问题，已经跟那边说好了，您放心。",
)


def taken_by_relay(case_id: int, at: datetime) -> None:
    """What was just sent by mail has arrived, as it would have with deliveries on."""
    for (interaction_id,) in _queued.rows(None, case=case_id):
        cases.delivery_note(
            interaction_id=interaction_id, ok=True, actor=Actor.system(), at=at + timedelta(seconds=4)
        )


@Composed
def _queued(_actor: None, *, case: int) -> QuerySet[Any, Any]:
    return Interaction.objects.filter(case_id=case, state=Interaction.State.QUEUED).values_list("pk")


@dataclass(frozen=True, slots=True)
class Matter:
    """A case in hand: what it is about, who works on it, who brought it and by which channel."""

    scenario: Scenario
    case_id: int
    worker: Worker
    customer_id: int
    channel: str


def asked_back(
    world: World, matter: Matter, at: datetime, say: Callable[[str], str], slow: float
) -> Generator[datetime, None, datetime]:
    """The customer is asked something, answers, and is told that it goes on; returns the moment of the last word."""
    dice, scenario, case_id, worker = world.random, matter.scenario, matter.case_id, matter.worker
    at = world.working(at, world.spread(12))
    yield at
    if scenario.later:
        cases.reply_send(case_id=case_id, text=say(scenario.later), then="wait", actor=worker.actor, at=at)
        taken_by_relay(case_id, at)
    else:
        cases.case_wait(
            case_id=case_id, on="customer", reason="等客户回话", until=None, actor=worker.actor, at=at
        )
    at = world.waits(at, world.spread(85, 1.0))
    yield at
    cases.message_receive(
        case_id=case_id, text=say(dice.choice(scenario.follow_ups)), channel=matter.channel,
        actor=Actor.customer(matter.customer_id), at=at,
    )  # fmt: skip
    at = world.working(at, world.spread(8 * slow, 0.7))
    yield at
    cases.reply_send(case_id=case_id, text=dice.choice(CLOSERS), actor=worker.actor, at=at)
    taken_by_relay(case_id, at)
    return at


def waiting(world: World, matter: Matter, at: datetime) -> Generator[datetime, None, datetime]:
    """Acts and yields moments as a story does; returns the moment at which the story goes on."""
    dice, scenario, case_id, worker = world.random, matter.scenario, matter.case_id, matter.worker
    if dice.random() >= OFTEN[scenario.complexity]:
        return at
    at = world.working(at, world.spread(25))
    yield at
    if dice.random() < 0.7:
        reason, answer = dice.choice(scenario.pause.customer)
        days = min(DAYS[scenario.complexity] * dice.lognormvariate(0, 0.6), 20)
        back = (at + timedelta(days=days)).astimezone(ZONE)
        if not 7 <= back.hour < 21:  # customers write by day
            back = world.local(back.date(), dice.randrange(8, 20), dice.randrange(60))
        cases.case_wait(
            case_id=case_id,
            on="customer",
            reason=reason,
            until=at + timedelta(days=21),
            actor=worker.actor,
            at=at,
        )
        at = max(back, at + timedelta(minutes=30))
        yield at
        cases.message_receive(
            case_id=case_id, text=answer, channel=matter.channel,
            actor=Actor.customer(matter.customer_id), at=at,
        )  # fmt: skip
        at = world.working(at, world.spread(7 * worker.cast.pace, 0.7))
        yield at
        cases.reply_send(case_id=case_id, text=dice.choice(THANKS), actor=worker.actor, at=at)
        taken_by_relay(case_id, at)
        return at
    if scenario.pause.asks and dice.random() < ASKED:
        return (yield from _asking(world, matter, at))
    reason = dice.choice(scenario.pause.within)
    cases.case_wait(case_id=case_id, on="internal", reason=reason, until=None, actor=worker.actor, at=at)
    at = world.working(at, world.spread(MINUTES[scenario.complexity], 0.5))
    yield at
    cases.case_resume(case_id=case_id, actor=worker.actor, at=at)
    return at


def _asking(world: World, matter: Matter, at: datetime) -> Generator[datetime, None, datetime]:
    """Another department is asked, takes it and answers, mostly in time; its answer brings the case back."""
    dice = world.random
    team, question, answer = dice.choice(matter.scenario.pause.asks)
    duty = cases.help_ask(
        case_id=matter.case_id,
        team_id=world.teams[team].pk,
        text=question,
        due_at=world.working(at, PROMISED),
        actor=matter.worker.actor,
        at=at,
    )
    helper = dice.choice(world.by_team[team])
    late = dice.random() > helper.cast.care
    at = world.working(at, world.spread(25 * helper.cast.pace))
    yield at
    duties.duty_take(duty_id=duty.pk, actor=helper.actor, at=at)
    at = world.working(at, PROMISED * 1.4 if late else min(world.spread(90 * helper.cast.pace), 180))
    yield at
    duties.duty_done(duty_id=duty.pk, note=answer, actor=helper.actor, at=at)
    return at
