"""The four regulations that ship, all in force over the ninety days of the demo department: each makes clocks, duties or
figures, and what the pages show is what plain Python works out from events and tables."""

from collections import defaultdict
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest

from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.metrics.rules import Window
from shounuo.metrics.testing import asked, observe_all
from shounuo.policy import queries as policy
from shounuo.process import book
from shounuo.process import services as process
from shounuo.process.models import Run
from shounuo.web.demo import build, part
from shounuo.web.ops import serve
from tests.flows import checked
from tests.flows.house import SHANGHAI

PACKS = {"livestock", "enterprise", "office", "process-standard"}
CASES, DAY = 40, date(2026, 11, 2)


class Here:
    """The parts of the demo told one after the other, in the process and transaction of the test."""

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        pass

    @contextmanager
    def doing(self, _label, _total, task, *arguments):
        yield
        for n in range(part.PARTS):
            task(*arguments, n)


@pytest.mark.slow
@pytest.mark.django_db
def test_all_four_packs_run_on_the_ninety_days_and_their_figures_hold(monkeypatch):
    monkeypatch.setattr(build, "Parts", Here)
    monkeypatch.setattr(build, "count_one", lambda: None)
    serve.defaults(lambda _line: None)
    build.run(cases=CASES, day=DAY, say=lambda _line: None, all_packs=True)

    end = max(Event.objects.latest("at").at, Clock.objects.latest("due_at").due_at) + timedelta(days=1)
    in_force = {v.policy.code: policy.pack_of(v) for v in policy.versions_in_force(end)}
    assert {code for code in in_force if not code.startswith("sla-")} == PACKS
    by_pack = {code: {c.id for c in pack.clauses} for code, pack in in_force.items()}

    steps = next(p for p in book.live(end) if (p.policy, p.spec.name) == ("office", "improvement-steps"))
    process.run_start(rule_id=steps.rule_id, actor=Actor.system(), at=end)

    observe_all(end)
    first = Event.objects.earliest("at").at.astimezone(SHANGHAI).date()
    whole = Window.days(first, end.astimezone(SHANGHAI).date(), SHANGHAI)
    assert checked.every_metric([whole], end) > 300
    assert checked.kept_as_counted_by_hand(whole, end)

    kept = commitments.kept(None, whole.start, whole.end)
    assert {code: (k.due, k.met) for code, k in kept.items() if k.due} == kept_by_hand(whole)
    complete = {c.by[0] for c in asked("records_complete_share", whole, end, by=["clause"]).cells if c.n}
    duties = {
        d.partition("/")[0] for d in Duty.objects.filter(kind="cadence").values_list("series", flat=True)
    }
    runs = set(Run.objects.values_list("clause_code", flat=True))
    alive = {code: ids & {*kept, *complete, *duties, *runs} for code, ids in by_pack.items()}
    assert all(alive[code] for code in PACKS), {code: len(found) for code, found in alive.items()}
    assert all(by_pack[code] & set(kept) and by_pack[code] & duties for code in ("livestock", "enterprise"))


def kept_by_hand(window):
    """clause -> (decided, kept) of what was due in the window, from the events of the clocks alone."""
    clock = {}
    for kind, told in (
        Event.objects.filter(kind__startswith="clock.").order_by("id").values_list("kind", "payload")
    ):
        if kind in ("clock.started", "clock.rebased"):
            clock[told["clock"]] = {"clause": told["clause"], "due": told["due"], "kept": None}
        elif kind == "clock.breached":
            clock[told["clock"]]["kept"] = False
        elif kind == "clock.met" and not told["late"]:
            clock[told["clock"]]["kept"] = True
        clock[told["clock"]]["due"] = told["due"]
    found = defaultdict(lambda: [0, 0])
    for one in clock.values():
        if one["kept"] is not None and window.start <= datetime.fromisoformat(one["due"]) < window.end:
            found[one["clause"]][0] += 1
            found[one["clause"]][1] += one["kept"]
    return {code: tuple(pair) for code, pair in found.items()}
