"""What follows for duties from what happens to people."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from shounuo.duties import services
from shounuo.duties.models import Duty
from shounuo.duties.queries.facts import people
from shounuo.events.services import Published
from shounuo.kernel.actors import Actor
from shounuo.notices.kinds import DUTIES_LEFT
from shounuo.notices.services import notify
from shounuo.notices.subscribers import escalation_people
from shounuo.staff import queries as staff

LEFT = ("person.deactivated",)


def person_left(event: Published, at: datetime) -> None:
    """Who can no longer sign in holds nothing back: what others may take is given back to them, what was about himself is
    called off. What is owed by him alone stays under his name, for his supervisor to give to another, and one notice tells
    how much that is. A job, safe to repeat; nothing happens where he is back by now."""
    person_id = event.subject[1]
    if staff.people().filter(pk=person_id).exists():
        return
    system = Actor.system()
    still = Duty.objects.filter(state=Duty.State.OPEN).order_by("id")
    for duty in still.filter(subject_kind="person", subject_id=person_id):
        services.duty_cancel(duty_id=duty.pk, reason=_("此人已停用"), actor=system, at=at)
    for duty in still.filter(owner_id=person_id):
        if duty.team_id is not None or duty.roles:
            services.duty_release(duty_id=duty.pk, actor=system, at=at)
    alone = list(still.filter(owner_id=person_id).order_by(F("owed_at").asc(nulls_last=True), "id"))
    if alone:
        notify(
            key=f"{event.id}:left",
            person_ids=escalation_people("owner_supervisor", people(alone[0].pk)),
            kind=DUTIES_LEFT,
            params={"count": len(alone)},
            subject=("duty", alone[0].pk),
            at=at,
        )
