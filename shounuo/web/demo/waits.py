"""What keeps a matter open for days: a customer who is to send something, a part on its way, a test in the laboratory.

Without these the demo would show a department that has nothing on its hands.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

from shounuo.cases import services as cases
from shounuo.cases.models import Interaction
from shounuo.kernel.actors import Actor
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
THANKS = ("收到了，谢谢您，我们接着办。", "好的，东西齐了，今天就往下走。", "辛苦您，我这边马上核对。")


def taken_by_relay(case_id: int, at: datetime) -> None:
    """What was just sent by mail has arrived, as it would have with deliveries on."""
    queued = Interaction.objects.filter(case_id=case_id, state=Interaction.State.QUEUED)
    for interaction_id in queued.values_list("pk", flat=True):
        cases.delivery_note(
            interaction_id=interaction_id, ok=True, actor=Actor.system(), at=at + timedelta(seconds=4)
        )


def waiting(
    world: World,
    scenario: Scenario,
    case_id: int,
    worker: Worker,
    customer_id: int,
    channel: str,
    at: datetime,
) -> Generator[datetime, None, datetime]:
    """Acts and yields moments as a story does; returns the moment at which the story goes on."""
    dice = world.random
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
            case_id=case_id, text=answer, channel=channel, actor=Actor.customer(customer_id), at=at
        )
        at = world.working(at, world.spread(7 * worker.cast.pace, 0.7))
        yield at
        cases.reply_send(case_id=case_id, text=dice.choice(THANKS), actor=worker.actor, at=at)
        taken_by_relay(case_id, at)
        return at
    reason = dice.choice(COLLEAGUES[scenario.team])
    cases.case_wait(case_id=case_id, on="internal", reason=reason, until=None, actor=worker.actor, at=at)
    at = world.working(at, world.spread(MINUTES[scenario.complexity], 0.5))
    yield at
    cases.case_resume(case_id=case_id, actor=worker.actor, at=at)
    return at
