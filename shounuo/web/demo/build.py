"""Builds the demo department through the services, with their times passed in and deliveries switched off.

One day gives one department: every random draw comes from a seed made of the day and the number of cases. When the day is
today the stories stop at this moment; a past day is told to its evening.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from shounuo.analytics import rules
from shounuo.analytics import services as analytics
from shounuo.analytics.rules import Kind
from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.commitments import loop
from shounuo.events import registry
from shounuo.kernel.clock import now
from shounuo.metrics import services as metrics
from shounuo.staff import queries as staff_queries
from shounuo.staff import services as staff
from shounuo.web.demo import cast, maturity, regulation, special, stories, supervision, watching
from shounuo.web.demo.part import PARTS, Parts, count_one
from shounuo.web.demo.routine import Routine
from shounuo.web.demo.scenarios import SCENARIOS
from shounuo.web.demo.world import (
    PASSWORD,
    WEEK,
    ZONE,
    World,
    customer_book,
    people_and_teams,
    reload,
    topic_tree,
)
from shounuo.web.ops.progress import Progress

DAYS = 90
CUSTOMERS = 2000
TICK = timedelta(hours=3)
# What each hour of the day brings, midnight first.
HOURS = (1, 0, 0, 0, 0, 2, 6, 14, 30, 34, 30, 22, 12, 18, 26, 28, 24, 16, 10, 8, 7, 6, 4, 2)
PEAK_DAY = 9  # days before the last: a feed batch goes bad and many write
_BOARDS = (
    (
        "zhoumin",
        "早会看板",
        (
            ("backlog", "number", "", 3),
            ("first_response_within_30min", "number", "", 3),
            ("kept_share", "number", "", 3),
            ("overdue_promises", "number", "", 3),
            ("cases_opened", "course", "", 8),
            ("backlog", "groups", "team", 4),
            ("breaches", "groups", "clause", 6),
            ("first_response_median", "groups", "channel", 6),
        ),
    ),
    (
        "jiangyue",
        "大厅",
        (
            ("cases_opened", "number", "", 4),
            ("kept_share", "number", "", 4),
            ("first_response_median", "number", "", 4),
            ("kept_share", "course", "", 8),
            ("cases_opened", "groups", "topic_top", 4),
        ),
    ),
)
_REMARK = "方案制定与沟通这一条拖得最多，下周起每天下午三点由主管清一次还没给方案的工单；首响保持得好。"
RUSH = 70  # at most so many more in the last four hours


def run(*, cases: int, day: date, say: Callable[[str], None], all_packs: bool = False) -> int:
    """Fills an empty installation; an installation with cases is left alone with a word.

    The house lives by its own regulation and by the watching clauses of the enterprise one; with `all_packs` by every pack
    that ships, whole.
    """
    if Case.objects.exists():
        say(_("已有工单，演示数据不再装入"))
        return 0
    moment = now()
    world = World(day, random.Random(f"{day}:{cases}"))  # noqa: S311  a story, not a secret
    end = min(world.local(day, 20, 30), moment.replace(second=0, microsecond=0))
    start = world.local(day - timedelta(days=DAYS), 0)
    with _without_deliveries(), Parts() as parts:
        _set_up(parts, world, start, cases, all_packs)
        special.agree(world, start - timedelta(days=12), start)
        _live(parts, world, start, end, cases)
        special.complain(world, end)
        special.ask_lately(world, end)
        supervision.inspect(world, end)
        maturity.assess(world, start, end)
        _index(parts)
        watching.watch(world, start, end, _("演示：预警"))
        _presence(world, end)
        _reports(world, end)
        regulation.revise(end)
        _boards(world, end)
    _sign_ins(say)
    return 0


def _set_up(parts: Parts, world: World, start: datetime, count: int, all_packs: bool) -> None:
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
        ),
        actor=world.system,
        at=before,
    )
    if all_packs:
        regulation.publish_others(world, before)
    else:
        watching.regulation(world, before)
    topic_tree(world, before)
    customers = min(CUSTOMERS, max(40, count * 2 // 3))
    # Sign-ins take as long as passwords are safe: the customers are written meanwhile.
    with (
        parts.doing(
            _("演示：客户"), customers, write_customers, str(world.day), before.isoformat(), customers
        ),
        Progress(_("演示：人员"), len(cast.PEOPLE)) as progress,
    ):
        people_and_teams(world, before, progress.step)
        regulation.publish(before)


def _live(parts: Parts, world: World, start: datetime, end: datetime, count: int) -> None:
    """Tells the stories in several processes, then lets clocks and silences run out in order.

    A story draws from a seed of its own and touches its own case alone, so that the parts do not meet.
    """
    total = sum(1 for m in _moments(world, start, end, count) if m < end)
    with parts.doing(_("演示：工单"), total, tell_stories, str(world.day), end.isoformat(), count):
        pass
    ticks = int((end - start) / TICK)
    with Progress(_("演示：时限"), ticks) as progress:
        routine = Routine(world)
        for tick in range(ticks):
            routine.live(start + tick * TICK)
            _tick(start + tick * TICK)
            progress.step()
        routine.live(end)
        _tick(end)
    _number_in_order()


def write_customers(day: str, at: str, count: int, part: int) -> None:
    """One process's share of the customers. Runs in a process of its own."""
    world = World(date.fromisoformat(day), random.Random(f"{day}:{count}:customers"))  # noqa: S311
    with _without_deliveries():
        customer_book(
            world, count, datetime.fromisoformat(at), mine=lambda n: n % PARTS == part, step=count_one
        )


