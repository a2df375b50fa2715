"""Keeping up with events and building anew, on the source that lies beneath: people's presence."""

from datetime import timedelta

import pytest
from django.db import connection

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotFound
from shounuo.metrics import cli, queries, registry, services
from shounuo.metrics.models import OPEN_END, Observation, Progress
from shounuo.metrics.rules import Window
from shounuo.metrics.services import rebuilding
from shounuo.metrics.testing import asked, observe_all
from shounuo.metrics.tests.conftest import SHANGHAI
from shounuo.staff import services as staff
from shounuo.staff.queries import forget_organisation, organisation
from shounuo.staff.testing import AT, make_cast

HOUR = timedelta(hours=1)
SYSTEM = Actor.system()
rowed = pytest.mark.django_db(transaction=True)


def present(person, presence, at):
    staff.presence_set(person_id=person.pk, presence=presence, actor=Actor.system(), at=at)


def stretches():
    return list(
        Observation.objects.filter(series="person.presence")
        .order_by("at")
        .values_list("outcome", "at", "until")
    )


def test_presence_is_counted_up_to_now_and_by_day(cast, today):
    present(cast.agent, "online", AT)
    present(cast.agent, "busy", AT + HOUR)
    present(cast.agent, "away", AT + 3 * HOUR)
    present(cast.supervisor, "online", AT + 2 * HOUR)
    observe_all()
    now = AT + 4 * HOUR
    assert asked("online_time", today, now).total.value == (3 + 2) * 3600
    assert asked("online_time_per_person", today, now).total.value == 2.5 * 3600
    assert asked("busy_share", today, now).total.value == pytest.approx(2 / 5)
    assert asked("online_people", today, AT + 2.5 * HOUR).total.value == 2
    assert asked("online_people", today, now).total.value == 1
    by = asked("online_time", today, now, by=["person"]).cells
    assert {c.by[0]: c.value for c in by} == {cast.agent.pk: 3 * 3600, cast.supervisor.pk: 2 * 3600}


@rowed
def test_the_reader_follows_the_events(today):
    cast = make_cast()
    services.rebuild(at=AT)
    assert services.catch_up(at=AT) == 0
    present(cast.agent, "online", AT)
    present(cast.agent, "away", AT + HOUR)
    assert services.catch_up(at=AT, sources=["clock"]) == 0
    assert services.catch_up(at=AT) == 1
    assert stretches() == [("online", AT, AT + HOUR), ("away", AT + HOUR, OPEN_END)]
    assert services.catch_up(at=AT) == 0


@rowed
def test_a_source_that_was_never_built_is_left_to_be_built():
    cast = make_cast()
    present(cast.agent, "online", AT)
    assert services.catch_up(at=AT) == 0
    assert set(services.build_missing(at=AT)) == {s.code for s in registry.sources()}
    assert [outcome for outcome, _at, _until in stretches()] == ["online"]
    assert services.build_missing(at=AT) == []


@rowed
def test_another_zone_builds_everything_anew():
    cast = make_cast()
    present(cast.agent, "online", AT)
    services.build_missing(at=AT)
    assert Observation.objects.get().hour == 10
    organisation()
    staff.organisation_change(zone="Europe/Berlin", actor=SYSTEM, at=AT)
    forget_organisation()
    assert services.build_missing(at=AT)
    assert Observation.objects.get().hour == 4


@rowed
def test_a_rebuild_that_was_broken_off_begins_again(monkeypatch):
    cast = make_cast()
    present(cast.agent, "online", AT)
    services.rebuild(at=AT)

    def broken(*_given):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding.observing, "observe_range", broken)
        with pytest.raises(RuntimeError, match="killed"):
            services.rebuild(sources=["presence"], at=AT)
    assert queries.standing()[1] == ["人员在线"]
    assert services.build_missing(at=AT) == ["presence"]
    assert queries.standing() == (AT, [])


@rowed
def test_one_rebuild_at_a_time():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [rebuilding._LOCK])
        with pytest.raises(Conflict):
            services.rebuild(at=AT)
    finally:
        other.close()
        other.close_pool()


def test_what_is_left_of_those_that_are_gone_goes_with_a_rebuild(cast):
    present(cast.agent, "online", AT)
    observe_all()
    for subject_id in (cast.agent.pk, 10**9):
        Observation.objects.create(
            source="presence", subject_kind="person", subject_id=subject_id, series="person.presence", ref=99, at=AT,
            day=AT.date(), hour=1,
        )  # fmt: skip
    observe_all()
    assert Observation.objects.filter(ref=99).count() == 0


def test_progress_is_told_and_unknown_sources_are_refused(cast):
    told = []
    services.rebuild(sources=["presence"], at=AT, progress=lambda done, total: told.append((done, total)))
    assert told and told[-1][0] == told[-1][1] > 0
    with pytest.raises(NotFound):
        services.rebuild(sources=["weather"], at=AT)


def test_the_command_line_lists_shows_and_rebuilds(cast, monkeypatch):
    monkeypatch.setattr(cli, "now", lambda: AT + 4 * HOUR)
    present(cast.agent, "online", AT)
    said: list[str] = []
    assert cli.rebuild([], None, said.append, lambda done, total: None) == 0
    assert any(line.startswith("presence") for line in said)
    said.clear()
    cli.show_all(said.append, "online")
    assert any(line.startswith("online_time ") for line in said)
    said.clear()
    cli.show("online_time", {"by": ["team"], "bucket": ["day"]}, said.append)
    assert "14,400  n=1" in said
    said.clear()
    cli.show("csat", {}, said.append)
    assert said[-1] == "等待 feedback"
    with pytest.raises(Invalid):
        cli.rebuild([], "last week", said.append, lambda done, total: None)


def test_a_rebuild_since_a_day_touches_only_what_happened_then(cast):
    present(cast.agent, "online", AT - 48 * HOUR)
    present(cast.supervisor, "online", AT)
    observe_all()
    Observation.objects.all()._raw_delete("default")
    services.rebuild(sources=["presence"], since=AT - HOUR, at=AT)
    assert [row[0] for row in stretches()] == ["online"]
    assert Observation.objects.get().person_id == cast.supervisor.pk


def test_every_dimension_names_its_values_and_reads_texts(cast):
    team = registry.dimensions()["team"]
    assert team.read("first") == cast.team.pk and team.names([cast.team.pk, None]) == {cast.team.pk: "一组"}
    person = registry.dimensions()["person"]
    assert person.read("agent") == cast.agent.pk and person.read(str(cast.agent.pk)) == cast.agent.pk
    assert registry.dimensions()["weekday"].names([6]) == {6: "周六"}
    for code, text in (("team", "nobody"), ("person", "9" * 30), ("weekday", "8"), ("hour", "noon")):
        with pytest.raises(ValueError):
            registry.dimensions()[code].read(text)
    window = Window.last(1, AT, SHANGHAI)
    assert asked("online_time", window, AT, where={"team": "first"}).total.n == 0
    assert Progress.objects.count() == 0
