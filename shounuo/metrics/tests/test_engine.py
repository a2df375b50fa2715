"""The engine on a source of its own: every way of counting, worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.metrics import queries, registry
from shounuo.metrics.models import OPEN_END, Observation
from shounuo.metrics.registry import Metric, Series, Source
from shounuo.metrics.rules import Aggregate, Unit, Window
from shounuo.metrics.tests.conftest import SHANGHAI
from shounuo.staff.testing import AT, make_team

DAY = timedelta(days=1)
DIMS = {"subject_id": "0", "at": "now()", "team_id": "0", "person_id": "0", "channel": "''", "outcome": "''"}


@pytest.fixture(scope="module", autouse=True)
def _declared():
    """A source whose observations the tests write themselves, and a metric for each way of counting."""
    registry.source(
        Source(
            "trial",
            "trial",
            "thing",
            frozenset(),
            given={},
            columns=DIMS,
            series=(
                Series("trial.point", "", {"value": "0", "hit": "true"}, {"odd": "false", "even": "false"}),
                Series("trial.other", "", {}),
                Series("trial.span", "", {"until": "now()", "value": "0"}),
            ),
            units=list,
        )
    )

    def metric(code, aggregate, series="trial.point", **more):
        return Metric(f"trial_{code}", code, "volume", "", "", series, aggregate, Unit.COUNT, **more)

    registry.metrics(
        metric("count", Aggregate.COUNT),
        metric("count_mail", Aggregate.COUNT, only={"channel": "mail"}),
        metric("count_odd", Aggregate.COUNT, only={"flag": "odd"}),
        metric("sum", Aggregate.SUM),
        metric("mean", Aggregate.MEAN),
        metric("median", Aggregate.MEDIAN),
        metric("p90", Aggregate.P90),
        metric("share", Aggregate.SHARE, least=3),
        metric("share_even", Aggregate.SHARE, hit={"flag": "even"}),
        metric("share_not_even", Aggregate.SHARE, hit={"no_flag": "even"}),
        metric("within", Aggregate.SHARE, within=20),
        metric("portion", Aggregate.PORTION),
        metric("distinct", Aggregate.DISTINCT, per=("person_id",)),
        metric("per", Aggregate.PER, per=("person_id",)),
        metric("per_day", Aggregate.PER, per=("person_id", "day")),
        metric("ratio", Aggregate.RATIO, against=("trial.other", {})),
        metric("difference", Aggregate.DIFFERENCE, against=("trial.other", {})),
        metric("growth", Aggregate.GROWTH),
        metric("settled", Aggregate.SHARE, final_after=timedelta(days=3)),
        metric("standing", Aggregate.STANDING, "trial.span"),
        metric("standing_per", Aggregate.STANDING, "trial.span", per=("person_id",)),
        metric("old", Aggregate.STANDING, "trial.span", within=2 * 86_400),
        metric("age", Aggregate.AGE, "trial.span"),
        metric("lasting", Aggregate.LASTING, "trial.span"),
        metric("lasting_per", Aggregate.LASTING_PER, "trial.span", per=("person_id",)),
        metric("lasting_share", Aggregate.LASTING_SHARE, "trial.span", hit={"outcome": "busy"}),
        Metric("trial_later", "later", "volume", "", "", waits_for="feedback"),
    )
    yield
    for code in [c for c in registry._metrics if c.startswith("trial_")]:
        del registry._metrics[code]
    for code in [c for c in registry._series if c.startswith("trial.")]:
        del registry._series[code]
    del registry._sources["trial"]


_refs = iter(range(1, 10**6))


def note(at, series="trial.point", **columns):
    there = at.astimezone(SHANGHAI)
    Observation.objects.create(
        source="trial",
        subject_kind="thing",
        subject_id=columns.pop("subject_id", 1),
        series=series,
        ref=next(_refs),
        at=at,
        day=there.date(),
        hour=there.hour,
        **columns,
    )


def asked(code, window, at=AT, **more):
    return queries.figure(f"trial_{code}", window, actor=Actor.system(), at=at, **more)


def total(code, window, **more):
    return asked(code, window, **more).total.value


@pytest.fixture
def points(db):
    """Yesterday 10, 20 and 30 by person 901 (mail, mail, phone); today 40 by person 902, hit like the first two."""
    for value, channel, hit, flags in ((10, "mail", True, 1), (20, "mail", True, 2), (30, "phone", False, 1)):
        note(AT - DAY, value=value, channel=channel, hit=hit, flags=flags, person_id=901)
    note(AT, value=40, channel="phone", hit=True, flags=2, person_id=902)


def test_each_way_of_counting_points(points, week):
    assert total("count", week) == 4
    assert total("count_mail", week) == 2
    assert total("count_odd", week) == 2
    assert total("sum", week) == 100
    assert total("mean", week) == 25
    assert total("median", week) == 25
    assert total("p90", week) == pytest.approx(37)
    assert total("share", week) == 0.75
    assert total("share_even", week) == 0.5
    assert total("share_not_even", week) == 0.5
    assert total("within", week) == 0.5
    assert total("distinct", week) == 2
    assert total("per", week) == 2
    assert total("per_day", week) == 2


def test_who_asks_may_set_the_limit(points, week):
    assert total("within", week, limit=30) == 0.75
    assert asked("within", week, limit=30).limit == 30


def test_the_population_stands_beside_the_value(points, week):
    share = asked("share", week).total
    assert (share.n, share.part) == (4, 3)
    mean = asked("mean", week).total
    assert (mean.n, mean.part) == (4, 100)


def test_what_has_no_value_or_is_undecided_is_not_in_the_population(points, week):
    note(AT, channel="mail")
    assert asked("mean", week).total.n == 4
    assert asked("share", week).total.n == 4
    assert asked("count", week).total.n == 5


def test_a_window_takes_its_first_moment_and_not_its_last(db):
    window = Window(AT, AT + DAY, SHANGHAI)
    note(AT)
    note(AT + DAY)
    assert asked("count", window, at=AT + 2 * DAY).total.n == 1


def test_cut_by_a_dimension_the_groups_add_up_to_the_whole(points, week):
    found = asked("count", week, by=["channel"])
    assert {c.by: c.value for c in found.cells} == {("mail",): 2, ("phone",): 2}
    assert found.total.n == 4


def test_cut_by_three_dimensions_and_days(points, week):
    found = asked("mean", week, by=["channel", "person", "weekday"], bucket="day")
    assert [(c.bucket, c.by, c.value) for c in found.cells] == [
        (date(2026, 10, 9), ("mail", 901, 5), 15),
        (date(2026, 10, 9), ("phone", 901, 5), 30),
        (date(2026, 10, 10), ("phone", 902, 6), 40),
    ]


def test_days_on_which_nothing_happened_are_there_up_to_today(points):
    window = Window.days(date(2026, 10, 7), date(2026, 10, 12), SHANGHAI)
    counts = asked("count", window, bucket="day").cells
    assert [(c.bucket.day, c.value) for c in counts] == [(7, 0), (8, 0), (9, 3), (10, 1)]
    shares = asked("share", window, bucket="day").cells
    assert [c.value for c in shares] == [None, None, pytest.approx(2 / 3), 1]


def test_a_median_of_a_week_is_not_made_of_those_of_its_days(points, week):
    found = asked("median", week, bucket="week")
    assert [(c.bucket, c.value, c.n) for c in found.cells] == [
        (date(2026, 9, 28), None, 0),
        (date(2026, 10, 5), 25, 4),
    ]


def test_what_is_told_apart_may_be_what_is_cut_by(points, week):
    found = asked("per", week, by=["person"], bucket="day")
    assert (found.total.value, found.total.n, found.total.part) == (2, 4, 2)
    assert [(c.bucket.day, c.by, c.value) for c in found.cells] == [(9, (901,), 3), (10, (902,), 1)]
    assert asked("per_day", week, by=["person"]).total.value == 2


def test_portions_are_of_their_own_bucket(points, week):
    found = asked("portion", week, by=["channel"], bucket="day")
    shares = {(c.bucket.day, c.by[0]): c.value for c in found.cells}
    assert shares == {(9, "mail"): pytest.approx(2 / 3), (9, "phone"): pytest.approx(1 / 3), (10, "phone"): 1}
    whole = asked("portion", week, by=["channel"])
    assert {c.by[0]: c.value for c in whole.cells} == {"mail": 0.5, "phone": 0.5}
    assert whole.total.value == 1


def test_narrowed_to_values_to_none_and_to_several(points, week):
    note(AT)
    assert total("count", week, where={"channel": "mail"}) == 2
    assert total("count", week, where={"channel": ["mail", "phone"]}) == 4
    assert total("count", week, where={"channel": None}) == 1
    assert total("count", week, where={"channel": ["mail", None]}) == 3
    assert total("count", week, where={"person": None}) == 1
    assert total("count", week, where={"person": 901, "channel": "phone"}) == 1


def test_a_team_is_named_by_its_code_and_counted_by_its_department(points, week):
    first, second = make_team("first", "一组"), make_team("second", "二组")
    note(AT, team_id=first.pk)
    note(AT, team_id=second.pk)
    note(AT, team_id=second.pk)
    assert total("count", week, where={"team": "second"}) == 2
    assert total("count", week, where={"team": str(first.pk)}) == 1, "digits alone say the id"
    for odd in ("²", "٣", "-1", "1_0", "9" * 40, "nowhere"):
        with pytest.raises(Invalid):
            asked("count", week, where={"team": odd})
    assert total("count", week, where={"department": "service"}) == 3
    by = {c.by: c.n for c in asked("count", week, by=["department"]).cells}
    assert by == {("service",): 3, (None,): 4}


def test_ratio_and_difference_of_two_populations(points, week):
    note(AT, "trial.other", channel="mail")
    note(AT - DAY, "trial.other", channel="mail")
    assert total("ratio", week) == 2
    assert total("difference", week) == 2
    found = asked("ratio", week, by=["channel"])
    assert {c.by: (c.value, c.n, c.part) for c in found.cells} == {
        ("mail",): (1, 2, 2),
        ("phone",): (None, 0, 2),
    }
    days = asked("difference", week, bucket="day").cells
    assert [c.value for c in days if c.bucket >= date(2026, 10, 8)] == [0, 2, 0]


def test_growth_is_against_the_window_before_and_by_bucket_against_the_bucket_before(points, today):
    found = asked("growth", today)
    assert (found.total.value, found.total.n, found.total.part) == (pytest.approx(1 / 3 - 1), 1, 3)
    window = Window.days(date(2026, 10, 9), date(2026, 10, 10), SHANGHAI)
    days = asked("growth", window, bucket="day").cells
    assert [(c.bucket.day, c.value) for c in days] == [(9, None), (10, pytest.approx(-2 / 3))]
    by = asked("growth", today, by=["channel"]).cells
    assert {c.by: c.value for c in by} == {("phone",): 0}


def test_what_is_not_final_is_left_out_and_said(points, week):
    found = asked("settled", week, at=AT + timedelta(days=2, minutes=1))
    assert (found.total.n, found.left_out) == (3, 1)
    fresh = asked("settled", week)
    assert (fresh.total.n, fresh.total.value, fresh.left_out) == (0, None, 4)


def test_too_few_are_no_judgement(points, week, today):
    assert asked("share", week).enough
    assert not asked("share", today).enough


@pytest.fixture
def spans(db):
    """Person 901: open since four days, busy; person 902: yesterday 10:00 to today 10:00; a third one over two days ago."""
    note(AT - 4 * DAY, "trial.span", until=OPEN_END, person_id=901, outcome="busy", value=0)
    note(AT - DAY, "trial.span", until=AT, person_id=902, outcome="idle", value=86_400)
    note(AT - 6 * DAY, "trial.span", until=AT - 2 * DAY, person_id=901, outcome="idle", value=0)


def test_how_many_are_on_at_the_end(spans):
    def at(moment):
        return total("standing", Window(moment - DAY, moment, SHANGHAI), at=AT + DAY)

    assert at(AT) == 2  # one that ends in the very moment was still on
    assert at(AT + timedelta(microseconds=1)) == 1
    assert at(AT - 2 * DAY) == 2
    assert at(AT - 6 * DAY) == 0  # begun in the very moment


def test_a_window_that_has_not_ended_is_asked_for_now(spans, today):
    assert total("standing", today, at=AT - timedelta(hours=1)) == 2
    assert total("standing", today, at=AT + timedelta(hours=1)) == 1


def test_stocks_day_by_day_end_with_now(spans):
    window = Window.days(date(2026, 10, 5), date(2026, 10, 12), SHANGHAI)
    found = asked("standing", window, bucket="day", at=AT + timedelta(hours=1))
    assert [(c.bucket.day, c.value) for c in found.cells] == [(5, 1), (6, 2), (7, 2), (8, 1), (9, 2), (10, 1)]
    assert found.total.value == 1


def test_stocks_of_the_old_and_of_single_people(spans, today):
    before = AT - timedelta(seconds=1)
    assert total("old", today, at=before) == 1
    assert total("old", today, at=before, limit=86_400) == 2  # what had age when its stretch began keeps it
    assert total("standing_per", today, at=before) == 1
    by = asked("standing", today, by=["person"], at=before).cells
    assert {c.by: c.n for c in by} == {(901,): 1, (902,): 1}


def test_how_old_the_stock_is(spans, today):
    assert total("age", today) == (4 + 2) / 2 * 86_400


def test_how_long_stretches_lasted_within_the_window(spans):
    window = Window.days(date(2026, 10, 8), date(2026, 10, 10), SHANGHAI)
    hours = 3600
    # the open one: all of the 8th and 9th and ten hours of today; the second 24 h; the third until ten o'clock of the 8th
    assert total("lasting", window) == (58 + 24 + 10) * hours
    assert total("lasting_per", window) == (58 + 24 + 10) * hours / 2
    share = asked("lasting_share", window).total
    assert (share.value, share.n) == (pytest.approx(58 / 92), 3)
    days = asked("lasting", window, bucket="day")
    assert [c.value / hours for c in days.cells] == [24 + 10, 24 + 14, 10 + 10]
    assert days.total.n == 3


def test_nothing_that_has_begun_is_nothing_to_say(db):
    later = Window(AT + DAY, AT + 2 * DAY, SHANGHAI)
    assert total("standing", later) == 0
    assert total("lasting", later) is None
    assert total("settled", later) is None


def test_a_metric_that_waits_has_no_number(points, week):
    found = asked("later", week, bucket="day")
    assert (found.waiting, found.total.value, found.cells) == ("feedback", None, ())


def test_a_stock_costs_no_more_statements_for_a_year(spans, django_assert_max_num_queries):
    year = Window.last(365, AT, SHANGHAI)
    with django_assert_max_num_queries(2):
        assert len(asked("standing", year, bucket="day").cells) == 365


COUNTED = (
    "count",
    "count_mail",
    "sum",
    "mean",
    "median",
    "p90",
    "share",
    "share_even",
    "count_odd",
    "within",
)


def together(codes, windows, at=AT, **more):
    codes = [f"trial_{code}" for code in codes]
    return queries.together(codes, windows, actor=Actor.system(), at=at, **more)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"by": ["channel"]},
        {"bucket": "day"},
        {"bucket": "week", "by": ["person", "channel"]},
        {"where": {"channel": "mail"}},
        {"where": {"person": [901, None]}, "bucket": "month"},
    ],
)
def test_asked_together_each_metric_says_what_it_says_alone(
    points, week, today, more, django_assert_num_queries
):
    note(AT, channel="mail", person_id=903)
    note(AT - 30 * DAY, value=7, channel="mail", hit=False)
    windows = [week, today, Window.last(60, AT, SHANGHAI), Window(AT, AT + DAY, SHANGHAI)]
    sums = [code for code in COUNTED if code.startswith(("count", "share", "within"))]
    queries.zone()
    for codes, asked_of in [(sums, windows), *((COUNTED, [window]) for window in windows)]:
        with django_assert_num_queries(1):
            found = together(codes, asked_of, **more)
        for window, figures in zip(asked_of, found, strict=True):
            for code in codes:
                alone, told = asked(code, window, **more), figures[f"trial_{code}"]
                assert replace(told, cells=()) == replace(alone, cells=()), (code, window)
                assert [c for c in told.cells if c.n] == [c for c in alone.cells if c.n], (code, window)
                if "bucket" in more and "by" not in more:
                    past = [first for first in window.buckets(more["bucket"]) if first <= AT.date()]
                    assert [c.bucket for c in told.cells] == past


def test_a_window_in_which_nothing_was_is_answered_too(db, week, today):
    (of_week, of_day) = together(["count", "share"], [week, today])
    for found in (of_week, of_day):
        assert (found["trial_count"].total.value, found["trial_share"].total.value) == (0, None)


def test_what_follows_from_more_than_a_window_is_not_asked_together(points, week):
    for codes in (
        ["portion"],
        ["per"],
        ["ratio"],
        ["settled"],
        ["standing"],
        ["later"],
        ["count", "lasting"],
        [],
    ):
        with pytest.raises(ValueError):
            together(codes, [week])
    with pytest.raises(ValueError):
        together(["count", "median"], [week, Window.last(1, AT, SHANGHAI)])
    with pytest.raises(ValueError):
        queries.spread("trial_standing", week, [1], actor=Actor.system(), at=AT)


def test_values_are_counted_between_edges(points, week):
    def spread(*edges, **more):
        return queries.spread("trial_mean", week, edges, actor=Actor.system(), at=AT, **more)

    note(AT)
    assert spread(10, 20, 35) == (0, 1, 2, 1)
    assert spread(15) == (1, 3)
    assert spread(15, where={"channel": "phone"}) == (0, 2)


def test_together_and_between_edges_are_for_those_who_may(cast, points, week):
    outsider = cast.actor(cast.nobody)
    with pytest.raises(NotAllowed):
        queries.together(["trial_count"], [week], actor=outsider, at=AT)
    with pytest.raises(NotAllowed):
        queries.together(["trial_count"], [week], by=["person"], actor=reader(cast), at=AT)
    with pytest.raises(NotAllowed):
        queries.spread("trial_mean", week, [1], actor=outsider, at=AT)
    with pytest.raises(Invalid):
        together(["count"], [week], by=["mailbox"])
    with pytest.raises(NotFound):
        together(["nothing"], [week])


def reader(cast):
    return Actor.person(cast.nobody.pk, permissions=frozenset({"metrics.read"}))


def test_what_cannot_be_asked(points, week):
    with pytest.raises(NotFound):
        asked("nothing", week)
    with pytest.raises(Invalid) as wrong:
        asked("count", week, by=["mailbox"])
    assert wrong.value.code == "no_dimension"
    with pytest.raises(Invalid):
        asked("count", week, where={"channel": "smoke signals"})
    with pytest.raises(Invalid):
        asked("count", week, by=["channel", "channel"])
    with pytest.raises(Invalid):
        asked("count", Window.last(3000, AT, SHANGHAI), bucket="day")
    with pytest.raises(Invalid):
        queries.window_of(AT, AT)


def test_figures_are_for_those_who_may_and_single_peoples_for_fewer(cast, points, week):
    def ask(person, **more):
        return queries.figure("trial_count", week, actor=cast.actor(person), at=AT, **more).total.n

    assert ask(cast.supervisor) == 4
    assert ask(cast.supervisor, by=["person"]) == 4
    for outsider in (cast.agent, cast.nobody):
        with pytest.raises(NotAllowed):
            ask(outsider)
    note(AT, person_id=cast.agent.pk)
    assert ask(cast.agent, where={"person": cast.agent.pk}) == 1
    with pytest.raises(NotAllowed):
        ask(cast.agent, where={"person": cast.supervisor.pk})
    with pytest.raises(NotAllowed):
        ask(cast.agent, where={"person": [cast.agent.pk, cast.supervisor.pk]})
    with pytest.raises(NotAllowed):
        ask(cast.agent, where={"person": cast.agent.pk}, by=["person"])


def test_one_who_reads_figures_does_not_read_peoples(cast, points, week):
    assert queries.figure("trial_count", week, actor=reader(cast), at=AT).total.n == 4
    for more in ({"by": ["person"]}, {"where": {"person": 901}}, {"where": {"person": None}}):
        with pytest.raises(NotAllowed):
            queries.figure("trial_count", week, actor=reader(cast), at=AT, **more)


def test_a_declaration_that_does_not_fit_is_a_fault():
    with pytest.raises(RuntimeError, match="twice"):
        registry.metrics(Metric("trial_count", "", "volume", "", "", "trial.point"))
    with pytest.raises(RuntimeError, match="no series"):
        registry.metrics(Metric("trial_new", "", "volume", "", "", "trial.gone"))
    with pytest.raises(RuntimeError, match="waits"):
        registry.metrics(Metric("trial_new", "", "volume", "", ""))
    with pytest.raises(RuntimeError, match="second population"):
        registry.metrics(Metric("trial_new", "", "volume", "", "", "trial.point", Aggregate.RATIO))


def test_moments_are_of_the_zone(db, today):
    note(datetime(2026, 10, 9, 16, 30, tzinfo=UTC))
    assert asked("count", today, by=["hour"]).cells[0].by == (0,)
