"""Composed queries, tried on the models of this part: the lowest that has any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count, Q, QuerySet

from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed, figures
from shounuo.staff.models import Membership, Person
from shounuo.staff.testing import Cast, make_cast

AT = datetime(2026, 3, 4, 8, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@Composed
def _in_teams_of(actor: Actor, order: str, *, but: int) -> QuerySet[Person]:
    rows = Person.objects.filter(teams__in=sorted(actor.team_ids)).exclude(pk=but)
    return rows.filter(Q(pk=actor.id) | Q(name__contains="%s")).order_by(order).distinct()


@Composed
def _made(_actor: None, *, at: datetime) -> QuerySet[Person]:
    return Person.objects.filter(created_at__gt=at - timedelta(days=1), created_at__lte=at).order_by("pk")


@Composed
def _memberships(_actor: None, *, team: int) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(team=team)
        .select_related("person", "team")
        .annotate(size=Count("team__membership"))
    )


@Composed
def _counted(_actor: None, *, team: int) -> QuerySet[Any, Any]:
    return figures(
        Person.objects.filter(teams=team), all=Count("pk"), away=Count("pk", filter=~Q(presence="online"))
    )


def test_gives_what_django_gives_for_other_values_too(cast: Cast, django_assert_num_queries: Any) -> None:
    for person in (cast.agent, cast.outsider, cast.agent):
        actor = cast.actor(person)
        found = _in_teams_of.objects(actor, "name", but=cast.manager.pk)
        assert [p.pk for p in found] == [person.pk]
        assert [(p.name, p.created_at) for p in found] == [(person.name, person.created_at)]
        assert _in_teams_of.objects(actor, "-name", but=person.pk) == []
    with django_assert_num_queries(1):
        _in_teams_of.objects(actor, "name", but=cast.manager.pk)


def test_a_moment_may_be_moved_and_is_not_kept(cast: Cast) -> None:
    created = cast.agent.created_at
    assert cast.agent in _made.objects(None, at=created)
    assert cast.agent not in _made.objects(None, at=created - timedelta(microseconds=1))
    assert cast.agent not in _made.objects(None, at=created + timedelta(days=1))


def test_related_rows_and_annotations_are_there(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        rows: list[Any] = _memberships.objects(None, team=cast.team.pk)
        names = {m.person.name for m in rows}
    assert cast.agent.name in names
    assert cast.outsider.name not in names
    assert {m.size for m in rows} == {len(rows)}
    assert rows[0].person._state.adding is False


def test_figures_are_one_row_where_nothing_is_counted(cast: Cast) -> None:
    [(all, away)] = _counted.rows(None, team=cast.team.pk)
    assert all == cast.team.membership_set.count()
    assert away <= all
    assert _counted.rows(None, team=0) == [(0, 0)]


def test_who_is_in_no_team_is_not_asked_for(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert _in_teams_of.objects(Actor.person(7), "name", but=1) == []


def test_what_would_be_kept_from_one_run_to_the_next_is_refused(cast: Cast) -> None:
    def cut(_actor: None, *, at: datetime) -> QuerySet[Person]:
        return Person.objects.filter(created_at__gt=at.replace(hour=0, minute=0, second=0, microsecond=0))

    def own(_actor: None) -> QuerySet[Person]:
        return Person.objects.filter(created_at__gt=AT)

    def unused(_actor: None, *, person: int) -> QuerySet[Person]:
        return Person.objects.filter(pk=person + 1)

    with pytest.raises(ValueError, match="moment that was not given"):
        Composed(cut).objects(None, at=AT)
    with pytest.raises(ValueError, match="moment that was not given"):
        Composed(own).objects(None)
    with pytest.raises(ValueError, match="person"):
        Composed(unused).objects(None, person=1)
