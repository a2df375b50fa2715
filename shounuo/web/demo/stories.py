"""One case's life as a generator: it acts, then yields the moment at which it wants to go on.

The builder wakes the earliest story first, so that the log grows in the order of the days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Problem
from shounuo.web.demo.herds import HERDS, Herd
from shounuo.web.demo.scenarios import Scenario
from shounuo.web.demo.special import compensate
from shounuo.web.demo.topics import PRODUCTS
from shounuo.web.demo.waits import Matter, asked_back, taken_by_relay, waiting
from shounuo.web.demo.world import Worker, World

# Channels by how often they are used, with the usual minutes until somebody answers.
CHANNELS = (("phone", 34), ("mail", 20), ("form", 16), ("chat", 12), ("wechat", 14), ("visit", 4))
Story = Iterator[datetime]


@dataclass
class Slots:
    """The numbers, product, batch and animals of one story, the same in all its texts."""

    n: int
    m: int
    product: str
    batch: str
    herd: Herd

    def fill(self, text: str) -> str:
        # a space stands between Chinese and what is not, and nowhere else: 这批育肥料 552 到货, 新舍 LX-80 料线安装
        if not self.product[0].isascii():
            text = text.replace(" {p}", "{p}")
        if not self.product[-1].isascii():
            text = text.replace("{p} ", "{p}")
        return (
            text.replace("{n}", str(self.n))
            .replace("{m}", str(self.m))
            .replace("{p}", self.product)
            .replace("{b}", self.batch)
            .replace("{a}", dict(self.herd.feeds).get(self.product, self.herd.animal))
            .replace("{u}", self.herd.unit)
            .replace("{h}", self.herd.house)
        )


def products(scenario: Scenario, herd: Herd) -> list[str]:
    """What the matter may be about on a farm with this herd."""
    feeds = [feed for feed, _animal in herd.feeds if not scenario.feeds or feed in scenario.feeds]
    return list(PRODUCTS.get(scenario.topic, feeds))


def story(world: World, scenario: Scenario, opened: datetime, rush: float) -> Story:
    """A case from its first message to its close; `rush` stretches answers on busy days.

    `world.random` is the story's own: what it draws does not depend on the other stories.
    """
    dice = world.random
    customer_id, herd = _customer(world, scenario)
    slots = Slots(
        dice.randint(2, 9), dice.choice((60, 80, 120, 160, 210, 260, 320, 420, 640, 1260)),
        dice.choice(products(scenario, herd)), f"F{opened:%m%d}-{dice.randint(1, 6)}", herd,
    )  # fmt: skip
    say = slots.fill
    subject, message, first_answer = map(say, dice.choice(scenario.matters))
    channel = dice.choices([c for c, _w in CHANNELS], [w for _c, w in CHANNELS])[0]
    worker = _worker(world, scenario.team, opened)
    spoken = channel in ("phone", "visit")
    team = world.teams[scenario.team]
    by = worker.actor if spoken else Actor.customer(customer_id)
    case, _first = cases.case_open(
        channel=channel,
        subject=subject,
        text=message,
        customer_id=customer_id,
        kind=scenario.kind,
        level=scenario.level if spoken else "",
        severity=scenario.severity if spoken else "",
        complexity=scenario.complexity if spoken else "",
        topic_id=world.topic_ids[scenario.topic] if spoken else None,
        team_id=team.pk,
        owner_id=worker.person.pk if spoken else None,
        channel_class="primary",
        actor=by,
        at=opened,
    )
    slow = worker.cast.pace * rush
    at = opened
    if not spoken:
        overlooked = dice.random() > 0.5 + worker.cast.care / 2
        at = world.working(opened, world.spread(38, 0.4) if overlooked else world.spread(1.2 * slow, 0.6))
        yield at
        if not _try(lambda: cases.case_take(case_id=case.pk, actor=worker.actor, at=at)):
            return
        at = world.working(at, world.spread(0.5))
        yield at
        cases.case_classify(
            case_id=case.pk,
            kind=scenario.kind,
            level=scenario.level,
            severity=scenario.severity,
            complexity=scenario.complexity,
            topic_id=world.topic_ids[scenario.topic],
            actor=worker.actor,
            at=at,
        )
        at = world.working(at, world.spread(4 * slow))
        yield at
        cases.reply_send(case_id=case.pk, text=first_answer, actor=worker.actor, at=at)
        taken_by_relay(case.pk, at)
    if scenario.complexity != "simple" and dice.random() < worker.cast.care:
        at = world.working(at, world.spread(6 * slow))
        yield at
        hours = 8 if scenario.complexity == "general" else 48
        cases.eta_tell(
            case_id=case.pk, expected_at=world.working(at, hours * 60 * 0.9), actor=worker.actor, at=at
        )
    if scenario.notes and dice.random() < 0.7:
        at = world.working(at, world.spread(14))
        yield at
        helper = _helper(world, worker)
        cases.note_add(
            case_id=case.pk, text=f"@{helper.person.name} {dice.choice(scenario.notes)}", mentions=[helper.person.pk],
            actor=worker.actor, at=at,
        )  # fmt: skip
    if scenario.diagnosis:
        at = world.working(at, world.spread(9 * slow if scenario.complexity == "general" else 22 * slow, 0.6))
        yield at
        cases.case_diagnose(case_id=case.pk, text=scenario.diagnosis, actor=worker.actor, at=at)
    if scenario.kind in ("complaint", "aftersales"):
        at = yield from compensate(world, case.pk, worker, at)
    if scenario.complexity == "complex" and dice.random() < 0.35:
        at = world.working(at, world.spread(20))
        yield at
        other = _helper(world, worker)
        cases.case_transfer(
            case_id=case.pk, person_id=other.person.pk, reason="需要到场，请接手", actor=worker.actor, at=at
        )
        worker = other
        at = world.working(at, world.spread(9 * slow, 0.7))
        yield at
        cases.case_accept(case_id=case.pk, actor=worker.actor, at=at)
    matter = Matter(scenario, case.pk, worker, customer_id, channel)
    if scenario.options and dice.random() < 0.75:
        at = world.working(at, world.spread(5 * slow))
        yield at
        cases.plan_propose(
            case_id=case.pk,
            options=[
                {
                    "title": say(t),
                    "pros": p,
                    "cons": c,
                    "steps": steps(scenario),
                    "time": time,
                    "cost": say(cost),
                }
                for t, p, c, time, cost in scenario.options
            ],
            text=dice.choice(OFFERS),
            then="wait",
            actor=worker.actor,
            at=at,
        )
        taken_by_relay(case.pk, at)
        at = world.waits(at, world.spread(240, 1.1))
        yield at
        cases.plan_choose(
            case_id=case.pk, option=dice.choices((1, 2, 3), (6, 3, 1))[0] if len(scenario.options) > 2 else 1,
            actor=Actor.customer(customer_id), at=at,
        )  # fmt: skip
    elif scenario.complexity != "simple":
        if dice.random() < worker.cast.care:
            at = world.working(at, world.spread(6 * slow))
            yield at
            cases.plan_propose(
                case_id=case.pk,
                options=[
                    {
                        "title": "按诊断处理",
                        "pros": "当天安排，不用您跑",
                        "cons": "须有人在场配合",
                        "steps": steps(scenario),
                        "time": "1 个工作日",
                        "cost": "0 元",
                    }
                ],
                text="您好，原因查清了，打算这样办，您看行不行？",
                actor=worker.actor,
                at=at,
            )
            taken_by_relay(case.pk, at)
        if dice.random() < ASKED_BACK:
            at = yield from asked_back(world, matter, at, say, slow)
    at = yield from waiting(world, matter, at)
    at = world.working(at, _work(scenario) * world.spread(1.0, 0.7) * slow)
    yield at
    if scenario.complexity == "complex":
        for aspect, text in COURSE:
            cases.progress_note(
                case_id=case.pk, text=text, public=False, aspect=aspect, actor=worker.actor, at=at
            )
        at = world.working(at, world.spread(15))
        yield at
    _resolve(case_id=case.pk, text=say(dice.choice(scenario.resolution)), actor=worker.actor, at=at)
    taken_by_relay(case.pk, at)
    yield from _ending(world, scenario, case, worker, customer_id, at, slow)


# What a way out takes (by the first word of the topic, else by team), and how a hard matter went: the regulation wants
# both on record.
STEPS = {
    "vet": "先减料保温，三天后我们回访，再慢慢加回来",
    "money": "核对每一笔，财务复核，差额补到您账户",
    "feed": "您确认后排车，到场当面换，签收后结清",
    "equipment": "约好时间上门，换件后试机，您签字",
    "orders": "您确认后改单，财务复核，款项原路退回",
}
COURSE = (
    ("progress", "方案已排定，按计划在办。"),
    ("operation", "已按标准步骤处理并复测，记录在案。"),
    ("cooperation", "客户按约定配合，现场有人接应。"),
)
ASKED_BACK = 0.45
OFFERS = (
    "您好，结果出来了。有下面几个办法，您在网页上点一下就行；没选之前请先别动。",
    "查清楚了，是我们这边的问题。您看哪个办法合适，选好我们马上办。",
)


def _ending(
    world: World, scenario: Scenario, case: Case, worker: Worker, customer_id: int, at: datetime, slow: float
) -> Story:
    """Confirmed, disputed, or closed by silence."""
    dice = world.random
    customer = Actor.customer(customer_id)
    fate = dice.random()
    disputes = 0.09 if scenario.kind in ("complaint", "aftersales") else 0.02
    if fate < disputes:
        at = world.waits(at, world.spread(300, 0.8))
        yield at
        cases.case_dispute(case_id=case.pk, reason=scenario.dispute, actor=customer, at=at)
        at = world.working(at, world.spread(10 * slow, 0.7))
        yield at
        cases.reply_send(
            case_id=case.pk,
            text="非常抱歉，我们重新核实，今天内给您新的处理办法。",
            actor=worker.actor,
            at=at,
        )
        taken_by_relay(case.pk, at)
        at = world.working(at, _work(scenario) * world.spread(0.8))
        yield at
        _resolve(
            case_id=case.pk,
            text="按您的意见重新处理好了，主管也给您回过电话。再有问题直接找我。",
            actor=worker.actor,
            at=at,
        )
        taken_by_relay(case.pk, at)
    if fate < 0.62:
        at = world.waits(at, world.spread(400, 1.0))
        if at < world.local(world.day, 23) + timedelta(days=1):
            yield at
            cases.case_confirm(case_id=case.pk, actor=customer, at=at)
            if dice.random() < worker.cast.care:
                at = world.working(at, world.spread(40))
                yield at
                cases.record_verify(case_id=case.pk, actor=worker.actor, at=at)
    elif dice.random() < worker.cast.care:
        at = world.working(at, world.spread(180))
        yield at
        cases.feedback_note(case_id=case.pk, text="电话回访，客户说没有别的问题。", actor=worker.actor, at=at)
        at = world.working(at, world.spread(20))
        yield at
        cases.record_verify(case_id=case.pk, actor=worker.actor, at=at)
    # What is not confirmed closes by itself after the silence; the builder runs that tick.


def _resolve(*, case_id: int, text: str, actor: Actor, at: datetime) -> None:
    """Solves the case; where the regulation wants the analysis on record first, it is written first."""
    try:
        cases.case_resolve(case_id=case_id, text=text, actor=actor, at=at)
    except Problem as problem:
        if problem.code != "record_incomplete":
            raise
        lacking = {str(name) for name in problem.extra["fields"]}  # type: ignore[attr-defined]
        if lacking & {"diagnosis", "analysis_note"}:
            cases.case_diagnose(case_id=case_id, text="问清后当场答复，无需上门或化验。", actor=actor, at=at)
        for aspect, note in COURSE:
            if lacking & {aspect, f"{aspect}s", f"customer_{aspect}"}:
                cases.progress_note(
                    case_id=case_id, text=note, public=False, aspect=aspect, actor=actor, at=at
                )
        cases.case_resolve(case_id=case_id, text=text, actor=actor, at=at)


def steps(scenario: Scenario) -> str:
    return STEPS.get(scenario.topic.partition("-")[0], STEPS[scenario.team])


def _work(scenario: Scenario) -> float:
    """Typical working minutes from the last exchange to the solution."""
    return {"simple": 2.5, "general": 110.0, "complex": 600.0}[scenario.complexity]


def _try(act: object) -> bool:
    """Two agents may reach for the same case; the later one finds it taken and leaves it."""
    try:
        act()  # type: ignore[operator]
    except Problem:
        return False
    return True


def _customer(world: World, scenario: Scenario) -> tuple[int, Herd]:
    """Who writes, and what he keeps. Few customers write often: the earlier in the book, the more; the next one who has
    such a matter at all."""
    position = int(len(world.customers) * world.random.random() ** 2.2)
    book = world.customers[position:] + world.customers[:position]
    customer_id, herd = next(one for one in book if not scenario.herds or one[1] in scenario.herds)
    return customer_id, HERDS[herd]


def _worker(world: World, team: str, at: datetime) -> Worker:
    people = world.by_team[team]
    return world.random.choices(people, [1 / w.cast.pace for w in people])[0]


def _helper(world: World, worker: Worker) -> Worker:
    others = [w for w in world.by_team[worker.team] if w.person.pk != worker.person.pk]
    return world.random.choice(others)
