"""What the demo department does beside the common course: compensation within one's authority or asked for, agreements with
the best customers, the eight steps of a complaint."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

from shounuo.agreements import queries as agreements
from shounuo.agreements import services as agreement_services
from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.customers.models import Customer
from shounuo.duties import rules
from shounuo.duties import services as duties
from shounuo.duties.queries import visible_ids
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.process import book
from shounuo.process import services as process
from shounuo.process.models import Run, RunStep
from shounuo.web.demo.world import Worker, World

COMPENSATED = 0.3  # of complaints and returns
FEN = ((20_00, 30), (30_00, 25), (50_00, 25), (88_00, 10), (150_00, 8), (300_00, 5), (480_00, 2), (800_00, 1))
MORE = (150_00, 300_00, 480_00)
WAITING = 4
REASONS = (
    "到货延误耽误了喂料，客户要求补偿",
    "换货期间客户自己垫了料钱",
    "上门两次没修好，补一次路费",
    "少装的件补发，另给一点心意",
)
GRANTED = ("同意，从本组补偿里出。", "属实，同意。", "同意，下不为例。")
QUESTION = (
    "调休上班的周六算不算工作日",
    "客户周五下午来的投诉，周六调休上班。“3 个工作日”从周六算还是从下周一算，两个组算得不一样，请给个说法。",
)
REFUSED = "补发之外不再补钱，请再同客户说明。"
STEPS_RULE = "complaint-steps"
DONE = {
    "receive": "来电已登记，复述过一遍，客户没有补充。",
    "assess": "影响一户，今天要有回音。",
    "assign": "由首接人办到底，品控协助。",
    "verify": "电话核对过，处理与答复一致。",
    "close": "资料齐，归档。",
}


def compensate(
    world: World, case_id: int, worker: Worker, at: datetime
) -> Generator[datetime, None, datetime]:
    """Sometimes the agent gives a little himself, or asks his supervisor for more; returns the moment of the last word."""
    dice = world.random
    if dice.random() >= COMPENSATED or "agent" not in worker.actor.roles:
        return at
    at = world.working(at, world.spread(10))
    yield at
    amount = dice.choices([a for a, _w in FEN], [w for _a, w in FEN])[0]
    grant = cases.grant_ask(
        case_id=case_id, kind="compensation", amount=amount, reason=dice.choice(REASONS), actor=worker.actor, at=at
    )  # fmt: skip
    if not grant.is_asked:
        return at
    decider = next((w for w in world.workers.values() if set(grant.roles) & w.actor.roles and (w.team == worker.team or not w.team)), None)  # fmt: skip
    if decider is None:
        return at
    at = world.working(at, world.spread(45, 0.8))
    yield at
    approve = dice.random() < 0.85
    cases.grant_decide(
        grant_id=grant.pk, approve=approve, note=dice.choice(GRANTED) if approve else REFUSED,
        actor=decider.actor, at=at,
    )  # fmt: skip
    return at


def ask_lately(world: World, end: datetime) -> None:
    """What was asked for within the last hour and waits for its decision when the demo opens: more than the agent may give
    by himself."""
    dice = world.random
    mine = {w.person.pk: w for w in world.workers.values() if "agent" in w.actor.roles}
    found = Case.objects.filter(
        kind__in=("complaint", "aftersales"), status="open", owner_id__in=mine, merged_into=None
    ).order_by("-opened_at", "number")[:WAITING]
    for n, case in enumerate(found):
        assert case.owner_id is not None  # asked for above
        at = max(case.opened_at, end - timedelta(minutes=50 - 9 * n))
        cases.grant_ask(
            case_id=case.pk, kind="compensation", amount=dice.choice(MORE), reason=dice.choice(REASONS),
            actor=mine[case.owner_id].actor, at=at,
        )  # fmt: skip
    about, reason = QUESTION
    cases.request_ask(
        kind="policy_interpretation", about=about, reason=reason,
        actor=world.workers["hanxue"].actor, at=end - timedelta(minutes=35),
    )  # fmt: skip


def agree(world: World, before: datetime, start: datetime) -> None:
    """A faster first answer for the segment of the best customers; one farm has signed for more, another has it before him."""
    author, approver = world.workers["jiangyue"].actor, world.workers["zhaoliqun"].actor
    bases = {row.name: row.pk for row, _spec, _label in agreements.bases(start)}
    signers = list(
        Customer.objects.filter(segment="vip", merged_into=None, company__isnull=False).order_by(
            "created_at"
        )[:2]
    )
    faster = agreement_services.Promise(
        bases["first-response"], "PT15M", "95%", "PT20M", "同业三家公开的服务承诺"
    )
    whole_day = agreement_services.Promise(bases["first-response"], "PT10M", "98%")
    plans: list[tuple[str, Customer | None, list[agreement_services.Promise]]] = [
        ("重点客户服务协议", None, [faster])
    ]
    plans += [(f"{c.company.name}服务协议", c, [whole_day]) for c in signers if c.company is not None]
    for n, (title, signer, promises) in enumerate(plans):
        drafted = agreement_services.agreement_save(
            title=title,
            segment="" if signer is not None else "vip",
            company_id=signer.company_id if signer is not None else None,
            signer_id=signer.pk if signer is not None else None,
            services="咨询、投诉、报修由固定的客服专员负责到底。",
            priorities="先于一般工单派单。",
            ours="按约定时限答复；每季度书面回顾一次。",
            theirs="来电时报出场名和联系人。",
            promises=promises,
            valid_from=start.date(),
            valid_until=start.date() + timedelta(days=365),
            actor=author,
            at=before,
        )
        offered = agreement_services.agreement_offer(agreement_id=drafted.pk, actor=approver, at=before)
        if signer is not None and n == 1:
            token = agreement_services.link_path(offered, before).rstrip("/").rpartition("/")[2]
            agreement_services.agreement_answer(
                token=token, accepts=True, note="同意。", at=before + timedelta(hours=3)
            )
    agreement_services.agreements_settle(at=start)


def complain(world: World, end: datetime) -> None:
    """The eight steps of the complaints that are open, and of those that ended lately, as far as they have come."""
    rule = next(p for p in book.live(end) if p.spec.name == STEPS_RULE)
    found = Case.objects.filter(kind="complaint", opened_at__gte=end - timedelta(days=4), merged_into=None)
    for case in found.select_related("owner").order_by("opened_at", "number")[:16]:
        run = process.run_start(
            rule_id=rule.rule_id, subject=("case", case.pk), actor=world.system, at=case.opened_at
        )
        _walk(world, run, case, end)


def _walk(world: World, run: Run, case: Case, end: datetime) -> None:
    """The steps that have been done by now: those of an event when it came, the others by people."""
    told = list(Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("id"))
    at = case.opened_at
    while (
        step := RunStep.objects.select_related("duty").filter(run=run, state=RunStep.State.OPEN).first()
    ) is not None:
        wanted = {e.event for e in book.step_of(book.spec_of(run.rule), step.name).done}
        if wanted:
            proof = next((e for e in told if e.kind in wanted and e.at <= end), None)
            if proof is None:
                return
            process.step_proved(step=step, event=proof)
            at = max(at, proof.at)
            continue
        at = world.working(at, 6)
        worker = _able(world, step, case)
        if at > end or step.duty is None or worker is None:
            return
        duties.duty_done(duty_id=step.duty.pk, note=DONE.get(step.name, "已办。"), actor=worker, at=at)


def _able(world: World, step: RunStep, case: Case) -> Actor | None:
    """The case's owner where the step may be his, else the first who may take it."""
    own = [w for w in world.workers.values() if w.person.pk == case.owner_id]
    for worker in [*own, *world.workers.values()]:
        if (
            step.duty is not None
            and rules.fits(worker.actor, step.duty)
            and visible_ids(worker.actor, [step.duty.pk])
        ):
            return worker.actor
    return None
