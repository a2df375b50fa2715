"""The sample: drawn by lot, the same again for the same seed, never somebody's own."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from shounuo.improvement.rules import sampling
from shounuo.improvement.rules.sampling import Unit

units_of = st.lists(
    st.tuples(st.integers(1, 5_000), st.integers(0, 4)), max_size=120, unique_by=lambda u: u[0]
)
seeds = st.integers(0, 10**9)
PEOPLE = (1, 2, 3)


def units(rows):
    return [Unit("case", id, stratum=stratum) for id, stratum in rows]


def everybody(some):
    return dict.fromkeys(some, PEOPLE)


def owned(some):
    """Each thing is somebody's own; some are nobody's."""
    return {u: [p for p in PEOPLE if p != u.id % 5] for u in some}


@settings(max_examples=60, deadline=None)
@given(rows=units_of, size=st.integers(1, 60), seed=seeds, by_stratum=st.booleans())
def test_the_same_seed_draws_the_same_whatever_the_order(rows, size, seed, by_stratum):
    once = sampling.draw(units(rows), size, seed, everybody, by_stratum=by_stratum)
    again = sampling.draw(units(rows[::-1]), size, seed, everybody, by_stratum=by_stratum)
    assert once == again
    drawn, shares = once
    assert len(drawn) == min(size, len(rows)) == len({d.unit.key for d in drawn})
    assert sum(s.population for s in shares) == len(rows)
    taken = {d.unit.key for d in drawn}
    assert sampling.agrees(units(rows), seed, taken, shares, by_stratum=by_stratum)
    loads = Counter(d.inspector for d in drawn)
    assert not drawn or max(loads.values()) - min(loads.get(p, 0) for p in PEOPLE) <= 1 or by_stratum


@settings(max_examples=60, deadline=None)
@given(rows=units_of, size=st.integers(1, 60), seed=seeds, by_stratum=st.booleans())
def test_nobody_gets_his_own_and_what_nobody_may_judge_is_passed_over(rows, size, seed, by_stratum):
    def only_of_others(some):
        return {u: [p for p in PEOPLE if p != u.id % 5] if u.id % 7 else [] for u in some}

    drawn, shares = sampling.draw(units(rows), size, seed, only_of_others, by_stratum=by_stratum)
    assert all(d.inspector != d.unit.id % 5 and d.unit.id % 7 for d in drawn)
    fitting = sum(1 for id, _s in rows if id % 7)
    assert len(drawn) <= min(size, fitting)
    if not by_stratum:
        assert len(drawn) == min(size, fitting)
    assert sampling.agrees(units(rows), seed, {d.unit.key for d in drawn}, shares, by_stratum=by_stratum)


def test_a_sample_that_was_picked_by_hand_does_not_agree():
    rows = [Unit("case", id) for id in range(100)]
    drawn, shares = sampling.draw(rows, 10, 3, everybody)
    taken = {d.unit.key for d in drawn}
    picked = (taken - {min(taken)}) | {next(u.key for u in sampling.ordered(rows, 3)[50:])}
    assert sampling.agrees(rows, 3, taken, shares, by_stratum=False)
    assert not sampling.agrees(rows, 3, picked, shares, by_stratum=False)
    assert not sampling.agrees(rows, 4, taken, shares, by_stratum=False)


def test_every_unit_is_drawn_as_often_as_every_other():
    """Chi-squared over 3,000 seeds: 10 of 40 units; 39 degrees of freedom, 72.1 is passed once in a thousand times."""
    rows = [Unit("case", id) for id in range(40)]
    times = Counter(d.unit.id for seed in range(3_000) for d in sampling.draw(rows, 10, seed, everybody)[0])
    expected = 3_000 * 10 / 40
    assert sum((times[id] - expected) ** 2 / expected for id in range(40)) < 72.1


def test_those_that_may_be_judged_are_drawn_evenly_though_others_are_passed_over():
    rows = [Unit("case", id) for id in range(40)]

    def half(some):
        return {u: PEOPLE if u.id % 2 else () for u in some}

    times = Counter(d.unit.id for seed in range(3_000) for d in sampling.draw(rows, 5, seed, half)[0])
    expected = 3_000 * 5 / 20
    assert set(times) == set(range(1, 40, 2))
    assert sum((n - expected) ** 2 / expected for n in times.values()) < 43.8  # 19 degrees of freedom, 0.1 %


@settings(max_examples=100, deadline=None)
@given(sizes=st.dictionaries(st.integers(0, 9), st.integers(0, 400), max_size=8), size=st.integers(0, 300))
def test_strata_get_their_share(sizes, size):
    found = sampling.allot(sizes, size)
    total = sum(sizes.values())
    assert sum(found.values()) == min(size, total)
    filled = [s for s, n in sizes.items() if n]
    for stratum, n in sizes.items():
        assert 0 <= found[stratum] <= n
        if n and size >= len(filled):
            assert found[stratum] >= 1
        if total:
            assert abs(found[stratum] - min(size, total) * n / total) <= max(1, len(filled))


def test_the_digest_knows_the_population_and_not_its_order():
    rows = [Unit("case", 1), Unit("case", 2), Unit("duty", 2, clock=7)]
    assert sampling.digest(rows) == sampling.digest(rows[::-1])
    assert sampling.digest(rows) != sampling.digest(rows[:2])