def tell_stories(day: str, end: str, count: int, part: int) -> None:
    """One process's share of the stories, the earliest step first. Runs in a process of its own."""
    world = reload(World(date.fromisoformat(day), random.Random()))  # noqa: S311  a story, not a secret
    last = datetime.fromisoformat(end)
    start = world.local(world.day - timedelta(days=DAYS), 0)
    queue = [
        (opened, number, _begin(world, opened, f"{day}:{count}:{number}"))
        for number, opened in enumerate(_moments(world, start, last, count))
        if number % PARTS == part and opened < last
    ]
    heapq.heapify(queue)
    begun: set[int] = set()
    with _without_deliveries():
        while queue and queue[0][0] <= last:
            at, number, tale = heapq.heappop(queue)
            following = next(tale, None)
            if number not in begun:
                begun.add(number)
                count_one()
            if following is not None:
                heapq.heappush(queue, (max(following, at + timedelta(seconds=5)), number, tale))


def index_cases(part: int) -> None:
    """One process's share of the search documents. Runs in a process of its own."""
    with _without_deliveries():
        for number, case_id in enumerate(Case.objects.order_by("id").values_list("pk", flat=True)):
            if number % PARTS == part:
                cases.search_index(case_id)
                count_one()


def _begin(world: World, opened: datetime, seed: str) -> stories.Story:
    """A story with dice of its own; on the peak day a feed batch is bad and trucks are late."""
    own = replace(world, random=random.Random(seed))  # noqa: S311
    days_left = (world.day - opened.astimezone(ZONE).date()).days
    peak = days_left == PEAK_DAY
    pool = (
        [s for s in SCENARIOS if s.topic in ("feed-look", "feed-intake", "order-delay")]
        if peak
        else SCENARIOS
    )
    scenario = own.random.choices(pool, [s.weight for s in pool])[0]
    local = opened.astimezone(ZONE)
    rush = 1.0 + (0.9 if peak else 0.0) + (0.5 if local.hour in (8, 12, 13) else 0.0)
    return stories.story(own, scenario, opened, rush + (0.3 if local.weekday() == 0 else 0.0))


def _moments(world: World, start: datetime, end: datetime, count: int) -> list[datetime]:
    """When messages come, in order: by weekday, hour and the peak day, and more of them in the last hours, so that there
    is work on the desks; exactly `count`, the same every time for the same end."""
    dice = random.Random(f"{world.day}:{count}")  # noqa: S311
    days = [start.date() + timedelta(days=i) for i in range(DAYS + 1)]
    weight = [
        (0.55 if d.weekday() == 6 else 0.8 if d.weekday() == 5 else 1.25 if d.weekday() == 0 else 1.0)
        * (2.6 if (world.day - d).days == PEAK_DAY else 1.0)
        for d in days
    ]
    rush = min(count // 40, RUSH)
    drawn = dice.choices(days, weight, k=count - rush)
    hours = dice.choices(range(24), HOURS, k=count - rush)
    found = [
        world.local(d, h, dice.randrange(60)) + timedelta(seconds=dice.randrange(60))
        for d, h in zip(drawn, hours, strict=True)
    ]
    found += [end - timedelta(seconds=int(dice.triangular(60, 4 * 3600, 60))) for _n in range(rush)]
    return sorted(found)


def _number_in_order() -> None:
    """Case numbers follow the order of opening, whichever process was faster."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET number = -number")
        cursor.execute(
            """UPDATE cases_case c SET number = o.n FROM (
                 SELECT id, 10000 + row_number() OVER (ORDER BY opened_at, subject, customer_id) AS n FROM cases_case) o
               WHERE o.id = c.id"""
        )
        cursor.execute("SELECT setval('cases_number', (SELECT max(number) FROM cases_case))")


def _tick(at: datetime) -> None:
    """What the loops would have done by this moment: clocks fire, silent cases close."""
    while loop.fire_due(at):
        continue
    cases.close_silent(at=at)


class _without_deliveries:
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


def _index(parts: Parts) -> None:
    with parts.doing(_("演示：检索"), Case.objects.count(), index_cases):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _reports(world: World, end: datetime) -> None:
    """The figures of all that was told, and the reports of the last weeks as they came on their mornings."""
    metrics.rebuild(at=end)
    kinds: tuple[tuple[Kind, int], ...] = (("month", 2), ("week", 8), ("day", 5))
    with Progress(_("演示：报告"), sum(n for _kind, n in kinds)) as progress:
        for kind, count in kinds:
            for back in range(count, 0, -1):
                period = rules.period(kind, end, ZONE, back=back)
                morning = world.local(period.last + timedelta(days=1), 6)
                report = analytics.report_make(kind=kind, back=1, actor=world.system, at=morning)
                progress.step()
            if kind == "week":
                manager = world.workers["jiangyue"].actor
                analytics.comment_add(
                    report_id=report.pk, text=_REMARK, actor=manager, at=morning + timedelta(hours=3)
                )


def _boards(world: World, at: datetime) -> None:
    """A board of the supervisor's, shared with the team, and one of the manager's for a wall."""
    for login, name, tiles in _BOARDS:
        actor = staff_queries.actor_for(world.workers[login].person)
        board = analytics.board_make(name=name, actor=actor, at=at)
        for metric, form, by, width in tiles:
            analytics.tile_add(
                board_id=board.pk, metric=metric, form=form, by=by, width=width, actor=actor, at=at
            )
        analytics.board_change(
            board_id=board.pk,
            name=name,
            team_id=min(actor.led_team_ids, default=None),
            period="days",
            actor=actor,
            at=at,
        )


def _presence(world: World, at: datetime) -> None:
    dice = random.Random(f"{world.day}:presence")  # noqa: S311
    for worker in world.workers.values():
        if worker.team:
            presence = dice.choices(("online", "busy", "away"), (7, 2, 1))[0]
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
