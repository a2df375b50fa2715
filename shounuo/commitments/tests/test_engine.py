"""From events to clocks: every field of a rule shows its effect."""

from datetime import UTC, datetime, timedelta

import pytest

from shounuo.commitments import loop
from shounuo.commitments.models import Clock, Pause, Step
from shounuo.commitments.testing import PARCEL, clock, clocks, enforce, happen, happened, parcels
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
ANSWER = {"commitment": "answer", "from": "parcel.asked", "until": "parcel.answered", "within": "PT30M"}


def after(**length):
    return T0 + timedelta(**length)


def minutes(n):
    return T0 + timedelta(minutes=n)


def told(id=1):
    rows = Event.objects.filter(subject_kind=PARCEL, subject_id=id, kind__startswith="clock.").order_by("seq")
    return [(e.kind.partition(".")[2], e.at) for e in rows]


def rule(**changes):
    body = {k.rstrip("_"): v for k, v in changes.items()}
    return {k: v for k, v in {**ANSWER, **body}.items() if v is not None}


# from, until, within


def test_a_start_event_starts_the_clock_and_its_figures_are_copied():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    one = clock()
    assert (one.state, one.started_at, one.due_at, one.warn_at) == ("running", T0, minutes(30), minutes(24))
    assert (one.clause_code, one.commitment, one.calendar, one.within) == ("T-1", "answer", "always", "PT30M")
    assert one.next_at == minutes(24) and one.length_s == 1800
    assert told() == [("started", T0)]


def test_an_answer_at_the_last_moment_is_in_time():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(30))
    one = clock()
    assert (one.state, one.met_at, one.used_s, one.next_at) == ("met", minutes(30), 1800, None)
    assert told() == [("started", T0), ("warned", minutes(24)), ("met", minutes(30))]


def test_a_tick_later_it_is_broken_at_its_due_moment_and_stays_so():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    late = minutes(30) + timedelta(microseconds=1)
    happen("parcel.answered", late)
    one = clock()
    assert (one.state, one.breached_at, one.met_at) == ("breached", minutes(30), late)
    assert one.used_s == 1800 and not one.is_live
    assert told()[-2:] == [("breached", minutes(30)), ("met", late)]


def test_other_events_and_other_subjects_leave_the_clock_alone():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.changed", minutes(1))
    happen("parcel.answered", minutes(2), id=2)
    assert clock().state == "running" and not clocks(2)


def test_a_list_of_events_means_any_of_them():
    enforce(rule(from_=["parcel.made", "parcel.asked"], until=["parcel.dropped", "parcel.answered"]), at=T0)
    happen("parcel.made", T0)
    happen("parcel.answered", minutes(1))
    assert clock().state == "met"


@pytest.mark.parametrize(
    ("spec", "payload", "counts"),
    [
        ({"event": "parcel.answered", "channel": "mail"}, {"channel": "mail"}, True),
        ({"event": "parcel.answered", "channel": "mail"}, {"channel": "chat"}, False),
        ({"event": "parcel.answered", "channel": ["mail", "chat"]}, {"channel": "chat"}, True),
        ({"event": "parcel.answered", "has": "note"}, {"note": "n1"}, True),
        ({"event": "parcel.answered", "has": "note"}, {}, False),
    ],
)
def test_an_event_may_be_described_by_its_payload(spec, payload, counts):
    enforce(rule(until=spec), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(1), **payload)
    assert (clock().state == "met") is counts


def test_by_asks_for_a_role_of_the_actor():
    enforce(rule(until={"event": "parcel.answered", "by": "manager"}), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(1), actor=Actor.person(7, roles=frozenset({"agent"})))
    assert clock().state == "running"
    happen("parcel.answered", minutes(2), actor=Actor.person(8, roles=frozenset({"manager"})))
    assert clock().state == "met"


