"""Somebody with the database's own password changes what happened."""

import pytest
from django.db import DatabaseError, connection, transaction

from shounuo.audit import services as audit
from shounuo.cases import services as cases
from shounuo.commitments.models import Clock
from shounuo.events.models import Event
from tests.flows.house import moment

pytestmark = pytest.mark.django_db


def past_the_triggers(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


@pytest.fixture
def sealed(house):
    """A broken promise of yesterday, under seal."""
    house.open().regulation()
    case = house.case_of(house.mail())
    house.until("10-10 12:00")
    cases.reply_send(case_id=case.pk, text="来晚了", actor=house.agent, at=house.at)
    house.work()
    house.until("10-11 02:00")
    audit.seal(house.at)
    assert audit.verify().intact
    return case


def test_the_application_itself_cannot_change_what_happened(sealed):
    breach = Event.objects.filter(kind="clock.breached").first()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.filter(pk=breach.pk).update(kind="clock.met")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        breach.delete()


def test_a_breach_that_was_made_an_answer_in_time_is_found(house, sealed):
    answer = Event.objects.filter(kind="interaction.sent", subject_id=sealed.pk).latest("id")
    past_the_triggers("UPDATE events_event SET at = %s WHERE id = %s", moment("10-10 10:20"), answer.pk)
    report = audit.verify()
    assert not report.intact
    assert (report.broken.source, report.broken.id, report.broken.what) == ("events", answer.pk, "changed")
    assert f"row {answer.pk}" in str(report)


def test_a_breach_that_was_taken_out_is_missed(house, sealed):
    breach = Event.objects.filter(kind="clock.breached").first()
    past_the_triggers("DELETE FROM events_event WHERE id = %s", breach.pk)
    assert (audit.verify().broken.id, audit.verify().broken.what) == (breach.pk, "missing")


def test_work_goes_on_under_the_next_seal(house, sealed):
    house.mail(subject="新的一天")
    assert audit.verify().intact and audit.verify().unsealed["events"] > 0
    audit.seal(house.later(1))
    assert audit.verify().unsealed["events"] == 0 and audit.verify().intact


def test_the_figures_are_what_the_events_say(house, sealed):
    """What the page counts is told by the log: no clock's state that no event explains."""
    for clock in Clock.objects.all():
        told = house.of_clock(clock)
        assert (clock.breached_at is not None) == ("breached" in told), clock
        assert (clock.met_at is not None) == ("met" in told), clock
        assert (clock.cancelled_at is not None) == ("cancelled" in told), clock
