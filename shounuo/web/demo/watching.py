"""What the demo department watches: the alarms and targets of the enterprise regulation, its other clauses still to come;
what they said in the last weeks, and what people did about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shounuo.metrics import services as metrics
from shounuo.policy import packs
from shounuo.policy import services as policy
from shounuo.policy.reading import read_pack
from shounuo.policy.schema import Alarm as AlarmRule
from shounuo.policy.schema import Authority, Playbook, Target
from shounuo.policy.vocabulary import TRUSTED
from shounuo.policy.writing import dump
from shounuo.risk import services as risk
from shounuo.risk.models import Alarm
from shounuo.staff.models import Person
from shounuo.staff.queries import actor_for, people_with_role
from shounuo.web.demo.world import ZONE, World
from shounuo.web.ops.progress import Progress

CLAUSES = ("CAP-2.1.1", "CAP-2.2.2", "CAP-4.2.2", "CAP-5.3.3", "CAP-7.2.1", "CAP-7.2.2")
KINDS = (AlarmRule, Authority, Playbook, Target)
WEEKS = timedelta(weeks=5)
LOOKS = ((11, 0), (15, 0), (19, 0), (23, 30))
SEEN_WITHIN = timedelta(minutes=18)
REVIEW = (
    "当天三个批次的饲料在运输中受潮，上午起投诉集中到来，九点半才有人看到是同一批。"
    "处置：下午停发该批次，客户逐户回电，能换的当日换。"
    "改进：同一主题一小时内来三件即告知品控；受潮批次的照片和处理办法写进常用语。"
)


def regulation(world: World, at: datetime) -> None:
    """The enterprise regulation as far as this house has come: the clauses that watch and those of authority, in force since the moment."""
    path = packs.FOLDER / "enterprise.yaml"
    whole = read_pack(path.read_text(encoding="utf-8"), path.name, TRUSTED)
    clauses = tuple(
        replace(clause, rules=rules)
        for clause in whole.clauses
        if clause.id in CLAUSES and (rules := tuple(r for r in clause.rules if isinstance(r, KINDS)))
    )
    used = {c.chapter for c in clauses}
    pack = replace(
        whole,
        clauses=clauses,
        chapters=tuple(
            c for c in whole.chapters if any(u == c.number or u.startswith(f"{c.number}.") for u in used)
        ),
        not_built=(),
        note="先施行监测、预警与分级授权的条款，其余随后。",
    )
    policy.version_import(text=dump(pack), file_name=path.name, actor=world.system, at=at)
    policy.version_publish_at_once(policy_code=pack.code, actor=world.system, at=at)


def watch(world: World, start: datetime, end: datetime, label: str) -> None:
    """Looks as the watch would have looked, some times a day over the last weeks; people answer what it says."""
    metrics.build_missing(at=end)
    moments = looks(world, start, end)
    with Progress(label, len(moments)) as progress:
        for at in moments:
            risk.alarms_evaluate(at=at)
            if at < end - timedelta(hours=12):
                _see(at)
            progress.step()
    _review(end)
    risk.targets_judge(at=end)


def looks(world: World, start: datetime, end: datetime) -> list[datetime]:
    """When is looked, in order: at fixed hours of the last weeks before `end`, and then. Pure."""
    first, last = (m.astimezone(ZONE).date() for m in (max(start, end - WEEKS), end))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    fixed = [world.local(day, hour, minute) for day in days for hour, minute in LOOKS]
    return [*(moment for moment in fixed if moment < end), end]


def _see(at: datetime) -> None:
    """A supervisor looks after what is new."""
    who = actor_for(_first("supervisor"))
    for id in Alarm.objects.filter(state=Alarm.State.OPEN, acknowledged_at=None).values_list("pk", flat=True):
        risk.alarm_acknowledge(alarm_id=id, actor=who, at=at + SEEN_WITHIN)


def _review(end: datetime) -> None:
    """The manager writes down what was learnt of the day with most complaints."""
    found = (
        Alarm.objects.filter(name="complaints-day", state=Alarm.State.RELEASED)
        .order_by("-raised_value", "raised_at")
        .first()
    )
    if found is not None and found.released_at is not None:
        at = min(found.released_at + timedelta(hours=9), end)
        risk.alarm_close(alarm_id=found.pk, review=REVIEW, actor=actor_for(_first("manager")), at=at)


def _first(role: str) -> Person:
    return Person.objects.get(pk=people_with_role(role)[0])