def test_cancel_calls_the_clock_off():
    enforce(rule(cancel="parcel.dropped"), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.dropped", minutes(5))
    one = clock()
    assert (one.state, one.cancel_reason, one.next_at) == ("cancelled", "called_off", None)
    assert told()[-1] == ("cancelled", minutes(5))


def test_an_event_that_starts_and_meets_ends_the_old_clock_and_not_the_new():
    enforce(rule(from_="parcel.asked", until="parcel.asked", each=True), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.asked", minutes(5))
    assert [c.state for c in clocks()] == ["met", "running"]


# each


def test_one_clock_per_subject_unless_the_rule_says_each():
    enforce(ANSWER, rule(commitment="every", each=True), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.asked", minutes(5))
    assert [c.due_at for c in clocks(1, "answer")] == [minutes(30)]
    assert [c.due_at for c in clocks(1, "every")] == [minutes(30), minutes(35)]
    happen("parcel.answered", minutes(6))
    assert {c.state for c in clocks()} == {"met"}


def test_a_second_start_after_the_clock_was_met_starts_nothing():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(1))
    happen("parcel.asked", minutes(2))
    assert clock().state == "met"


# after


def test_before_its_opening_an_answer_does_not_count():
    enforce(rule(after="PT10M"), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(9))
    assert clock().state == "running" and clock().opens_at == minutes(10)
    happen("parcel.answered", minutes(10))
    assert clock().state == "met"


# calendar


def test_business_hours_count_on_the_business_calendar():
    enforce(rule(within="PT2BH"), rule(commitment="days", within="P3BD"), at=T0)
    friday = datetime(2026, 10, 16, 8, 30, tzinfo=UTC)  # 16:30 in Shanghai; closes 18:00
    happen("parcel.asked", friday)
    hours, days = clocks()
    assert hours.due_at.isoformat() == "2026-10-19T01:00:00+00:00" or hours.due_at > friday + timedelta(
        days=2
    )
    assert (days.due_at - friday).days == 5


def test_the_rules_own_calendar_goes_before_the_packs():
    enforce(ANSWER, rule(commitment="office", calendar="business"), at=T0)
    sunday = datetime(2026, 10, 18, 4, 0, tzinfo=UTC)
    happen("parcel.asked", sunday)
    always, office = clocks()
    assert always.due_at == sunday + timedelta(minutes=30)
    assert office.due_at > sunday + timedelta(hours=12) and office.calendar == "business"


# pause


def test_a_state_in_pause_stops_the_clock_and_the_rest_runs_after_it():
    enforce(rule(pause="waiting_customer"), at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", minutes(10))
    one = clock()
    assert (one.state, one.paused_at, one.next_at) == ("paused", minutes(10), None)
    assert loop.fire_due(minutes(600)) == 0
    parcels.facts[1] = {"status": "open"}
    happen("parcel.resumed", minutes(100))
    one = clock()
    assert (one.state, one.due_at, one.warn_at) == ("running", minutes(120), minutes(114))
    pause = Pause.objects.get()
    assert (pause.started_at, pause.ended_at, pause.reason) == (minutes(10), minutes(100), "waiting_customer")
    assert [k for k, _at in told()] == ["started", "paused", "resumed"]


def test_a_state_that_is_not_in_pause_does_not_stop_it():
    enforce(rule(pause="waiting_customer"), at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"status": "waiting_internal"}
    happen("parcel.waiting", minutes(10))
    assert clock().state == "running"


def test_a_paused_clock_can_be_met():
    enforce(rule(pause="waiting_customer"), at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", minutes(10))
    happen("parcel.answered", minutes(40))
    one = clock()
    assert (one.state, one.met_at, one.due_at, one.used_s) == ("met", minutes(40), minutes(60), 600)
    assert Pause.objects.get().ended_at == minutes(40)


# when


def test_when_keeps_the_rule_to_its_subjects():
    enforce(rule(when={"level": "L1"}), at=T0)
    parcels.facts.update({1: {"level": "L1"}, 2: {"level": "L2"}})
    happen("parcel.asked", T0, id=1)
    happen("parcel.asked", T0, id=2)
    assert clock(1).state == "running" and not clocks(2)


def test_becoming_true_starts_the_clock_at_its_start():
    enforce(rule(when={"level": "L1"}), at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(10))
    one = clock()
    assert (one.started_at, one.counted_from, one.due_at) == (T0, T0, minutes(30))
    assert told() == [("started", minutes(10))]


def test_one_that_would_be_born_overdue_runs_its_full_time_from_the_change():
    enforce(rule(when={"level": "L1"}), at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(31))
    one = clock()
    assert (one.started_at, one.counted_from, one.due_at, one.state) == (
        T0,
        minutes(31),
        minutes(61),
        "running",
    )


def test_an_answer_given_before_the_rule_applied_meets_it():
    enforce(rule(when={"level": "L1"}), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(10))
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(90))
    one = clock()
    assert (one.state, one.met_at, one.due_at, one.used_s) == ("met", minutes(10), minutes(30), 600)


def test_a_late_answer_before_the_rule_applied_is_no_breach():
    enforce(rule(when={"level": "L1"}), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(40))
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(90))
    one = clock()
    assert (one.state, one.met_at, one.due_at) == ("met", minutes(40), minutes(120))


def test_pauses_before_the_rule_applied_count_as_pauses():
    enforce(rule(when={"level": "L1"}, pause="waiting_customer"), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.waiting", minutes(5), on="customer")
    happen("parcel.resumed", minutes(25))
    parcels.facts[1] = {"level": "L1", "status": "open"}
    happen("parcel.changed", minutes(40))
    one = clock()
    assert (one.state, one.due_at) == ("running", minutes(50))
    assert Pause.objects.get().started_at == minutes(5)


def test_becoming_false_cancels_and_becoming_true_again_goes_on():
    enforce(rule(when={"level": "L1"}), at=T0)
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.asked", T0)
    parcels.facts[1] = {"level": "L2"}
    happen("parcel.changed", minutes(5))
    one = clock()
    assert (one.state, one.cancel_reason) == ("cancelled", "no_longer_applies")
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(10))
    one = clock()
    assert (one.state, one.due_at, one.cancel_reason) == ("running", minutes(30), "")


def test_a_recorded_breach_is_not_escaped_by_a_change():
    enforce(rule(when={"level": "L1"}, escalate=[{"at": "200%", "to": "owner"}]), at=T0)
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.asked", T0)
    parcels.facts[1] = {"level": "L2"}
    happen("parcel.changed", minutes(31))
    one = clock()
    assert (one.state, one.breached_at, one.cancel_reason) == ("breached", minutes(30), "no_longer_applies")
    assert not one.is_live and one.next_at is None


# warn, escalate


def test_warn_is_a_share_or_a_length():
    enforce(rule(warn="50%"), rule(commitment="b", warn="PT5M"), rule(commitment="c", warn="100%"), at=T0)
    happen("parcel.asked", T0)
    assert [c.warn_at for c in clocks()] == [minutes(15), minutes(5), None]


def test_the_ladder_is_climbed_step_by_step_each_once():
    enforce(
        rule(
            escalate=[
                {"at": "50%", "to": "owner"},
                {"at": "100%", "to": "owner_supervisor"},
                {"at": "150%", "to": "role:manager"},
            ]
        ),
        at=T0,
    )
    happen("parcel.asked", T0)
    for n in range(60):
        loop.fire_due(minutes(n))
        loop.fire_due(minutes(n))
    assert told() == [
        ("started", T0),
        ("escalated", minutes(15)),
        ("warned", minutes(24)),
        ("breached", minutes(30)),
        ("escalated", minutes(30)),
        ("escalated", minutes(45)),
    ]
    assert list(Step.objects.order_by("id").values_list("position", "to")) == [
        ("50%", "owner"),
        ("warn", ""),
        ("due", ""),
        ("100%", "owner_supervisor"),
        ("150%", "role:manager"),
    ]


def test_a_late_answer_ends_the_ladder():
    enforce(rule(escalate=[{"at": "150%", "to": "role:manager"}]), at=T0)
    happen("parcel.asked", T0)
    loop.fire_due(minutes(31))
    happen("parcel.answered", minutes(40))
    assert loop.fire_due(minutes(100)) == 0
    assert clock().state == "breached"


def test_shares_count_time_on_the_calendar():
    enforce(rule(within="PT4H", escalate=[{"at": "150%", "to": "owner"}]), at=T0, calendar="business")
    happen("parcel.asked", datetime(2026, 10, 16, 9, 0, tzinfo=UTC))  # Friday 17:00
    one = clock()
    monday = datetime(2026, 10, 19, 0, 0, tzinfo=UTC)
    assert one.warn_at > monday and one.due_at > one.warn_at  # not on Sunday night


# by due_of


def test_due_of_borrows_the_due_moment_of_another_and_moves_with_it():
    enforce(
        rule(commitment="solve", from_="parcel.made", until="parcel.resolved", pause="waiting_customer"),
        {
            "commitment": "forewarn",
            "from": "parcel.asked",
            "until": "parcel.answered",
            "by": {"due_of": "solve"},
        },
        at=T0,
    )
    happen("parcel.made", T0)
    happen("parcel.asked", minutes(5))
    warned = clock(1, "forewarn")
    assert (warned.started_at, warned.due_at) == (minutes(5), minutes(30))
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", minutes(10))
    assert {c.state for c in clocks()} == {"paused"}
    parcels.facts[1] = {"status": "open"}
    happen("parcel.resumed", minutes(70))
    assert {c.due_at for c in clocks()} == {minutes(90)}
    happen("parcel.answered", minutes(80))
    assert [c.state for c in clocks()] == ["running", "met"]


def test_due_of_waits_for_the_clock_that_it_follows():
    enforce(
        rule(commitment="solve", from_="parcel.made", until="parcel.resolved"),
        {
            "commitment": "forewarn",
            "from": "parcel.asked",
            "until": "parcel.answered",
            "by": {"due_of": "solve"},
        },
        at=T0,
    )
    happen("parcel.asked", T0)
    assert not clocks()
    happen("parcel.made", minutes(3))
    assert clock(1, "forewarn").due_at == minutes(33)


def test_a_change_of_facts_brings_the_clock_and_its_follower_at_once():
    def solve(level, within):
        return rule(
            commitment=f"solve-{level.lower()}", from_="parcel.made", until="parcel.resolved", within=within
        ) | {"when": {"level": level}}

    def forewarn(level):
        return {
            "commitment": "forewarn",
            "from": "parcel.made",
            "until": "parcel.answered",
            "by": {"due_of": f"solve-{level.lower()}"},
            "when": {"level": level},
        }

    enforce(solve("L1", "PT1H"), solve("L2", "PT2H"), forewarn("L1"), forewarn("L2"), at=T0)
    happen("parcel.made", T0)
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(5))
    assert [c.due_at for c in clocks(1, "forewarn")] == [minutes(60)]
    parcels.facts[1] = {"level": "L2"}
    happen("parcel.changed", minutes(10))
    assert [(c.state, c.due_at) for c in clocks(1, "forewarn")] == [
        ("cancelled", minutes(60)),
        ("running", minutes(120)),
    ]
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(15))
    assert [c.state for c in clocks(1, "forewarn")] == ["running", "cancelled"]


