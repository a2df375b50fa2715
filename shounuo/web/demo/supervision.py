"""What the demo's supervision group did: one inspection finished, its findings corrected, and one that is under way."""

from __future__ import annotations

from datetime import datetime, timedelta

from shounuo.commitments.models import Clock
from shounuo.duties import services as duties
from shounuo.improvement import services
from shounuo.improvement.models import Inspection, Judgement
from shounuo.kernel.errors import Invalid
from shounuo.web.demo.world import World

GROUP = ("jiangyue", "zhoumin", "luzhengping", "hanxue")
CLAUSE, OTHER = "REG-2.2.1", "REG-3.1.2"
DAY = timedelta(days=1)


def inspect(world: World, end: datetime) -> None:
    """Two weeks ago the first responses of a fortnight were looked at; since yesterday the listening is."""
    began = end - 14 * DAY
    done = _planned(world, "首次响应抽查", CLAUSE, began - 14 * DAY, began, 24, began)
    if done is not None:
        _finished(world, done, began)
    going = _planned(world, "信息确认抽查", OTHER, end - 8 * DAY, end - DAY, 16, end - DAY)
    if going is not None:
        for row in _rows(going)[:6]:
            _judge(world, going, row, "kept", "", end - DAY / 2)


def _planned(
    world: World, title: str, clause: str, start: datetime, stop: datetime, size: int, at: datetime
) -> Inspection | None:
    """The inspection; None where a small demo has nothing in that time to look at."""
    try:
        return services.inspection_plan(
            title=title,
            clauses=[clause],
            source=Inspection.Source.CASE,
            start=start,
            end=stop,
            size=size,
            by_team=True,
            inspector_ids=[world.workers[login].person.pk for login in GROUP],
            due_at=at + 4 * DAY,
            seed=world.day.toordinal(),
            actor=world.workers["jiangyue"].actor,
            at=at,
        )
    except Invalid as problem:
        if problem.code not in ("nothing_there", "nobody_fits"):
            raise
        return None


def _rows(inspection: Inspection) -> list[Judgement]:
    rows = Judgement.objects.filter(item__inspection=inspection).select_related("item")
    return list(rows.order_by("item__position"))


def _judge(
    world: World, inspection: Inspection, row: Judgement, verdict: str, note: str, at: datetime
) -> None:
    by_person = {w.person.pk: w.actor for w in world.workers.values()}
    services.item_judge(
        inspection_id=inspection.pk,
        item_id=row.item_id,
        clause=row.clause_code,
        verdict=verdict,
        note=note,
        actor=by_person[row.item.inspector_id],
        at=at,
    )


def _finished(world: World, inspection: Inspection, began: datetime) -> None:
    """Judged by what the clocks say, two findings; one is corrected and verified, the other waits for it."""
    rows, late = _rows(inspection), []
    broken = dict(
        Clock.objects.filter(
            clause_code=CLAUSE, subject_kind="case", subject_id__in=[r.item.subject_id for r in rows]
        ).values_list("subject_id", "state")
    )
    for n, row in enumerate(rows):
        at = began + DAY + timedelta(minutes=20 * n)
        state = broken.get(row.item.subject_id)
        if state == Clock.State.BREACHED:
            late.append(row.pk)
            _judge(world, inspection, row, "not_kept", "首次回复超过三十分钟，期间没有告知客户", at)
        elif n % 9 == 4:  # what no clock sees
            late.append(row.pk)
            _judge(world, inspection, row, "not_kept", "时间内只说了稍后再答，没有回应所问", at)
        elif state is None:
            _judge(world, inspection, row, "not_applicable", "", at)
        else:
            _judge(world, inspection, row, "kept", "", at)
    manager, at = world.workers["jiangyue"].actor, began + 2 * DAY
    found = []
    for severity, cause, text, login, shown in (
        (
            "serious",
            "staffing",
            "午间 12:00 至 13:30 只有一人值守，来信堆积，首次回复超时或只回一句稍后。",
            "zhoumin",
            late,
        ),
        ("minor", "unclear", "自动回执是否算首次响应，各组理解不一。", "luzhengping", []),
    ):
        finding = services.finding_raise(
            inspection_id=inspection.pk,
            clause=CLAUSE,
            severity=severity,
            cause=cause,
            text=text,
            owner_id=world.workers[login].person.pk,
            due_at=at + 10 * DAY,
            judgement_ids=shown,
            actor=manager,
            at=at,
        )
        found.append((finding, world.workers[login].actor))
    services.inspection_finish(
        inspection_id=inspection.pk,
        conclusion="多数按时，超时集中在午间。先补午间值守，再把回执算不算首次响应写进条款说明。",
        actor=manager,
        at=at,
    )
    for n, (finding, doer) in enumerate(found):
        done_at = at + (4 + 3 * n) * DAY
        duties.duty_done(
            duty_id=finding.follow_up_id or 0,
            note=("午间改为两人轮值，排班已发", "条款说明已起草，交各组传阅")[n],
            actor=doer,
            at=done_at,
        )
        if n == 0:
            services.finding_verify(
                finding_id=finding.pk,
                note="抽了五天午间的工单，均按时回复",
                actor=manager,
                at=done_at + 2 * DAY,
            )
