"""Builds the demo department through the services, with their times passed in and deliveries switched off.

One day gives one department: every random draw comes from a seed made of the day and the number of cases, and stories wake in the
order of their moments. When the day is today the story stops at this moment; a past day is told to its evening.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.commitments import loop
from shounuo.events import registry
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict
from shounuo.staff import services as staff
from shounuo.web.demo import cast, stories
from shounuo.web.demo.scenarios import SCENARIOS
from shounuo.web.demo.world import PASSWORD, WEEK, ZONE, World, customer_book, people_and_teams, topic_tree
from shounuo.web.ops.progress import Progress

DAYS = 90
CUSTOMERS = 2000
TICK = timedelta(hours=3)
# What each hour of the day brings, midnight first.
HOURS = (1, 0, 0, 0, 0, 2, 6, 14, 30, 34, 30, 22, 12, 18, 26, 28, 24, 16, 10, 8, 7, 6, 4, 2)
PEAK_DAY = 9  # days before the last: a feed batch goes bad and many write


def run(*, cases: int, day: str | None, say: Callable[[str], None]) -> int:
    """Fills an empty installation; an installation with cases is left alone with a word."""
    if Case.objects.exists():
        say(_("已有工单，演示数据不再装入"))
        return 0
    moment = now()
    last = date.fromisoformat(day) if day else moment.astimezone(ZONE).date()
    world = World(last, random.Random(f"{last}:{cases}"))  # noqa: S311  a story, not a secret
    end = min(world.local(last, 18, 30), moment.replace(second=0, microsecond=0))
    start = world.local(last - timedelta(days=DAYS), 0)
    with _without_deliveries():
        _set_up(world, start, cases)
        _live(world, start, end, cases)
        _index()
        _presence(world, end)
    _sign_ins(say)
    return 0


def _set_up(world: World, start: datetime, count: int) -> None:
    from shounuo.web.ops import first

    before = start - timedelta(days=30)
    first.set_up(
        first.Answers(
            organisation=cast.ORGANISATION,
            zone="Asia/Shanghai",
            public_address="",
            weekly=WEEK,
            mailbox=cast.SERVICE_MAIL,
            catch_all=True,
            pack="livestock",
        ),
        actor=world.system,
        at=before,
    )
    people_and_teams(world, before)
    topic_tree(world, before)
    customers = min(CUSTOMERS, max(40, count * 2 // 3))
    with Progress(_("演示：客户"), customers) as progress:
        customer_book(world, customers, before, progress.step)


def _live(world: World, start: datetime, end: datetime, count: int) -> None:
    """Wakes the earliest story again and again; every three hours of the story the clocks and ticks run (what they record bears its own moment)."""
    queue: list[tuple[datetime, int, stories.Story]] = []
    for number, opened in enumerate(sorted(_moments(world, start, count))):
        if opened < end:
            heapq.heappush(queue, (opened, number, _begin(world, opened)))
    total, begun, ticked = len(queue), 0, start
    with Progress(_("演示：工单"), total) as progress:
        while queue and queue[0][0] <= end:
            at, number, tale = heapq.heappop(queue)
            while ticked + TICK <= at:
                ticked += TICK
                _tick(ticked)
            try:
                following = next(tale, None)
            except Conflict:
                continue  # somebody was faster; the story ends where it stands
            if number >= begun:
                begun = number + 1
                progress.step(begun, total)
            if following is not None:
                heapq.heappush(queue, (max(following, at + timedelta(seconds=5)), number, tale))
        _tick(end)
        progress.step(total, total)


def _begin(world: World, opened: datetime) -> stories.Story:
    """A story whose kind is drawn when it wakes for the first time, so that the draws follow the days."""
    days_left = (world.day - opened.astimezone(ZONE).date()).days
    peak = days_left == PEAK_DAY
    pool = (
        [s for s in SCENARIOS if s.topic in ("feed-look", "feed-intake", "order-delay")]
        if peak
        else SCENARIOS
    )
    scenario = world.random.choices(pool, [s.weight for s in pool])[0]
    local = opened.astimezone(ZONE)
    rush = (
        1.0
        + (0.9 if peak else 0.0)
        + (0.5 if local.hour in (8, 12, 13) else 0.0)
        + (0.3 if local.weekday() == 0 else 0.0)
    )
    yield from stories.story(world, scenario, opened, rush)


def _moments(world: World, start: datetime, count: int) -> list[datetime]:
    """When messages come: by weekday, hour and the peak day; exactly `count` of them."""
    days = [start.date() + timedelta(days=i) for i in range(DAYS + 1)]
    weight = [
        (0.55 if d.weekday() == 6 else 0.8 if d.weekday() == 5 else 1.25 if d.weekday() == 0 else 1.0)
        * (2.6 if (world.day - d).days == PEAK_DAY else 1.0)
        for d in days
    ]
    drawn = world.random.choices(days, weight, k=count)
    hours = world.random.choices(range(24), HOURS, k=count)
    return [
        world.local(d, h, world.random.randrange(60)) + timedelta(seconds=world.random.randrange(60))
        for d, h in zip(drawn, hours, strict=True)
    ]


def _tick(at: datetime) -> None:
    """What the loops would have done by this moment: clocks fire, silent cases close."""
    while loop.fire_due(at):
        continue
    cases.close_silent(at=at)


class _without_deliveries:  # noqa: N801  reads as a sentence
    """No jobs and no lasting of each single commit while the past is told; nothing leaves the house."""

    def __enter__(self) -> None:
        self.delivery, settings.SHOUNUO_DELIVERY = settings.SHOUNUO_DELIVERY, "off"
        self.jobs = dict(registry._jobs)
        registry._jobs.clear()
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")

    def __exit__(self, *_exc: object) -> None:
        registry._jobs.update(self.jobs)
        settings.SHOUNUO_DELIVERY = self.delivery
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")


def _index() -> None:
    ids = list(Case.objects.order_by("id").values_list("pk", flat=True))
    with Progress(_("演示：检索"), len(ids)) as progress:
        for case_id in ids:
            cases.search_index(case_id)
            progress.step()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _presence(world: World, at: datetime) -> None:
    for worker in world.workers.values():
        if worker.team:
            presence = world.random.choices(("online", "busy", "away"), (7, 2, 1))[0]
            staff.presence_set(person_id=worker.person.pk, presence=presence, actor=worker.actor, at=at)


def _sign_ins(say: Callable[[str], None]) -> None:
    say("")
    say(_("演示登录（密码都是 %(password)s）：") % {"password": PASSWORD})
    for login, role in (
        ("linxiaoyu", _("客服专员")),
        ("zhoumin", _("客服主管")),
        ("jiangyue", _("客服经理")),
        ("admin", _("管理员")),
    ):
        say(f"  {login:12} {role}")
