"""A small department for the browser, built through the services: two teams, a regulation in force, a day's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shounuo.calendars.testing import make_defaults
from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.cases.testing import make_case, make_resolved
from shounuo.channels.services import link_path
from shounuo.channels.testing import make_mailbox
from shounuo.commitments import loop
from shounuo.customers.testing import make_customer
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force, make_shipped
from shounuo.staff.models import Person, Team
from shounuo.staff.queries import actor_for
from shounuo.staff.services import password_change
from shounuo.staff.testing import PASSWORD, Cast, make_cast, set_up_organisation

FARMS = (
    ("宋建国", "河套牧场", "育肥料 552 到货结块"),
    ("钱多多", "兴旺家庭农场", "环控器离线"),
    ("李大山", "大山养殖合作社", "发票抬头要改"),
    ("赵小燕", "燕来蛋鸡场", "预混料少了两包"),
    ("孙有田", "有田猪场", "疫苗冷链温度超了"),
    ("周丽", "丽日奶牛场", "挤奶机异响"),
)
ROUND_THE_CLOCK = """pack: house
title: 昼夜值守
version: "1"
default_calendar: always
clauses:
  - id: H-1
    title: 昼夜回应
    wording: 任何时候两小时内回应。
    rules:
      - {commitment: answer, title: 昼夜回应, subject: case, from: interaction.received, until: interaction.sent, within: PT2H}
"""


@dataclass(frozen=True)
class Department:
    cast: Cast
    cases: tuple[Case, ...]

    @property
    def agent(self) -> Person:
        return self.cast.agent


HOW = {"pros": "旧料同车拉走", "cons": "须留人一小时", "steps": "约时间，装车，签收"}


def make_department() -> Department:
    at = now()
    start = at - timedelta(days=3)
    set_up_organisation(at=start)
    make_defaults(at=start)
    make_shipped("livestock", at=start)
    make_in_force(ROUND_THE_CLOCK, at=start)
    make_mailbox(receipt=False, at=start)
    cast = make_cast(at=start)
    password_change(person_id=cast.agent.pk, password=PASSWORD, actor=Actor.system(), at=start)
    made = []
    for n, (name, farm, subject) in enumerate(FARMS):
        customer = make_customer(
            name, mail=f"farm{n}@example.cn", phone=f"1380394{n:04}", company=farm, at=start
        )
        opened = at - timedelta(minutes=20 + 7 * n)
        made.append(
            make_case(
                subject, text=f"{farm}：{subject}", customer=customer, team=cast.team,
                owner=cast.agent if n < 4 else None, at=opened,
            )
        )  # fmt: skip
    make_resolved(owner=cast.agent, team=cast.team, text="已补发", at=at - timedelta(days=1))
    settle(at)
    return Department(cast, tuple(made))


def settle(at: datetime | None = None) -> None:
    """What falls due by now happens, and jobs run."""
    loop.fire_due(at or now())
    run_jobs(at or now())


def new_case(
    world: Department,
    subject: str,
    *,
    owner: Person | None = None,
    team: Team | None = None,
    mail: str = "new@example.cn",
) -> Case:
    """A case that has come in just now, for the agent's team unless another is named."""
    customer = make_customer("吴新", mail=mail, at=now())
    case = make_case(
        subject,
        text=f"{subject}，请问怎么办？",
        customer=customer,
        team=team or world.cast.team,
        owner=owner,
        at=now(),
    )
    settle()
    return case


def progress_path(case: Case) -> str:
    return link_path(case, now())


def propose(case: Case, person: Person) -> None:
    cases.plan_propose(
        case_id=case.pk,
        options=[
            {"title": "换 3 吨新料", "time": "周一 10:30 前到", "cost": "您不用出钱", **HOW},
            {"title": "折价留用", "time": "1 个工作日到账", "cost": "0 元", "recommended": True, **HOW},
        ],
        actor=actor_for(person),
        at=now(),
    )
    settle()