def test_a_follower_goes_into_a_new_round_with_its_target():
    enforce(
        rule(commitment="solve", from_="parcel.made", until="parcel.resolved"),
        {
            "commitment": "forewarn",
            "from": "parcel.made",
            "until": "parcel.answered",
            "cancel": "parcel.resolved",
            "by": {"due_of": "solve"},
        },
        at=T0,
    )
    happen("parcel.made", T0)
    happen("parcel.resolved", minutes(5))
    happen("parcel.reopened", minutes(60))
    assert [(c.round, c.state, c.due_at) for c in clocks(1, "forewarn")] == [
        (1, "cancelled", minutes(30)),
        (2, "running", minutes(90)),
    ]


def test_a_follower_is_called_off_with_its_target():
    enforce(
        rule(commitment="solve", from_="parcel.made", until="parcel.resolved", cancel="parcel.dropped"),
        {
            "commitment": "forewarn",
            "from": "parcel.made",
            "until": "parcel.answered",
            "by": {"due_of": "solve"},
        },
        at=T0,
    )
    happen("parcel.made", T0)
    happen("parcel.dropped", minutes(3))
    assert [(c.state, c.cancel_reason) for c in clocks()] == [
        ("cancelled", "called_off"),
        ("cancelled", "target_gone"),
    ]


