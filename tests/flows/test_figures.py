"""Figures over a month of everything: what the reader has made behind the events is what a rebuild makes, row by row, and
every metric is what plain Python works out from events and tables."""

from datetime import timedelta

import pytest

from shounuo.events.models import Event
from shounuo.metrics import registry, services
from shounuo.metrics.models import Observation, Progress
from shounuo.metrics.rules import Window
from shounuo.metrics.testing import observe_all
from tests.flows import checked
from tests.flows.house import SHANGHAI
from tests.flows.month import Month

ROW = [f.attname for f in Observation._meta.concrete_fields]
HALF = timedelta(days=15)
NOBODY_INSPECTS = {"supervision", "finding"}  # in this story


def rows(source):
    return sorted(Observation.objects.filter(source=source).values_list(*ROW), key=str)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_keeping_up_with_the_events_makes_the_same_rows_as_building_anew(house):
    services.rebuild(at=house.at)
    month = Month(
        house, acts=420, seed=11, pause=lambda at: month.dice.random() < 0.2 and services.catch_up(at=at)
    )
    month.live()
    services.catch_up(at=house.at)
    kept_up = {source.code: rows(source.code) for source in registry.sources()}
    services.rebuild(at=house.at)
    for source in registry.sources():
        assert kept_up[source.code] == rows(source.code), source.code
        assert kept_up[source.code] or source.code in NOBODY_INSPECTS, source.code
    filled = set(Observation.objects.values_list("series", flat=True))
    silent = {"customer.exported", "person.signed_in", "person.sign_in_failed"}
    silent |= {"finding.raised", "finding.verified", "supervision.judged"}
    assert {
        code for source in registry.sources() for code in (s.code for s in source.series)
    } - filled == silent

    begin = Event.objects.order_by("at")[300].at
    Observation.objects.filter(source="case", subject_id=month.cases[-1])._raw_delete("default")
    services.rebuild(sources=["case"], since=begin, at=house.at)
    assert rows("case") == kept_up["case"]
    assert services.catch_up(at=house.at) == 0
    assert Progress.objects.filter(built_at__isnull=False).count() == len(registry.sources())


@pytest.mark.slow
@pytest.mark.django_db
def test_every_metric_is_what_plain_python_works_out(house):
    month = Month(house, acts=420, seed=5, pause=lambda at: None)
    month.live()
    observe_all(house.at)
    at = house.at
    first = Event.objects.earliest("at").at.astimezone(SHANGHAI).date()
    windows = [
        Window.days(first, at.astimezone(SHANGHAI).date(), SHANGHAI),
        Window.days(first + HALF - timedelta(days=4), first + HALF + timedelta(days=2), SHANGHAI),
        Window(at - timedelta(days=9, hours=5), at - timedelta(hours=3), SHANGHAI),
    ]
    assert checked.every_metric(windows, at) > 1500
    assert checked.what_stands_behind(windows, at) > 200
    assert max([checked.kept_as_counted_by_hand(window, at) for window in windows]) > 50
