"""A month of a department in which everything happens that can happen to cases, drawn by a die from a fixed seed.

What the services refuse is refused (a closed case cannot be transferred): the story goes on. Jobs run and clocks fire
between the acts as they would.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model

from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction, Merge
from shounuo.cases.services import IncomingMessage
from shounuo.cases.testing import make_topic
from shounuo.channels.models import RawMessage
from shounuo.commitments import loop
from shounuo.commitments import services as commitments
from shounuo.commitments.models import Clock
from shounuo.customers import services as customers
from shounuo.customers.models import Customer
from shounuo.customers.testing import make_customer
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Problem
from shounuo.staff import services as staff
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_person
from tests.flows.house import House

SYSTEM = Actor.system()
CHANNELS = ("mail", "mail", "form", "phone", "visit", "chat", "wechat")
KINDS = ("inquiry", "inquiry", "complaint", "request", "aftersales", "praise", "suggestion")


class Month:
    """`acts` acts over about thirty days from where the house stands; `pause()` is called after each."""

    def __init__(self, house: House, *, acts: int, seed: int, pause: Callable[[datetime], None]) -> None:
        self.house, self.acts, self.pause = house, acts, pause
        self.dice = random.Random(seed)
        self.cases: list[int] = []

    def live(self) -> None:
        house = self.house
        house.open(receipt=True).regulation()
        cast = house.cast
        self.people = [cast.agent, cast.supervisor, cast.outsider, cast.manager]
        self.people.append(make_person("second", name="陈海涛", teams=(cast.team,), at=house.at))
        feed = make_topic("feed", "饲料", at=house.at)
        self.topics = [
            feed,
            make_topic("caking", "结块", parent=feed, at=house.at),
            make_topic("machine", "设备", at=house.at),
        ]
        self.customers = [
            make_customer(f"客户{n}", mail=f"c{n}@example.cn", at=house.at).pk for n in range(9)
        ]
        for customer_id in self.customers:  # what the regulation wants known before a case counts as judged
            customers.customer_change(customer_id=customer_id, region="周口", actor=SYSTEM, at=house.at)
        step = timedelta(days=30) / self.acts
        doing = [getattr(self, name) for name in dir(self) if name.startswith("do_")]
        weights = [
            6 if act in (self.do_open, self.do_answer, self.do_resolve, self.do_take, self.do_classify) else 1
            for act in doing
        ]
        for _n in range(self.acts):
            house.at += step * self.dice.uniform(0.2, 1.8)
            loop.fire_due(house.at)
            try:
                self.dice.choices(doing, weights)[0]()
            except Problem:
                self.refused = getattr(self, "refused", 0) + 1
            run_jobs(house.at)
            self.pause(house.at)

    # ---- the dice

    def case(self) -> int:
        return self.dice.choice(self.cases[-25:]) if self.cases else self.do_open()

    def person(self):
        return self.dice.choice(self.people)

    def actor(self) -> Actor:
        return actor_for(get_user_model().objects.get(pk=self.person().pk))

    def owner_or(self, case_id: int) -> Actor:
        owner = Case.objects.get(pk=case_id).owner
        return actor_for(owner) if owner is not None and self.dice.random() < 0.8 else self.actor()

    # ---- what happens

    def do_open(self) -> int:
        channel, actor = self.dice.choice(CHANNELS), SYSTEM
        if channel in ("phone", "visit"):
            actor = self.actor()
        case, _first = cases.case_open(
            channel=channel,
            subject=f"第 {len(self.cases)} 件",
            text="饲料结块",
            customer_id=self.dice.choice(self.customers),
            kind=self.dice.choice(KINDS),
            level=self.dice.choice(("", "L1", "L2")),
            topic_id=self.dice.choice([None, *[t.pk for t in self.topics]]),
            team_id=self.dice.choice([None, self.house.cast.team.pk, self.house.cast.other_team.pk]),
            channel_class=self.dice.choice(("primary", "secondary")),
            actor=actor,
            at=self.house.at,
        )
        self.cases.append(case.pk)
        return case.pk

    def do_mail(self) -> None:
        row = self.house.mail(
            sender=f"客户 <c{self.dice.randrange(12)}@example.cn>",
            subject=f"邮件 {RawMessage.objects.count()}",
        )
        if row.case_id is not None:
            self.cases.append(row.case_id)

    def do_broken_mail(self) -> None:
        self.house.mail(raw=b"\x00\xff not a mail %d" % self.dice.randrange(10**9))

    def do_take(self) -> None:
        cases.case_take(case_id=self.case(), actor=self.actor(), at=self.house.at)

    def do_accept(self) -> None:
        case = self.case()
        cases.case_accept(case_id=case, actor=self.owner_or(case), at=self.house.at)

    def do_assign(self) -> None:
        cases.case_assign(
            case_id=self.case(),
            person_id=self.dice.choice([None, self.person().pk]),
            team_id=self.dice.choice([None, self.house.cast.team.pk, self.house.cast.other_team.pk]),
            actor=self.house.manager,
            at=self.house.at,
        )

    def do_transfer(self) -> None:
        case = self.case()
        cases.case_transfer(
            case_id=case,
            reason="请接手",
            person_id=self.person().pk,
            actor=self.owner_or(case),
            at=self.house.at,
        )

    def do_classify(self) -> None:
        cases.case_classify(
            case_id=self.case(),
            kind=self.dice.choice([None, *KINDS]),
            level=self.dice.choice([None, "L1", "L2", "L3"]),
            severity=self.dice.choice([None, "major", "general"]),
            topic_id=self.dice.choice([None, 0, *[t.pk for t in self.topics]]),
            actor=self.house.manager,
            at=self.house.at,
        )

    def do_answer(self) -> None:
        case = self.case()
        cases.reply_send(
            case_id=case,
            text="已收到",
            then=self.dice.choice(("", "", "wait")),
            actor=self.owner_or(case),
            at=self.house.at,
        )

    def do_receive(self) -> None:
        case = Case.objects.get(pk=self.case())
        cases.message_receive(
            case_id=case.pk, text="怎么样了", channel=self.dice.choice(("mail", "chat", "phone")),
            automatic=self.dice.random() < 0.2, customer_id=case.customer_id, actor=SYSTEM, at=self.house.at,
        )  # fmt: skip

    def do_resolve(self) -> None:
        case = self.case()
        cases.case_resolve(case_id=case, text="已补发", actor=self.owner_or(case), at=self.house.at)

    def do_confirm(self) -> None:
        case = Case.objects.get(pk=self.case())
        cases.case_confirm(
            case_id=case.pk, feedback=self.dice.choice(("", "谢谢")), actor=Actor.customer(case.customer_id), at=self.house.at
        )  # fmt: skip

    def do_dispute(self) -> None:
        case = Case.objects.get(pk=self.case())
        cases.case_dispute(
            case_id=case.pk, reason="没有好", actor=Actor.customer(case.customer_id), at=self.house.at
        )

    def do_reopen(self) -> None:
        cases.case_reopen(case_id=self.case(), reason="还有一点", actor=self.house.manager, at=self.house.at)

    def do_silence(self) -> None:
        cases.close_silent(at=self.house.at)

    def do_close(self) -> None:
        cases.case_close(case_id=self.case(), actor=self.house.manager, at=self.house.at)

    def do_diagnose(self) -> None:
        case = self.case()
        cases.case_diagnose(
            case_id=case,
            text="受潮",
            tell_customer=self.dice.random() < 0.5,
            actor=self.owner_or(case),
            at=self.house.at,
        )

    def do_eta(self) -> None:
        case = self.case()
        cases.eta_tell(
            case_id=case,
            expected_at=self.house.at + timedelta(hours=self.dice.randint(1, 60)),
            actor=self.owner_or(case),
            at=self.house.at,
        )

    def do_warn(self) -> None:
        case = self.case()
        cases.customer_warn(
            case_id=case,
            text="要晚一些",
            expected_at=self.house.at + timedelta(hours=9),
            actor=self.owner_or(case),
            at=self.house.at,
        )

    def do_propose(self) -> None:
        case = self.case()
        how = {"pros": "快", "cons": "须装卸", "steps": "同车拉走", "time": "2 天", "cost": "0 元"}
        options = [{"title": "换新料", **how}, {"title": "折价", **how}][: self.dice.randint(1, 2)]
        cases.plan_propose(case_id=case, options=options, actor=self.owner_or(case), at=self.house.at)

    def do_choose(self) -> None:
        case = Case.objects.filter(
            plans__chosen_at=None, plans__withdrawn_at=None, plans__isnull=False
        ).first()
        if case is not None:
            cases.plan_choose(
                case_id=case.pk, option=1, actor=Actor.customer(case.customer_id), at=self.house.at
            )

    def do_wait_internal(self) -> None:
        case = self.case()
        cases.case_wait(
            case_id=case, on="internal", reason="等物流", actor=self.owner_or(case), at=self.house.at
        )

    def do_resume(self) -> None:
        case = self.case()
        cases.case_resume(case_id=case, actor=self.owner_or(case), at=self.house.at)

    def do_help(self) -> None:
        case = self.case()
        cases.helper_add(
            case_id=case, person_id=self.person().pk, actor=self.owner_or(case), at=self.house.at
        )

    def do_delivery(self) -> None:
        queued = Interaction.objects.filter(direction="out", state="queued").order_by("id").first()
        if queued is not None:
            cases.delivery_note(
                interaction_id=queued.pk,
                ok=self.dice.random() < 0.6,
                error="550",
                actor=SYSTEM,
                at=self.house.at,
            )

    def do_resend(self) -> None:
        failed = Interaction.objects.filter(direction="out", state="failed").order_by("-id").first()
        if failed is not None:
            cases.reply_resend(interaction_id=failed.pk, actor=self.house.manager, at=self.house.at)

    def do_merge(self) -> None:
        source, target = self.case(), self.case()
        cases.cases_merge(source_id=source, target_id=target, actor=self.house.manager, at=self.house.at)

    def do_merge_same_customer(self) -> None:
        source = Case.objects.get(pk=self.case())
        target = (
            Case.objects.filter(customer_id=source.customer_id).exclude(pk=source.pk).order_by("-id").first()
        )
        if target is not None:
            cases.cases_merge(
                source_id=source.pk, target_id=target.pk, actor=self.house.manager, at=self.house.at
            )

    def do_undo_merge(self) -> None:
        merge = Merge.objects.filter(undone_at=None).order_by("-id").first()
        if merge is not None:
            cases.merge_undo(merge_id=merge.pk, actor=self.house.manager, at=self.house.at)

    def do_split(self) -> None:
        message = Interaction.objects.filter(case_id=self.case(), direction="in").order_by("-id").first()
        if message is not None:
            self.cases.append(
                cases.case_split(
                    interaction_id=message.pk, subject="另一件", actor=self.house.manager, at=self.house.at
                ).pk
            )

    def do_record(self) -> None:
        case = self.case()
        cases.feedback_note(case_id=case, text="客户满意", actor=self.owner_or(case), at=self.house.at)
        cases.record_verify(case_id=case, actor=self.house.manager, at=self.house.at)

    def do_other_customer(self) -> None:
        cases.case_customer_set(
            case_id=self.case(),
            customer_id=self.dice.choice(self.customers),
            actor=self.house.manager,
            at=self.house.at,
        )

    def do_segment(self) -> None:
        customers.customer_change(
            customer_id=self.dice.choice(self.customers), segment=self.dice.choice(("", "vip", "new")), actor=self.house.manager, at=self.house.at
        )  # fmt: skip

    def do_merge_customers(self) -> None:
        if len(self.customers) > 6:
            source = self.customers.pop()
            customers.customers_merge(
                source_id=source, target_id=self.customers[0], actor=self.house.manager, at=self.house.at
            )

    def do_reveal(self) -> None:
        customers.reveal(
            customer_id=self.dice.choice(self.customers),
            field="mail",
            actor=self.house.agent,
            at=self.house.at,
        )

    def do_import(self) -> None:
        case, _message = cases.case_import(
            direction="in", channel="mail", subject="旧", text="旧", customer_id=self.dice.choice(self.customers),
            message=IncomingMessage(), actor=SYSTEM, at=self.house.at - timedelta(days=200),
        )  # fmt: skip
        self.cases.append(case.pk)

    def do_presence(self) -> None:
        person = self.person()
        staff.presence_set(
            person_id=person.pk,
            presence=self.dice.choice(("online", "busy", "away")),
            actor=actor_for(person),
            at=self.house.at,
        )

    def do_rebase(self) -> None:
        clock = Clock.objects.filter(state="running").order_by("-id").first()
        if clock is not None:
            commitments.clock_rebase(
                clock_id=clock.pk, due_at=self.house.at + timedelta(hours=30), reason="说好了", actor=self.house.manager, at=self.house.at
            )  # fmt: skip

    def do_cause(self) -> None:
        clock = Clock.objects.filter(state="breached").order_by("-id").first()
        if clock is not None:
            commitments.clock_cause_set(
                clock_id=clock.pk,
                cause=self.dice.choice(Clock.Cause.values),
                actor=self.house.manager,
                at=self.house.at,
            )

    def do_team_of_person(self) -> None:
        person = self.people[-1]
        teams = self.dice.choice(([self.house.cast.team.code], [self.house.cast.other_team.code]))
        staff.person_change(person_id=person.pk, teams=teams, actor=SYSTEM, at=self.house.at)

    def do_erase(self) -> None:
        """A customer who came by mail alone wants his data erased."""
        found = (
            Customer.objects.filter(erased_at=None, merged_into=None)
            .exclude(pk__in=self.customers)
            .order_by("id")
            .first()
        )
        if found is not None:
            customers.customer_erase(customer_id=found.pk, actor=self.house.admin, at=self.house.at)