# rounds, merge, close, failure


def test_reopening_starts_what_resolving_fulfils_anew():
    enforce(rule(commitment="solve", until="parcel.resolved"), ANSWER, at=T0)
    happen("parcel.asked", T0)
    happened(("parcel.answered", {}), ("parcel.resolved", {}), at=minutes(5))
    happened(("parcel.disputed", {}), ("parcel.reopened", {}), at=minutes(60))
    assert [(c.round, c.state, c.due_at) for c in clocks(1, "solve")] == [
        (1, "met", minutes(30)),
        (2, "running", minutes(90)),
    ]
    assert len(clocks(1, "answer")) == 1


def test_closing_cancels_what_is_still_owed_and_ends_the_ladder_of_what_was_broken():
    enforce(ANSWER, rule(commitment="fast", within="PT1M", escalate=[{"at": "9900%", "to": "owner"}]), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.closed", minutes(5))
    slow, fast = clocks()
    assert (slow.state, slow.cancel_reason) == ("cancelled", "closed")
    assert (fast.state, fast.cancel_reason, fast.next_at) == ("breached", "closed", None)


def test_undoing_a_merge_revives_the_clocks_with_the_gap_as_a_pause():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.merged", minutes(10), into=2)
    assert (clock().state, clock().cancel_reason) == ("cancelled", "merged")
    happen("parcel.merge_undone", minutes(70))
    one = clock()
    assert (one.state, one.due_at, one.warn_at) == ("running", minutes(90), minutes(84))
    assert Pause.objects.get().reason == "merged"


def test_a_failed_delivery_reopens_the_clock_and_the_time_has_gone_on():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(10), interaction=5)
    happen("parcel.failed", minutes(20), interaction=5)
    one = clock()
    assert (one.state, one.met_at, one.due_at) == ("running", None, minutes(30))
    happen("parcel.answered", minutes(25), interaction=6)
    assert clock().state == "met"


