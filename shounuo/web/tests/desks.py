"""What the tests of the staff pages stand on: two teams, a regulation in force, a case of one's own and one of others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases import services
from shounuo.cases.models import Case, Interaction
from shounuo.cases.testing import make_case
from shounuo.commitments.models import Clock
from shounuo.customers.models import Customer
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.models import PolicyVersion
from shounuo.policy.testing import make_in_force
from shounuo.staff.models import Person
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import Cast, make_cast, set_up_organisation, sign_in_client

PACK = """
pack: house
title: 试行客户服务规定
version: "1"
default_calendar: always
chapters:
  - {number: "1", title: 总则}
  - {number: "2", title: 时限}
clauses:
  - id: H-1.1
    chapter: "1"
    title: 宗旨
    wording: 以客户为先。
  - id: H-2.1
    chapter: "2"
    title: 响应及时
    wording: 三十分钟内须有首次响应。
    rules:
      - commitment: first-response
        title: 首次响应
        subject: case
        from: interaction.received
        until: [interaction.sent]
        within: PT30M
        pause: [waiting_customer]
  - id: H-2.2
    chapter: "2"
    title: 查收
    wording: 十五分钟内须查收。
    rules:
      - {commitment: acceptance, title: 查收确认, subject: case, from: case.opened, until: [case.accepted], within: PT15M}
"""


@dataclass(frozen=True)
class House:
    """`mine` belongs to the agent, `free` is his team's with no owner, `theirs` another team's."""

    cast: Cast
    at: datetime
    version: PolicyVersion
    customer: Customer
    mine: Case
    free: Case
    theirs: Case

    def client(self, person: Person) -> Client:
        client = Client()
        sign_in_client(client, person)
        return client

    @property
    def agent(self) -> Actor:
        return actor_for(self.cast.agent)

    @property
    def supervisor(self) -> Actor:
        return actor_for(self.cast.supervisor)


def make_house() -> House:
    cast, at = make_cast(), now()
    set_up_organisation()
    version = make_in_force(PACK, at=at - timedelta(days=30))
    song = make_customer("宋建国", mail="song@example.cn", phone="13803946721", company="兴旺家庭农场")
    return House(
        cast=cast,
        at=at,
        version=version,
        customer=song,
        mine=make_case("育肥料结块", owner=cast.agent, team=cast.team, customer=song, at=at),
        free=make_case("料线电机异响", team=cast.team, at=at),
        theirs=make_case("对账单少了一笔", owner=cast.outsider, team=cast.other_team, at=at),
    )


def clock_of(case: Case, commitment: str = "first-response") -> Clock:
    return Clock.objects.get(subject_kind="case", subject_id=case.pk, commitment=commitment)


def last_message(case: Case, direction: str = "out") -> Interaction:
    return Interaction.objects.filter(case=case, direction=direction).latest("id")


def received(case: Case, text: str = "什么时候能换？", *, at: datetime | None = None) -> Interaction:
    """A further message of the customer."""
    return services.message_receive(
        case_id=case.pk, text=text, channel="mail", actor=Actor.system(), at=at or now()
    )


def queries_of(client: Client, url: str, **headers: str) -> int:
    """How many statements a page takes, once what the process keeps (calendars, organisation) is warm."""
    client.get(url, headers=headers)
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.content[:300]
    return len(caught)
