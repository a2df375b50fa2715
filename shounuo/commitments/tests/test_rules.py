"""What clocks do, against a walk minute by minute, and what must always hold, whatever happens to them."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shounuo.commitments.rules import TICK
from shounuo.commitments.tests.lab import Subject, minutes, put_in_force, spec
from shounuo.kernel.durations import Span

LENGTH = 30
WARN = 24
LADDER = (("50%", "owner"), ("100%", "owner_supervisor"), ("150%", "role:manager"))


ACTS = st.sampled_from(["asked", "answered", "dropped", "waiting", "resumed", "changed"])
SCRIPTS = st.lists(st.tuples(st.integers(0, 90), ACTS), max_size=12).map(
    lambda s: sorted(s, key=lambda a: a[0])
)


def walk(script, until):
    """The same promise by hand: one clock, minute by minute. Returns (state, warned, breached, met, paused minutes)."""
    state, elapsed, status = None, 0, "open"
    warned = breached = met = None
    for now in range(until + 1):
        if state == "running" and elapsed >= WARN and warned is None:
            warned = now
        for _at, act in [a for a in script if a[0] == now]:
            if act == "asked" and state is None:
                state = "paused" if status == "waiting_customer" else "running"
            elif act == "answered" and state in ("running", "paused"):
                state, met = "met", now
            elif act == "answered" and state == "breached" and met is None:
                met = now
            elif act == "dropped" and state in ("running", "paused"):
                state = "cancelled"
            elif act == "dropped" and state == "breached" and met is None:
                met = "gone"
            elif act in ("waiting", "resumed"):
                status = "waiting_customer" if act == "waiting" else "open"
                if state in ("running", "paused"):
                    state = "paused" if act == "waiting" else "running"
        if state == "running" and elapsed >= LENGTH:
            state, breached = "breached", now
        if state == "running":
            elapsed += 1
    return state, warned, breached, None if met == "gone" else met


@settings(max_examples=400, deadline=None)
@given(SCRIPTS, st.lists(st.integers(0, 130), max_size=6))
def test_a_clock_does_what_a_walk_by_the_minute_does(script, looks):
    subject = Subject(put_in_force(spec(pause=("waiting_customer",))), {"status": "open"})
    moments = [(at, n, act) for n, (at, act) in enumerate(script)] + [(at, 99, "") for at in looks]
    for at, _n, act in sorted(moments):
        if not act:
            subject.fire(minutes(at))
            continue
        if act in ("waiting", "resumed"):
            subject.facts = {"status": "waiting_customer" if act == "waiting" else "open"}
        subject.happen(f"s.{act}", minutes(at))
    subject.fire(minutes(500))
    state, warned, breached, met = walk(script, 500)
    if state is None:
        assert not subject.clocks
        return
    (clock,) = subject.clocks
    assert clock.state == state
    assert clock.warned_at == (None if warned is None else minutes(warned))
    assert clock.breached_at == (None if breached is None else minutes(breached))
    assert clock.met_at == (None if met is None else minutes(met))


EVERYTHING = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.sampled_from(
            [
                "asked",
                "answered",
                "dropped",
                "waiting",
                "resumed",
                "L1",
                "L2",
                "resolved",
                "reopened",
                "merged",
                "merge_undone",
                "closed",
                "failed",
            ]
        ),
    ),
    max_size=14,
).map(lambda s: sorted(s, key=lambda a: a[0]))


def rules_of_all_sorts():
    return put_in_force(
        spec(pause=("waiting_customer",), escalate=LADDER),
        spec("each", each=True, within="PT20M"),
        spec("level", when={"level": "L1"}, pause=("waiting_customer",), escalate=LADDER[2:]),
        spec("solve", within="PT1H", until=("s.resolved",)),
        spec("solve-l2", within="PT40M", until=("s.resolved",), when={"level": "L2"}),
        replace(spec("forewarn"), within=None, due_of="solve"),
        spec("later", within="PT50M", until=("s.answered",), after=Span.parse("PT10M")),
    )


def play(subject, script, looks):
    moments = sorted(
        [(at, 0, n, act) for n, (at, act) in enumerate(script)] + [(at, 1, 0, "") for at in looks]
    )
    for at, look, n, act in moments:
        if look:
            subject.fire(minutes(at) + TICK)
            continue
        if act in ("L1", "L2"):
            subject.facts = {**subject.facts, "level": act}
            subject.happen("s.changed", minutes(at))
        elif act == "answered":
            subject.happen("s.answered", minutes(at), interaction=n)
        elif act == "failed":
            answered = [p for p in subject.history if p.kind == "s.answered"]
            if answered:
                subject.happen("s.failed", minutes(at), interaction=answered[-1].payload["interaction"])
        else:
            status = {"waiting": "waiting_customer", "closed": "closed", "resolved": "resolved"}
            if act in ("waiting", "resumed", "closed", "resolved", "reopened"):
                subject.facts = {**subject.facts, "status": status.get(act, "open")}
            subject.happen(f"s.{act}", minutes(at), **({"on": "customer"} if act == "waiting" else {}))
        check(subject)
    subject.fire(minutes(10_000))
    check(subject)


def check(subject):
    """What must hold at any moment."""
    slots = [(c.rule_id, c.start_event_id, c.round) for c in subject.clocks]
    assert len(slots) == len(set(slots))
    for clock in subject.clocks:
        assert (clock.state == "paused") == (clock.paused_at is not None)
        assert clock.next_at is None or clock.state in ("running", "breached")
        assert (clock.breached_at is not None) == (clock.state == "breached")
        assert clock.breached_at is None or clock.breached_at == clock.due_at
        assert clock.state != "met" or (clock.met_at is not None and clock.met_at <= clock.due_at)
        assert clock.state != "cancelled" or (clock.cancel_reason and clock.cancelled_at is not None)
        assert clock.state != "running" or clock.next_at is not None
        assert clock.warn_at is None or clock.warn_at < clock.due_at
        assert clock.due_at >= clock.counted_from >= clock.started_at
        rows = subject.pauses.get(clock.id, [])
        assert sum(1 for _a, end, _r in rows if end is None) == (clock.state == "paused")
        assert all(end is None or start <= end for start, end, _r in rows)
        same = (clock.rule_id, clock.round)
        single = [c for c in subject.clocks if (c.rule_id, c.round) == same and c.is_live]
        assert len(single) <= 1 or subject.book.rules[clock.rule_id].spec.each


def outcome(subject):
    return [
        (
            c.rule_id,
            c.round,
            c.state,
            c.due_at,
            c.warned_at,
            c.breached_at,
            c.met_at,
            c.cancelled_at,
            c.cancel_reason,
        )
        for c in subject.clocks
    ]


@settings(max_examples=300, deadline=None)
@given(EVERYTHING, st.lists(st.integers(0, 200), max_size=8))
def test_what_is_recorded_does_not_depend_on_when_the_loop_looks(script, looks):
    book = rules_of_all_sorts()
    often, never = Subject(book, {"status": "open"}), Subject(book, {"status": "open"})
    play(often, script, looks)
    play(never, script, [])
    assert outcome(often) == outcome(never)
    assert sorted(often.told) == sorted(never.told)
    assert sorted(often.steps) == sorted(never.steps)


@settings(max_examples=200, deadline=None)
@given(EVERYTHING)
def test_a_recorded_breach_is_never_taken_back(script):
    subject = Subject(rules_of_all_sorts(), {"status": "open"})
    broken = set()
    play(subject, script, [])
    for id, kind, _at in subject.told:
        if kind == "breached":
            assert id not in broken, "told twice"
            broken.add(id)
    assert {c.id for c in subject.clocks if c.state == "breached"} == broken


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=5), st.integers(1, 29))
def test_however_often_it_pauses_the_time_that_ran_is_the_time_it_had(spans, step):
    subject = Subject(put_in_force(spec(pause=("waiting_customer",))), {"status": "open"})
    subject.happen("s.asked", minutes(0))
    now, ran = 0, 0
    for run, still in spans:
        if ran + run >= LENGTH:
            break
        now, ran = now + run, ran + run
        subject.facts = {"status": "waiting_customer"}
        subject.happen("s.waiting", minutes(now))
        now += still
        subject.facts = {"status": "open"}
        subject.happen("s.resumed", minutes(now))
    (clock,) = subject.clocks
    assert clock.due_at == minutes(now + LENGTH - ran)
    assert clock.length_s == LENGTH * 60
    subject.happen("s.answered", minutes(now) + timedelta(seconds=step))
    assert clock.used_s == ran * 60 + step


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_a_later_start_is_never_due_earlier(a, b):
    dues = []
    for start in sorted((a, b)):
        subject = Subject(put_in_force(spec()), {})
        subject.happen("s.asked", minutes(start))
        dues.append(subject.clocks[0].due_at)
    assert dues[0] <= dues[1]