def test_a_failure_after_the_due_moment_is_a_breach_at_that_moment():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(10), interaction=5)
    happen("parcel.failed", minutes(50), interaction=5)
    assert (clock().state, clock().breached_at) == ("breached", minutes(30))


def test_another_answer_stands_in_for_the_failed_one():
    enforce(ANSWER, at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(10), interaction=5)
    happen("parcel.answered", minutes(12), interaction=6)
    happen("parcel.failed", minutes(50), interaction=5)
    one = clock()
    assert (one.state, one.met_at, one.met_ref) == ("met", minutes(12), 6)
    happen("parcel.failed", minutes(55), interaction=6)
    assert clock().state == "breached"


# automatic messages


def test_an_automatic_message_counts_only_where_the_rule_says_so():
    spec = ["parcel.answered", {"event": "parcel.answered", "automatic": True}]
    enforce(ANSWER, rule(commitment="any", until=spec), at=T0)
    happen("parcel.asked", T0)
    happen("parcel.answered", minutes(1), automatic=True)
    strict, lenient = clocks()
    assert strict.state == "running"
    assert (lenient.state, lenient.met_automatic, lenient.person_met_at) == ("met", True, None)
    happen("parcel.answered", minutes(20))
    strict, lenient = clocks()
    assert strict.state == "met"
    assert (lenient.met_at, lenient.person_met_at) == (minutes(1), minutes(20))


# versions


def test_a_new_version_moves_no_running_clock_and_starts_no_second_one():
    enforce(rule(each=None), at=T0)
    happen("parcel.asked", T0)
    enforce(rule(within="PT10M", until="parcel.dropped"), at=minutes(5), version="2")
    happen("parcel.asked", minutes(6))
    one = clock()
    assert one.due_at == minutes(30)
    happen("parcel.dropped", minutes(7))
    assert clock().state == "running"
    happen("parcel.answered", minutes(8))
    assert clock().state == "met"
    happen("parcel.asked", minutes(9), id=2)
    assert clock(2).due_at == minutes(19)


def test_what_happened_before_a_rule_was_in_force_binds_nobody():
    happen("parcel.asked", T0)
    enforce(rule(when={"level": "L1"}), at=minutes(1))
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(2))
    assert not clocks()


def test_a_case_opened_under_the_version_before_is_bound_by_the_new_one_when_it_comes_to_apply():
    enforce(rule(when={"level": "L1"}), at=T0)
    happen("parcel.asked", T0)
    enforce(rule(when={"level": "L1"}, within="PT20M"), at=minutes(1), version="2")
    parcels.facts[1] = {"level": "L1"}
    happen("parcel.changed", minutes(2))
    assert clock().due_at == minutes(20)


# clocks started by clocks


def test_a_clock_may_start_by_what_happens_to_another():
    enforce(
        ANSWER,
        rule(
            commitment="explain",
            from_={"event": "clock.breached", "commitment": "answer"},
            until="parcel.changed",
        ),
        at=T0,
    )
    happen("parcel.asked", T0)
    loop.fire_due(minutes(31))
    assert clock(1, "explain").due_at == minutes(60)


# the subject is told


def test_the_subject_hears_which_clock_is_nearest():
    enforce(ANSWER, rule(commitment="later", within="PT3H"), at=T0)
    happen("parcel.asked", T0)
    assert parcels.nearest[1].due_at == minutes(30) and not parcels.nearest[1].overdue
    loop.fire_due(minutes(31))
    assert parcels.nearest[1].overdue
    happen("parcel.answered", minutes(40))
    assert parcels.nearest[1].due_at is None and not parcels.nearest[1].overdue


def test_facts_are_kept_as_they_were_when_the_clock_was_decided():
    enforce(ANSWER, at=T0)
    parcels.facts[1] = {"team": "feed", "channel": "mail"}
    happen("parcel.asked", T0)
    parcels.facts[1] = {"team": "gear", "channel": "mail"}
    happen("parcel.answered", minutes(2))
    parcels.facts[1] = {"team": "late", "channel": "mail"}
    happen("parcel.changed", minutes(3))
    assert Clock.objects.get().facts["team"] == "gear"
