"""The cast that the tests of cases share: one agent, his supervisor, an outsider of another team."""

import pytest

from shounuo.events.models import Event
from shounuo.staff.testing import make_cast, make_person


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def colleague(cast):
    """Another agent of the first team."""
    return make_person("colleague", name="陈海涛", teams=(cast.team,))


@pytest.fixture
def told():
    """The kinds of events on a case, in order, without what the clocks say."""

    def kinds(case, *, since=0):
        rows = Event.objects.filter(subject_kind="case", subject_id=case.pk, seq__gt=since).order_by("seq")
        return [k for k in rows.values_list("kind", flat=True) if not k.startswith("clock.")]

    return kinds


@pytest.fixture
def payload():
    """The payload of the latest event of a kind on a case."""

    def of(case, kind):
        return (
            Event.objects.filter(subject_kind="case", subject_id=case.pk, kind=kind)
            .order_by("-seq")
            .first()
            .payload
        )

    return of
