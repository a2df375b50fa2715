"""What comes back every week and month: the duties of the regulation's cadences, most of them done, some late, some not."""

from __future__ import annotations

import heapq
import random
from datetime import datetime, timedelta

from shounuo.commitments import cadences
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.duties.permissions import MANAGE, VIEW_ALL
from shounuo.duties.rules import fits
from shounuo.web.demo.world import Worker, World

LATE, NEVER = 0.1, 0.06
NOTES = {
    "record-archiving": "上月记录已归档，抽查二十份，缺项一份已补。",
    "monthly-training": "全员到课，课后测验平均 92 分，两人补考。",
    "appraisal-monthly": "已面谈，分数双方签字。",
    "appraisal-quarterly": "季度考核已面谈，结果已报备。",
    "supervision-inspection": "抽查三十单，两单回复偏慢，已通知整改。",
    "service-data-analysis": "数据已分析，结块类来单上升，改进项已立。",
}
DONE = "已按要求完成，记录在案。"


class Routine:
    """The duties of the cadences over the demo's days. What becomes of each is drawn from a die of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting: list[tuple[datetime, int]] = []
        self.newest = 0
        self.day: object = None

    def live(self, at: datetime) -> None:
        """Up to a moment: plans once a day, does what was to be done by then, in order, and lets lapse what was not."""
        new_day, self.day = at.date() != self.day, at.date()
        if new_day:
            cadences.plan(at)
            fresh = Duty.objects.filter(kind=cadences.CADENCE, pk__gt=self.newest).order_by("id")
            for duty in fresh:
                self.newest = duty.pk
                if (moment := self._moment(duty)) is not None:
                    heapq.heappush(self.waiting, (moment, duty.pk))
        while self.waiting and self.waiting[0][0] <= at:
            moment, duty_id = heapq.heappop(self.waiting)
            self._do(Duty.objects.select_related("owner", "team").get(pk=duty_id), moment)
        if new_day:
            duties.duties_lapse(at=at)

    def _moment(self, duty: Duty) -> datetime | None:
        """When it is done; None: never."""
        assert duty.due_at is not None
        dice = random.Random(f"{self.world.day}:{duty.origin_key}")  # noqa: S311  a story, not a secret
        length, fate, share = duty.due_at - duty.opens_at, dice.random(), dice.uniform(0.35, 0.95)
        if fate < NEVER:
            return None
        if fate < NEVER + LATE:
            return duty.due_at + min(length * 0.2, timedelta(days=6)) * share
        return min(self.world.working(duty.opens_at + length * share, 20), duty.due_at - timedelta(minutes=5))

    def _do(self, duty: Duty, at: datetime) -> None:
        worker = self._who(duty)
        if worker is not None:
            note = NOTES.get(duty.series.partition("/")[2], DONE)
            duties.duty_done(duty_id=duty.pk, note=note, actor=worker.actor, at=at)

    def _who(self, duty: Duty) -> Worker | None:
        """One of those whose duty it is; where the house has nobody of the role, a manager sees to it."""
        everybody = self.world.workers.values()
        if duty.owner_id is not None:
            able = [w for w in everybody if w.person.pk == duty.owner_id]
        else:
            able = [w for w in everybody if fits(w.actor, duty)]
        able = able or [w for w in everybody if w.actor.may(MANAGE) and w.actor.may(VIEW_ALL)]
        return min(able, key=lambda w: (w.person.pk * 7 + duty.pk) % 11, default=None)
