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

CUSTOMER = {
    "feed": (
        ("等客户试喂三天", "按您说的喂了三天，采食回来了一些，还差一点。"),
        ("等客户寄来样品", "样品今天寄出了，单号发您微信了。"),
        ("等客户发称重表", "称重表填好了，拍给您了，您看看够不够。"),
    ),
    "equipment": (
        ("等客户定上门时间", "后天上午场里有人，师傅那时候来就行。"),
        ("等客户拍铭牌照片", "铭牌擦干净拍了两张，编号看得清。"),
        ("等客户观察两天", "这两天没再报警，夜里还有一次掉线。"),
    ),
    "orders": (
        ("等客户核对对账单", "对账单看了，就差 9 月那一笔，其他没问题。"),
        ("等客户补盖章件", "盖好章了，扫描件发您邮箱，原件快递走了。"),
        ("等客户定收货时间", "周四下午两点以后都行，别赶饭点。"),
    ),
}
COLLEAGUES = {
    "feed": ("等化验结果", "等营养师看数据", "等物流查篷布"),
    "equipment": ("等备件到货", "等厂家回话", "等工程师排期"),
    "orders": ("等财务核账", "等仓库盘点", "等车队排车"),
}
# How often the colleagues are of another department, what they are asked and what they answer.
ASKED = 0.7
ASKS = {
    "feed": (
        ("lab", "请化验这批料的留样：水分、霉菌，今天要结果", "水分 13.9%，霉菌未检出，合格。"),
        ("lab", "请看留样的颗粒硬度，客户说猪不爱吃", "硬度偏高但在标准内，建议过渡喂。"),
        ("logistics", "请查当天送货车的篷布，有没有淋雨记录", "车厢监控看过，途中下过雨，篷布右后角破损。"),
    ),
    "equipment": (
        ("lab", "请看控制器日志，夜里掉线是什么原因", "固件旧版丢心跳，已远程升级。"),
        ("logistics", "请查备件到哪了，最快几点能到场", "备件在中转站，明早第一趟车送到。"),
    ),
    "orders": (
        ("logistics", "请查这张单子的车现在到哪，几点能到", "车在路上，下午三点前到。"),
        ("logistics", "请核对签收单上的件数", "签收单核对过，少装一件，今天补发。"),
    ),
}
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
    if len(scenario.replies) > 1:
        cases.reply_send(
            case_id=case_id, text=say(scenario.replies[1]), then="wait", actor=worker.actor, at=at
        )
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
        reason, answer = dice.choice(CUSTOMER[scenario.team])
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
    if dice.random() < ASKED:
        return (yield from _asking(world, matter, at))
    reason = dice.choice(COLLEAGUES[scenario.team])
    cases.case_wait(case_id=case_id, on="internal", reason=reason, until=None, actor=worker.actor, at=at)
    at = world.working(at, world.spread(MINUTES[scenario.complexity], 0.5))
    yield at
    cases.case_resume(case_id=case_id, actor=worker.actor, at=at)
    return at


def _asking(world: World, matter: Matter, at: datetime) -> Generator[datetime, None, datetime]:
    """Another department is asked, takes it and answers, mostly in time; its answer brings the case back."""
    dice = world.random
    team, question, answer = dice.choice(ASKS[matter.scenario.team])
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
