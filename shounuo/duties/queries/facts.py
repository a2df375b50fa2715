"""What rules may match on, and who stands behind a duty: the subject `duty`."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from shounuo.duties.models import Duty
from shounuo.duties.queries.one import spoken_title
from shounuo.duties.queries.visibility import visible_ids
from shounuo.events.subjects import Facts, NearestClock, People, Subject
from shounuo.staff import queries as staff
from shounuo.staff.models import Membership, Person


def facts(ids: Iterable[int]) -> dict[int, Facts]:
    """The facts of the duties, one query. `due` is the duty's own due moment, which the clock of a cadence takes."""
    rows = Duty.objects.filter(pk__in=list(ids)).select_related("team")
    return {
        d.pk: {
            "kind": d.kind,
            "status": d.state,
            "team": d.team.code if d.team is not None else None,
            "dept": d.team.department if d.team is not None else None,
            "role": list(d.roles),
            "owner": d.owner_id,
            "item": d.item or None,
            "outcome": d.outcome or None,
            "due": d.due_at.isoformat() if d.due_at is not None else None,
        }
        for d in rows
    }


def people(id: int) -> People:
    """The owner, the team and who leads it. While nobody has it: those for whom it is stand where supervisors do, so
    that a warning reaches somebody who can act; heads of department are the team's, by role."""
    duty = Duty.objects.filter(pk=id).first()
    if duty is None:
        return People()
    if duty.team_id is not None:
        supervisors = set(staff.supervisors_of(duty.team_id))
    elif duty.owner_id is not None:
        leads = Membership.objects.filter(leads=True, person__is_active=True)
        supervisors = set(
            leads.filter(team__membership__person_id=duty.owner_id).values_list("person_id", flat=True)
        )
    else:
        holders = Person.objects.filter(is_active=True, roles__code__in=duty.roles)
        supervisors = set(holders.values_list("id", flat=True))
    heads = Person.objects.filter(is_active=True, roles__code="dept_head")
    if duty.team is not None:
        heads = heads.filter(teams__department=duty.team.department)
    return People(
        owner_id=duty.owner_id,
        team_id=duty.team_id,
        supervisor_ids=tuple(sorted(supervisors - {duty.owner_id})),
        dept_head_ids=tuple(sorted(set(heads.values_list("id", flat=True)))),
    )


def labels(ids: Iterable[int]) -> dict[int, str]:
    rows = Duty.objects.filter(pk__in=list(ids)).only("title", "title_en")
    return {d.pk: spoken_title(d) for d in rows}


def clocks_changed(nearest: dict[int, NearestClock]) -> None:
    """Keeps on each duty when it is owed: its own due moment or that of its nearest clock, whichever is first. One
    statement, in the clock's own transaction."""
    if not nearest:
        return
    ids = sorted(nearest)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE duties_duty d SET owed_at = LEAST(d.due_at, n.due)
               FROM unnest(%s::bigint[], %s::timestamptz[]) AS n(id, due) WHERE d.id = n.id""",
            [ids, [nearest[i].due_at for i in ids]],
        )


SUBJECT = Subject(
    kind="duty",
    facts=facts,
    visible_ids=visible_ids,
    people=people,
    label=labels,
    url=lambda id: f"/duties/{id}/",
    clocks_changed=clocks_changed,
)
