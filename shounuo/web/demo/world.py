"""The demo's setting: people, customers, topics, calendars, made once through the services; and its dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shounuo.calendars import queries as calendars
from shounuo.cases import queries as case_queries
from shounuo.cases import services as cases
from shounuo.customers import services as customers
from shounuo.customers.models import Customer
from shounuo.kernel.actors import Actor
from shounuo.staff import queries as staff_queries
from shounuo.staff import services as staff
from shounuo.staff.models import Person, Team
from shounuo.web.demo import cast, topics
from shounuo.web.demo.herds import herd_of

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = {
    **{day: [["07:30", "12:00"], ["13:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")},
    "sun": [["08:30", "12:00"], ["13:30", "20:00"]],
}
PASSWORD = "shounuo-demo-2026"  # noqa: S105  printed at the start of every demo


@dataclass
class Worker:
    """A person of the cast as an actor."""

    cast: cast.DemoPerson
    person: Person
    actor: Actor
    team: str


@dataclass
class World:
    """Everything stories draw on. `random` is seeded by the day: one day, one department."""

    day: date
    random: random.Random
    workers: dict[str, Worker] = field(default_factory=dict)
    by_team: dict[str, list[Worker]] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    topic_ids: dict[str, int] = field(default_factory=dict)
    customers: list[tuple[int, str]] = field(default_factory=list)  # with what their farm keeps
    system: Actor = field(default_factory=Actor.system)

    def local(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), ZONE)

    def working(self, at: datetime, minutes: float) -> datetime:
        """That many working minutes after `at`: when somebody on duty gets to it."""
        return calendars.compiled("business").add(at, max(int(minutes * 60), 20))

    def waits(self, at: datetime, minutes: float) -> datetime:
        """Plain minutes after `at`: customers keep no service hours."""
        return at + timedelta(minutes=minutes)

    def spread(self, typical: float, wide: float = 0.6) -> float:
        """Minutes around the typical value, skewed to the long side."""
        return typical * self.random.lognormvariate(0, wide)


def people_and_teams(world: World, at: datetime, step: Callable[[], None]) -> None:
    """The cast, with sign-ins; administrators keep the one that set-up made."""
    for team in cast.TEAMS:
        world.teams[team.code] = staff.team_create(
            code=team.code, name=team.name, department=team.department, actor=world.system, at=at
        )
        world.by_team[team.code] = []
    for code, name in cast.ROLES:
        staff.role_create(
            code=code, name=name, permissions=("duties.work", "policy.view"), actor=world.system, at=at
        )
    for one in cast.PEOPLE:
        person = staff_queries.person_by_login(one.login)
        if person is None:
            person = staff.person_create(
                login=one.login,
                name=one.name,
                mail=f"{one.login}@{cast.MAIL_DOMAIN}",
                password=PASSWORD,
                title=one.title,
                roles=list(one.roles),
                teams=list(one.teams),
                leads=list(one.teams) if one.leads else [],
                actor=world.system,
                at=at,
            )
        else:
            staff.password_change(person_id=person.pk, password=PASSWORD, actor=world.system, at=at)
        _enlist(world, one, person)
        step()


def topic_tree(world: World, at: datetime) -> None:
    for code, name, children in topics.TOPICS:
        root = cases.topic_create(code=code, name=name, parent_id=None, actor=world.system, at=at)
        for child_code, child_name in children:
            child = cases.topic_create(
                code=child_code, name=child_name, parent_id=root.pk, actor=world.system, at=at
            )
            world.topic_ids[child_code] = child.pk
    for title, body in topics.CANNED:
        cases.canned_save(title=title, body=body, actor=world.system, at=at)


def customer_book(
    world: World, count: int, at: datetime, *, mine: Callable[[int], bool], step: Callable[[], None]
) -> None:
    """Invented people on invented farms; about one in seven is important to the house.

    All are drawn, those are written whose number is `mine`, each at a second of his own: their order in the book.
    """
    dice = world.random
    companies: dict[str, str] = {}  # where each is, by name
    for number in range(count):
        surname = dice.choice(cast.SURNAMES)
        given = dice.choice(cast.GIVEN_TWO) if dice.random() < 0.7 else dice.choice(cast.GIVEN_ONE)
        if companies and dice.random() < 0.3:
            company = dice.choice(list(companies))
        else:
            company = dice.choice(cast.FARM_KINDS).format(s=surname, p=dice.choice(cast.FARM_PLACES))
        phone = "1" + dice.choice("3578") + "".join(dice.choice("0123456789") for _n in range(9))
        mail = f"farm{number + 1:04d}@example.com" if dice.random() < 0.55 else ""
        title, region = dice.choice(cast.TITLES), dice.choice(cast.REGIONS)
        fresh = company not in companies
        companies.setdefault(company, region)
        segment = "vip" if dice.random() < 0.14 else ""
        if not mine(number):
            continue
        when = at + timedelta(seconds=number)
        customer, _created = customers.customer_find_or_create(
            name=surname + given, mail=mail, phone=phone, company=company, actor=world.system, at=when
        )
        customers.customer_change(
            customer_id=customer.pk,
            title=title,
            region=companies[company],
            segment=segment,
            actor=world.system,
            at=when,
        )
        if fresh and customer.company_id is not None:
            customers.company_change(
                company_id=customer.company_id, region=companies[company], actor=world.system, at=when
            )
        step()


def reload(world: World) -> World:
    """The world as another process finds it in the database: the same people and customers in the same order."""
    for team in staff_queries.teams():
        world.teams[team.code] = team
        world.by_team.setdefault(team.code, [])
    for one in cast.PEOPLE:
        person = staff_queries.person_by_login(one.login)
        assert person is not None
        _enlist(world, one, person)
    world.topic_ids = {t.code: t.pk for t in case_queries.topics()}
    book = Customer.objects.order_by("created_at").values_list("pk", "company__name")
    world.customers = [(pk, herd_of(farm or "")) for pk, farm in book]
    return world


def _enlist(world: World, one: cast.DemoPerson, person: Person) -> None:
    worker = Worker(one, person, staff_queries.actor_for(person), one.teams[0] if one.teams else "")
    world.workers[one.login] = worker
    if worker.team and not one.leads:
        world.by_team[worker.team].append(worker)
