"""What a publish costs."""

import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shounuo.commitments.testing import PARCEL, clocks, enforce, happen, parcels
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor

T0 = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)


def rules(number):
    return [
        {
            "commitment": f"rule-{n}",
            "from": "parcel.asked",
            "until": "parcel.answered",
            "within": f"PT{n + 2}H",
            "pause": "waiting_customer",
            "when": {"level": ["L1", "L2"]},
            "escalate": [{"at": "100%", "to": "owner_supervisor"}, {"at": "150%", "to": "role:manager"}],
        }
        for n in range(number)
    ]


def opened(id, at=T0):
    return publish([NewEvent("parcel.asked", (PARCEL, id), at, Actor.system(), {})])


def cost_of_opening(id):
    parcels.facts[id] = {"level": "L1", "status": "new"}
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        opened(id)
    return [q["sql"] for q in queries]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [1, 5, 40])
def test_an_opening_costs_the_same_queries_however_many_rules_match(number):
    enforce(*rules(number), at=T0)
    cost_of_opening(1)
    found = cost_of_opening(2)
    assert len(clocks(2)) == number
    # the event with its news; the policies' generation, the new clocks, their events with their news (the facts of parcels
    # and what they are told cost none: those of a case cost one each)
    assert len(found) == 4, found


@pytest.mark.django_db(transaction=True)
def test_an_answer_costs_the_same_queries_however_many_clocks_it_meets():
    counts = []
    for id, number in ((1, 2), (2, 2), (3, 30)):
        if id != 2:
            enforce(*rules(number), at=T0, version=str(id))
        parcels.facts[id] = {"level": "L1", "status": "open"}
        happen("parcel.asked", T0, id=id)
        with CaptureQueriesContext(connection) as queries:
            happen("parcel.answered", T0 + timedelta(minutes=5), id=id)
        assert {c.state for c in clocks(id)} == {"met"} and len(clocks(id)) == number
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 9  # with BEGIN and COMMIT


@pytest.mark.django_db
def test_an_event_on_a_subject_without_rules_asks_for_no_clocks():
    enforce(*rules(1), at=T0)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        publish([NewEvent("team.changed", ("team", 1), T0, Actor.system(), {})])
    assert not any("commitments_" in q["sql"] for q in queries)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_opening_with_five_clocks_is_quick():
    enforce(*rules(5), at=T0)
    for id in range(1, 30):
        cost_of_opening(id)
    took, spent = [], time.process_time()
    for id in range(100, 300):
        parcels.facts[id] = {"level": "L1", "status": "new"}
        with transaction.atomic():
            began = time.perf_counter()
            opened(id)
            took.append(time.perf_counter() - began)
    spent = (time.process_time() - spent) / 200
    took.sort()
    sys.stdout.write(
        f"publish with 5 clocks: median {took[100] * 1000:.2f} ms, p95 {took[190] * 1000:.2f} ms\n"
    )
    assert spent < 0.008  # of this process: others on the machine do not count
