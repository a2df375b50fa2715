"""A clause's cadences on its page: the periods, what became of them, and who may read the names."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.commitments import cadences, loop
from shounuo.duties import services
from shounuo.duties.models import Duty
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
PACK = """\
pack: trial
title: 试行规定
version: "1"
default_calendar: always
clauses:
  - id: T-1
    title: 例会
    wording: 每日例会，每周抽查
    rules:
      - {cadence: meeting, title: 每日例会, activity: training, every: P1D, owner: supervisor}
      - {cadence: check, title: 抽查, activity: inspection, every: unset, owner: supervisor}
"""
URL = "/policy/clauses/T-1/"


@pytest.fixture
def cast():
    """Five days of a daily meeting: three over a day ago."""
    set_up_organisation()
    cast = make_cast(at=now() - timedelta(days=60))
    make_in_force(PACK, at=now() - timedelta(days=4))
    cadences.plan(now())
    return cast


def meetings():
    return list(Duty.objects.filter(kind="cadence").order_by("due_at"))


def page(client, person):
    sign_in_client(client, person)
    return client.get(URL).content.decode()


def test_what_became_of_each_period_is_shown_with_what_shows_it(client, cast):
    first, second, third, *_rest = meetings()
    supervisor = cast.actor(cast.supervisor)
    services.duty_done(
        duty_id=first.pk, note="全员到会", actor=supervisor, at=first.due_at - timedelta(hours=1)
    )
    services.duty_done(
        duty_id=second.pk, note="第二天补开", actor=supervisor, at=second.due_at + timedelta(hours=1)
    )
    services.duties_lapse(at=third.lapses_at)
    loop.fire_due(now())
    shown = page(client, cast.supervisor)
    assert "每日例会" in shown
    assert "按时 1" in shown and "迟到 1" in shown and "没做 1" in shown
    assert f'href="/duties/{first.pk}/"' in shown and "全员到会" in shown and "第二天补开" in shown
    assert shown.index(f"/duties/{third.pk}/") < shown.index(f"/duties/{first.pk}/")  # the latest above


def test_what_is_not_set_is_a_gap(client, cast):
    shown = page(client, cast.supervisor)
    assert "抽查" in shown and "多久一次还没有定" in shown


def test_who_may_not_see_the_duties_reads_the_counts_and_no_names(client, cast):
    first = meetings()[0]
    services.duty_done(
        duty_id=first.pk,
        note="全员到会",
        actor=cast.actor(cast.supervisor),
        at=first.due_at - timedelta(hours=1),
    )
    shown = page(client, cast.outsider)
    assert "按时 1" in shown and "另有 1 项" in shown
    assert "全员到会" not in shown and f"/duties/{first.pk}/" not in shown


def test_who_may_not_read_the_policy_sees_nothing(client, cast):
    sign_in_client(client, cast.nobody)
    assert client.get(URL).status_code == 403


def test_it_costs_the_same_with_more_periods(client, cast):
    sign_in_client(client, cast.supervisor)

    def costs():
        client.get(URL)
        with CaptureQueriesContext(connection) as caught:
            client.get(URL)
        return len(caught)

    services.duties_lapse(at=now() + timedelta(days=9))
    loop.fire_due(now())
    few = costs()
    cadences.plan(now() + timedelta(days=3))
    services.duties_lapse(at=now() + timedelta(days=9))
    assert len(meetings()) > 6
    assert costs() == few
